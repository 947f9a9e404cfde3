/* SPDX-License-Identifier: MIT */
#include "tools/suck.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <librtmp/log.h>
#include <sluice/error.h>
#include <sluice/url.h>

#include "base/bytes.h"
#include "base/log.h"
#include "proto/command.h"

enum {
	CONNECT_MS = 30000,          /* for the client's connect command */
	SILENCE_MS = 60000,          /* of both, once they are connected */
	QUEUE = 1024 * 1024,         /* for one end: while it has more, nothing is taken from the other */
	MAX_CHUNK_SIZE = 0xffffff,   /* RTMP 1.0, 5.4.1 */
	BUFFER_MS = 4 * 3600 * 1000, /* that the server is asked for, so that it sends as fast as it can */
	SET_BUFFER_SIZE = 10,        /* of the message: RTMP 1.0, 7.1.7 */
	USER_SET_BUFFER = 3,
	SHOWN = 1024
};

enum state { AWAITS_CONNECT, OPENS, RELAYS, CLOSES };

struct pair {
	struct slu_stub_client stub; /* first, so that one is the other */
	enum state state;
	bool refused;           /* there is no server to go to */
	struct slu_msg connect; /* until the server is there to take it */
	uint32_t connect_csid;
	uint32_t chunk_size; /* that the client sends in; 0: it did not say */
	struct slu_suck_streams streams;
};

static struct slu_session *session_of(struct pair *p, int end)
{
	return slu_conn_session(p->stub.ends[end].conn);
}

static bool is_gone(const struct pair *p, int end)
{
	struct slu_conn *conn = p->stub.ends[end].conn;

	return !conn || *slu_conn_error(conn) || slu_conn_closed(conn);
}

/* ---- to the server ---- */

/* RTMP or RTMPE by what the client speaks; where to by netfilter, or else by its tcUrl. */
static bool name_server(struct pair *p, struct slu_amf_str tc_url, char *url, size_t size, const char **why)
{
	char *text = strndup(tc_url.s, tc_url.n), dst[SLU_ORIGINAL_DST];
	struct slu_session_stats stats;
	struct slu_url parsed;
	bool encrypted, ok;

	*why = "there is no memory for it";
	ok = text && slu_url_parse(&parsed, text, why) == 0;
	free(text);
	slu_session_stats(session_of(p, SLU_SUCK_CLIENT), &stats);
	encrypted = stats.handshake >= SLU_HANDSHAKE_RTMPE6 || (ok && parsed.rtmpe);
	if (slu_original_dst(&slu_original_dst_kernel, slu_conn_fd(p->stub.ends[SLU_SUCK_CLIENT].conn), dst)) {
		snprintf(url, size, "%s://%s", encrypted ? "rtmpe" : "rtmp", dst);
	} else if (ok) {
		snprintf(url, size, strchr(parsed.host, ':') ? "%s://[%s]:%u" : "%s://%s:%u",
			 parsed.tls  ? "rtmps"
			 : encrypted ? "rtmpe"
				     : "rtmp",
			 parsed.host, parsed.port);
	} else {
		return false;
	}
	if (ok)
		slu_url_clear(&parsed);
	return true;
}

static struct slu_conn *open_server(struct pair *p, const char *url, char *error, size_t size)
{
	struct slu_conn_config config = {.session = {.by_hand = true, .log = slu_stub_log()}};
	struct slu_session_stats stats;

	slu_session_stats(session_of(p, SLU_SUCK_CLIENT), &stats);
	config.session.handshake = stats.handshake;
	return slu_conn_open(&config, url, NULL, error, size);
}

static void show_connect(const struct slu_amf_value *object)
{
	const struct slu_amf_value *member = slu_amf_first(object);
	char name[SHOWN / 4], text[SHOWN];
	struct slu_amf_str value;

	RTMP_LogPrintf("Processing connect\n");
	for (; member; member = slu_amf_next(member)) {
		struct slu_amf_str key = slu_amf_name(member);

		if (slu_amf_type(member) == SLU_AMF_STRING && slu_amf_string(member, &value))
			RTMP_LogPrintf("%s: %s\n", slu_escape(name, sizeof name, key.s, key.n),
				       slu_escape(text, sizeof text, value.s, value.n));
	}
}

static void keep_connect(struct pair *p, const struct slu_event *ev)
{
	p->connect = ev->msg;
	slu_buffer_get(p->connect.owner);
	p->connect_csid = ev->chunk_stream;
}

