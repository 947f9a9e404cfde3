/* SPDX-License-Identifier: MIT */
#include "conn_kit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../unit/tls_kit.h"

uint32_t loop_sum(uint32_t sum, const uint8_t *data, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sum = (sum ^ data[i]) * 16777619u; /* FNV-1a */
	return sum;
}

/* ---- set-up ---- */

static uint16_t listen_on_loopback(int *fd)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof a;

	*fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_true(*fd >= 0);
	assert_int_equal(bind(*fd, (struct sockaddr *)&a, sizeof a), 0);
	assert_int_equal(listen(*fd, 8), 0);
	assert_int_equal(getsockname(*fd, (struct sockaddr *)&a, &len), 0);
	return ntohs(a.sin_port);
}

static void set_tls(struct loop *l)
{
	static struct kit_cert cert;
	struct kit_request request = {.cn = "127.0.0.1", .san = "IP:127.0.0.1"};
	struct slu_tls_config client = {.ca_file = cert.cert};
	struct slu_tls_config server = {.server = true, .cert_file = cert.cert, .key_file = cert.key};

	if (!cert.x509)
		kit_make(&cert, "loop", &request);
	l->config[0].tls = kit_ctx(&client);
	l->config[1].tls = kit_ctx(&server);
}

void loop_init(struct loop *l, bool tls)
{
	unsigned port;

	memset(l, 0, sizeof *l);
	port = listen_on_loopback(&l->listener);
	snprintf(l->url, sizeof l->url, "rtmp%s://127.0.0.1:%u/app/secret-key", tls ? "s" : "", port);
	if (tls)
		set_tls(l);
}

void loop_clear(struct loop *l)
{
	slu_conn_free(l->client.c);
	slu_conn_free(l->server.c);
	slu_tls_ctx_free(l->config[0].tls);
	slu_tls_ctx_free(l->config[1].tls);
	close(l->listener);
}

void loop_open(struct loop *l)
{
	char error[512];

	l->client.c = slu_conn_open(&l->config[0], l->url, NULL, error, sizeof error);
	if (!l->client.c)
		fail_msg("%s", error);
}

/* ---- driving ---- */

static void answer(struct end *e, const struct slu_event *ev)
{
	struct slu_session *s = slu_conn_session(e->c);

	if (e->closes_on && ev->type == e->closes_on)
		slu_conn_close(e->c);
	else if (e->refuses && ev->type == e->refuses)
		slu_session_refuse(s,
				   ev->type == SLU_EVENT_CONNECT ? "NetConnection.Connect.Rejected"
								 : "NetStream.Publish.BadName",
				   "secret-key is in use");
	else if (ev->type == SLU_EVENT_CONNECT || ev->type == SLU_EVENT_PUBLISH || ev->type == SLU_EVENT_PLAY)
		slu_session_accept(s);
}

static void pull(struct end *e)
{
	struct slu_event ev;

	while (slu_conn_event(e->c, &ev)) {
		e->events[ev.type]++;
		if (ev.type == SLU_EVENT_MEDIA) {
			e->media++;
			e->bytes += ev.msg.size;
			e->sum = loop_sum(e->sum, ev.msg.data, ev.msg.size);
		}
		answer(e, &ev);
	}
}

static bool alive(const struct end *e)
{
	return e->c && !e->hangs && !slu_conn_closed(e->c);
}

static void watch(const struct end *e, struct pollfd *p, int *ms)
{
	unsigned want;
	int timeout;

	p->fd = -1;
	if (!alive(e))
		return;
	want = slu_conn_want(e->c);
	timeout = slu_conn_timeout(e->c);
	p->fd = slu_conn_fd(e->c);
	p->events = (short)((want & SLU_WANT_READ ? POLLIN : 0) | (want & SLU_WANT_WRITE ? POLLOUT : 0));
	if (timeout >= 0 && timeout < *ms)
		*ms = timeout;
}

static void drop(struct end *e)
{
	slu_conn_free(e->c);
	e->c = NULL;
	e->gone = true;
}

void loop_reset(struct loop *l)
{
	struct linger hard = {.l_onoff = 1};

	assert_int_equal(setsockopt(slu_conn_fd(l->server.c), SOL_SOCKET, SO_LINGER, &hard, sizeof hard), 0);
	drop(&l->server);
}

static void step(struct end *e)
{
	if (!alive(e))
		return;
	e->err = slu_conn_process(e->c);
	pull(e);
	if (slu_conn_closed(e->c))
		e->err = slu_conn_process(e->c);
	if (e->drops_on && e->events[e->drops_on])
		drop(e);
}

static void take(struct loop *l)
{
	char error[512];
	int fd = accept(l->listener, NULL, NULL);

	assert_true(fd >= 0);
	l->server.c = slu_conn_accept(&l->config[1], fd, error, sizeof error);
	l->server.gone = !l->server.c;
	assert_true(l->server.c || l->quiet);
}

void loop_once(struct loop *l, int ms)
{
	struct pollfd p[3];

	watch(&l->client, &p[0], &ms);
	watch(&l->server, &p[1], &ms);
	p[2] = (struct pollfd){.fd = l->server.c || l->server.gone ? -1 : l->listener, .events = POLLIN};
	poll(p, 3, ms);
	if (p[2].fd >= 0 && (p[2].revents & POLLIN))
		take(l);
	step(&l->client);
	step(&l->server);
}

bool loop_run(struct loop *l, bool (*done)(struct loop *l), int ms)
{
	uint64_t end = slu_now_ms() + (uint64_t)ms;

	while (!done(l) && slu_now_ms() < end)
		loop_once(l, 100);
	return done(l);
}

bool loop_publishing(struct loop *l)
{
	return l->client.events[SLU_EVENT_PUBLISHING] || loop_client_over(l);
}

bool loop_client_over(struct loop *l)
{
	return slu_conn_closed(l->client.c);
}

bool loop_server_over(struct loop *l)
{
	return l->server.gone || (l->server.c && slu_conn_closed(l->server.c));
}

bool loop_all_over(struct loop *l)
{
	return loop_client_over(l) && loop_server_over(l);
}

void loop_publish(struct loop *l)
{
	loop_open(l);
	assert_int_equal(
		slu_session_publish(slu_conn_session(l->client.c), slu_conn_stream(l->client.c), SLU_PUBLISH_LIVE), 0);
	loop_run(l, loop_publishing, 10000);
	if (!l->client.events[SLU_EVENT_PUBLISHING])
		fail_msg("not publishing: %s", slu_conn_error(l->client.c));
}

int loop_send(struct slu_conn *c, uint32_t timestamp, size_t size, uint32_t *sum)
{
	return loop_send_on(c, 0, timestamp, size, sum);
}

int loop_send_on(struct slu_conn *c, uint32_t stream_id, uint32_t timestamp, size_t size, uint32_t *sum)
{
	struct slu_buffer *b = slu_buffer_new(size);
	struct slu_msg msg = {
		.type = SLU_MSG_VIDEO, .timestamp = timestamp, .stream_id = stream_id, .size = size, .owner = b};
	uint8_t *data;
	int err;

	assert_non_null(b);
	data = slu_buffer_data(b);
	for (size_t i = 0; i < size; i++)
		data[i] = (uint8_t)(timestamp * 31 + i * 7 + (i >> 8));
	msg.data = data;
	err = slu_conn_send(c, &msg);
	if (!err)
		*sum = loop_sum(*sum, data, size);
	slu_buffer_put(b);
	return err;
}
