/* SPDX-License-Identifier: MIT */
#include "state.h"

#include <stdlib.h>

#include <librtmp/log.h>

struct slu_compat *slu_compat_state(RTMP *r)
{
	if (!r->Link.dh)
		r->Link.dh = calloc(1, sizeof(struct slu_compat));
	if (!r->Link.dh)
		RTMP_Log(RTMP_LOGERROR, "There is no memory for a session: end something else and try again");
	return r->Link.dh;
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

void slu_compat_free_state(RTMP *r)
{
	struct slu_compat *c = r->Link.dh;

	if (!c)
		return;
	slu_conn_free(c->conn);
	if (c->accepted)
		c->accepted->ops->free(c->accepted);
	RTMPPacket_Free(&c->kept);
	slu_compat_forget(r);
	free(c);
	r->Link.dh = NULL;
	r->m_sb.sb_ssl = NULL;
}
