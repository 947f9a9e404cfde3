/* SPDX-License-Identifier: MIT */
/*
 * Plays the stream of bench/camera.c with many players, in one thread, as cheaply as that goes.
 *
 *     audience plain|tls PORT APP STREAM PLAYERS
 *
 * Prints "playing" once the server has let all of them play. Each line on stdin is answered by one, of what has come
 * since the last one: "bytes N messages N lost N broken N players N p50 N p99 N max N": bytes of payload; messages,
 * with a stamp (stamp.h); those that are missing between two of them; those that are not what was sent; how many
 * players got any; and how long they were on their way, in microseconds. All bytes of a message are compared for the
 * first player, the two ends of it for the others. Ends with stdin.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include <sluice/session.h>

#include "stamp.h"

enum {
	BLOCK = 1 << 18,
	EVENTS = 256,
	SLOT_US = 10, /* of the histogram */
	SLOTS = 1 << 19,
	OPENING = 32 /* that connect at a time: a server's queue for them has an end */
};

struct player {
	int fd;
	SSL *ssl;
	struct slu_session *session;
	bool secure, playing, began, checked;
	uint32_t next;  /* number of the message to come */
	uint64_t count; /* of messages since the last line */
};

struct tally {
	uint64_t bytes, messages, lost, broken;
	uint32_t slots[SLOTS];
	uint64_t max_us;
};

static unsigned char block[BLOCK];
static struct tally tally;
static int epoll;
static size_t playing;

__attribute__((noreturn)) static void give_up(const char *what, const struct player *p)
{
	fprintf(stderr, "audience: %s: %s\n", what,
		p && *slu_session_error(p->session) ? slu_session_error(p->session) : strerror(errno));
	exit(1);
}

/* ---- what comes ---- */

static void take_message(struct player *p, const struct slu_msg *msg, uint64_t now)
{
	struct stamp s;
	uint64_t us;

	if (!stamp_get(msg->data, msg->size, &s))
		return; /* configuration and metadata */
	tally.bytes += msg->size;
	tally.messages++;
	p->count++;
	tally.broken += !stamp_whole(msg->data, msg->size, &s, p->checked);
	if (p->began)
		tally.lost += s.number - p->next;
	p->began = true;
	p->next = s.number + 1;
	us = (now - s.sent_ns) / 1000;
	if (us > tally.max_us)
		tally.max_us = us;
	tally.slots[us / SLOT_US < SLOTS ? us / SLOT_US : SLOTS - 1]++;
}

static void take_events(struct player *p, uint64_t now)
{
	struct slu_event ev;

	while (slu_session_event(p->session, &ev)) {
		if (ev.type == SLU_EVENT_MEDIA)
			take_message(p, &ev.msg, now);
		if (ev.type == SLU_EVENT_PLAYING && !p->playing) {
			p->playing = true;
			playing++;
		}
	}
}

/* What a player says is little: that the socket does not take it at once is an error. */
static void answer(struct player *p)
{
	struct slu_vec v;

	while (slu_session_out(p->session, &v, 1) == 1) {
		long n = p->ssl ? SSL_write(p->ssl, v.data, (int)v.size) : send(p->fd, v.data, v.size, MSG_NOSIGNAL);

		if (n <= 0)
			give_up("a server does not listen", p);
		slu_session_sent(p->session, (size_t)n);
	}
}

static void feed(struct player *p, size_t n)
{
	const uint64_t now = stamp_now();

	for (size_t at = 0; at < n;) {
		long used = slu_session_in(p->session, block + at, n - at);

		if (used < 0)
			give_up("a server went wrong", p);
		at += (size_t)used;
		take_events(p, now);
	}
	if (slu_session_queued(p->session))
		answer(p);
}

/* True when there may be more. */
static bool take(struct player *p)
{
	long n = p->ssl ? SSL_read(p->ssl, block, BLOCK) : recv(p->fd, block, BLOCK, 0);

	if (n <= 0 && p->ssl && SSL_get_error(p->ssl, (int)n) == SSL_ERROR_WANT_READ)
		return false;
	if (n <= 0 && (p->ssl || n == 0 || errno != EAGAIN))
		give_up("a server hung up", p);
	if (n <= 0)
		return false;
	feed(p, (size_t)n);
	return p->ssl != NULL;
}

static void shake_hands(struct player *p)
{
	int r = SSL_do_handshake(p->ssl);

	p->secure = r == 1;
	if (p->secure)
		answer(p);
	else if (SSL_get_error(p->ssl, r) != SSL_ERROR_WANT_READ)
		give_up("no TLS", NULL);
}

static void ready(struct player *p)
{
	if (p->ssl && !p->secure)
		shake_hands(p);
	if (!p->ssl || p->secure)
		while (take(p))
			;
}

/* ---- beginning ---- */

