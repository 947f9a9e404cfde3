/* SPDX-License-Identifier: MIT */
/*
 * The server, with up to six clients at once: the loop itself, at a unix socket, by a clock that stands still but where
 * the input says otherwise. An input is a list of actions: which of the clients, what it does, and the bytes for that:
 * bytes of its own, or what any client says, so that an input comes far with little. What players get is checked
 * (serve_witness.h); queues are bounded; in the end all is freed. With an odd number of bytes, who publishes a name
 * takes it over.
 */
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "../serve_bytes.h"
#include "proto/chunk_in.h"
#include "serve_witness.h"
#include "server/loop_impl.h"

enum { CLIENTS = 6, MAX_CONNECTIONS = 5, ACTIONS = 64, IDS = 96, QUEUE = 1 << 19, HUB_QUEUE = 1 << 16, TURNS = 2 };

struct one {
	int fd; /* -1: it is not there */
	unsigned id;
	bool deaf;
	bool odd; /* it began with bytes of its own: what it gets cannot be read here */
	size_t handshake;
	struct slu_chunk_in *in;
};

static struct {
	struct slu_loop *loop;
	char path[64];
	struct one clients[CLIENTS];
	struct slu_peer *peers[IDS];
	struct player players[IDS];
	unsigned nids;
	uint64_t now_ms;
	unsigned frames;
} f;

/* ---- what is stood in for: the clock; and what passes by is looked at ---- */

int __real_slu_hub_message(struct slu_hub_stream *stream, const struct slu_msg *msg);
int __real_slu_hub_play(struct slu_hub *hub, const char *key, struct slu_player *p);
void __real_slu_hub_take_over(struct slu_hub_stream *stream, uint32_t gap_ms);
void __real_slu_hub_unpublish(struct slu_hub_stream *stream);
struct slu_peer *__real_slu_peer_new(struct slu_peers *all, struct slu_conn *conn, unsigned id);
void __real_slu_peer_free(struct slu_peer *peer);

int __wrap_clock_gettime(clockid_t id, struct timespec *ts);
int __wrap_slu_hub_message(struct slu_hub_stream *stream, const struct slu_msg *msg);
int __wrap_slu_hub_play(struct slu_hub *hub, const char *key, struct slu_player *p);
void __wrap_slu_hub_take_over(struct slu_hub_stream *stream, uint32_t gap_ms);
void __wrap_slu_hub_unpublish(struct slu_hub_stream *stream);
struct slu_peer *__wrap_slu_peer_new(struct slu_peers *all, struct slu_conn *conn, unsigned id);
void __wrap_slu_peer_free(struct slu_peer *peer);

int __wrap_clock_gettime(clockid_t id, struct timespec *ts)
{
	(void)id;
	*ts = (struct timespec){.tv_sec = (time_t)(f.now_ms / 1000), .tv_nsec = (long)(f.now_ms % 1000) * 1000000};
	return 0;
}

int __wrap_slu_hub_message(struct slu_hub_stream *stream, const struct slu_msg *msg)
{
	witness_publish(stream, msg);
	return __real_slu_hub_message(stream, msg);
}

int __wrap_slu_hub_play(struct slu_hub *hub, const char *key, struct slu_player *p)
{
	int err = __real_slu_hub_play(hub, key, p);
	unsigned id = ((struct slu_peer *)p)->id;

	if (!err && id < IDS)
		witness_play(&f.players[id], p->stream);
	return err;
}

void __wrap_slu_hub_take_over(struct slu_hub_stream *stream, uint32_t gap_ms)
{
	__real_slu_hub_take_over(stream, gap_ms);
	witness_take_over(stream);
}

void __wrap_slu_hub_unpublish(struct slu_hub_stream *stream)
{
	__real_slu_hub_unpublish(stream);
	witness_end(stream);
}

/* Clients come one at a time, so each has the number that its connection has; those through HTTP have others. */
struct slu_peer *__wrap_slu_peer_new(struct slu_peers *all, struct slu_conn *conn, unsigned id)
{
	struct slu_peer *peer = __real_slu_peer_new(all, conn, id);

	if (id < IDS)
		f.peers[id] = peer;
	f.nids = id;
	return peer;
}

void __wrap_slu_peer_free(struct slu_peer *peer)
{
	if (peer->id < IDS)
		f.peers[peer->id] = NULL;
	__real_slu_peer_free(peer);
}

/* ---- one client ---- */

static void leave(struct one *c)
{
	if (c->fd >= 0)
		close(c->fd);
	slu_chunk_in_free(c->in);
	*c = (struct one){.fd = -1};
}

