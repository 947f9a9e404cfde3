/* SPDX-License-Identifier: MIT */
/* From Link to a connection with its handshake done. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <librtmp/log.h>

#include "conn/over.h"
#include "net/tcp.h"
#include "net/tls.h"
#include "lines.h"
#include "proxy.h"
#include "settings.h"
#include "state.h"
#include "tls_options.h"

static struct slu_log lines(void)
{
	return slu_compat_lines(slu_compat_lines_level());
}

static unsigned timeout_ms(const RTMP *r)
{
	return r->Link.timeout > 0 && r->Link.timeout < 1000000 ? (unsigned)r->Link.timeout * 1000 : 0;
}

static char *text(const AVal *v)
{
	return v->av_len > 0 ? strndup(v->av_val, (size_t)v->av_len) : strdup("");
}

static struct slu_transport *tls_over(RTMP *r, struct slu_transport *inner, const char *host, char *error, size_t size)
{
	struct slu_tls_ctx *ctx = slu_compat_tls(r, error, size);
	struct slu_transport *t;

	if (!ctx) {
		inner->ops->free(inner);
		return NULL;
	}
	t = slu_tls_over(ctx, inner, host, timeout_ms(r));
	slu_tls_ctx_free(ctx);
	if (!t)
		snprintf(error, size, "there is no memory for a connection");
	return t;
}

/* fd is -1, or a socket that is connected, which is gone in any case. */
static struct slu_transport *socket_to(RTMP *r, int fd, const char *host, char *error, size_t size)
{
	struct slu_tcp_config tcp = {
		.connect_timeout_ms = timeout_ms(r), .user_timeout_ms = timeout_ms(r), .log = lines()};
	struct slu_compat_tuning tuning;
	struct slu_transport *t = NULL;

	if (fd >= 0)
		t = slu_tcp_accept(&tcp, fd);
	if (!slu_compat_tuning(r, &tuning, error, size)) {
		if (t)
			t->ops->free(t);
		return NULL;
	}
	if (tuning.connect_timeout_ms)
		tcp.connect_timeout_ms = tuning.connect_timeout_ms;
	return fd >= 0 ? t : slu_compat_dial(r, &tcp, host, error, size);
}

/* A transport to where Link says. NULL and in error why. */
static struct slu_transport *transport_to(RTMP *r, int fd, char *error, size_t size)
{
	char *host = text(&r->Link.hostname);
	struct slu_transport *t;

	snprintf(error, size, "there is no memory for a connection");
	if (!host) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	t = socket_to(r, fd, host, error, size);
	if (t && r->Link.protocol & RTMP_FEATURE_SSL)
		t = tls_over(r, t, host, error, size);
	free(host);
	return t;
}

/* Waits until the handshake is done. */
static int handshake(RTMP *r)
{
	struct slu_event ev;
	int got;

	do
		got = slu_compat_wait(r, &ev);
	while (got > 0 && ev.type != SLU_EVENT_HANDSHAKE);
	slu_compat_mirror(r);
	return got > 0 ? TRUE : slu_compat_lost(r);
}

static void peer_name(const RTMP *r, enum slu_role role, char *name, size_t size)
{
	if (role == SLU_SERVER)
		snprintf(name, size, "the client");
	else
		snprintf(name, size, "%s://%.*s:%d", RTMPProtocolStringsLower[r->Link.protocol & 0xf],
			 r->Link.hostname.av_len, r->Link.hostname.av_len ? r->Link.hostname.av_val : "", r->Link.port);
}

static void session_config(const RTMP *r, struct slu_session_config *s)
{
	*s = (struct slu_session_config){.by_hand = true,
					 .log = lines(),
					 .handshake_timeout_ms = timeout_ms(r),
					 .handshake = SLU_HANDSHAKE_PLAIN};
	if (r->Link.SWFSize)
		s->handshake = SLU_HANDSHAKE_DIGEST;
	if (r->Link.protocol & RTMP_FEATURE_ENC)
		s->handshake = SLU_HANDSHAKE_RTMPE6;
}

int slu_compat_begin(RTMP *r, struct slu_transport *t, enum slu_role role)
{
	struct slu_conn_config config = {.stall_timeout_ms = timeout_ms(r)};
	struct slu_url url = {.app = text(&r->Link.app), .tc_url = text(&r->Link.tcUrl)};
	struct slu_compat *c = slu_compat_state(r);
	char name[300], error[600];

	session_config(r, &config.session);
	peer_name(r, role, name, sizeof name);
	if (c && url.app && url.tc_url) {
		c->conn = slu_conn_over(&config, role == SLU_CLIENT ? &url : NULL, t, name, error, sizeof error);
	} else {
		snprintf(error, sizeof error, "%s: there is no memory for a connection", name);
		t->ops->free(t);
	}
	free((char *)url.app);
	free((char *)url.tc_url);
	if (c && c->conn)
		return handshake(r);
	RTMP_Log(RTMP_LOGERROR, "%s", error);
	RTMP_Close(r);
	return FALSE;
}

/* The connection is there: connect goes out, ours or the caller's. */
static int send_connect(RTMP *r, RTMPPacket *cp)
{
	struct slu_compat_tuning tuning;
	RTMPPacket packet = {0};
	char error[300];
	int ok;

	if (cp)
		return RTMP_SendPacket(r, cp, TRUE);
	if (slu_compat_tuning(r, &tuning, error, sizeof error))
		slu_session_set_chunk_size(slu_conn_session(slu_compat_connected(r)->conn), tuning.chunk_size);
	ok = slu_compat_encode_connect(r, &packet) && RTMP_SendPacket(r, &packet, TRUE);
	RTMPPacket_Free(&packet);
	return ok;
}

/* fd is -1, or a socket that is connected, which is the session's from here on. */
static int connect_over(RTMP *r, int fd, RTMPPacket *cp)
{
	char error[600];
	struct slu_transport *t = transport_to(r, fd, error, sizeof error);

	if (!t) {
		RTMP_Log(RTMP_LOGERROR, "%s", error);
		RTMP_Close(r);
		return FALSE;
	}
	if (!slu_compat_begin(r, t, SLU_CLIENT))
		return FALSE;
	r->m_bSendCounter = TRUE;
	return send_connect(r, cp);
}

int RTMP_Connect(RTMP *r, RTMPPacket *cp)
{
	if (!r->Link.hostname.av_len) {
		RTMP_Log(RTMP_LOGERROR, "There is no server to connect to: give RTMP_SetupURL() a URL first");
		return FALSE;
	}
	return connect_over(r, -1, cp);
}

int RTMP_Connect1(RTMP *r, RTMPPacket *cp)
{
	int fd = r->m_sb.sb_socket;

	if (fd < 0 || slu_compat_connected(r)) {
		RTMP_Log(RTMP_LOGERROR, "RTMP_Connect1() needs a connected socket in m_sb.sb_socket, and no session "
					"on it yet");
		return FALSE;
	}
	r->m_sb.sb_socket = -1;
	return connect_over(r, fd, cp);
}
