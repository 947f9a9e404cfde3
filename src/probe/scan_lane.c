/* SPDX-License-Identifier: MIT */
#include "probe/scan_lane.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/tcp.h"

enum {
	PORTION = 16384,
	TURN = 4,              /* portions at a time: other lanes and other servers want theirs */
	HELLO_MOST = 1 << 17,  /* of ours */
	ANSWER_MOST = 1 << 18, /* to a handshake: more than any chain of certificates that OpenSSL takes */
	SETTLE_MS = 50,
	UNMEASURED_MS = 200, /* a round trip that the system does not tell */
};

/* How a step is carried out: a hello, or a full handshake. */
struct slu_lane_ops {
	int (*begin)(struct slu_lane *l, const struct slu_trust *trust);
	size_t (*out)(struct slu_lane *l, const uint8_t **data);
	void (*sent)(struct slu_lane *l, size_t n);
	int (*in)(struct slu_lane *l, const uint8_t *data, size_t n); /* 0 or <0 */
	bool (*over)(struct slu_lane *l, uint64_t now_ms);
	int (*end)(struct slu_lane *l, enum slu_hello_end how);
};

/* ---- hellos ---- */

static int hello_begin(struct slu_lane *l, const struct slu_trust *trust)
{
	const struct slu_hello *h = &l->job.step.hello;

	(void)trust;
	l->reader = slu_hello_reader_new(h, l->job.step.whole);
	return l->reader ? slu_hello_encode(h, &l->hello) : SLU_ERR_NOMEM;
}

static size_t hello_out(struct slu_lane *l, const uint8_t **data)
{
	*data = l->hello.data + l->sent;
	return l->hello.len - l->sent;
}

static void hello_sent(struct slu_lane *l, size_t n)
{
	l->sent += n;
}

static int hello_in(struct slu_lane *l, const uint8_t *data, size_t n)
{
	const int end = slu_hello_read(l->reader, data, n);

	return end < 0 ? end : 0;
}

static bool hello_over(struct slu_lane *l, uint64_t now_ms)
{
	(void)now_ms;
	return slu_hello_answer(l->reader)->end != SLU_HELLO_MORE;
}

static int hello_end(struct slu_lane *l, enum slu_hello_end how)
{
	const int end = slu_hello_ended(l->reader, how);

	return end < 0 ? end : 0;
}

static const struct slu_lane_ops hello_ops = {hello_begin, hello_out, hello_sent, hello_in, hello_over, hello_end};

/* ---- full handshakes ---- */

static int handshake_begin(struct slu_lane *l, const struct slu_trust *trust)
{
	struct slu_inspect_config config = l->job.step.handshake;

	config.trust = trust;
	l->inspect = l->job.inspect ? l->job.inspect : slu_inspect_new(&config);
	l->job.inspect = NULL;
	return l->inspect ? 0 : SLU_ERR_NOMEM;
}

static size_t handshake_out(struct slu_lane *l, const uint8_t **data)
{
	return slu_inspect_out(l->inspect, data);
}

static void handshake_sent(struct slu_lane *l, size_t n)
{
	slu_inspect_sent(l->inspect, n);
}

static int handshake_in(struct slu_lane *l, const uint8_t *data, size_t n)
{
	const int err = slu_inspect_in(l->inspect, data, n);

	return err || l->bytes <= ANSWER_MOST ? err : slu_inspect_closed(l->inspect);
}

static unsigned round_trip_ms(const struct slu_lane *l)
{
	struct slu_tcp_info info;

	return slu_tcp_info(l->fd, &info) ? info.rtt_us / 1000 : UNMEASURED_MS;
}

/* RFC 8446, 4.6.1 and 4.4.2.4: tickets, and the refusal of a client without a certificate, come after it is done. With
 * older versions nothing does. */
static bool handshake_over(struct slu_lane *l, uint64_t now_ms)
{
	const struct slu_inspect_result *r = slu_inspect_result(l->inspect);

	if (r->failed || r->closed)
		return true;
	if (!r->done || slu_lane_pending(l))
		return false;
	if (r->version < 0x0304 || (r->tickets && !r->client_certificate))
		return true;
	if (!l->settled_ms)
		l->due_ms = l->settled_ms = now_ms + round_trip_ms(l) + SETTLE_MS;
	return now_ms >= l->settled_ms;
}

