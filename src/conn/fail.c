/* SPDX-License-Identifier: MIT */
/* Failures, each told in one sentence: to whom it happened, what, and what to do. */
#include "conn/conn_impl.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
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
	slu_log(&c->log, SLU_LOG_ERROR, "%s", c->error);
	slu_conn_release(c, CONN_FAILED);
	return err;
}

/* ---- secrets ---- */

/* Replaces each occurrence of secret (n bytes) in text. */
static void blank(char *text, const char *secret, size_t n)
{
	static const char mark[] = "***";
	enum { MARK = sizeof mark - 1 };

	for (char *at = text; n >= MARK && (at = memmem(at, strlen(at), secret, n)); at += MARK) {
		memmove(at + MARK, at + n, strlen(at + n) + 1);
		memcpy(at, mark, MARK);
	}
}

/* Peers like to name the stream in what they say, and its name is the key. */
static const char *without_secrets(const struct slu_conn *c, char *out, size_t size, const char *text)
{
	const char *stream = slu_conn_stream(c);
	size_t name = strcspn(stream, "?");

	snprintf(out, size, "%s", text);
	blank(out, stream, strlen(stream));
	blank(out, stream, name);
	if (stream[name])
		blank(out, stream + name + 1, strlen(stream + name + 1));
	return out;
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

static const char *hangup_hint(const struct slu_conn *c)
{
	if (c->stage == STAGE_HANDSHAKE && !c->url.tls)
		return "before the RTMP handshake was done: it may want TLS (try an rtmps URL), or be no RTMP server";
	return hangup_hints[c->stage];
}

static bool hung_up(int err)
{
	return err == SLU_ERR_CLOSED || err == SLU_ERR_RESET;
}

static int fail_why(struct slu_conn *c, int err, const char *why)
{
	char said[512];

	without_secrets(c, said, sizeof said, *why ? why : slu_err_text(err));
	if (c->role == SLU_CLIENT && c->state == CONN_ESTABLISHED && hung_up(err))
		return slu_conn_fail(c, err, "%s hung up %s (%s)", c->name, hangup_hint(c), said);
	return slu_conn_fail(c, err, "%s: %s", c->name, said);
}

int slu_conn_fail_lost(struct slu_conn *c, int err, const char *why)
{
	return fail_why(c, err, why);
}

int slu_conn_fail_transport(struct slu_conn *c, int err)
{
	return fail_why(c, err, c->transport->ops->error(c->transport));
}

/* ---- refusals ---- */

static const struct {
	const char *code; /* or its beginning */
	const char *advice;
} advices[] = {
	{"NetStream.Publish.BadName", "check the stream name or key, and that nobody else publishes under it"},
	{"NetStream.Publish", "check the stream name or key"},
	{"NetStream.Play.StreamNotFound", "check the stream name, or wait for its publisher"},
	{"NetStream.Play", "check the stream name"},
	{"NetConnection.Connect.InvalidApp", "check the app in the URL"},
	{"NetConnection.Connect", "check the app and the credentials in the URL"},
};

static const char *advice(const char *code)
{
	for (size_t i = 0; i < sizeof advices / sizeof *advices; i++)
		if (!strncmp(code, advices[i].code, strlen(advices[i].code)))
			return advices[i].advice;
	return "check the URL and the stream name or key";
}

static int fail_refused(struct slu_conn *c)
{
	struct slu_refusal r;
	char said[256] = "";

	slu_session_refusal(c->session, &r);
	without_secrets(c, said, sizeof said, r.description);
	return slu_conn_fail(c, SLU_ERR_REFUSED, "%s refused %s: %s%s%s%s; %s", c->name, r.command,
			     *r.code ? r.code : "it gave no code", *said ? " (" : "", said, *said ? ")" : "",
			     advice(r.code));
}

int slu_conn_fail_session(struct slu_conn *c, int err)
{
	/* What the session has to say last, such as why it hangs up on the peer, goes out if it can. */
	if (!hung_up(err) && !c->err && c->state == CONN_ESTABLISHED && slu_session_queued(c->session))
		slu_conn_push_last(c);
	if (err == SLU_ERR_REFUSED && c->role == SLU_CLIENT)
		return fail_refused(c);
	return fail_why(c, err, slu_session_error(c->session));
}
