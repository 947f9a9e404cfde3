/* SPDX-License-Identifier: MIT */
/* Commands: building and sending them, what is awaited, and dispatch of the peer's by table (RTMP 1.0, 7.1.1, 7.2). */
#include <string.h>

#include <sluice/error.h>

#include "base/log.h"
#include "session/session_int.h"

/* ---- sending ---- */

struct slu_amf_writer *slu_command_begin(struct slu_session *s, const char *name, double transaction)
{
	const uint8_t *data;
	size_t n;

	slu_amf_writer_end(s->writer, &data, &n); /* drops what a failed command may have left */
	slu_amf_put_string(s->writer, name);
	slu_amf_put_number(s->writer, transaction);
	return s->writer;
}

/* A command's failure is the session's: whatever follows would make no sense to the peer. */
static int send_failed(struct slu_session *s, int err, const char *name)
{
	if (err == SLU_ERR_NOMEM)
		return slu_session_nomem(s);
	if (err == SLU_ERR_LIMIT && s->answering)
		return slu_session_fail(s, SLU_ERR_MEMORY_CAP,
					"%s could not be queued for a peer that does not read: max_queue is reached",
					name);
	return slu_session_usage(s, err, "%s could not be sent: %s", name, slu_err_text(err));
}

static int send_bytes(struct slu_session *s, uint8_t type, uint32_t stream_id, const uint8_t *data, size_t n,
		      const char *name)
{
	uint32_t csid = stream_id ? slu_session_csid(s, stream_id, SLU_CSID_STREAM_COMMAND) : SLU_CSID_COMMAND;
	struct slu_msg msg = {.type = type, .stream_id = stream_id, .data = data, .size = n};
	int err;

	if (type == SLU_MSG_DATA)
		csid = slu_session_csid(s, stream_id, SLU_CSID_DATA);
	err = slu_chunk_out_send(s->out, csid, &msg, false);
	if (err)
		return send_failed(s, err, name);
	s->stats.messages_out++;
	if (s->answering || s->cfg.role == SLU_SERVER)
		s->owed += n;
	slu_log(&s->cfg.log, SLU_LOG_DEBUG, "-> %s on stream %u", name, (unsigned)stream_id);
	return 0;
}

int slu_command_send(struct slu_session *s, uint32_t stream_id, const char *name)
{
	const uint8_t *data;
	size_t n;
	int err = slu_amf_writer_end(s->writer, &data, &n);

	if (err)
		return send_failed(s, err, name);
	return send_bytes(s, SLU_MSG_COMMAND, stream_id, data, n, name);
}

int slu_data_send(struct slu_session *s, uint32_t stream_id, const char *name)
{
	const uint8_t *data;
	size_t n;
	int err = slu_amf_writer_end(s->writer, &data, &n);

	if (err)
		return send_failed(s, err, name);
	return send_bytes(s, SLU_MSG_DATA, stream_id, data, n, name);
}

int slu_command_send_raw(struct slu_session *s, uint32_t stream_id, const char *name, const void *args, size_t n)
{
	const uint8_t *data;
	size_t size;
	int err = slu_amf_writer_end(s->writer, &data, &size);

	s->scratch.len = 0;
	if (!err)
		err = slu_buf_append(&s->scratch, data, size);
	if (!err)
		err = slu_buf_append(&s->scratch, args, n);
	if (err)
		return send_failed(s, err, name);
	return send_bytes(s, SLU_MSG_COMMAND, stream_id, s->scratch.data, s->scratch.len, name);
}

void slu_info_put(struct slu_amf_writer *w, const char *level, const char *code, const char *description)
{
	slu_amf_begin_object(w, NULL);
	slu_amf_put_name(w, "level");
	slu_amf_put_string(w, level);
	slu_amf_put_name(w, "code");
	slu_amf_put_string(w, code);
	slu_amf_put_name(w, "description");
	slu_amf_put_string(w, description);
}

int slu_status_send(struct slu_session *s, uint32_t stream_id, const char *level, const char *code,
		    const char *description)
{
	struct slu_amf_writer *w = slu_command_begin(s, "onStatus", 0);

	slu_amf_put_null(w);
	slu_info_put(w, level, code, description);
	slu_amf_end(w);
	return slu_command_send(s, stream_id, "onStatus");
}

/* ---- what is awaited ---- */