/* Of silence there is nothing to tell OpenSSL. */
static int handshake_end(struct slu_lane *l, enum slu_hello_end how)
{
	return how == SLU_HELLO_SILENT ? 0 : slu_inspect_closed(l->inspect);
}

static const struct slu_lane_ops handshake_ops = {handshake_begin, handshake_out,  handshake_sent,
						  handshake_in,    handshake_over, handshake_end};

/* ---- a life ---- */

void slu_lane_init(struct slu_lane *l)
{
	*l = (struct slu_lane){.fd = -1};
	slu_buf_init(&l->hello, HELLO_MOST);
}

int slu_lane_ask(struct slu_lane *l, const struct slu_trust *trust, uint64_t now_ms)
{
	l->ops = l->job.step.kind == SLU_STEP_HELLO ? &hello_ops : &handshake_ops;
	l->asked_ms = now_ms;
	return l->ops->begin(l, trust);
}

bool slu_lane_pending(const struct slu_lane *l)
{
	const uint8_t *data;

	return l->ops && !l->broken && l->ops->out((struct slu_lane *)(uintptr_t)l, &data) > 0;
}

static void flush(struct slu_lane *l, struct slu_lane_count *count)
{
	const uint8_t *data;
	const size_t n = l->broken ? 0 : l->ops->out(l, &data);
	const ssize_t sent = n ? send(l->fd, data, n, MSG_NOSIGNAL) : 0;

	if (sent > 0) {
		l->ops->sent(l, (size_t)sent);
		count->out += (size_t)sent;
	}
	l->broken |= sent < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR;
}

/* 1: perhaps there is more; 0: not now, or it has ended; <0. */
static int receive(struct slu_lane *l, struct slu_lane_count *count)
{
	uint8_t data[PORTION];
	const ssize_t n = recv(l->fd, data, sizeof data, 0);
	int err;

	if (n > 0) {
		l->bytes += (size_t)n;
		count->in += (size_t)n;
		err = l->ops->in(l, data, (size_t)n);
		return err ? err : n == PORTION;
	}
	if (n < 0 && errno == EINTR)
		return 1;
	if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK) && !l->broken)
		return 0;
	/* Where it took no more bytes, the kernel has told of the reset already. */
	if (n == 0 && !l->broken)
		return l->ops->end(l, SLU_HELLO_CLOSED);
	count->resets++;
	return l->ops->end(l, SLU_HELLO_RESET);
}

int slu_lane_talk(struct slu_lane *l, struct slu_lane_count *count, uint64_t now_ms)
{
	int r = 1;

	flush(l, count);
	for (unsigned i = 0; i < TURN && r > 0 && !l->ops->over(l, now_ms); i++)
		r = receive(l, count);
	if (r < 0)
		return r;
	flush(l, count); /* an answer, or an alert: it hears why nobody goes on */
	return l->ops->over(l, now_ms);
}

int slu_lane_end(struct slu_lane *l, enum slu_hello_end how)
{
	return l->ops->end(l, how);
}

bool slu_lane_lost(struct slu_lane *l)
{
	char c;
	const ssize_t n = recv(l->fd, &c, 1, MSG_PEEK);

	if (n > 0)
		l->muted = true;
	return n == 0 || (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR);
}

void slu_lane_hang_up(struct slu_lane *l)
{
	uint8_t data[PORTION];

	if (l->fd < 0)
		return;
	for (unsigned i = 0; l->stands && i < TURN && recv(l->fd, data, sizeof data, MSG_DONTWAIT) > 0; i++)
		continue;
	close(l->fd);
	l->fd = -1;
}

void slu_lane_clear(struct slu_lane *l)
{
	slu_lane_hang_up(l);
	slu_hello_reader_free(l->reader);
	slu_inspect_free(l->inspect);
	slu_inspect_free(l->job.inspect);
	slu_buf_clear(&l->hello);
	slu_lane_init(l);
}
