/* SPDX-License-Identifier: MIT */
#include "conn/conn_impl.h"

#include <string.h>

#include "session/memory.h"

void slu_conn_stats(struct slu_conn *c, struct slu_conn_stats *out)
{
	struct slu_transport_stats t = c->last;
	struct slu_tcp_info tcp = c->last_tcp;

	if (c->transport) {
		c->transport->ops->stats(c->transport, &t);
		slu_tcp_info(c->transport->ops->fd(c->transport), &tcp);
	}
	*out = (struct slu_conn_stats){
		.wire_in = t.wire_in,
		.wire_out = t.wire_out,
		.writes = t.writes,
		.reads = t.reads,
		.flushes = c->flushes,
		.records = t.records,
		.short_records = t.short_records,
		.undelivered = c->undelivered,
		.rtt_us = tcp.rtt_us,
		.retransmits = tcp.retransmits,
		.connect_ms = t.connect_ms,
		.tls_ms = t.tls_ms,
		.http = t.http,
		.tls = t.tls,
		.tls_resumed = t.tls_resumed,
		.tls_kernel = t.tls_kernel,
		.tls_version = t.tls_version ? t.tls_version : "",
		.tls_suite = t.tls_suite ? t.tls_suite : "",
	};
	memcpy(out->tls_client, t.tls_client, sizeof out->tls_client);
	memcpy(out->peer, t.peer, sizeof out->peer);
	slu_session_stats(c->session, &out->session);
}

void slu_conn_wire(const struct slu_conn *c, uint64_t *in, uint64_t *out)
{
	struct slu_transport_stats t = c->last;

	if (c->transport)
		c->transport->ops->stats(c->transport, &t);
	*in = t.wire_in;
	*out = t.wire_out;
}

size_t slu_conn_overhead(const struct slu_conn *c)
{
	size_t pending = c->transport ? c->transport->ops->pending(c->transport) : 0;

	return sizeof *c + c->vec_cap * sizeof *c->vec + (c->in_end - c->in_at) + c->tls_overhead + pending +
	       slu_session_overhead(c->session);
}

size_t slu_conn_memory(const struct slu_conn *c)
{
	return slu_conn_overhead(c) + slu_session_queued(c->session) + slu_session_unfinished(c->session);
}
