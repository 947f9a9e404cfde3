/* SPDX-License-Identifier: MIT */
#include "tools/suck.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <librtmp/log.h>
#include <sluice/error.h>

#include "base/bytes.h"
#include "base/log.h"
#include "proto/command.h"
#include "tools/lookup.h"
#include "tools/original_dst.h"

enum {
	LOOKUP_MS = 30000,           /* for the client's player */
	CONNECT_MS = 30000,          /* for the client's connect command */
	SILENCE_MS = 60000,          /* of both, once they are connected: then it is over */
	QUEUE = 1024 * 1024,         /* for one end: while it has more, nothing is taken from the other */
	MAX_CHUNK_SIZE = 0xffffff,   /* RTMP 1.0, 5.4.1 */
	BUFFER_MS = 4 * 3600 * 1000, /* that the server is asked for, so that it sends as fast as it can */
	SET_BUFFER_SIZE = 10,        /* of the message: RTMP 1.0, 7.1.7 */
	USER_SET_BUFFER = 3,
	USER_SWF_REQUEST = 26, /* Adobe's: SWF verification, of the type in the byte behind it */
	SWF_TYPE = 1,
	SWF_AGE_DAYS = 30, /* before a player is looked at again */
	SHOWN = 1024
};

enum state { AWAITS_CONNECT, LOOKS_UP, OPENS, RELAYS, CLOSES };

struct pair {
	struct slu_stub_client stub; /* first, so that one is the other */
	enum state state;
	bool refused;           /* there is no server to go to */
	struct slu_msg connect; /* until the server is there to take it */
	uint32_t connect_csid;
	char url[SLU_SUCK_URL]; /* the server's */
	struct slu_lookup *lookup;
	struct slu_player player; /* size 0: not known */
	uint32_t chunk_size;      /* that the client sends in; 0: it did not say */
	uint64_t heard_ms;        /* when either end said something last, once they are connected */
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

static void keep_connect(struct pair *p, const struct slu_event *ev)
{
	p->connect = ev->msg;
	slu_buffer_get(p->connect.owner);
	p->connect_csid = ev->chunk_stream;
}

static void open_server(struct pair *p, uint64_t now)
{
	char error[640];

	slu_lookup_end(p->lookup);
	p->lookup = NULL;
	p->stub.other_fd = -1;
	p->stub.deadline_ms = now + CONNECT_MS;
	p->stub.ends[SLU_SUCK_SERVER].conn =
		slu_suck_open_server(p->stub.ends[SLU_SUCK_CLIENT].conn, p->url, &p->player, error, sizeof error);
	p->state = OPENS;
	p->refused = !p->stub.ends[SLU_SUCK_SERVER].conn;
	if (p->refused)
		RTMP_Log(RTMP_LOGERROR, "%s", error);
	else
		slu_conn_process(p->stub.ends[SLU_SUCK_SERVER].conn);
}

/* Meanwhile the client waits. */
static void look_up(struct pair *p, const char *swf_url, uint64_t now)
{
	p->state = LOOKS_UP;
	p->lookup = slu_lookup_begin(swf_url, SWF_AGE_DAYS);
	if (p->lookup)
		p->stub.other_fd = slu_lookup_fd(p->lookup);
	else
		RTMP_Log(RTMP_LOGWARNING, "The system has no thread to look at a client's player");
	p->stub.deadline_ms = now + (p->lookup ? LOOKUP_MS : 0);
}

/* Without a hash it may do as well: that is the server's to say. */
static void await_player(struct pair *p, uint64_t now)
{
	bool done = p->lookup && slu_lookup_done(p->lookup);
	char error[1200] = "its server takes its time";

	if (!done && now < p->stub.deadline_ms)
		return;
	if (!done || slu_lookup_result(p->lookup, &p->player, error, sizeof error) != 0)
		RTMP_Log(RTMP_LOGWARNING, "SWF verification will be the client's own: %s", error);
	open_server(p, now);
}

static void on_connect(struct pair *p, const struct slu_event *ev, const struct slu_command *c, uint64_t now)
{
	const struct slu_amf_value *object = slu_command_arg(c, 0);
	char swf_url[SLU_SUCK_URL];
	const char *why;

	slu_suck_show_connect(object);
	p->refused = !slu_suck_name_server(p->stub.ends[SLU_SUCK_CLIENT].conn, object, p->url, &why);
	if (p->refused) {
		RTMP_Log(RTMP_LOGERROR, "A client's tcUrl names no server: %s", why);
		return;
	}
	keep_connect(p, ev);
	p->stub.ends[SLU_SUCK_CLIENT].held = true;
	if (slu_suck_player_url(object, swf_url))
		look_up(p, swf_url, now);
	else
		open_server(p, now);
}

/* ---- before the server is there ---- */

static void note_chunk_size(struct pair *p, const struct slu_msg *msg)
{
	if (msg->type == SLU_MSG_SET_CHUNK_SIZE && msg->size >= 4)
		p->chunk_size = slu_be32(msg->data);
}

static void await_connect(struct pair *p, uint64_t now)
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
			on_connect(p, &ev, &c, now);
	}
	slu_amf_doc_free(doc);
}