static void come(struct one *c)
{
	static const struct slu_chunk_in_config config = {
		.max_message = 1 << 20, .max_memory = 1 << 22, .max_chunk_streams = 64};
	struct sockaddr_un to = {.sun_family = AF_UNIX};

	snprintf(to.sun_path, sizeof to.sun_path, "%s", f.path);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	c->in = slu_chunk_in_new(&config);
	c->handshake = SERVE_HANDSHAKE;
	witness_require(c->fd >= 0 && c->in && connect(c->fd, (struct sockaddr *)&to, sizeof to) == 0);
	witness_require(slu_loop_step(f.loop, 0) == 0);
	c->id = f.nids; /* of who was there just now, when it was turned away at once */
}

/* Bytes from the server to a sound client: the handshake, then messages. */
static void hear(struct one *c, const uint8_t *data, size_t n)
{
	size_t used = n < c->handshake ? n : c->handshake;
	struct slu_msg msg;
	int got = 0;

	c->handshake -= used;
	if (c->odd || c->id >= IDS)
		return;
	for (data += used, n -= used; n; data += used, n -= used) {
		got = slu_chunk_in_read(c->in, data, n, &used, &msg);
		witness_require(got >= 0);
		if (got)
			witness_got(&f.players[c->id], &msg);
	}
}

/* False: the server has ended it. */
static bool listen_to(struct one *c)
{
	static uint8_t buf[65536];
	long n = 1;

	while (c->fd >= 0 && !c->deaf && (n = recv(c->fd, buf, sizeof buf, 0)) > 0)
		hear(c, buf, (size_t)n);
	return n > 0 || (n < 0 && errno == EAGAIN);
}

static void check_queues(void)
{
	for (unsigned id = 1; id <= f.nids && id < IDS; id++)
		if (f.peers[id])
			witness_require(slu_conn_queued(f.peers[id]->conn) <= QUEUE + (1 << 17));
}

static void turn(void)
{
	for (int i = 0; i < TURNS; i++) {
		witness_require(slu_loop_step(f.loop, 0) == 0);
		check_queues();
		for (int k = 0; k < CLIENTS; k++)
			if (f.clients[k].fd >= 0 && !listen_to(&f.clients[k]))
				leave(&f.clients[k]);
	}
}

/* What does not fit into the socket now is lost: it is for the server to bear. */
static void say(struct one *c, const void *data, size_t n)
{
	const uint8_t *p = data;
	long took = 0;

	while (n && c->fd >= 0 && (took = send(c->fd, p, n, MSG_NOSIGNAL)) > 0) {
		p += took;
		n -= (size_t)took;
		turn();
	}
}

/* ---- actions ---- */

struct input {
	const uint8_t *data;
	size_t n;
};

static uint8_t take(struct input *in)
{
	if (!in->n)
		return 0;
	in->n--;
	return *in->data++;
}

static struct serve_bytes *fresh(void)
{
	static struct serve_bytes b;

	b.n = 0;
	return &b;
}

static void raw(struct one *c, struct input *in)
{
	size_t n = 1 + (size_t)take(in) + 256 * (size_t)(take(in) % 64);

	n = n < in->n ? n : in->n;
	c->odd |= c->handshake != 0;
	say(c, in->data, n);
	in->data += n;
	in->n -= n;
}

static void hello(struct one *c, struct input *in)
{
	struct serve_bytes *b = fresh();
	bool connects = take(in) % 2;

	serve_hello(b);
	if (connects)
		serve_connect(b);
	say(c, b->data, b->n);
}

static void ask(struct one *c, struct input *in)
{
	static const char *const names[] = {"keykey", "a", "b?c=d"};
	static const char *const commands[] = {"publish", "play"};
	struct serve_bytes *b = fresh();
	uint8_t what = take(in);

	serve_command(b, commands[what & 1], 0, 1, names[(what >> 1) % 3], NULL);
	say(c, b->data, b->n);
}

