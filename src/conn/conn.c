/* SPDX-License-Identifier: MIT */
#include "conn/conn_impl.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

#include "base/log.h"
#include "base/wipe.h"
#include "crypto/ops.h"
#include "net/proxy.h"
#include "net/rtmpt.h"
#include "net/tls.h"

enum { CONNECT_TIMEOUT_MS = 10000, TLS_TIMEOUT_MS = 10000, STALL_TIMEOUT_MS = 15000, CLOSE_TIMEOUT_MS = 1000 };

uint64_t slu_now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

/* The handshake's noise comes from the kernel, so that plain RTMP does not wake OpenSSL, which takes half a megabyte
 * and some milliseconds to get ready. */
static int random_bytes(void *arg, void *out, size_t n)
{
	uint8_t *p = out;

	(void)arg;
	while (n) {
		ssize_t got = getrandom(p, n, 0);

		if (got < 0 && errno != EINTR)
			return SLU_ERR_IO;
		p += got > 0 ? got : 0;
		n -= got > 0 ? (size_t)got : 0;
	}
	return 0;
}

static unsigned or_default(unsigned value, unsigned standard)
{
	return value ? value : standard;
}

uint64_t slu_conn_session_ms(const struct slu_conn *c, uint64_t now)
{
	return c->state == CONN_OPENING ? c->opened_ms : now - c->frozen_ms;
}

/* A server has many connections: each line of a session says whose it is. */
static void log_of_session(void *arg, enum slu_log_level level, const char *line)
{
	const struct slu_conn *c = arg;

	slu_log(&c->log, level, "%s: %s", c->name, line);
}

static struct slu_session *new_session(const struct slu_conn_config *config, const struct slu_url *url,
				       struct slu_conn *c, uint64_t now)
{
	struct slu_session_config sc = config->session;

	sc.role = c->role;
	if (c->role == SLU_SERVER && sc.log.fn)
		sc.log = (struct slu_log){log_of_session, c, sc.log.level};
	sc.now_ms = now;
	sc.crypto = slu_cryptops_openssl();
	sc.random = random_bytes;
	sc.random_arg = NULL;
	if (url) {
		if (url->rtmpe && sc.handshake < SLU_HANDSHAKE_RTMPE6)
			sc.handshake = SLU_HANDSHAKE_RTMPE6;
		sc.connect.app = url->app;
		sc.connect.tc_url = url->tc_url;
	}
	return slu_session_new(&sc);
}

struct slu_conn *slu_conn_over(const struct slu_conn_config *config, const struct slu_url *url,
			       struct slu_transport *transport, const char *name, char *error, size_t size)
{
	struct slu_conn *c = calloc(1, sizeof *c);
	uint64_t now = slu_now_ms();

	if (!c) {
		transport->ops->free(transport);
		snprintf(error, size, "%s: out of memory", name);
		return NULL;
	}
	c->transport = transport;
	c->role = url ? SLU_CLIENT : SLU_SERVER;
	c->log = config->session.log;
	c->by_hand = config->session.by_hand;
	c->opened_ms = now;
	c->watch_ms = UINT64_MAX;
	c->stall_timeout_ms = or_default(config->stall_timeout_ms, STALL_TIMEOUT_MS);
	c->close_timeout_ms = or_default(config->close_timeout_ms, CLOSE_TIMEOUT_MS);
	if (c->close_timeout_ms > CLOSE_TIMEOUT_MS)
		c->close_timeout_ms = CLOSE_TIMEOUT_MS;
	snprintf(c->name, sizeof c->name, "%s", name);
	c->session = new_session(config, url, c, now);
	c->in_size = CONN_READ_FIRST;
	c->in = malloc(c->in_size);
	c->vec = malloc(CONN_VECS_MIN * sizeof *c->vec);
	c->vec_cap = CONN_VECS_MIN;
	if (c->session && c->in && c->vec)
		return c;
	snprintf(error, size, "%s: out of memory, or a number of the session's configuration is out of its range",
		 name);
	slu_conn_free(c);
	return NULL;
}

