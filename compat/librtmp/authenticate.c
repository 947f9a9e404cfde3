/* SPDX-License-Identifier: MIT */
/* A server that asks who publishes: it is answered on another connection, by a query behind app and tcUrl. */
#include <stdio.h>
#include <stdlib.h>

#include <librtmp/log.h>

#include "base/wipe.h"
#include "crypto/ops.h"
#include "session/auth.h"
#include "state.h"

/* *field becomes its first `base` bytes and the query, allocated, as flag says from then on. */
static int add_query(RTMP_LNK *link, AVal *field, int base, const char *query, int flag)
{
	char *longer = NULL;
	int n = asprintf(&longer, "%.*s%c%s", base, field->av_val,
			 base && memchr(field->av_val, '?', (size_t)base) ? '&' : '?', query);

	if (n < 0)
		return FALSE;
	if (link->lFlags & flag) {
		slu_wipe_bytes(field->av_val, (size_t)field->av_len);
		free(field->av_val);
	}
	link->lFlags |= flag;
	*field = (AVal){longer, n};
	return TRUE;
}

static int say_who(RTMP *r, struct slu_compat *c, const char *query)
{
	if (!c->auth_step) {
		c->app_size = r->Link.app.av_len;
		c->tc_url_size = r->Link.tcUrl.av_len;
	}
	if (!add_query(&r->Link, &r->Link.app, c->app_size, query, RTMP_LF_FAPU) ||
	    !add_query(&r->Link, &r->Link.tcUrl, c->tc_url_size, query, RTMP_LF_FTCU)) {
		RTMP_Log(RTMP_LOGERROR, "There is no memory to tell the server who publishes");
		return FALSE;
	}
	RTMP_Log(RTMP_LOGINFO, "The server asks who publishes: connecting again, to answer");
	return RTMP_Connect(r, NULL);
}

/* What to answer with. 0, or as slu_auth_next(). */
static int make_query(RTMP *r, struct slu_compat *c, unsigned *step, char query[SLU_AUTH_QUERY])
{
	char *user = slu_compat_text(&r->Link.pubUser), *password = slu_compat_text(&r->Link.pubPasswd),
	     *app = slu_compat_text(&r->Link.app);
	struct slu_auth auth = {
		.user = user, .password = password, .app = app, .crypto = slu_cryptops_openssl(), .step = c->auth_step};
	const char *why = "there is no memory", *told = slu_session_refusal_told(slu_conn_session(c->conn));
	int err = SLU_ERR_NOMEM;

	if (user && password && app)
		err = slu_auth_next(&auth, told, query, SLU_AUTH_QUERY, &why);
	*step = auth.step;
	if (err && err != SLU_ERR_INVALID)
		RTMP_Log(RTMP_LOGERROR, "The server refused connect: %s; check the options pubUser and pubPasswd", why);
	free(user);
	slu_compat_free_text(password);
	slu_compat_free_text(app); /* with the last answer in it */
	return err;
}

int slu_compat_authenticate(RTMP *r)
{
	struct slu_compat *c = slu_compat_connected(r);
	char query[SLU_AUTH_QUERY];
	unsigned step;
	int ok = FALSE;

	if (make_query(r, c, &step, query) == 0) {
		ok = say_who(r, c, query);
		c = slu_compat_connected(r);
		if (c)
			c->auth_step = step;
	}
	slu_wipe_bytes(query, sizeof query);
	return ok;
}
