/* SPDX-License-Identifier: MIT */
/* The server's side of a socket that was accepted: TLS, then RTMP's handshake. All messages are the caller's. */
#include <poll.h>
#include <stdio.h>

#include <librtmp/log.h>

#include "conn/over.h"
#include "lines.h"
#include "net/tcp.h"
#include "net/tls.h"
#include "state.h"

enum { TIMEOUT_MS = 30000 };

void *RTMP_TLS_AllocServerContext(const char *cert, const char *key)
{
	const struct slu_tls_config config = {.server = true, .cert_file = cert, .key_file = key};
	char error[600];
	struct slu_tls_ctx *ctx = slu_tls_ctx_new(&config, error, sizeof error);

	if (!ctx)
		RTMP_Log(RTMP_LOGERROR, "%s", error);
	return ctx;
}

void RTMP_TLS_FreeServerContext(void *ctx)
{
	slu_tls_ctx_free(ctx);
}

/* 1: open; <0: not. */
static int open_now(struct slu_transport *t)
{
	int got;

	while ((got = t->ops->open(t, slu_now_ms())) == 0) {
		unsigned want = t->ops->want(t);
		struct pollfd p = {.fd = t->ops->fd(t)};

		p.events = (short)((want & SLU_WANT_READ ? POLLIN : 0) | (want & SLU_WANT_WRITE ? POLLOUT : 0));
		poll(&p, 1, TIMEOUT_MS);
	}
	return got;
}

/* The socket is the transport's from here on, whatever comes of it. */
static struct slu_transport *accept_socket(RTMP *r)
{
	const struct slu_tcp_config tcp = {.user_timeout_ms = TIMEOUT_MS};
	int fd = r->m_sb.sb_socket;

	if (fd < 0)
		return NULL;
	r->m_sb.sb_socket = -1;
	return slu_tcp_accept(&tcp, fd);
}

int RTMP_TLS_Accept(RTMP *r, void *ctx)
{
	struct slu_transport *t = NULL;

	/* A socket that has TLS, or a session, is not the caller's any more. */
	if (ctx && !r->m_sb.sb_ssl && !slu_compat_connected(r))
		t = accept_socket(r);
	if (t)
		t = slu_tls_over(ctx, t, NULL, TIMEOUT_MS);
	if (!t)
		return FALSE;
	if (open_now(t) < 0) {
		RTMP_Log(RTMP_LOGERROR, "%s", t->ops->error(t));
		t->ops->free(t);
		return FALSE;
	}
	r->m_sb.sb_ssl = t;
	r->m_sb.sb_socket = t->ops->fd(t);
	return TRUE;
}

int RTMP_Serve(RTMP *r)
{
	const struct slu_conn_config config = {
		.session = {.by_hand = true, .log = slu_compat_lines(slu_compat_lines_level())}};
	struct slu_compat *c = slu_compat_state(r);
	struct slu_transport *t;
	char error[300];

	if (!c || c->conn)
		return FALSE;
	t = r->m_sb.sb_ssl ? r->m_sb.sb_ssl : accept_socket(r);
	if (!t)
		return FALSE;
	r->m_sb.sb_ssl = NULL;
	c->serves = true;
	c->conn = slu_conn_over(&config, NULL, t, "the client", error, sizeof error);
	if (c->conn)
		return slu_compat_handshake(r);
	RTMP_Log(RTMP_LOGERROR, "%s", error);
	RTMP_Close(r);
	return FALSE;
}