static void tcp_config(struct slu_tcp_config *out, const struct slu_conn_config *config)
{
	*out = (struct slu_tcp_config){
		.resolver = config->resolver,
		.ip = config->ip,
		.bind_address = config->bind_address,
		.bind_interface = config->bind_interface,
		.send_buffer = config->send_buffer,
		.connect_timeout_ms = or_default(config->connect_timeout_ms, CONNECT_TIMEOUT_MS),
		/* Ours comes first, for its sentence; the kernel's catches what nobody waits for. */
		.user_timeout_ms = or_default(config->stall_timeout_ms, STALL_TIMEOUT_MS) + 1000,
		.log = config->session.log,
	};
}

/* TLS over inner, which is gone when this fails. *own takes a context that was made here. */
static struct slu_transport *over_tls(const struct slu_conn_config *config, struct slu_transport *inner,
				      const char *host, struct slu_tls_ctx **own, char *error, size_t size)
{
	struct slu_tls_ctx *ctx = config->tls;
	struct slu_transport *t;

	if (!ctx) {
		struct slu_tls_config tc = {.log = config->session.log};

		ctx = *own = slu_tls_ctx_new(&tc, error, size);
	}
	if (!ctx) {
		inner->ops->free(inner);
		return NULL;
	}
	t = slu_tls_over(ctx, inner, host, or_default(config->tls_timeout_ms, TLS_TIMEOUT_MS));
	if (!t)
		snprintf(error, size, "out of memory");
	return t;
}

static int parse_url(struct slu_url *url, const char *text, const char *stream, char *error, size_t size)
{
	const char *why = NULL;
	int err = slu_url_parse(url, text, &why);

	if (!err && stream)
		err = slu_url_set_stream(url, stream);
	if (err)
		snprintf(error, size, "malformed URL: %s", why ? why : slu_err_text(err));
	return err;
}

/* RTMPT over inner, which is gone when this fails. */
static struct slu_transport *over_http(const struct slu_conn_config *config, struct slu_transport *inner,
				       const struct slu_url *url, char *error, size_t size)
{
	struct slu_rtmpt_config rc = {
		.host = url->host,
		.port = url->port,
		.tls = url->tls,
		.timeout_ms = or_default(config->stall_timeout_ms, STALL_TIMEOUT_MS),
		.now_ms = slu_now_ms,
	};
	struct slu_transport *t = slu_rtmpt_over(inner, &rc);

	if (!t)
		snprintf(error, size, "out of memory");
	return t;
}

/* Begins to connect to the proxy, and through it to the server. */
static struct slu_transport *through_proxy(const struct slu_conn_config *config, const struct slu_tcp_config *tcp,
					   const struct slu_url *url, char *error, size_t size)
{
	struct slu_proxy proxy;
	struct slu_proxy_config pc = {.proxy = &proxy,
				      .resolver = config->resolver,
				      .timeout_ms = tcp->connect_timeout_ms,
				      .log = config->session.log};
	const char *why = slu_proxy_parse(&proxy, config->proxy);
	const uint64_t now = slu_now_ms();
	struct slu_transport *t;

	if (why) {
		snprintf(error, size,
			 "the URL of the proxy cannot be used: %s; it is socks4://, socks4a://, socks5:// or http://, "
			 "and then [user:password@]host:port",
			 why);
		return NULL;
	}
	t = slu_tcp_connect(tcp, proxy.at.host, proxy.at.port, now, error, size);
	if (t)
		t = slu_proxy_over(&pc, t, url->host, url->port, now, error, size);
	slu_wipe_bytes(&proxy, sizeof proxy);
	return t;
}