static void dial(struct player *p, uint16_t port, SSL_CTX *ctx)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct epoll_event ev = {.events = EPOLLIN, .data.ptr = p};
	const int on = 1;

	p->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (p->fd < 0 || connect(p->fd, (struct sockaddr *)&to, sizeof to))
		give_up("cannot connect", NULL);
	setsockopt(p->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	fcntl(p->fd, F_SETFL, O_NONBLOCK);
	if (epoll_ctl(epoll, EPOLL_CTL_ADD, p->fd, &ev))
		give_up("epoll", NULL);
	if (!ctx)
		return;
	p->ssl = SSL_new(ctx);
	if (!p->ssl || !SSL_set_fd(p->ssl, p->fd))
		give_up("out of memory", NULL);
	SSL_set_connect_state(p->ssl);
}

static void begin(struct player *p, uint16_t port, SSL_CTX *ctx, const char *app, const char *stream)
{
	const struct slu_play play = {.start = -2, .duration = -1};
	struct slu_session_config config = {
		.role = SLU_CLIENT, .command_timeout_ms = 60000, .handshake_timeout_ms = 60000};
	char url[256];

	snprintf(url, sizeof url, "rtmp%s://127.0.0.1:%u/%s", ctx ? "s" : "", (unsigned)port, app);
	config.connect.app = app;
	config.connect.tc_url = url;
	p->session = slu_session_new(&config);
	if (!p->session || slu_session_play(p->session, stream, &play))
		give_up("out of memory", NULL);
	dial(p, port, ctx);
	if (ctx)
		shake_hands(p);
	else
		answer(p);
}

static SSL_CTX *context(void)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	/* The servers are to have the same suite. */
	if (!ctx || !SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION) ||
	    !SSL_CTX_set_ciphersuites(ctx, "TLS_AES_128_GCM_SHA256"))
		give_up("no TLS 1.3", NULL);
	SSL_CTX_set_read_ahead(ctx, 1);
	SSL_CTX_set_default_read_buffer_len(ctx, 65536);
	return ctx;
}

/* ---- the report ---- */

static uint64_t percentile(double share)
{
	uint64_t left = (uint64_t)((double)tally.messages * share);

	for (size_t i = 0; i < SLOTS; i++) {
		if (left < tally.slots[i])
			return (uint64_t)(i + 1) * SLOT_US;
		left -= tally.slots[i];
	}
	return 0;
}

static void report(struct player *players, size_t n)
{
	unsigned long long served = 0;

	for (size_t i = 0; i < n; i++) {
		served += players[i].count > 0;
		players[i].count = 0;
	}
	printf("bytes %llu messages %llu lost %llu broken %llu players %llu p50 %llu p99 %llu max %llu\n",
	       (unsigned long long)tally.bytes, (unsigned long long)tally.messages, (unsigned long long)tally.lost,
	       (unsigned long long)tally.broken, served, (unsigned long long)percentile(0.5),
	       (unsigned long long)percentile(0.99), (unsigned long long)tally.max_us);
	fflush(stdout);
	memset(&tally, 0, sizeof tally);
}

/* False at the end of stdin. */
static bool step(struct player *players, size_t n)
{
	struct epoll_event events[EVENTS];
	char line[16];
	int got = epoll_wait(epoll, events, EVENTS, -1);

	for (int i = 0; i < got; i++) {
		if (events[i].data.ptr) {
			ready(events[i].data.ptr);
			continue;
		}
		if (!fgets(line, sizeof line, stdin))
			return false;
		report(players, n);
	}
	return got >= 0 || errno == EINTR;
}

static int run(size_t n, bool tls, char **argv)
{
	struct epoll_event ev = {.events = EPOLLIN};
	struct player *players = calloc(n, sizeof *players);
	SSL_CTX *ctx = tls ? context() : NULL;
	bool going = true;

	epoll = epoll_create1(EPOLL_CLOEXEC);
	if (!players || epoll < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, 0, &ev))
		give_up("epoll", NULL);
	players[0].checked = true;
	for (size_t i = 0; i < n && going; i++) {
		begin(&players[i], (uint16_t)atoi(argv[2]), ctx, argv[3], argv[4]);
		while (going && i + 1 - playing >= OPENING)
			going = step(players, n);
	}
	while (going && playing < n)
		going = step(players, n);
	if (going)
		printf("playing\n");
	fflush(stdout);
	while (going)
		going = step(players, n);
	return 0;
}

int main(int argc, char **argv)
{
	const bool tls = argc == 6 && strcmp(argv[1], "tls") == 0;
	const long n = argc == 6 ? strtol(argv[5], NULL, 10) : 0;

	if (n <= 0 || n > 100000 || (!tls && strcmp(argv[1], "plain") != 0)) {
		fprintf(stderr, "usage: audience plain|tls PORT APP STREAM PLAYERS\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	return run((size_t)n, tls, argv);
}