/* A chunk size is what each end has with us: ours is what the other one chose. */
static void pass_chunk_size(struct pair *p, int to, uint32_t size)
{
	if (size)
		slu_session_set_chunk_size(session_of(p, to), size < MAX_CHUNK_SIZE ? size : MAX_CHUNK_SIZE);
}

/* Else each connection would make another. */
static bool leads_back(struct pair *p)
{
	p->refused = slu_leads_back(slu_conn_fd(p->stub.ends[SLU_SUCK_CLIENT].conn),
				    slu_conn_fd(p->stub.ends[SLU_SUCK_SERVER].conn));
	if (p->refused)
		RTMP_Log(RTMP_LOGERROR, "A client's tcUrl names this proxy: send the client here by a rule of the "
					"firewall, or have its tcUrl name the server");
	return p->refused;
}

static void await_server(struct pair *p, uint64_t now)
{
	struct slu_conn *server = p->stub.ends[SLU_SUCK_SERVER].conn;
	struct slu_event ev;

	while (p->state == OPENS && !p->refused && slu_conn_event(server, &ev)) {
		if (ev.type != SLU_EVENT_HANDSHAKE || leads_back(p))
			continue;
		pass_chunk_size(p, SLU_SUCK_SERVER, p->chunk_size);
		slu_session_send_message(session_of(p, SLU_SUCK_SERVER), p->connect_csid, &p->connect);
		slu_buffer_put(p->connect.owner);
		p->connect.owner = NULL;
		slu_conn_flush(server);
		p->state = RELAYS;
		p->heard_ms = now;
	}
}

/* ---- the relay ---- */

/* A player that asks for little is sent little at a time. */
static bool asks_for_buffer(const struct slu_msg *msg)
{
	return msg->type == SLU_MSG_USER_CONTROL && msg->size == SET_BUFFER_SIZE &&
	       slu_be16(msg->data) == USER_SET_BUFFER && slu_be32(msg->data + 2) && slu_be32(msg->data + 6) < BUFFER_MS;
}

/* Of the type whose answer is known here: the client's own would be bound to its handshake with us. */
static bool wants_swf(const struct slu_msg *msg)
{
	return msg->type == SLU_MSG_USER_CONTROL && msg->size >= 2 && slu_be16(msg->data) == USER_SWF_REQUEST &&
	       (msg->size == 2 || msg->data[2] <= SWF_TYPE);
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
	if (from == SLU_SUCK_SERVER && slu_suck_is_repeated(&p->streams, &ev->msg))
		return;
	watch_message(p, from, &ev->msg);
	if (from == SLU_SUCK_SERVER && p->player.size && wants_swf(&ev->msg)) {
		slu_session_handle(session_of(p, from), &ev->msg);
		return;
	}
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
		p->heard_ms = now;
	if (!is_gone(p, to))
		slu_conn_flush(p->stub.ends[to].conn);
}

/* Whether it has lasted too long. */
static bool is_silent(struct pair *p, uint64_t now)
{
	uint64_t end = p->heard_ms + SILENCE_MS, wake = UINT64_MAX;

	if (p->state != RELAYS)
		return now >= p->stub.deadline_ms;
	/* A server that is not read cannot be said to hang. */
	if (!is_gone(p, SLU_SUCK_SERVER) && !p->stub.ends[SLU_SUCK_SERVER].held) {
		wake = slu_suck_silence(&p->streams, p->heard_ms, now, session_of(p, SLU_SUCK_SERVER));
		slu_conn_flush(p->stub.ends[SLU_SUCK_SERVER].conn);
	}
	p->stub.deadline_ms = wake < end ? wake : end;
	return now >= end;
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
	bool client_gone = is_gone(p, SLU_SUCK_CLIENT);

	if (p->refused || (client_gone && p->state != RELAYS))
		return true;
	if (p->state == AWAITS_CONNECT || p->state == LOOKS_UP)
		return false;
	return is_gone(p, SLU_SUCK_SERVER) || (client_gone && !slu_suck_records(&p->streams));
}

static void work(struct slu_stub_client *stub, uint64_t now)
{
	struct pair *p = (struct pair *)stub;
	bool silent;

	if (p->state == AWAITS_CONNECT)
		await_connect(p, now);
	if (p->state == LOOKS_UP)
		await_player(p, now);
	if (p->state == OPENS && !p->refused)
		await_server(p, now);
	if (p->state == RELAYS) {
		relay(p, SLU_SUCK_CLIENT, SLU_SUCK_SERVER, now);
		relay(p, SLU_SUCK_SERVER, SLU_SUCK_CLIENT, now);
	}
	silent = p->state != CLOSES && is_silent(p, now);
	if (p->state != CLOSES && (is_over(p) || silent)) {
		if (silent)
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
	slu_lookup_end(p->lookup);
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
		p->stub.other_fd = -1;
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
