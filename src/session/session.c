/* SPDX-License-Identifier: MIT */
/* The session as a whole: new and free, bytes in and out, time, statistics. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <sluice/error.h>

#include "base/log.h"
#include "base/wipe.h"
#include "session/memory.h"
#include "session/session_int.h"

enum {
	MAX_U24 = 0xffffff,
	DEFAULT_CHUNK_SIZE = 65536,
	DEFAULT_WINDOW = 2500000,
	DEFAULT_MEMORY = 32 * 1024 * 1024,
	DEFAULT_QUEUE = 64 * 1024 * 1024,
	DEFAULT_CHUNK_STREAMS = 256,
	DEFAULT_TIMEOUT_MS = 10000,
	FIRST_CHUNK_SIZE = 128 /* RTMP 1.0, 5.4.1 */
};

/* ---- configuration ---- */

static void set_defaults(struct slu_session_config *c)
{
	if (!c->chunk_size)
		c->chunk_size = DEFAULT_CHUNK_SIZE;
	if (!c->window_ack_size)
		c->window_ack_size = DEFAULT_WINDOW;
	if (!c->max_message)
		c->max_message = MAX_U24;
	if (!c->max_memory)
		c->max_memory = DEFAULT_MEMORY;
	if (!c->max_queue)
		c->max_queue = DEFAULT_QUEUE;
	if (!c->max_chunk_streams)
		c->max_chunk_streams = DEFAULT_CHUNK_STREAMS;
	if (!c->handshake_timeout_ms)
		c->handshake_timeout_ms = DEFAULT_TIMEOUT_MS;
	if (!c->command_timeout_ms)
		c->command_timeout_ms = DEFAULT_TIMEOUT_MS;
	if (c->role == SLU_CLIENT && c->swf_size && c->handshake == SLU_HANDSHAKE_PLAIN)
		c->handshake = SLU_HANDSHAKE_DIGEST;
	if (!c->connect.app)
		c->connect.app = "";
	if (!c->connect.flash_ver)
		c->connect.flash_ver = "FMLE/3.0 (compatible; Sluice/" SLU_VERSION ")";
}

static bool in_range(const struct slu_session_config *c)
{
	return c->chunk_size <= MAX_U24 && c->max_message <= MAX_U24 && (unsigned)c->role <= SLU_SERVER &&
	       (unsigned)c->handshake <= SLU_HANDSHAKE_RTMPE9 && (!c->connect.extra_size || c->connect.extra) &&
	       (!c->swf_player_count || c->swf_players) && (c->crypto || !(c->swf_size || c->swf_player_count));
}

/* Replaces what *field points to by a copy of n bytes and a NUL. After a failure *field is NULL. */
static bool own(const void **field, size_t n)
{
	const void *from = *field;
	char *copy;

	if (!from)
		return true;
	copy = malloc(n + 1);
	*field = copy;
	if (!copy)
		return false;
	memcpy(copy, from, n);
	copy[n] = '\0';
	return true;
}

static bool own_text(const char **field)
{
	const void *p = *field;
	bool ok = own(&p, *field ? strlen(*field) : 0);

	*field = p;
	return ok;
}

/* Copies all fields, whatever fails, so that each can be freed. */
static bool own_connect(struct slu_connect_info *info)
{
	const void *extra = info->extra_size ? info->extra : NULL;
	bool ok = own(&extra, info->extra_size);

	info->extra = extra;
	ok = own_text(&info->app) && ok;
	ok = own_text(&info->tc_url) && ok;
	ok = own_text(&info->flash_ver) && ok;
	ok = own_text(&info->swf_url) && ok;
	ok = own_text(&info->secure_token) && ok;
	return own_text(&info->page_url) && ok;
}

static bool own_config(struct slu_session_config *c)
{
	const void *players = c->swf_player_count ? c->swf_players : NULL;
	bool ok = own(&players, c->swf_player_count * sizeof *c->swf_players);

	c->swf_players = players;
	return own_connect(&c->connect) && ok;
}

static void free_text(const char *text)
{
	slu_wipe((char *)text);
	free((char *)text);
}

static void free_connect(struct slu_connect_info *info)
{
	free((uint8_t *)info->extra);
	free_text(info->app);
	free_text(info->tc_url);
	free_text(info->flash_ver);
	free_text(info->swf_url);
	free_text(info->secure_token);
	free_text(info->page_url);
}

/* ---- new and free ---- */

/* The handshake's time stays 0, as it may (5.2.3). How long a device has been up is nobody's business; and a server
 * that speaks TLS takes the 3 that RTMP begins with, and a 3 of the time, for the head of a record, and waits for all
 * of that instead of saying what is wrong. */
