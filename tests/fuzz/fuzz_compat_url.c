/* SPDX-License-Identifier: MIT */
/* librtmp's URLs with options: what comes out lies within the URL, or is a string of its own. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <librtmp/log.h>

#include "options.h"
#include "state.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int truth)
{
	if (!truth)
		abort();
}

static void within(const AVal *v, const char *text, size_t n)
{
	must(v->av_len >= 0 && (size_t)v->av_len <= n);
	if (v->av_len)
		must(v->av_val >= text && v->av_val + v->av_len <= text + n);
}

static void parse(const char *text, size_t n)
{
	AVal host, playpath, app;
	unsigned port;
	int protocol, ok = RTMP_ParseURL(text, &protocol, &host, &port, &playpath, &app);

	within(&host, text, n);
	within(&app, text, n);
	must(host.av_len <= 255 && port <= 65535 && protocol >= 0 && protocol <= RTMP_PROTOCOL_RTMFP);
	must(playpath.av_len >= 0 && (size_t)playpath.av_len <= n + 4);
	must(ok || (!host.av_val && !playpath.av_val && !app.av_val));
	if (playpath.av_val)
		must(playpath.av_val[playpath.av_len] == '\0');
	free(playpath.av_val);
}

static void setup(char *text, size_t n)
{
	RTMP *r = calloc(1, sizeof *r);
	RTMP_LNK *l;

	must(r != NULL);
	l = &r->Link;
	if (slu_compat_setup_url(r, text)) {
		within(&l->hostname, text, n);
		within(&l->app, text, n);
		within(&l->swfUrl, text, n);
		within(&l->sockshost, text, n);
		must(l->port > 0 && l->edepth >= 0 && l->tcUrl.av_len > 0);
		if (l->lFlags & RTMP_LF_FTCU)
			must(strlen(l->tcUrl.av_val) == (size_t)l->tcUrl.av_len || memchr(text, 0, n));
		else
			within(&l->tcUrl, text, n);
	}
	if (slu_compat_has_state(r))
		for (int i = 0; i < SLU_COMPAT_SETTINGS; i++)
			within(&slu_compat_has_state(r)->setting[i], text, n);
	slu_compat_free_state(r);
	if (l->lFlags & RTMP_LF_FTCU)
		free(l->tcUrl.av_val);
	free(l->playpath0.av_val);
	AMF_Reset(&l->extras);
	free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	AVal in = {(char *)data, (int)size}, out;

	must(text != NULL);
	RTMP_LogSetLevel(RTMP_LOGCRIT);
	if (size)
		memcpy(text, data, size);
	text[size] = 0;
	RTMP_ParsePlaypath(&in, &out);
	must(out.av_val && strlen(out.av_val) <= (size_t)out.av_len && (size_t)out.av_len <= size + 4);
	free(out.av_val);
	parse(text, strlen(text));
	setup(text, strlen(text));
	free(text);
	return 0;
}
