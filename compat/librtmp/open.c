/* SPDX-License-Identifier: MIT */
/* From Link to a connection with its handshake done. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <librtmp/log.h>

#include "base/wipe.h"
#include "conn/over.h"
#include "lines.h"
#include "proxy.h"
#include "session/swf_verify.h"
#include "settings.h"
#include "state.h"
#include "tls_options.h"

unsigned slu_compat_timeout_ms(const RTMP *r)
{
	return r->Link.timeout > 0 && r->Link.timeout < 1000000 ? (unsigned)r->Link.timeout * 1000 : 0;
}

/* ---- what the library is told ---- */

static void session_config(const RTMP *r, struct slu_session_config *s)
{
	*s = (struct slu_session_config){.by_hand = true,
					 .log = slu_compat_lines(slu_compat_lines_level()),
					 .handshake_timeout_ms = slu_compat_timeout_ms(r),
					 .handshake = SLU_HANDSHAKE_PLAIN};
	if (r->Link.SWFSize) {
		s->handshake = SLU_HANDSHAKE_DIGEST;
		s->swf_size = r->Link.SWFSize;
		memcpy(s->swf_hash, r->Link.SWFHash, sizeof s->swf_hash);
	}
	if (r->Link.protocol & RTMP_FEATURE_ENC)
		s->handshake = SLU_HANDSHAKE_RTMPE6;
}

static int client_config(const RTMP *r, struct slu_conn_config *config, char proxy[SLU_COMPAT_PROXY], char *error,
			 size_t size)
{
	const RTMP_LNK *link = &r->Link;
	struct slu_compat_tuning tuning;

	*config = (struct slu_conn_config){.connect_timeout_ms = slu_compat_timeout_ms(r),
					   .tls_timeout_ms = slu_compat_timeout_ms(r),
					   .stall_timeout_ms = slu_compat_timeout_ms(r)};
	session_config(r, &config->session);
	if (!slu_compat_tuning(r, &tuning, error, size))
		return FALSE;
	if (tuning.connect_timeout_ms)
		config->connect_timeout_ms = tuning.connect_timeout_ms;
	if (!slu_compat_proxy(r, proxy, error, size))
		return FALSE;
	config->proxy = *proxy ? proxy : NULL;
	if (link->protocol & RTMP_FEATURE_SSL)
		config->tls = slu_compat_tls(r, error, size);
	return config->tls || !(link->protocol & RTMP_FEATURE_SSL);
}

static void free_url(struct slu_url *url)
{
	free((char *)url->host);
	free((char *)url->app);
	free((char *)url->tc_url);
}

static int make_url(const RTMP *r, struct slu_url *url)
{
	*url = (struct slu_url){.tls = (r->Link.protocol & RTMP_FEATURE_SSL) != 0,
				.rtmpe = (r->Link.protocol & RTMP_FEATURE_ENC) != 0,
				.http = (r->Link.protocol & RTMP_FEATURE_HTTP) != 0,
				.port = r->Link.port,
				.host = slu_compat_text(&r->Link.hostname),
				.user = "",
				.password = "",
				.app = slu_compat_text(&r->Link.app),
				.stream = "",
				.tc_url = slu_compat_text(&r->Link.tcUrl)};
	return url->host && url->app && url->tc_url;
}

/* ---- opening ---- */

int slu_compat_handshake(RTMP *r)
{
	struct slu_compat *c = r->Link.dh;
	struct slu_event ev;
	int got;

	do
		got = slu_compat_wait(r, &ev);
	while (got > 0 && ev.type != SLU_EVENT_HANDSHAKE);
	if (got > 0 && !slu_pollable_follow(&c->pollable, slu_conn_fd(c->conn))) {
		RTMP_Log(RTMP_LOGERROR,
			 "The session goes on over another socket, which cannot take the place of the "
			 "one that RTMP_Connect1() was given: %s",
			 strerror(errno));
		got = -1;
	}
	slu_compat_mirror(r);
	if (got <= 0)
		return slu_compat_lost(r);
	/* For programs that send it by themselves. Without a player there is none. */
	slu_swf_verify_answer(slu_conn_session(c->conn), (uint8_t *)r->Link.SWFVerificationResponse);
	return TRUE;
}

static struct slu_conn *open_conn(RTMP *r, int fd, char *error, size_t size)
{
	struct slu_conn_config config = {0};
	struct slu_url url;
	char proxy[SLU_COMPAT_PROXY], *token = slu_compat_text(&r->Link.token);
	struct slu_conn *c = NULL;

	snprintf(error, size, "There is no memory for a connection: end something else and try again");
	if (make_url(r, &url) && token && client_config(r, &config, proxy, error, size)) {
		config.session.connect.secure_token = *token ? token : NULL;
		c = slu_conn_to(&config, &url, fd, error, size);
	} else if (fd >= 0) {
		close(fd);
	}
	slu_tls_ctx_free(config.tls);
	slu_wipe_bytes(proxy, sizeof proxy);
	slu_compat_free_text(token);
	free_url(&url);
	return c;
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
	struct slu_compat *c = slu_compat_state(r);
	char error[700];
	int ok;

	r->m_sb.sb_timedout = FALSE;
	r->m_pausing = 0;
	r->m_fDuration = 0;
	if (c)
		c->conn = open_conn(r, fd, error, sizeof error);
	else if (fd >= 0)
		close(fd);
	if (!c || !c->conn) {
		if (c)
			RTMP_Log(RTMP_LOGERROR, "%s", error);
		slu_compat_over(r);
		return FALSE;
	}
	slu_compat_enter(r);
	ok = slu_compat_handshake(r);
	if (ok) {
		r->m_bSendCounter = TRUE;
		ok = send_connect(r, cp);
	}
	slu_compat_leave(r);
	return ok && slu_compat_connected(r);
}

int RTMP_Connect(RTMP *r, RTMPPacket *cp)
{
	if (!r->Link.hostname.av_len) {
		RTMP_Log(RTMP_LOGERROR, "There is no server to connect to: give RTMP_SetupURL() a URL first");
		return FALSE;
	}
	slu_compat_disconnect(r);
	return connect_over(r, -1, cp);
}

/* Whoever made the socket waits for its descriptor between the calls. */
static int own_socket(RTMP *r, int fd)
{
	struct slu_compat *c = slu_compat_state(r);
	int moved = -1;

	if (c)
		moved = slu_pollable_init(&c->pollable, fd, !(r->Link.protocol & RTMP_FEATURE_WRITE));
	return moved >= 0 ? moved : fd;
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
	return connect_over(r, own_socket(r, fd), cp);
}