static bool make_parts(struct slu_session *s)
{
	const struct slu_session_config *c = &s->cfg;
	const struct slu_handshake_config hs = {.role = c->role,
						.kind = c->handshake,
						.random = c->random,
						.random_arg = c->random_arg,
						.crypto = c->crypto};
	const struct slu_chunk_in_config in = {.max_message = c->max_message,
					       .max_memory = c->max_memory,
					       .max_chunk_streams = c->max_chunk_streams,
					       .tally = c->tally};

	s->hs = slu_hs_new(&hs);
	s->in = slu_chunk_in_new(&in);
	s->out = slu_chunk_out_new(FIRST_CHUNK_SIZE, c->max_queue);
	s->doc = slu_amf_doc_new(NULL);
	s->writer = slu_amf_writer_new(SLU_AMF0, 0);
	return s->hs && s->in && s->out && s->doc && s->writer;
}

static int take_handshake_out(struct slu_session *s)
{
	const uint8_t *data;
	size_t n = slu_hs_out(s->hs, &data);
	int err = n ? slu_chunk_out_raw(s->out, data, n) : 0;

	return err ? slu_session_fail(s, err, "the handshake could not be queued: %s", slu_err_text(err)) : 0;
}

int slu_session_begin(struct slu_session *s)
{
	s->deadline = s->now_ms + s->cfg.handshake_timeout_ms;
	s->bandwidth_limit = SLU_LIMIT_SOFT;
	if (!make_parts(s))
		return slu_session_nomem(s);
	return take_handshake_out(s);
}

void slu_session_end(struct slu_session *s)
{
	slu_hs_free(s->hs);
	slu_edge_free(s->edge);
	slu_chunk_in_free(s->in);
	slu_chunk_out_free(s->out);
	slu_amf_doc_free(s->doc);
	slu_amf_writer_free(s->writer);
	s->hs = NULL;
	s->edge = NULL;
	s->in = NULL;
	s->out = NULL;
	s->doc = NULL;
	s->writer = NULL;
}

struct slu_session *slu_session_new(const struct slu_session_config *config)
{
	struct slu_session *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->cfg = *config;
	set_defaults(&s->cfg);
	if (!in_range(&s->cfg)) {
		free(s);
		return NULL;
	}
	s->now_ms = s->cfg.now_ms;
	s->want = SLU_S_HANDSHAKE;
	s->stats.ping_ms = UINT32_MAX;
	slu_buf_init(&s->scratch, MAX_U24);
	for (size_t i = 0; i < SLU_TEXTS; i++)
		slu_buf_init(&s->text[i], SLU_NAME_MAX + 1);
	if (own_config(&s->cfg) && slu_session_begin(s) == 0)
		return s;
	slu_session_free(s);
	return NULL;
}

void slu_session_free(struct slu_session *s)
{
	if (!s)
		return;
	slu_session_end(s);
	slu_buf_clear(&s->scratch);
	for (size_t i = 0; i < SLU_TEXTS; i++)
		slu_buf_clear(&s->text[i]);
	free_connect(&s->cfg.connect);
	free((struct slu_swf_player *)s->cfg.swf_players);
	slu_wipe(s->stream);
	free(s->stream);
	slu_wipe(s->query);
	free(s->query);
	slu_client_forget_play(s);
	free(s);
}

/* ---- bytes in ---- */

/* With RTMPE, from here on all is encrypted but what is queued already. */
static int begin_encryption(struct slu_session *s)
{
	struct slu_rc4 in, out;

	if (slu_hs_ciphers(s->hs, &in, &out)) {
		s->edge = slu_edge_new(&in, &out, s->out);
		slu_wipe_bytes(&in, sizeof in);
		slu_wipe_bytes(&out, sizeof out);
		if (!s->edge)
			return slu_session_nomem(s);
	}
	return 0;
}

static int handshake_done(struct slu_session *s)
{
	static const char *const kinds[] = {
		[SLU_HANDSHAKE_PLAIN] = "plain",
		[SLU_HANDSHAKE_DIGEST] = "with digests",
		[SLU_HANDSHAKE_RTMPE6] = "RTMPE of type 6",
		[SLU_HANDSHAKE_RTMPE8] = "RTMPE of type 8",
		[SLU_HANDSHAKE_RTMPE9] = "RTMPE of type 9",
	};

	if (begin_encryption(s))
		return s->err;
	s->stats.handshake = slu_hs_kind(s->hs);
	slu_hs_s1_tail(s->hs, s->swf_key);
	slu_hs_free(s->hs);
	s->hs = NULL;
	slu_event_add(s, SLU_EVENT_HANDSHAKE);
	slu_log(&s->cfg.log, SLU_LOG_DEBUG, "handshake done, %s", kinds[s->stats.handshake]);
	s->deadline = UINT64_MAX;
	if (s->cfg.by_hand) {
		if (s->state == SLU_S_HANDSHAKE)
			s->state = SLU_S_CONNECTING;
		return 0;
	}
	if (s->cfg.role == SLU_CLIENT)
		return s->state == SLU_S_STOPPED ? 0 : slu_client_begin(s);
	s->state = SLU_S_CONNECTING;
	s->deadline = s->now_ms + s->cfg.command_timeout_ms; /* for connect */
	return 0;
}

