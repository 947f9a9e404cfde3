/* SPDX-License-Identifier: MIT */
#include "net/player.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <sluice/error.h>

#include "base/log.h"
#include "crypto/swf_info.h"
#include "net/http_get.h"

enum { PATH_MOST = 4096 };

static int hash_piece(void *arg, const void *data, size_t n)
{
	return slu_swf_in(arg, data, n);
}

/* What is said of a player is about the URL without its user, password and query, which may have a token in it. */
static int fail(const char *url, int err, const char *what, char *error, size_t size)
{
	const char *slashes = strstr(url, "://"), *authority = slashes ? slashes + 3 : url;
	const char *at = memrchr(authority, '@', strcspn(authority, "/?#")), *host = at ? at + 1 : authority;
	char text[1024];

	snprintf(text, sizeof text, "the player %.*s%.*s %s", (int)(authority - url), url, (int)strcspn(host, "?#"),
		 host, what);
	slu_escape(error, size, text, strlen(text));
	return err;
}

/* Asks the server, and where the player is not the one that is known, hashes it. */
static int ask(const char *url, struct slu_tls_ctx *tls, const struct slu_log *log, struct slu_swf_info *info,
	       char *error, size_t size)
{
	struct slu_swf *swf = slu_swf_new();
	struct slu_http_get get = {
		.tls = tls, .most = SLU_SWF_MOST, .since = info->date, .piece = hash_piece, .arg = swf, .log = *log};
	struct slu_http_answer answer = {.status = 0};
	char why[640];
	int err;

	if (!swf)
		return fail(url, SLU_ERR_NOMEM, "cannot be hashed: out of memory", error, size);
	err = slu_http_get(&get, url, &answer, why, sizeof why);
	if (!err && answer.status != 304) {
		memcpy(info->date, answer.last_modified, sizeof info->date);
		err = slu_swf_end(swf, info->hash, &info->size);
	}
	if (err && *slu_swf_error(swf)) {
		fail(url, err, slu_swf_error(swf), error, size);
	} else if (err) {
		char what[700];

		snprintf(what, sizeof what, "cannot be had: %s", why);
		fail(url, err, what, error, size);
	}
	slu_swf_free(swf);
	return err;
}

static void give(const struct slu_swf_info *info, struct slu_player *out)
{
	memcpy(out->hash, info->hash, sizeof out->hash);
	out->size = info->size;
}

int slu_player_get(const char *url, int age, struct slu_tls_ctx *tls, const struct slu_log *log, struct slu_player *out,
		   char *error, size_t size)
{
	const int64_t now = time(NULL);
	struct slu_swf_info info = {.size = 0};
	char path[PATH_MOST], warning[PATH_MOST + 256];
	const bool kept = slu_swf_info_path(path, sizeof path);
	int found = kept ? slu_swf_info_read(path, url, &info, warning, sizeof warning) : 0, err;

	if (found < 0)
		slu_log(log, SLU_LOG_WARN, "%s", warning);
	give(&info, out);
	if (found > 0 && slu_swf_info_fresh(&info, now, age)) {
		slu_log(log, SLU_LOG_DEBUG, "the hash of the player is from %s", path);
		return 0;
	}
	err = ask(url, tls, log, &info, error, size);
	if (err)
		return err;
	give(&info, out);
	info.asked = now;
	if (kept && slu_swf_info_write(path, url, &info, warning, sizeof warning) != 0)
		slu_log(log, SLU_LOG_WARN, "%s", warning);
	return 0;
}