/* fd is -1, or a socket that is connected already. */
static struct slu_transport *to_server(const struct slu_conn_config *config, const struct slu_url *url, int fd,
				       char *error, size_t size)
{
	struct slu_tcp_config tcp;

	tcp_config(&tcp, config);
	if (fd >= 0) {
		snprintf(error, size, "out of memory");
		return slu_tcp_accept(&tcp, fd);
	}
	if (config->proxy)
		return through_proxy(config, &tcp, url, error, size);
	return slu_tcp_connect(&tcp, url->host, url->port, slu_now_ms(), error, size);
}

struct slu_conn *slu_conn_to(const struct slu_conn_config *config, const struct slu_url *url, int fd, char *error,
			     size_t size)
{
	struct slu_tls_ctx *own = NULL;
	struct slu_transport *t;
	struct slu_conn *c = NULL;
	char name[256];

	t = to_server(config, url, fd, error, size);
	if (t && url->tls) {
		const char *host = config->tls_server_name ? config->tls_server_name : url->host;

		t = over_tls(config, t, host, &own, error, size);
	}
	if (t && url->http)
		t = over_http(config, t, url, error, size);
	if (t)
		c = slu_conn_over(config, url, t, slu_url_redact(url, name, sizeof name), error, size);
	if (c)
		c->own_tls = own;
	else
		slu_tls_ctx_free(own);
	return c;
}

struct slu_conn *slu_conn_open(const struct slu_conn_config *config, const char *url_text, const char *stream,
			       char *error, size_t size)
{
	struct slu_url url = {0};
	struct slu_conn *c;

	if (size)
		error[0] = '\0';
	if (parse_url(&url, url_text, stream, error, size))
		return NULL;
	c = slu_conn_to(config, &url, -1, error, size);
	if (!c) {
		slu_url_clear(&url);
		return NULL;
	}
	c->url = url;
	return c;
}

struct slu_conn *slu_conn_accept(const struct slu_conn_config *config, int fd, char *error, size_t size)
{
	struct slu_transport_stats stats;
	struct slu_tcp_config tcp;
	struct slu_transport *t;
	char name[80];

	if (size)
		error[0] = '\0';
	tcp_config(&tcp, config);
	t = slu_tcp_accept(&tcp, fd);
	if (!t) {
		snprintf(error, size, "out of memory");
		return NULL;
	}
	t->ops->stats(t, &stats);
	snprintf(name, sizeof name, "client %s", stats.peer);
	if (config->tls)
		t = over_tls(config, t, NULL, NULL, error, size);
	return t ? slu_conn_over(config, NULL, t, name, error, size) : NULL;
}

void slu_conn_free(struct slu_conn *c)
{
	if (!c)
		return;
	if (c->transport)
		c->transport->ops->free(c->transport);
	slu_session_free(c->session);
	slu_tls_ctx_free(c->own_tls);
	slu_url_clear(&c->url);
	free(c->in);
	free(c->vec);
	free(c);
}

struct slu_session *slu_conn_session(struct slu_conn *c)
{
	return c->session;
}

bool slu_conn_ended(const struct slu_conn *c)
{
	return c->broken || c->in_ended;
}

bool slu_conn_stalled(const struct slu_conn *c)
{
	return c->err == SLU_ERR_STALLED;
}

bool slu_conn_stuck(const struct slu_conn *c)
{
	return c->broken || (c->in_at < c->in_end && (c->in_ended || (c->blocked && slu_conn_waits(c))));
}

size_t slu_conn_held(const struct slu_conn *c)
{
	size_t below = c->transport && c->state != CONN_OPENING ? c->transport->ops->buffered(c->transport) : 0;

	return c->in_end - c->in_at + below;
}

void slu_conn_hurry(struct slu_conn *c, unsigned ms)
{
	c->stall_timeout_ms = ms;
	/* So that who has been silent for longer still gets that much. */
	c->progress_ms = slu_now_ms();
}

const char *slu_conn_stream(const struct slu_conn *c)
{
	return c->url.stream ? c->url.stream : "";
}

const char *slu_conn_error(const struct slu_conn *c)
{
	return c->error;
}