static int read_handshake(struct slu_session *s, const uint8_t *data, size_t n, size_t *used)
{
	int got = slu_hs_in(s->hs, data, n, used);

	if (got < 0)
		return slu_session_fail(s, got, "%s", slu_hs_error(s->hs));
	if (take_handshake_out(s))
		return s->err;
	return got ? handshake_done(s) : 0;
}

static int on_shared_object(struct slu_session *s, const struct slu_msg *msg)
{
	struct slu_event *ev = slu_event_add(s, SLU_EVENT_COMMAND);

	ev->stream_id = msg->stream_id;
	ev->msg = *msg;
	return 0;
}

/* By message type; what has no handler is SLU_EVENT_COMMAND without a name. */
static int (*const message_handlers[])(struct slu_session *s, const struct slu_msg *msg) = {
	[SLU_MSG_SET_CHUNK_SIZE] = slu_control_on,
	[SLU_MSG_ABORT] = slu_control_on,
	[SLU_MSG_ACK] = slu_control_on,
	[SLU_MSG_USER_CONTROL] = slu_control_on,
	[SLU_MSG_WINDOW_ACK_SIZE] = slu_control_on,
	[SLU_MSG_SET_PEER_BANDWIDTH] = slu_control_on,
	[SLU_MSG_AUDIO] = slu_media_on,
	[SLU_MSG_VIDEO] = slu_media_on,
	[SLU_MSG_DATA_AMF3] = slu_media_on,
	[SLU_MSG_COMMAND_AMF3] = slu_command_on,
	[SLU_MSG_DATA] = slu_media_on,
	[SLU_MSG_COMMAND] = slu_command_on,
	[SLU_MSG_AGGREGATE] = slu_aggregate_on,
};

int slu_message_on(struct slu_session *s, const struct slu_msg *msg)
{
	if (msg->type < sizeof message_handlers / sizeof message_handlers[0] && message_handlers[msg->type])
		return message_handlers[msg->type](s, msg);
	return on_shared_object(s, msg);
}

static int on_message(struct slu_session *s, const struct slu_msg *msg)
{
	s->stats.messages_in++;
	if (s->state == SLU_S_ENDING)
		return 0;
	return s->cfg.by_hand ? slu_by_hand_on(s, msg) : slu_message_on(s, msg);
}

static int read_chunks(struct slu_session *s, const uint8_t *data, size_t n, size_t *used)
{
	struct slu_msg msg;
	int got = slu_chunk_in_read(s->in, data, n, used, &msg);

	s->received += *used;
	if (got == SLU_ERR_MEMORY_CAP && s->cfg.role == SLU_SERVER)
		slu_server_tell_limit(s, slu_chunk_in_error(s->in));
	if (got < 0)
		return slu_session_fail(s, got, "%s", slu_chunk_in_error(s->in));
	if (got && on_message(s, &msg))
		return s->err;
	return slu_control_ack(s);
}

static int read_encrypted(struct slu_session *s, const uint8_t *data, size_t n, size_t *used)
{
	int err;

	data = slu_edge_in(s->edge, data, n, &n);
	err = read_chunks(s, data, n, used);
	slu_edge_took(s->edge, *used);
	return err;
}

static int read_some(struct slu_session *s, const uint8_t *data, size_t n, size_t *used)
{
	int err = (s->hs ? read_handshake : s->edge ? read_encrypted : read_chunks)(s, data, n, used);

	s->stats.bytes_in += *used;
	if (!err && s->owed > SLU_OWED_MAX)
		err = slu_session_fail(s, SLU_ERR_MEMORY_CAP,
				       "the peer asks and does not read the answers: %zu bytes wait for it", s->owed);
	return err;
}

long slu_session_in(struct slu_session *s, const void *data, size_t n)
{
	const uint8_t *p = data;
	size_t done = 0, used;

	if (s->err)
		return s->err;
	if (n > LONG_MAX)
		n = LONG_MAX;
	s->answering = true;
	while (done < n && !s->err && !slu_event_waits(s)) {
		used = 0;
		read_some(s, p + done, n - done, &used);
		done += used;
	}
	s->answering = false;
	if (!slu_event_waits(s))
		slu_events_over(s);
	return s->err ? s->err : (long)done;
}

