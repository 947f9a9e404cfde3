/* SPDX-License-Identifier: MIT */
#include "state.h"

#include <limits.h>
#include <stdlib.h>

#include <librtmp/log.h>

#include "base/wipe.h"

struct slu_compat *slu_compat_state(RTMP *r)
{
	static const struct slu_compat none = {.pollable = SLU_POLLABLE_NONE};
	struct slu_compat *c = r->Link.dh;

	if (c)
		return c;
	c = malloc(sizeof *c);
	if (c)
		*c = none;
	else
		RTMP_Log(RTMP_LOGERROR, "There is no memory for a session: end something else and try again");
	r->Link.dh = c;
	return c;
}

struct slu_compat *slu_compat_has_state(const RTMP *r)
{
	return r->Link.dh;
}

struct slu_compat *slu_compat_connected(const RTMP *r)
{
	struct slu_compat *c = r->Link.dh;

	return c && c->conn ? c : NULL;
}

struct slu_compat *slu_compat_need(const RTMP *r, const char *what)
{
	struct slu_compat *c = slu_compat_connected(r);

	if (!c)
		RTMP_Log(RTMP_LOGERROR, "%s, for there is no connection: RTMP_Connect() comes first", what);
	return c;
}

char *slu_compat_text(const AVal *v)
{
	return v->av_len > 0 ? strndup(v->av_val, (size_t)v->av_len) : strdup("");
}

void slu_compat_free_text(char *text)
{
	if (text)
		slu_wipe_bytes(text, strlen(text));
	free(text);
}

int slu_compat_int(double number)
{
	if (number >= INT_MAX)
		return INT_MAX;
	if (number <= INT_MIN)
		return INT_MIN;
	return number == number ? (int)number : 0;
}

void slu_compat_disconnect(RTMP *r)
{
	struct slu_compat *c = slu_compat_connected(r);

	if (!c)
		return;
	slu_conn_free(c->conn);
	c->conn = NULL;
	c->asked = c->hurried = false;
	c->hurry = SLU_HURRY_NONE;
	slu_pollable_drop(&c->pollable);
	RTMPPacket_Free(&c->kept);
	r->m_bPlaying = FALSE;
	r->m_sb.sb_socket = -1;
}

void slu_compat_free_state(RTMP *r)
{
	struct slu_compat *c = slu_compat_take_state(r);

	if (!c)
		return;
	slu_conn_free(c->conn);
	RTMPPacket_Free(&c->kept);
	slu_compat_forget(r, c);
	slu_pollable_clear(&c->pollable);
	free(c);
}