/* Each differs, so that none can be taken for another. */
static void frame(struct one *c, struct input *in)
{
	static uint8_t body[40 * 255 + 16];
	static const struct {
		uint8_t type, first, second;
	} kinds[] = {{SLU_MSG_VIDEO, 0x17, 1},   {SLU_MSG_VIDEO, 0x27, 1}, {SLU_MSG_AUDIO, 0xaf, 1},
		     {SLU_MSG_VIDEO, 0x17, 0},   {SLU_MSG_AUDIO, 0xaf, 0}, {SLU_MSG_VIDEO, 0x91, 'a'},
		     {SLU_MSG_VIDEO, 0xa1, 'a'}, {SLU_MSG_DATA, 2, 0}};
	struct serve_bytes *b = fresh();
	uint8_t kind = take(in) % (sizeof kinds / sizeof *kinds);
	size_t n = 16 + 40 * (size_t)take(in);

	memcpy(body, "\0\0\0\0\0vc1", 8);
	body[0] = kinds[kind].first;
	body[1] = kinds[kind].second;
	f.frames++;
	memcpy(body + 8, &f.frames, sizeof f.frames);
	serve_message(b, kinds[kind].type, f.frames * 10, 1, body, n);
	say(c, b->data, b->n);
}

static void metadata(struct one *c, struct input *in)
{
	static const char set[] = "\x02\0\x0d@setDataFrame\x02\0\x0aonMetaData\x03\0\1a\5\0\0\x09",
			  clear[] = "\x02\0\x0f@clearDataFrame\x02\0\x0aonMetaData";
	struct serve_bytes *b = fresh();

	if (take(in) % 4)
		serve_message(b, SLU_MSG_DATA, 0, 1, set, sizeof set - 1);
	else
		serve_message(b, SLU_MSG_DATA, 0, 1, clear, sizeof clear - 1);
	say(c, b->data, b->n);
}

static void wish(struct one *c, struct input *in)
{
	static const char *const names[] = {"receiveAudio", "receiveVideo",    "pause",        "closeStream",
					    "seek",         "getStreamLength", "deleteStream", "createStream"};
	struct serve_bytes *b = fresh();
	uint8_t what = take(in);

	if (what % 8 < 3)
		serve_command_flag(b, names[what % 8], 1, what & 8);
	else
		serve_command(b, names[what % 8], 3, 1, "keykey", NULL);
	say(c, b->data, b->n);
}

static void time_passes(struct one *c, struct input *in)
{
	(void)c;
	f.now_ms += 1 + 20 * (uint64_t)take(in);
}

static void deafness(struct one *c, struct input *in)
{
	c->deaf = take(in) % 2;
}

static void go(struct one *c, struct input *in)
{
	if (take(in) % 2)
		shutdown(c->fd, SHUT_WR);
	else
		leave(c);
}

static void (*const actions[])(struct one *c, struct input *in) = {raw,  hello,       ask,      frame, metadata,
								   wish, time_passes, deafness, go,    frame};

static void act(struct input *in)
{
	uint8_t what = take(in);
	struct one *c = &f.clients[what % CLIENTS];

	if (c->fd < 0)
		come(c);
	actions[what / CLIENTS % (sizeof actions / sizeof *actions)](c, in);
	turn();
}

/* ---- from beginning to end ---- */

static void begin(bool takeover)
{
	struct slu_loop_config config = {
		.dir = -1,
		.open = true,
		.takeover = takeover,
		.conn = {.send_buffer = 4096,
			 .session = {.max_queue = QUEUE, .max_message = 1 << 18, .max_memory = 1 << 19}},
		.hub = {.max_gop = 1 << 15, .max_messages = 64, .max_queue = HUB_QUEUE, .gather_ms = 40},
		.max_connections = MAX_CONNECTIONS,
		.idle_timeout_ms = 3000,
		.publish_timeout_ms = 2000,
	};
	char bound[SLU_LISTENER_URL], place[80], error[256];

	memset(&f, 0, sizeof f);
	npublished = 0;
	f.now_ms = 1000000;
	snprintf(f.path, sizeof f.path, "/tmp/fuzz-serve-%ld", (long)getpid());
	snprintf(place, sizeof place, "unix:%s", f.path);
	unlink(f.path);
	for (int i = 0; i < CLIENTS; i++)
		f.clients[i].fd = -1;
	f.loop = slu_loop_new(&config, error, sizeof error);
	witness_require(f.loop && slu_loop_listen(f.loop, place, bound, error, sizeof error) == 0);
}

/* Told to stop, it is rid of all clients in time, deaf ones too. */
static void end(void)
{
	slu_loop_stop(f.loop);
	for (int i = 0; i < 400 && slu_loop_connections(f.loop); i++) {
		f.now_ms += 100;
		turn();
	}
	witness_require(slu_loop_connections(f.loop) == 0);
	slu_loop_free(f.loop);
	for (int i = 0; i < CLIENTS; i++)
		leave(&f.clients[i]);
	unlink(f.path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {data, size};

	begin(size % 2);
	for (int i = 0; i < ACTIONS && in.n; i++)
		act(&in);
	end();
	return 0;
}
