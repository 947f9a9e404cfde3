/* SPDX-License-Identifier: MIT */
/* librtmp's calls block: here they wait. */
#include <poll.h>

#include <librtmp/log.h>

#include "conn/over.h"
#include "state.h"

/* RTMP_ctrlC is set by signal handlers, whose signal another thread may get: it is looked at this often. */
enum { SLICE_MS = 200 };

static uint64_t received(struct slu_compat *c)
{
	struct slu_session_stats stats;

	slu_session_stats(slu_conn_session(c->conn), &stats);
	return stats.bytes_in;
}

/* A server that sends nothing for so long has timed out. */
static bool silent_for_too_long(RTMP *r, uint64_t since_ms)
{
	if (r->Link.timeout <= 0 || slu_now_ms() - since_ms < (uint64_t)r->Link.timeout * 1000)
		return false;
	r->m_sb.sb_timedout = TRUE;
	return true;
}

static int wait_long(RTMP *r, struct slu_compat *c, struct slu_event *ev)
{
	uint64_t seen = received(c), since = slu_now_ms();
	int got;

	while ((got = slu_conn_wait(c->conn, ev, SLICE_MS)) == 0) {
		if (slu_compat_interrupted(c))
			return 0;
		if (received(c) != seen) {
			seen = received(c);
			since = slu_now_ms();
		} else if (silent_for_too_long(r, since)) {
			RTMP_Log(RTMP_LOGERROR,
				 "The server has sent nothing for %d seconds: try again, or give it "
				 "more time with the option timeout",
				 r->Link.timeout);
			return 0;
		}
	}
	return got;
}

int slu_compat_wait(RTMP *r, struct slu_event *ev)
{
	struct slu_compat *c = r->Link.dh;

	r->m_sb.sb_timedout = FALSE;
	/* Mostly one is there already: no clock is asked then. */
	if (slu_conn_event(c->conn, ev))
		return 1;
	return wait_long(r, c, ev);
}

static void wait_writable(struct slu_conn *conn)
{
	unsigned want = slu_conn_want(conn);
	struct pollfd p = {.fd = slu_conn_fd(conn)};
	int timeout = slu_conn_timeout(conn);

	p.events = (short)((want & SLU_WANT_READ ? POLLIN : 0) | (want & SLU_WANT_WRITE ? POLLOUT : 0));
	poll(&p, 1, timeout < 0 || timeout > SLICE_MS ? SLICE_MS : timeout);
	slu_conn_process(conn);
}

int slu_compat_drain(RTMP *r)
{
	struct slu_compat *c = r->Link.dh;

	slu_conn_flush(c->conn);
	while (slu_conn_queued(c->conn) && !slu_conn_closed(c->conn) && !slu_conn_stuck(c->conn) &&
	       !slu_compat_interrupted(c))
		wait_writable(c->conn);
	slu_compat_mirror(r);
	if (slu_conn_closed(c->conn))
		return slu_compat_lost(r);
	return !slu_conn_queued(c->conn) || !slu_conn_ended(c->conn);
}

void slu_compat_mirror(RTMP *r)
{
	struct slu_compat *c = r->Link.dh;
	struct slu_session *s = slu_conn_session(c->conn);
	struct slu_session_stats stats;

	slu_session_stats(s, &stats);
	r->m_nBytesIn = (int)(uint32_t)stats.bytes_in;
	r->m_inChunkSize = (int)stats.chunk_size_in;
	r->m_outChunkSize = (int)stats.chunk_size_out;
	r->m_numInvokes = slu_compat_int(slu_session_transaction(s));
	r->m_sb.sb_socket = c->pollable.fd >= 0 ? c->pollable.fd : slu_conn_fd(c->conn);
	/* Programs that wait for the socket themselves look here first whether they have to. */
	r->m_sb.sb_size = (int)slu_conn_held(c->conn);
	slu_pollable_set(&c->pollable, r->m_sb.sb_size || r->m_read.buf);
}

void slu_compat_over(RTMP *r)
{
	struct slu_compat *c = slu_compat_has_state(r);

	if (c && c->reads)
		c->over = true;
	else
		RTMP_Close(r);
}

int slu_compat_lost(RTMP *r)
{
	slu_compat_over(r);
	return FALSE;
}
