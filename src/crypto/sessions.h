/* SPDX-License-Identifier: MIT */
/* TLS sessions to resume, one for each "host:port", bounded. Thread-safe. */
#ifndef SLU_CRYPTO_SESSIONS_H
#define SLU_CRYPTO_SESSIONS_H

#include <pthread.h>
#include <stdint.h>

#include <openssl/ssl.h>

enum { SLU_SESSIONS_MAX = 32, SLU_SESSION_KEY = 288 };

struct slu_sessions {
	pthread_mutex_t lock;
	struct {
		char key[SLU_SESSION_KEY];
		SSL_SESSION *session;
		uint64_t used;
	} slot[SLU_SESSIONS_MAX];
	uint64_t clock;
};

void slu_sessions_init(struct slu_sessions *s);
void slu_sessions_clear(struct slu_sessions *s); /* forgets all; usable again */
void slu_sessions_destroy(struct slu_sessions *s);

/* Takes over the reference; replaces what key had, or what was unused the longest. */
void slu_sessions_put(struct slu_sessions *s, const char *key, SSL_SESSION *session);

/* The session of key, a reference that the caller frees, or NULL. One of TLS 1.3 leaves the cache: its ticket must
 * not be used twice (RFC 8446, C.4). */
SSL_SESSION *slu_sessions_take(struct slu_sessions *s, const char *key);

#endif
