/* SPDX-License-Identifier: MIT */
/* From Link to a connection with its handshake done. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <librtmp/log.h>

#include "conn/over.h"
#include "net/tcp.h"
#include "net/tls.h"
#include "options.h"
#include "state.h"

enum { CHUNK_SIZE = 65536 };

/* The library's levels are librtmp's, one apart. */
static void on_log(void *arg, enum slu_log_level level, const char *line)
{
	(void)arg;
	RTMP_Log(level == SLU_LOG_DEBUG ? RTMP_LOGDEBUG : (int)level, "%s", line);
}

static struct slu_log log_to_callback(void)
{
	return (struct slu_log){.fn = on_log,
				.level = RTMP_LogGetLevel() >= RTMP_LOGDEBUG ? SLU_LOG_DEBUG : SLU_LOG_INFO};
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
	const struct slu_tls_config config = {.log = log_to_callback()};
	struct slu_tls_ctx *ctx = slu_tls_ctx_new(&config, error, size);
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

struct slu_transport *slu_compat_transport(RTMP *r, int fd, char *error, size_t size)
{
	const struct slu_tcp_config tcp = {
		.connect_timeout_ms = timeout_ms(r), .user_timeout_ms = timeout_ms(r), .log = log_to_callback()};
	char *host = text(&r->Link.hostname);
	struct slu_transport *t = NULL;

	snprintf(error, size, "there is no memory for a connection");
	if (!host)
		return NULL;
	t = fd < 0 ? slu_tcp_connect(&tcp, host, r->Link.port, slu_now_ms(), error, size) : slu_tcp_accept(&tcp, fd);
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
					 .log = log_to_callback(),
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
	RTMPPacket packet = {0};
	int ok;

	if (cp)
		return RTMP_SendPacket(r, cp, TRUE);
	slu_session_set_chunk_size(slu_conn_session(slu_compat_connected(r)->conn), CHUNK_SIZE);
	ok = slu_compat_encode_connect(r, &packet) && RTMP_SendPacket(r, &packet, TRUE);
	RTMPPacket_Free(&packet);
	return ok;
}

/* fd is -1, or a socket that is connected, which is the session's from here on. */
static int connect_over(RTMP *r, int fd, RTMPPacket *cp)
{
	char error[600];
	struct slu_transport *t = slu_compat_transport(r, fd, error, sizeof error);

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