/* ---- bytes out ---- */

size_t slu_session_out(struct slu_session *s, struct slu_vec *vec, size_t max)
{
	return s->edge ? slu_edge_out(s->edge, s->out, vec, max) : slu_chunk_out_vecs(s->out, vec, max);
}

void slu_session_sent(struct slu_session *s, size_t n)
{
	if (s->edge)
		slu_edge_sent(s->edge, n);
	else
		slu_chunk_out_sent(s->out, n);
	s->stats.bytes_out += n;
	s->owed -= n < s->owed ? n : s->owed;
	if (s->state == SLU_S_ENDING && !slu_session_queued(s))
		slu_session_fail(s, SLU_ERR_CLOSED, "the client's connect was refused here: close the connection");
}

size_t slu_session_queued(const struct slu_session *s)
{
	return slu_chunk_out_queued(s->out) + (s->edge ? slu_edge_queued(s->edge) : 0);
}

/* ---- the end of the peer ---- */

/* What the peer leaves undone by closing now; NULL: nothing. */
static const char *left_undone(struct slu_session *s)
{
	if (s->hs)
		return "during the handshake";
	if (slu_chunk_in_memory(s->in))
		return "in the middle of a message";
	if (s->cfg.by_hand && !s->handled)
		return NULL; /* only the caller knows what was asked and answered */
	if (s->state == SLU_S_CONNECTING)
		return s->cfg.role == SLU_CLIENT ? "instead of answering connect" : "before it sent connect";
	if (s->state == SLU_S_CREATING)
		return "instead of answering createStream";
	if (s->state == SLU_S_PUBLISH_ASKED)
		return "instead of answering publish";
	if (s->state == SLU_S_PLAY_ASKED)
		return "instead of answering play";
	if (s->state == SLU_S_PUBLISHING)
		return "while we were publishing";
	if (s->state == SLU_S_PLAYING && !s->ended)
		return "before the stream had ended";
	for (size_t i = 0; i < SLU_STREAMS; i++) {
		if (s->streams[i].state == SLU_STREAM_PUBLISHING)
			return "while it was publishing";
	}
	return NULL;
}

int slu_session_in_end(struct slu_session *s)
{
	const char *what;

	if (s->err)
		return s->err;
	what = s->state == SLU_S_STOPPED || s->state == SLU_S_ENDING ? NULL : left_undone(s);
	if (!what)
		return 0;
	return slu_session_fail(s, SLU_ERR_CLOSED, "the %s closed the connection %s: %s",
				s->cfg.role == SLU_CLIENT ? "server" : "client", what,
				s->cfg.role == SLU_CLIENT ? "connect again, and ask the server's operator if it lasts"
							  : "what it sent until then is kept");
}

/* ---- time ---- */

uint64_t slu_session_deadline(const struct slu_session *s)
{
	uint64_t calls;

	if (s->err)
		return s->now_ms; /* so that the caller notices */
	calls = slu_call_deadline(s);
	return calls < s->deadline ? calls : s->deadline;
}

int slu_session_tick(struct slu_session *s, uint64_t now_ms)
{
	if (s->err)
		return s->err;
	if (now_ms > s->now_ms)
		s->now_ms = now_ms;
	if (s->now_ms < s->deadline)
		return slu_call_tick(s);
	if (s->hs)
		return slu_session_fail(s, SLU_ERR_TIMEOUT,
					"the peer did not finish the handshake within %u ms: it may be no RTMP server, "
					"or want TLS (rtmps)",
					s->cfg.handshake_timeout_ms);
	return slu_session_fail(s, SLU_ERR_TIMEOUT, "the client sent no connect within %u ms of the handshake",
				s->cfg.command_timeout_ms);
}

/* ---- statistics ---- */

size_t slu_session_overhead(const struct slu_session *s)
{
	size_t size = sizeof *s + s->scratch.cap + slu_chunk_out_overhead(s->out);

	for (unsigned i = 0; i < SLU_TEXTS; i++)
		size += s->text[i].cap;
	return size;
}

size_t slu_session_unfinished(const struct slu_session *s)
{
	return slu_chunk_in_memory(s->in);
}

void slu_session_stats(const struct slu_session *s, struct slu_session_stats *out)
{
	*out = s->stats;
	out->media_sent = slu_chunk_out_counted(s->out);
	out->chunk_size_in = slu_chunk_in_chunk_size(s->in);
	out->chunk_size_out = slu_chunk_out_chunk_size(s->out);
	out->memory = slu_chunk_in_memory(s->in);
}
