/* SPDX-License-Identifier: MIT */
/*
 * A session belongs to one thread at a time, but GStreamer's rtmpsrc ends what one thread waits for by RTMP_Close() in
 * another. So the calls that wait say whose turn it is, and a close that comes from elsewhere is left to that thread,
 * which gives up soon.
 */
#include <pthread.h>

#include "state.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

struct slu_compat *slu_compat_take_state(RTMP *r)
{
	struct slu_compat *c;

	pthread_mutex_lock(&lock);
	c = slu_compat_has_state(r);
	r->Link.dh = NULL;
	pthread_mutex_unlock(&lock);
	return c;
}

void slu_compat_enter(RTMP *r)
{
	struct slu_compat *c;

	pthread_mutex_lock(&lock);
	c = slu_compat_has_state(r);
	if (c && !c->turns++)
		c->turn = pthread_self();
	pthread_mutex_unlock(&lock);
}

void slu_compat_leave(RTMP *r)
{
	struct slu_compat *c;
	bool close = false;

	pthread_mutex_lock(&lock);
	c = slu_compat_has_state(r);
	if (c && c->turns)
		close = !--c->turns && c->interrupted;
	pthread_mutex_unlock(&lock);
	if (close)
		RTMP_Close(r);
}

bool slu_compat_interrupt(RTMP *r)
{
	struct slu_compat *c;
	bool elsewhere;

	pthread_mutex_lock(&lock);
	c = slu_compat_has_state(r);
	elsewhere = c && c->turns && !pthread_equal(c->turn, pthread_self());
	if (elsewhere)
		c->interrupted = true;
	pthread_mutex_unlock(&lock);
	return elsewhere;
}

bool slu_compat_interrupted(const struct slu_compat *c)
{
	bool interrupted;

	pthread_mutex_lock(&lock);
	interrupted = c->interrupted;
	pthread_mutex_unlock(&lock);
	return interrupted || RTMP_ctrlC;
}
