/* SPDX-License-Identifier: MIT */
#include "conn/http.h"

#include <stdio.h>

#include "conn/conn_impl.h"

void slu_conn_allow_http(struct slu_conn *c)
{
	c->sniffs = true;
}

bool slu_conn_is_http(const struct slu_conn *c)
{
	return c->is_http;
}

/* RTMP's version is below 32, so that it can be told from protocols of text, which begin with a printable character
 * (RTMP 1.0, 5.2.2). */
bool slu_conn_sniff(struct slu_conn *c)
{
	if (!c->sniffs)
		return false;
	c->sniffs = false;
	c->is_http = c->in[c->in_at] >= 0x20;
	return c->is_http;
}

struct slu_transport *slu_conn_take(struct slu_conn *c, struct slu_vec *read)
{
	struct slu_transport *t = c->transport;

	*read = (struct slu_vec){.data = c->in + c->in_at, .size = c->in_end - c->in_at};
	c->transport = NULL;
	c->state = CONN_CLOSED;
	return t;
}

struct slu_conn *slu_conn_accept_over(const struct slu_conn_config *config, struct slu_transport *transport,
				      char *error, size_t size)
{
	struct slu_transport_stats stats;
	char name[80];

	transport->ops->stats(transport, &stats);
	snprintf(name, sizeof name, "client %s", stats.peer);
	return slu_conn_over(config, NULL, transport, name, error, size);
}
