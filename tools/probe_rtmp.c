/* SPDX-License-Identifier: MIT */
#include "tools/probe_rtmp.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sluice/error.h>

#include "base/log.h"

struct slu_probe_rtmp {
	struct slu_conn_config config; /* its strings are those of the target and of the options */
	const char *tc_url;
	struct slu_conn *conn;
	struct slu_probe_rtmp_result *result;
	bool closing;
};

static bool fail(struct slu_probe_rtmp_result *r, enum slu_exit status, const char *sentence)
{
	r->status = status;
	snprintf(r->error, sizeof r->error, "%s", sentence);
	return true;
}

static bool open_with(struct slu_probe_rtmp *p, enum slu_handshake handshake)
{
	char error[512];

	slu_conn_free(p->conn);
	p->config.session.handshake = handshake;
	/* The name of a stream that is never asked for: with it the whole path is the app. */
	p->conn = slu_conn_open(&p->config, p->tc_url, "", error, sizeof error);
	if (!p->conn)
		fail(p->result, SLU_EXIT_OTHER, error);
	return p->conn != NULL;
}

struct slu_probe_rtmp *slu_probe_rtmp_new(const struct slu_conn_config *conn, const char *tc_url,
					  struct slu_probe_rtmp_result *result)
{
	struct slu_probe_rtmp *p = calloc(1, sizeof *p);

	memset(result, 0, sizeof *result);
	if (!p) {
		fail(result, SLU_EXIT_OTHER, "out of memory");
		return NULL;
	}
	*p = (struct slu_probe_rtmp){.config = *conn, .tc_url = tc_url, .result = result};
	p->config.tls = slu_tls_ctx_get(conn->tls);
	if (open_with(p, SLU_HANDSHAKE_DIGEST))
		return p;
	slu_probe_rtmp_free(p);
	return NULL;
}

void slu_probe_rtmp_free(struct slu_probe_rtmp *p)
{
	if (!p)
		return;
	slu_conn_free(p->conn);
	slu_tls_ctx_free(p->config.tls);
	free(p);
}

/* ---- what comes ---- */

static void take_text(const struct slu_amf_value *v, char *out, size_t size)
{
	struct slu_amf_str text;

	if (slu_amf_string(v, &text))
		slu_escape(out, size, text.s, text.n);
}

/* _result, its transaction, the server's properties, and what it says of the connection (RTMP 1.0, 7.2.1.1). */
static void take_answer(struct slu_probe_rtmp_result *r, const struct slu_amf_value *values)
{
	const struct slu_amf_value *properties = slu_amf_at(values, 2), *information = slu_amf_at(values, 3);

	r->app = SLU_PROBE_APP_ACCEPTED;
	take_text(slu_amf_get(properties, "fmsVer"), r->version, sizeof r->version);
	if (!r->version[0])
		take_text(slu_amf_get(properties, "version"), r->version, sizeof r->version);
	take_text(slu_amf_get(information, "code"), r->code, sizeof r->code);
	take_text(slu_amf_get(information, "description"), r->description, sizeof r->description);
}

static void take_stats(struct slu_probe_rtmp *p)
{
	struct slu_probe_rtmp_result *r = p->result;
	struct slu_conn_stats stats;

	slu_conn_stats(p->conn, &stats);
	if (*stats.tls_version) {
		r->connected = true;
		snprintf(r->tls_version, sizeof r->tls_version, "%s", stats.tls_version);
		snprintf(r->tls_suite, sizeof r->tls_suite, "%s", stats.tls_suite);
	}
	r->chunk_size = stats.session.chunk_size_in;
	if (stats.session.peer_window)
		r->window = stats.session.peer_window;
	if (r->handshaken)
		r->handshake = stats.session.handshake;
}

static void events(struct slu_probe_rtmp *p)
{
	struct slu_event ev;

	while (slu_conn_event(p->conn, &ev)) {
		if (ev.type == SLU_EVENT_HANDSHAKE)
			p->result->handshaken = true;
		if (ev.type != SLU_EVENT_CONNECTED)
			continue;
		take_answer(p->result, ev.amf);
		take_stats(p);
		p->closing = true;
	}
}

/* A refusal is an answer. */
static bool take_refusal(struct slu_probe_rtmp *p, int err)
{
	struct slu_probe_rtmp_result *r = p->result;
	struct slu_refusal refusal;

	if (slu_err_family(err) != SLU_FAMILY_PEER || !r->handshaken)
		return false;
	slu_session_refusal(slu_conn_session(p->conn), &refusal);
	r->app = SLU_PROBE_APP_REFUSED;
	r->status = SLU_EXIT_REFUSED;
	slu_escape(r->code, sizeof r->code, refusal.code, strlen(refusal.code));
	slu_escape(r->description, sizeof r->description, refusal.description, strlen(refusal.description));
	return true;
}

/* Some servers hang up on a handshake with digests. */
static bool again_plain(struct slu_probe_rtmp *p, int err)
{
	if (p->config.session.handshake == SLU_HANDSHAKE_PLAIN || !p->result->connected || p->result->handshaken)
		return false;
	if (slu_err_family(err) != SLU_FAMILY_PROTOCOL && err != SLU_ERR_CLOSED && err != SLU_ERR_RESET)
		return false;
	return open_with(p, SLU_HANDSHAKE_PLAIN);
}

/* True: done. */
static bool failed(struct slu_probe_rtmp *p, int err)
{
	const enum slu_stage stage = p->result->handshaken ? SLU_STAGE_ASKING : SLU_STAGE_CONNECTING;
	const char *sentence;

	if (p->closing || take_refusal(p, err))
		return true;
	if (again_plain(p, err))
		return false;
	if (!p->conn) /* which was said */
		return true;
	sentence = slu_conn_error(p->conn);
	if (!*sentence)
		sentence = "the server ended the connection in order, without an answer to connect: it may not take "
			   "this app";
	return fail(p->result, slu_exit_of(err, stage), sentence);
}

bool slu_probe_rtmp_step(struct slu_probe_rtmp *p)
{
	const bool closing = p->closing;
	int err = slu_conn_process(p->conn);

	if (!closing)
		events(p);
	take_stats(p);
	if (err >= 0 && p->closing && !closing)
		err = slu_conn_close(p->conn);
	if (err >= 0 && slu_conn_closed(p->conn))
		err = SLU_ERR_CLOSED;
	return err < 0 && failed(p, err);
}

int slu_probe_rtmp_fd(const struct slu_probe_rtmp *p)
{
	return slu_conn_fd(p->conn);
}

unsigned slu_probe_rtmp_want(const struct slu_probe_rtmp *p)
{
	return slu_conn_want(p->conn);
}

int slu_probe_rtmp_timeout(const struct slu_probe_rtmp *p)
{
	return slu_conn_timeout(p->conn);
}
