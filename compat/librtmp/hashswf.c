/* SPDX-License-Identifier: MIT */
/* What of setting up a session needs the network: the hash of a player. */
#include <string.h>
#include <strings.h>

#include <librtmp/log.h>
#include <librtmp/rtmp.h>

#include "lines.h"
#include "net/player.h"
#include "options.h"
#include "tls_options.h"
#include "tls_words.h"

/* With r's options for TLS. What is known of the player is in *out also when this fails. */
static int get_player(const RTMP *r, const char *url, int age, struct slu_player *out)
{
	const struct slu_log log = slu_compat_lines(slu_compat_lines_level());
	struct slu_tls_ctx *tls = NULL;
	char error[1200], words[1300];
	int err = -1;

	memset(out, 0, sizeof *out);
	if (strncasecmp(url, "https:", 6) == 0)
		tls = slu_compat_tls(r, error, sizeof error);
	if (tls || strncasecmp(url, "https:", 6) != 0)
		err = slu_player_get(url, age, tls, &log, out, error, sizeof error);
	slu_tls_ctx_free(tls);
	if (err)
		RTMP_Log(RTMP_LOGERROR, "SWF verification: %s", slu_compat_tls_words(words, sizeof words, error));
	return err ? -1 : 0;
}

int RTMP_HashSWF(const char *url, unsigned int *size, unsigned char *hash, int age)
{
	static RTMP nobody; /* has no options: the environment may have some */
	struct slu_player player;
	const int r = get_player(&nobody, url, age, &player);

	if (player.size) {
		*size = player.size;
		memcpy(hash, player.hash, sizeof player.hash);
	}
	return r;
}

int RTMP_SetupURL(RTMP *r, char *url)
{
	struct slu_player player;

	if (!slu_compat_setup_url(r, url))
		return FALSE;
	if (!(r->Link.lFlags & RTMP_LF_SWFV) || !r->Link.swfUrl.av_len)
		return TRUE;
	/* A session without the hash may do as well: that is the server's to say. */
	get_player(r, r->Link.swfUrl.av_val, r->Link.swfAge, &player);
	r->Link.SWFSize = player.size;
	memcpy(r->Link.SWFHash, player.hash, sizeof player.hash);
	return TRUE;
}