static void on_connect(struct pair *p, const struct slu_event *ev, const struct slu_command *c)
{
	const struct slu_amf_value *object = slu_command_arg(c, 0);
	struct slu_amf_str tc_url = {"", 0};
	char url[512], error[640] = "";
	const char *why;

	show_connect(object);
	slu_amf_string(slu_amf_get(object, "tcUrl"), &tc_url);
	p->refused = true;
	if (!name_server(p, tc_url, url, sizeof url, &why)) {
		RTMP_Log(RTMP_LOGERROR, "A client's tcUrl names no server: %s", why);
		return;
	}
	p->stub.ends[SLU_SUCK_SERVER].conn = open_server(p, url, error, sizeof error);
	if (!p->stub.ends[SLU_SUCK_SERVER].conn) {
		RTMP_Log(RTMP_LOGERROR, "%s", error);
		return;
	}
	keep_connect(p, ev);
	p->refused = false;
	p->state = OPENS;
	p->stub.ends[SLU_SUCK_CLIENT].held = true;
	slu_conn_process(p->stub.ends[SLU_SUCK_SERVER].conn);
}

/* ---- before the server is there ---- */

static void note_chunk_size(struct pair *p, const struct slu_msg *msg)
{
	if (msg->type == SLU_MSG_SET_CHUNK_SIZE && msg->size >= 4)
		p->chunk_size = slu_be32(msg->data);
}

static void await_connect(struct pair *p)
{
	struct slu_amf_doc *doc = slu_amf_doc_new(NULL);
	struct slu_command c;
	struct slu_event ev;

	while (doc && p->state == AWAITS_CONNECT && !p->refused &&
	       slu_conn_event(p->stub.ends[SLU_SUCK_CLIENT].conn, &ev)) {
		if (ev.type != SLU_EVENT_MESSAGE)
			continue;
		note_chunk_size(p, &ev.msg);
		if ((ev.msg.type == SLU_MSG_COMMAND || ev.msg.type == SLU_MSG_COMMAND_AMF3) &&
		    slu_command_decode(&c, doc, &ev.msg) == 0 && slu_amf_str_is(c.name, "connect"))
			on_connect(p, &ev, &c);
	}
	slu_amf_doc_free(doc);
}

/* A chunk size is what each end has with us: ours is what the other one chose. */
static void pass_chunk_size(struct pair *p, int to, uint32_t size)
{
	if (size)
		slu_session_set_chunk_size(session_of(p, to), size < MAX_CHUNK_SIZE ? size : MAX_CHUNK_SIZE);
}

static void await_server(struct pair *p)
{
	struct slu_conn *server = p->stub.ends[SLU_SUCK_SERVER].conn;
	struct slu_event ev;

	while (p->state == OPENS && slu_conn_event(server, &ev)) {
		if (ev.type != SLU_EVENT_HANDSHAKE)
			continue;
		pass_chunk_size(p, SLU_SUCK_SERVER, p->chunk_size);
		slu_session_send_message(session_of(p, SLU_SUCK_SERVER), p->connect_csid, &p->connect);
		slu_buffer_put(p->connect.owner);
		p->connect.owner = NULL;
		slu_conn_flush(server);
		p->state = RELAYS;
	}
}

/* ---- the relay ---- */

/* A player that asks for little is sent little at a time. */
static bool asks_for_buffer(const struct slu_msg *msg)
{
	return msg->type == SLU_MSG_USER_CONTROL && msg->size == SET_BUFFER_SIZE &&
	       slu_be16(msg->data) == USER_SET_BUFFER && slu_be32(msg->data + 2) && slu_be32(msg->data + 6) < BUFFER_MS;
}

static void send_on(struct pair *p, int to, const struct slu_event *ev)
{
	struct slu_msg msg = ev->msg;
	uint8_t longer[SET_BUFFER_SIZE];

	if (is_gone(p, to))
		return;
	if (to == SLU_SUCK_SERVER && asks_for_buffer(&msg)) {
		memcpy(longer, msg.data, sizeof longer);
		slu_put_be32(longer + 6, BUFFER_MS);
		msg.data = longer;
		msg.owner = NULL;
	}
	slu_session_send_message(session_of(p, to), ev->chunk_stream, &msg);
}

static void watch_message(struct pair *p, int from, const struct slu_msg *msg)
{
	bool command = msg->type == SLU_MSG_COMMAND || msg->type == SLU_MSG_COMMAND_AMF3;

	if (command && from == SLU_SUCK_CLIENT)
		slu_suck_client_command(&p->streams, msg);
	else if (command)
		slu_suck_server_command(&p->streams, msg);
	else if (from == SLU_SUCK_SERVER)
		slu_suck_media(&p->streams, msg);
}

static void on_message(struct pair *p, int from, const struct slu_event *ev)
{
	int to = from == SLU_SUCK_CLIENT ? SLU_SUCK_SERVER : SLU_SUCK_CLIENT;

	RTMP_Log(RTMP_LOGDEBUG2, "The %s sent a message of type %02X, %zu bytes",
		 from == SLU_SUCK_CLIENT ? "client" : "server", ev->msg.type, ev->msg.size);
	watch_message(p, from, &ev->msg);
	switch (ev->msg.type) {
	case SLU_MSG_SET_CHUNK_SIZE:
		if (ev->msg.size >= 4 && !is_gone(p, to))
			pass_chunk_size(p, to, slu_be32(ev->msg.data));
		break;
	case SLU_MSG_ABORT:
	case SLU_MSG_ACK:
		break; /* between each end and us */
	default:
		send_on(p, to, ev);
		break;
	}
}