const char *slu_call_name(enum slu_call_kind kind)
{
	static const char *const names[] = {
		[SLU_CALL_USER] = "a command",
		[SLU_CALL_CONNECT] = "connect",
		[SLU_CALL_CREATE_STREAM] = "createStream",
		[SLU_CALL_PUBLISH] = "publish",
		[SLU_CALL_PLAY] = "play",
		[SLU_CALL_LATE_STREAM] = "createStream",
	};

	return names[kind];
}

double slu_call_new(struct slu_session *s, enum slu_call_kind kind)
{
	const size_t most = kind == SLU_CALL_USER ? SLU_CALLS - 1 : SLU_CALLS;

	for (size_t i = 0; i < most; i++) {
		if (s->calls[i].used)
			continue;
		s->calls[i] = (struct slu_call){.used = true, .kind = kind, .transaction = ++s->last_transaction};
		return s->last_transaction;
	}
	slu_session_usage(s, SLU_ERR_LIMIT, "%d commands wait for an answer already: wait for one", SLU_CALLS - 1);
	return 0;
}

struct slu_call *slu_call_find(struct slu_session *s, enum slu_call_kind kind)
{
	for (size_t i = 0; i < SLU_CALLS; i++) {
		if (s->calls[i].used && s->calls[i].kind == kind)
			return &s->calls[i];
	}
	return NULL;
}

static struct slu_call *call_by_transaction(struct slu_session *s, double transaction)
{
	for (size_t i = 0; i < SLU_CALLS; i++) {
		if (s->calls[i].used && s->calls[i].transaction == transaction)
			return &s->calls[i];
	}
	return NULL;
}

void slu_call_cancel(struct slu_session *s, double transaction)
{
	struct slu_call *call = call_by_transaction(s, transaction);

	if (call)
		call->used = false;
}

/* A call that no tick has seen yet has no deadline: the tick that gives it one is due at once. */
uint64_t slu_call_deadline(const struct slu_session *s)
{
	uint64_t first = UINT64_MAX;

	if (s->cfg.by_hand || s->last_transaction == 0) /* a server seldom calls */
		return first;
	for (size_t i = 0; i < SLU_CALLS; i++) {
		const struct slu_call *c = &s->calls[i];
		uint64_t due = c->armed ? c->deadline : s->now_ms;

		if (c->used && due < first)
			first = due;
	}
	return first;
}

static struct slu_event *add_result(struct slu_session *s, double transaction, bool ok)
{
	struct slu_event *ev = slu_event_add(s, SLU_EVENT_RESULT);

	ev->transaction = transaction;
	ev->flag = ok;
	return ev;
}

/* The caller's own commands may be unknown to the peer, which then says nothing: that is an answer too. */
static int call_expired(struct slu_session *s, struct slu_call *c)
{
	if (c->kind == SLU_CALL_LATE_STREAM || (c->kind != SLU_CALL_USER && s->state == SLU_S_STOPPED)) {
		c->used = false;
		return 0;
	}
	if (c->kind != SLU_CALL_USER)
		return slu_session_fail(s, SLU_ERR_TIMEOUT,
					"the server did not answer %s within %u ms: it may be overloaded or no RTMP "
					"server for this application; try again",
					slu_call_name(c->kind), s->cfg.command_timeout_ms);
	if (s->event_count)
		return 0; /* next time */
	c->used = false;
	slu_log(&s->cfg.log, SLU_LOG_WARN, "the peer did not answer command %.0f", c->transaction);
	add_result(s, c->transaction, false);
	return 0;
}

int slu_call_tick(struct slu_session *s)
{
	for (size_t i = 0; i < SLU_CALLS && !s->err && !s->cfg.by_hand; i++) {
		struct slu_call *c = &s->calls[i];

		if (!c->used)
			continue;
		if (!c->armed) {
			c->armed = true;
			c->deadline = s->now_ms + s->cfg.command_timeout_ms;
		} else if (c->deadline <= s->now_ms) {
			call_expired(s, c);
		}
	}
	return s->err;
}

/* ---- the peer's ---- */

