/* SPDX-License-Identifier: MIT */
#include "crypto/sessions.h"

#include <stdio.h>
#include <string.h>

void slu_sessions_init(struct slu_sessions *s)
{
	memset(s, 0, sizeof *s);
	pthread_mutex_init(&s->lock, NULL);
}

void slu_sessions_clear(struct slu_sessions *s)
{
	pthread_mutex_lock(&s->lock);
	for (size_t i = 0; i < SLU_SESSIONS_MAX; i++) {
		SSL_SESSION_free(s->slot[i].session);
		s->slot[i].session = NULL;
	}
	pthread_mutex_unlock(&s->lock);
}

void slu_sessions_destroy(struct slu_sessions *s)
{
	slu_sessions_clear(s);
	pthread_mutex_destroy(&s->lock);
}

/* The slot of key, or -1. */
static int find(const struct slu_sessions *s, const char *key)
{
	for (int i = 0; i < SLU_SESSIONS_MAX; i++)
		if (s->slot[i].session && strcmp(s->slot[i].key, key) == 0)
			return i;
	return -1;
}

/* An empty slot, or the one that was unused the longest. */
static int victim(const struct slu_sessions *s)
{
	int best = 0;

	for (int i = 0; i < SLU_SESSIONS_MAX; i++) {
		if (!s->slot[i].session)
			return i;
		if (s->slot[i].used < s->slot[best].used)
			best = i;
	}
	return best;
}

void slu_sessions_put(struct slu_sessions *s, const char *key, SSL_SESSION *session)
{
	SSL_SESSION *old;
	int i;

	pthread_mutex_lock(&s->lock);
	i = find(s, key);
	if (i < 0)
		i = victim(s);
	old = s->slot[i].session;
	snprintf(s->slot[i].key, sizeof s->slot[i].key, "%s", key);
	s->slot[i].session = session;
	s->slot[i].used = ++s->clock;
	pthread_mutex_unlock(&s->lock);
	SSL_SESSION_free(old);
}

SSL_SESSION *slu_sessions_take(struct slu_sessions *s, const char *key)
{
	SSL_SESSION *session = NULL;
	int i;

	pthread_mutex_lock(&s->lock);
	i = find(s, key);
	if (i >= 0) {
		session = s->slot[i].session;
		s->slot[i].used = ++s->clock;
		if (SSL_SESSION_get_protocol_version(session) >= TLS1_3_VERSION)
			s->slot[i].session = NULL;
		else
			SSL_SESSION_up_ref(session);
	}
	pthread_mutex_unlock(&s->lock);
	return session;
}
