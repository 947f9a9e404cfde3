/* SPDX-License-Identifier: MIT */
/* A server that refuses a connect because it wants to know who publishes is answered on another connection. */
#include "conn/conn_impl.h"

#include "base/log.h"
#include "base/wipe.h"
#include "crypto/ops.h"
#include "session/auth.h"

/* On another connection to the same end. 1, or the connection's error. */
static int begin_again(struct slu_conn *c, const char *query)
{
	const struct slu_transport_ops *ops = c->transport->ops;
	uint64_t now = slu_now_ms();
	int err;

	if (!ops->again)
		return slu_conn_fail(c, SLU_ERR_REFUSED,
				     "%s refused connect: it wants to be connected to once more, which cannot be done "
				     "over this transport",
				     c->name);
	slu_log(&c->log, SLU_LOG_INFO, "%s: asks who publishes: connecting again, to answer", c->name);
	err = ops->again(c->transport, now);
	if (err < 0)
		return slu_conn_fail_transport(c, err);
	err = slu_session_again(c->session, now, query);
	if (err)
		return slu_conn_fail(c, err, "%s: %s", c->name, slu_session_error(c->session));
	c->state = CONN_OPENING;
	c->stage = STAGE_HANDSHAKE;
	c->opened_ms = now;
	c->in_at = c->in_end = 0;
	c->in_ended = c->broken = c->blocked = false;
	c->lost = 0;
	c->watch_ms = UINT64_MAX;
	return 1;
}

int slu_conn_authenticate(struct slu_conn *c, int err)
{
	char query[SLU_AUTH_QUERY];
	const char *why;
	int next;

	if (c->role != SLU_CLIENT || c->by_hand || err != SLU_ERR_REFUSED || c->state != CONN_ESTABLISHED)
		return 0;
	c->auth.user = c->url.user;
	c->auth.password = c->url.password;
	c->auth.app = c->url.app;
	c->auth.crypto = slu_cryptops_openssl();
	next = slu_auth_next(&c->auth, slu_session_refusal_told(c->session), query, sizeof query, &why);
	if (next == SLU_ERR_INVALID)
		return 0;
	if (next == 0)
		next = begin_again(c, query);
	else
		next = slu_conn_fail(c, next,
				     "%s refused connect: %s; check user and password in the URL, as in "
				     "rtmps://USER:PASSWORD@host/app",
				     c->name, why);
	slu_wipe_bytes(query, sizeof query);
	return next;
}