static bool is_full(struct pair *p, int end)
{
	return !is_gone(p, end) && slu_conn_queued(p->stub.ends[end].conn) > QUEUE;
}

/* Events that are not pulled keep the one that sends them from being read. */
static void relay(struct pair *p, int from, int to, uint64_t now)
{
	struct slu_stub_end *end = &p->stub.ends[from];
	struct slu_event ev;
	bool any = false;

	while (!(end->held = is_full(p, to)) && slu_conn_event(end->conn, &ev)) {
		if (ev.type == SLU_EVENT_MESSAGE)
			on_message(p, from, &ev);
		any = true;
	}
	if (any)
		p->stub.deadline_ms = now + SILENCE_MS;
	if (!is_gone(p, to))
		slu_conn_flush(p->stub.ends[to].conn);
}

/* ---- a pair's life ---- */

static void say_error(const struct pair *p, int end)
{
	const struct slu_conn *conn = p->stub.ends[end].conn;

	if (conn && *slu_conn_error(conn))
		RTMP_Log(RTMP_LOGERROR, "%s", slu_conn_error(conn));
}

static void begin_close(struct pair *p)
{
	p->state = CLOSES;
	p->stub.deadline_ms = UINT64_MAX; /* connections have their own for this */
	RTMP_LogPrintf("Closing connection... ");
	slu_suck_end(&p->streams);
	for (int end = 0; end < 2; end++) {
		p->stub.ends[end].held = false;
		if (!is_gone(p, end))
			slu_conn_close(p->stub.ends[end].conn);
	}
}

/* What a client began to play is recorded to its end, whether it stays to see it or not. */
static bool is_over(const struct pair *p)
{
	if (p->state == RELAYS && is_gone(p, SLU_SUCK_CLIENT))
		return is_gone(p, SLU_SUCK_SERVER) || !slu_suck_records(&p->streams);
	return p->refused || is_gone(p, SLU_SUCK_CLIENT) || (p->state != AWAITS_CONNECT && is_gone(p, SLU_SUCK_SERVER));
}

static void work(struct slu_stub_client *stub, uint64_t now)
{
	struct pair *p = (struct pair *)stub;

	if (p->state == AWAITS_CONNECT)
		await_connect(p);
	if (p->state == OPENS)
		await_server(p);
	if (p->state == RELAYS) {
		relay(p, SLU_SUCK_CLIENT, SLU_SUCK_SERVER, now);
		relay(p, SLU_SUCK_SERVER, SLU_SUCK_CLIENT, now);
	}
	if (p->state != CLOSES && (is_over(p) || now >= stub->deadline_ms)) {
		if (now >= stub->deadline_ms)
			RTMP_Log(RTMP_LOGERROR,
				 "Neither a client nor its server has said anything for long: it ends here");
		say_error(p, SLU_SUCK_CLIENT);
		say_error(p, SLU_SUCK_SERVER);
		begin_close(p);
	}
	if (p->state == CLOSES && is_gone(p, SLU_SUCK_CLIENT) && is_gone(p, SLU_SUCK_SERVER)) {
		RTMP_LogPrintf("done!\n\n");
		stub->over = true;
	}
}

static void stop(struct slu_stub_client *stub)
{
	struct pair *p = (struct pair *)stub;

	if (p->state != CLOSES)
		begin_close(p);
}

static void free_pair(struct slu_stub_client *stub)
{
	struct pair *p = (struct pair *)stub;

	slu_buffer_put(p->connect.owner);
	slu_suck_end(&p->streams);
	free(p);
}

static struct slu_stub_client *accept_client(void *arg, int fd)
{
	struct slu_conn_config config = {.session = {.by_hand = true, .log = slu_stub_log()}};
	struct pair *p = calloc(1, sizeof *p);
	char error[512] = "out of memory";

	(void)arg;
	if (p) {
		p->stub.deadline_ms = slu_now_ms() + CONNECT_MS;
		p->stub.ends[SLU_SUCK_CLIENT].conn = slu_conn_accept(&config, fd, error, sizeof error);
		if (p->stub.ends[SLU_SUCK_CLIENT].conn)
			return &p->stub;
	} else {
		close(fd);
	}
	RTMP_Log(RTMP_LOGERROR, "A client could not be accepted: %s", error);
	free(p);
	return NULL;
}

const struct slu_stub_ops slu_suck_ops = {accept_client, work, stop, free_pair};
