/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <strings.h>

#include <librtmp/http.h>
#include <librtmp/log.h>
#include <sluice/error.h>

#include "lines.h"
#include "net/http_get.h"
#include "tls_options.h"

struct reader {
	HTTP_read_callback *callback;
	void *data;
};

static int hand_on(void *arg, const void *data, size_t n)
{
	const struct reader *reader = arg;

	reader->callback((void *)(uintptr_t)data, 1, n, reader->data);
	return 0;
}

static HTTPResult result(int err, const struct slu_http_answer *answer)
{
	if (answer->status == 304)
		return HTTPRES_OK_NOT_MODIFIED;
	if (err == 0)
		return HTTPRES_OK;
	if (err == SLU_ERR_REDIRECT)
		return HTTPRES_REDIRECTED;
	if (err == SLU_ERR_REFUSED && answer->status == 404)
		return HTTPRES_NOT_FOUND;
	if (err == SLU_ERR_REFUSED && answer->status >= 500)
		return HTTPRES_SERVER_ERROR;
	if (err == SLU_ERR_REFUSED || err == SLU_ERR_URL || answer->no_http)
		return HTTPRES_BAD_REQUEST;
	return HTTPRES_LOST_CONNECTION;
}

HTTPResult HTTP_get(struct HTTP_ctx *http, const char *url, HTTP_read_callback *cb)
{
	struct reader reader = {cb, http->data};
	struct slu_http_get get = {.since = http->date,
				   .piece = hand_on,
				   .arg = &reader,
				   .log = slu_compat_lines(slu_compat_lines_level())};
	struct slu_http_answer answer = {.status = 0};
	char error[1024];
	int err = 0;

	http->status = -1;
	if (strncasecmp(url, "https:", 6) == 0) {
		static RTMP nobody; /* has no options: the environment may have some */

		get.tls = slu_compat_tls(&nobody, error, sizeof error);
		err = get.tls ? 0 : SLU_ERR_TLS;
	}
	if (!err)
		err = slu_http_get(&get, url, &answer, error, sizeof error);
	slu_tls_ctx_free(get.tls);
	if (answer.status)
		http->status = (int)answer.status;
	http->size += (int)answer.size;
	if (err == 0 && answer.last_modified[0] && http->date)
		snprintf(http->date, sizeof answer.last_modified, "%s", answer.last_modified);
	if (result(err, &answer) > HTTPRES_OK_NOT_MODIFIED)
		RTMP_Log(RTMP_LOGERROR, "HTTP: %s", error);
	return result(err, &answer);
}
