/* SPDX-License-Identifier: MIT */
/* A session begins anew: what it was asked for stays, what it knew of its peer goes. */
#include <stdlib.h>
#include <string.h>

#include "session/auth.h"
#include "session/session_int.h"

const char *slu_session_refusal_told(const struct slu_session *s)
{
	return s->refused.told;
}

static bool set_query(struct slu_session *s, const char *query)
{
	size_t n = query ? strlen(query) + 1 : 0;
	char *copy = n ? malloc(n) : NULL;

	if (n && !copy)
		return false;
	if (n)
		memcpy(copy, query, n);
	slu_wipe(s->query);
	free(s->query);
	s->query = copy;
	return true;
}

/* Statistics go on, but for what they say about the peer. */
static void forget_peer(struct slu_session *s)
{
	s->state = SLU_S_HANDSHAKE;
	s->connected = s->answering = s->pinging = s->marked = s->ended = s->checked_bw = false;
	s->err = 0;
	s->error[0] = '\0';
	memset(&s->refused, 0, sizeof s->refused);
	s->owed = 0;
	s->event_count = 0;
	memset(&s->aggregate, 0, sizeof s->aggregate);
	s->received = s->ack_sent = 0;
	s->window_out = 0;
	s->last_transaction = 0;
	memset(s->calls, 0, sizeof s->calls);
	s->stream_id = 0;
	s->bw_checks = 0;
	s->swf_verified = false;
	s->stats.acked = 0;
	s->stats.peer_window = 0;
	s->stats.ping_ms = UINT32_MAX;
}

/* What slu_session_begin() makes. */
struct parts {
	struct slu_hs *hs;
	struct slu_edge *edge;
	struct slu_chunk_in *in;
	struct slu_chunk_out *out;
	struct slu_amf_doc *doc;
	struct slu_amf_writer *writer;
};

static struct parts swap_parts(struct slu_session *s, const struct parts *p)
{
	struct parts old = {s->hs, s->edge, s->in, s->out, s->doc, s->writer};

	s->hs = p->hs;
	s->edge = p->edge;
	s->in = p->in;
	s->out = p->out;
	s->doc = p->doc;
	s->writer = p->writer;
	return old;
}

int slu_session_again(struct slu_session *s, uint64_t now_ms, const char *query)
{
	static const struct parts none = {.hs = NULL};
	struct parts old, made;

	forget_peer(s);
	if (now_ms > s->now_ms)
		s->now_ms = now_ms;
	if (!set_query(s, query))
		return slu_session_nomem(s);
	old = swap_parts(s, &none);
	slu_session_begin(s);
	made = swap_parts(s, &none);
	/* A session that failed still has parts to be asked of: the old ones. */
	swap_parts(s, s->err ? &made : &old);
	slu_session_end(s);
	swap_parts(s, s->err ? &old : &made);
	return s->err;
}