static int on_answer(struct slu_session *s, const struct slu_command *c, bool ok)
{
	struct slu_call *call = call_by_transaction(s, c->transaction);
	enum slu_call_kind kind;

	if (!call)
		return 0; /* to releaseStream, FCPublish, _checkbw, or to nothing we ever asked */
	kind = call->kind;
	/* A publish or play is answered by onStatus; a _result says nothing about it. */
	if (ok && (kind == SLU_CALL_PUBLISH || kind == SLU_CALL_PLAY))
		return 0;
	call->used = false;
	if (kind == SLU_CALL_USER) {
		add_result(s, c->transaction, ok)->amf = c->root;
		return 0;
	}
	return slu_client_answer(s, kind, ok, c);
}

static int on_unknown(struct slu_session *s, const struct slu_command *c, const struct slu_msg *msg)
{
	struct slu_event *ev = slu_event_add(s, SLU_EVENT_COMMAND);

	ev->stream_id = msg->stream_id;
	ev->transaction = c->transaction;
	ev->name = slu_event_text(s, SLU_TEXT_NAME, c->name);
	ev->amf = c->root;
	return s->err;
}

static int bad_command(struct slu_session *s, int err)
{
	const char *why;

	if (err == SLU_ERR_NOMEM)
		return slu_session_nomem(s);
	why = slu_amf_doc_error(s->doc);
	return slu_session_fail(s, err, "the peer sent a command that cannot be read: %s",
				why[0] ? why : "it does not begin with a name");
}

static int misplaced(struct slu_session *s, const char *name)
{
	return slu_session_fail(s, SLU_ERR_MESSAGE, "the client sent %s before its connect was accepted", name);
}

static int dispatch(struct slu_session *s, const struct slu_command *c, const struct slu_msg *msg)
{
	const struct slu_command_rule *r = s->cfg.role == SLU_CLIENT ? slu_client_rules : slu_server_rules;

	if (slu_amf_str_is(c->name, "_result"))
		return on_answer(s, c, true);
	if (slu_amf_str_is(c->name, "_error"))
		return on_answer(s, c, false);
	while (r->name && !slu_amf_str_is(c->name, r->name))
		r++;
	if (r->name && r->states & SLU_IN(s->state))
		return r->handle(s, c, msg);
	if (s->cfg.role == SLU_SERVER && s->state < SLU_S_CONNECTED)
		return misplaced(s, r->name ? r->name : "a command");
	return r->name ? 0 : on_unknown(s, c, msg);
}

/* The name and the status code, no other values: those may hold keys. */
static void log_command(struct slu_session *s, const struct slu_command *c, const struct slu_msg *msg)
{
	enum slu_log_level level = c->cut ? SLU_LOG_WARN : SLU_LOG_DEBUG;
	struct slu_info info;
	char name[48], code[64];

	if (!s->cfg.log.fn || level > s->cfg.log.level)
		return;
	slu_command_info(c, &info);
	slu_session_redact(s, name, sizeof name, c->name);
	slu_session_redact(s, code, sizeof code, info.code);
	slu_log(&s->cfg.log, level, "<- %s %.0f on stream %u%s%s%s%s", name, c->transaction, (unsigned)msg->stream_id,
		code[0] ? ": " : "", code, c->cut ? ", not wholly readable: " : "",
		c->cut ? slu_amf_doc_error(s->doc) : "");
}

int slu_command_on(struct slu_session *s, const struct slu_msg *msg)
{
	struct slu_command c;
	int err = slu_command_decode(&c, s->doc, msg);

	if (err)
		return bad_command(s, err);
	log_command(s, &c, msg);
	/* Names of streams, which are keys often enough, and tokens. */
	if (s->cfg.role == SLU_SERVER) {
		s->secret = s->took_secret = true;
		slu_chunk_in_wipe(s->in);
	}
	return dispatch(s, &c, msg);
}

/* ---- the caller's ---- */

int slu_session_call(struct slu_session *s, uint32_t stream_id, const char *name, const void *args, size_t n,
		     double *transaction)
{
	double number = 0;
	int err;

	if (s->err)
		return s->err;
	if (!s->connected)
		return slu_session_usage(s, SLU_ERR_STATE, "commands can be sent once connect has been accepted");
	if (!name || (n && !args))
		return slu_session_usage(s, SLU_ERR_INVALID, "a command needs a name");
	if (transaction) {
		number = slu_call_new(s, SLU_CALL_USER);
		if (number == 0)
			return SLU_ERR_LIMIT;
		*transaction = number;
	}
	slu_command_begin(s, name, number);
	err = slu_command_send_raw(s, stream_id, "a command of the caller", args, n);
	if (err)
		slu_call_cancel(s, number);
	return err;
}
