/* SPDX-License-Identifier: MIT */
/* Failures, each told in one sentence: to whom it happened, what, and what to do. */
#include "conn/conn_impl.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"

int slu_conn_fail(struct slu_conn *c, int err, const char *format, ...)
{
	char raw[sizeof c->error];
	va_list ap;

	if (c->err)
		return c->err;
	va_start(ap, format);
	vsnprintf(raw, sizeof raw, format, ap);
	va_end(ap);
	slu_escape(c->error, sizeof c->error, raw, strlen(raw));
	c->err = err;
	slu_log(&c->log, err == SLU_ERR_RENEW ? SLU_LOG_INFO : SLU_LOG_ERROR, "%s", c->error);
	slu_conn_release(c, CONN_FAILED);
	return err;
}

/* Sentences of the session speak of the server or the peer: here it has a name. */
static int fail_why(struct slu_conn *c, int err, const char *why)
{
	static const char *const subjects[] = {"the server ", "the client ", "the peer "};

	for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++) {
		size_t n = strlen(subjects[i]);

		if (!strncmp(why, subjects[i], n))
			return slu_conn_fail(c, err, "%s %s", c->name, why + n);
	}
	return slu_conn_fail(c, err, "%s: %s", c->name, *why ? why : slu_err_text(err));
}

/* ---- lost connections ---- */

/* What it most likely means when a server hangs up, by how far the session came. */
static const char *const hangup_hints[] = {
	[STAGE_HANDSHAKE] = "before the RTMP handshake was done: it may be no RTMP server",
	[STAGE_CONNECT] = "when told the application: most servers do that when they do not know the app or the key "
			  "in the URL; check the URL",
	[STAGE_REQUEST] = "when asked to publish or play: check the stream name or key, and that it is not in use "
			  "already",
	[STAGE_ACTIVE] = "in mid-stream: connect again",
};

/* Some servers say yes before they look at the key, nginx's "deny" among them. */
bool slu_conn_second_thoughts(const struct slu_conn *c)
{
	return c->stage == STAGE_ACTIVE && c->publishes && slu_now_ms() - c->active_ms < CONN_SURE_MS;
}

static const char *hangup_hint(const struct slu_conn *c)
{
	if (slu_conn_second_thoughts(c))
		return "in mid-stream, right after it had let us publish: it may not want this stream name or key "
		       "after "
		       "all; check it, or connect again";
	if (c->stage == STAGE_HANDSHAKE && !c->url.tls && !c->url.http)
		return "before the RTMP handshake was done: it may want TLS (try an rtmps URL), or be no RTMP server";
	return hangup_hints[c->stage];
}

/* Why it is gone, when the lower layers know no more than that it is. */
static int fail_gone(struct slu_conn *c, int err, const char *why)
{
	if (c->role != SLU_CLIENT || c->state != CONN_ESTABLISHED)
		return fail_why(c, err, why);
	if (err == SLU_ERR_CLOSED)
		return slu_conn_fail(c, err, "%s hung up %s", c->name, hangup_hint(c));
	if (err == SLU_ERR_RESET)
		return slu_conn_fail(c, err, "%s hung up %s (%s)", c->name, hangup_hint(c), why);
	return fail_why(c, err, why);
}

int slu_conn_fail_transport(struct slu_conn *c, int err)
{
	return fail_gone(c, err, c->transport->ops->error(c->transport));
}

/* What the client is told is to arrive, while it goes on sending: a reset, for what nobody reads, would overtake it. */
static int send_away(struct slu_conn *c)
{
	const char *why = slu_session_error(c->session);
	char raw[sizeof c->error];

	snprintf(raw, sizeof raw, "%s: %s", c->name, why);
	slu_escape(c->error, sizeof c->error, raw, strlen(raw));
	slu_log(&c->log, SLU_LOG_INFO, "%s", c->error);
	c->beyond = c->session_over = true;
	return slu_conn_close(c);
}

bool slu_conn_went_beyond(const struct slu_conn *c)
{
	return c->beyond;
}

int slu_conn_fail_session(struct slu_conn *c, int err)
{
	int asked;

	if (err == SLU_ERR_MEMORY_CAP && c->role == SLU_SERVER && !c->in_ended && !c->broken)
		return send_away(c);
	asked = slu_conn_authenticate(c, err);
	if (asked)
		return asked < 0 ? asked : 0;
	/* What the session has to say last, such as why it turns the peer away, goes out if it can. */
	if (!c->in_ended && !c->broken && slu_session_queued(c->session))
		slu_conn_push_last(c);
	return fail_gone(c, err, slu_session_error(c->session));
}
