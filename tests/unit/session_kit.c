/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "proto/command.h"
#include "proto/message.h"
#include "session_kit.h"

enum { HANDSHAKE = 1 + 2 * 1536 };

__attribute__((format(printf, 2, 3))) static void note(char *text, const char *format, ...)
{
	size_t n = strlen(text);
	va_list ap;

	va_start(ap, format);
	vsnprintf(text + n, KIT_TEXT - n, format, ap);
	va_end(ap);
}

/* ---- what the session sends ---- */

static void note_value(char *text, const struct slu_amf_value *v)
{
	struct slu_amf_str s;
	double number;
	bool b;

	if (slu_amf_string(v, &s)) {
		note(text, "\"%.*s\"", (int)s.n, s.s);
	} else if (slu_amf_number(v, &number)) {
		note(text, "%.10g", number);
	} else if (slu_amf_boolean(v, &b)) {
		note(text, "%s", b ? "true" : "false");
	} else if (slu_amf_type(v) == SLU_AMF_OBJECT) {
		note(text, "{");
		for (const struct slu_amf_value *m = slu_amf_first(v); m; m = slu_amf_next(m)) {
			note(text, "%s%.*s:", m == slu_amf_first(v) ? "" : ",", (int)slu_amf_name(m).n,
			     slu_amf_name(m).s);
			note_value(text, m);
		}
		note(text, "}");
	} else {
		note(text, "%s", slu_amf_type_name(slu_amf_type(v)));
	}
}

static void note_values(struct kit *k, const struct slu_amf_value *v)
{
	for (; v; v = slu_amf_next(v)) {
		note(k->heard, " ");
		note_value(k->heard, v);
	}
	note(k->heard, "; ");
}

static void note_message(struct kit *k, const struct slu_msg *m)
{
	struct slu_control control;
	struct slu_command c;

	if (slu_control_decode(&control, m) == 0) {
		note(k->heard, "%s %u", slu_control_name(control.type, control.event), (unsigned)control.value);
		if (control.extra)
			note(k->heard, " %u", (unsigned)control.extra);
		note(k->heard, "; ");
	} else if (m->type == SLU_MSG_COMMAND || m->type == SLU_MSG_DATA) {
		assert_int_equal(slu_command_decode(&c, k->doc, m), 0);
		note(k->heard, "%s%.*s@%u", m->type == SLU_MSG_DATA ? "data " : "", (int)c.name.n, c.name.s,
		     (unsigned)m->stream_id);
		note_values(k, slu_amf_at(c.root, 1));
	} else {
		note(k->heard, "%s@%u %u %zu; ", m->type == SLU_MSG_VIDEO ? "video" : "audio", (unsigned)m->stream_id,
		     (unsigned)m->timestamp, m->size);
	}
}

static void hear(struct kit *k, const uint8_t *data, size_t n)
{
	struct slu_msg m;
	size_t used;

	if (k->raw) {
		used = n < k->raw ? n : k->raw;
		k->raw -= used;
		data += used;
		n -= used;
	}
	while (n) {
		int got = slu_chunk_in_read(k->in, data, n, &used, &m);

		assert_true(got >= 0);
		data += used;
		n -= used;
		if (got)
			note_message(k, &m);
	}
}

void kit_listen(struct kit *k)
{
	struct slu_vec vec[16];
	size_t n, bytes;

	while ((n = slu_session_out(k->s, vec, 16)) > 0) {
		bytes = 0;
		for (size_t i = 0; i < n; i++) {
			hear(k, vec[i].data, vec[i].size);
			bytes += vec[i].size;
		}
		slu_session_sent(k->s, bytes);
	}
}

/* ---- what the peer sends ---- */

static void pull(struct kit *k)
{
	struct slu_event ev;

	while (slu_session_event(k->s, &ev)) {
		const char *detail = ev.code[0] ? ev.code : ev.name;

		note(k->events, "%s%s%s; ", slu_event_name(ev.type) + strlen("SLU_EVENT_"), detail[0] ? " " : "",
		     detail);
		k->last = ev;
		if (ev.tc_url[0])
			snprintf(k->tc_url, sizeof k->tc_url, "%s", ev.tc_url);
		slu_buffer_put(k->msg.owner);
		k->msg = ev.msg;
		if (ev.msg.owner)
			slu_buffer_get(ev.msg.owner);
		if (k->act)
			k->act(k, &ev);
	}
}

void kit_bytes(struct kit *k, const void *data, size_t n)
{
	const uint8_t *p = data;

	while (n && !k->err) {
		size_t piece = k->piece && k->piece < n ? k->piece : n;
		long got = slu_session_in(k->s, p, piece);

		if (got < 0) {
			k->err = (int)got;
		} else {
			p += got;
			n -= (size_t)got;
		}
		pull(k);
	}
	kit_listen(k);
}

static void hand_over(struct kit *k)
{
	struct slu_vec vec;

	while (slu_chunk_out_vecs(k->out, &vec, 1) > 0) {
		uint8_t *copy = malloc(vec.size);
		size_t n = vec.size;

		assert_non_null(copy);
		memcpy(copy, vec.data, n);
		slu_chunk_out_sent(k->out, n);
		kit_bytes(k, copy, n);
		free(copy);
	}
}

