/* SPDX-License-Identifier: MIT */
#include "mem_transport.h"

#include "test.h"

#include <sluice/error.h>

static struct mem_transport *mem_of(struct slu_transport *t)
{
	return (struct mem_transport *)t;
}

static int mem_open(struct slu_transport *t, uint64_t now_ms)
{
	(void)now_ms;
	return mem_of(t)->is_open;
}

/* What the last connection had to say is lost. */
static int mem_again(struct slu_transport *t, uint64_t now_ms)
{
	struct mem_transport *m = mem_of(t);

	(void)now_ms;
	if (!m->reopens)
		return SLU_ERR_STATE;
	m->opens++;
	m->at = m->nsays = 0;
	m->ends = false;
	m->fails = 0;
	return 0;
}

static long mem_recv(struct slu_transport *t, void *buf, size_t n)
{
	struct mem_transport *m = mem_of(t);
	size_t left = m->nsays - m->at;

	m->reads++;
	if (!left && m->ends)
		return m->fails ? m->fails : SLU_ERR_CLOSED;
	n = n < left ? n : left;
	n = n < m->step ? n : m->step;
	memcpy(buf, m->says + m->at, n);
	m->at += n;
	if (n && m->eases)
		m->room = SIZE_MAX;
	return (long)n;
}

static long mem_send(struct slu_transport *t, const struct slu_vec *vec, size_t nvec)
{
	struct mem_transport *m = mem_of(t);
	size_t taken = 0;

	m->writes++;
	for (size_t i = 0; i < nvec; i++) {
		size_t n = vec[i].size < m->room ? vec[i].size : m->room;

		assert_true(m->nsent + n < sizeof m->sent);
		memcpy(m->sent + m->nsent, vec[i].data, n);
		m->nsent += n;
		m->sent[m->nsent] = '\0';
		m->room -= m->room == SIZE_MAX ? 0 : n;
		taken += n;
	}
	return (long)taken;
}

static int mem_flush(struct slu_transport *t)
{
	(void)t;
	return 1;
}

static size_t mem_pending(const struct slu_transport *t)
{
	(void)t;
	return 0;
}

static int mem_shutdown(struct slu_transport *t)
{
	return !mem_of(t)->stays;
}

static int mem_fd(const struct slu_transport *t)
{
	(void)t;
	return 1000;
}

static unsigned mem_want(const struct slu_transport *t)
{
	(void)t;
	return 0;
}

static uint64_t mem_deadline(const struct slu_transport *t)
{
	return ((const struct mem_transport *)t)->is_open ? UINT64_MAX : 77;
}

static const char *mem_error(const struct slu_transport *t)
{
	(void)t;
	return "the memory failed; try another one";
}

static void mem_stats(const struct slu_transport *t, struct slu_transport_stats *out)
{
	const struct mem_transport *m = (const struct mem_transport *)t;

	*out = (struct slu_transport_stats){.tls_version = "", .tls_suite = "", .peer = "memory:1"};
	out->wire_out = m->nsent;
	out->writes = m->writes;
}

static void mem_free(struct slu_transport *t)
{
	assert_false(mem_of(t)->freed);
	mem_of(t)->freed = true;
}

static const struct slu_transport_ops ops = {
	.open = mem_open,
	.again = mem_again,
	.recv = mem_recv,
	.send = mem_send,
	.flush = mem_flush,
	.pending = mem_pending,
	.shutdown = mem_shutdown,
	.fd = mem_fd,
	.want = mem_want,
	.buffered = mem_pending,
	.deadline = mem_deadline,
	.error = mem_error,
	.stats = mem_stats,
	.free = mem_free,
};

void mem_init(struct mem_transport *m)
{
	m->base.ops = &ops;
	m->nsent = m->at = m->nsays = 0;
	m->sent[0] = '\0';
	m->room = m->step = SIZE_MAX;
	m->ends = m->stays = m->eases = m->freed = false;
	m->fails = 0;
	m->is_open = m->reopens = true;
	m->opens = 1;
	m->reads = m->writes = 0;
}

void mem_say_bytes(struct mem_transport *m, const void *data, size_t n)
{
	assert_true(m->nsays + n <= sizeof m->says);
	memcpy(m->says + m->nsays, data, n);
	m->nsays += n;
}

void mem_say(struct mem_transport *m, const char *text)
{
	mem_say_bytes(m, text, strlen(text));
}

const char *mem_heard(struct mem_transport *m)
{
	static char heard[sizeof m->sent];

	memcpy(heard, m->sent, m->nsent + 1);
	m->nsent = 0;
	m->sent[0] = '\0';
	return heard;
}