void kit_message(struct kit *k, uint8_t type, uint32_t stream_id, uint32_t timestamp, const void *data, size_t n)
{
	struct slu_msg m = {.type = type, .stream_id = stream_id, .timestamp = timestamp, .data = data, .size = n};

	assert_int_equal(slu_chunk_out_send(k->out, type < 7 ? 2 : 3, &m, false), 0);
	hand_over(k);
}

void kit_control(struct kit *k, uint8_t type, uint16_t event, uint32_t value, uint32_t extra)
{
	struct slu_control c = {.type = type, .event = event, .value = value, .extra = extra};
	uint8_t data[SLU_CONTROL_MAX];
	size_t n = slu_control_encode(&c, data);

	kit_message(k, type, 0, 0, data, n);
}

static void put_values(struct slu_amf_writer *w, const char *values, va_list ap)
{
	for (; *values; values++) {
		switch (*values) {
		case 'z':
			slu_amf_put_null(w);
			break;
		case 'n':
			slu_amf_put_number(w, va_arg(ap, double));
			break;
		case 'b':
			slu_amf_put_boolean(w, va_arg(ap, int));
			break;
		case 's':
			slu_amf_put_string(w, va_arg(ap, const char *));
			break;
		case 'k':
			slu_amf_put_name(w, va_arg(ap, const char *));
			break;
		case '(':
			slu_amf_begin_object(w, NULL);
			break;
		default:
			slu_amf_end(w);
		}
	}
}

void kit_say(struct kit *k, uint32_t stream_id, const char *name, double transaction, const char *values, ...)
{
	const uint8_t *data;
	va_list ap;
	size_t n;

	slu_amf_put_string(k->w, name);
	slu_amf_put_number(k->w, transaction);
	va_start(ap, values);
	put_values(k->w, values, ap);
	va_end(ap);
	assert_int_equal(slu_amf_writer_end(k->w, &data, &n), 0);
	kit_message(k, SLU_MSG_COMMAND, stream_id, 0, data, n);
}

void kit_status(struct kit *k, uint32_t stream_id, const char *level, const char *code, const char *description)
{
	kit_say(k, stream_id, "onStatus", 0, "z(ksksks)", "level", level, "code", code, "description", description);
}

/* ---- open and close ---- */

static void keep_log(void *arg, enum slu_log_level level, const char *line)
{
	struct kit *k = arg;

	(void)level;
	note(k->log, "%s\n", line);
}

struct kit *kit_open(enum slu_role role, const struct slu_session_config *config)
{
	static const uint8_t handshake[HANDSHAKE] = {3};
	static const struct slu_chunk_in_config limits = {
		.max_message = 1 << 24, .max_memory = 1 << 26, .max_chunk_streams = 100};
	struct slu_session_config c = config ? *config : (struct slu_session_config){.connect = {.app = "live"}};
	struct kit *k = calloc(1, sizeof *k);

	assert_non_null(k);
	c.role = role;
	c.log = (struct slu_log){keep_log, k, SLU_LOG_DEBUG};
	k->raw = HANDSHAKE;
	k->s = slu_session_new(&c);
	k->in = slu_chunk_in_new(&limits);
	k->out = slu_chunk_out_new(128, 1 << 26);
	k->w = slu_amf_writer_new(SLU_AMF0, 1 << 20);
	k->doc = slu_amf_doc_new(NULL);
	assert_true(k->s && k->in && k->out && k->w && k->doc);
	kit_bytes(k, handshake, sizeof handshake);
	kit_expect_events(k, "HANDSHAKE; ");
	return k;
}

static void clear(struct kit *k)
{
	k->heard[0] = '\0';
	k->events[0] = '\0';
}

struct kit *kit_open_connected(enum slu_role role, const struct slu_session_config *config)
{
	struct kit *k = kit_open(role, config);

	if (role == SLU_CLIENT) {
		kit_say(k, 0, "_result", 1, "(ks)(ksks)", "fmsVer", "x", "level", "status", "code",
			"NetConnection.Connect.Success");
	} else {
		kit_say(k, 0, "connect", 1, "(ksks)", "app", "live", "tcUrl", "rtmp://h/live");
		assert_int_equal(slu_session_accept(k->s), 0);
		kit_listen(k);
	}
	assert_int_equal(k->err, 0);
	clear(k);
	return k;
}

void kit_close(struct kit *k)
{
	slu_buffer_put(k->msg.owner);
	slu_session_free(k->s);
	slu_chunk_in_free(k->in);
	slu_chunk_out_free(k->out);
	slu_amf_writer_free(k->w);
	slu_amf_doc_free(k->doc);
	free(k);
}

void kit_expect_heard(struct kit *k, const char *text)
{
	kit_listen(k);
	assert_string_equal(k->heard, text);
	k->heard[0] = '\0';
}

void kit_expect_events(struct kit *k, const char *text)
{
	pull(k);
	assert_string_equal(k->events, text);
	k->events[0] = '\0';
}

void kit_expect_failed(struct kit *k, int err, const char *part)
{
	assert_int_equal(k->err, err);
	if (!strstr(slu_session_error(k->s), part))
		fail_msg("\"%s\" is not in \"%s\"", part, slu_session_error(k->s));
	assert_int_equal(slu_session_in(k->s, "", 1), err);
	assert_int_equal(slu_session_tick(k->s, 0), err);
	assert_int_equal(slu_session_in_end(k->s), err);
}
