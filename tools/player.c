/* SPDX-License-Identifier: MIT */
#include "tools/player.h"

#include <string.h>

#include "net/player.h"
#include "tools/exit.h"
#include "tools/say.h"
#include "tools/swf_option.h"

enum { AGE_DAYS = 30 }; /* rtmpdump's */

bool slu_player_check(const struct slu_connect_options *options)
{
	struct slu_swf_player swf;

	if (options->swf_verify && options->swf_player)
		slu_say("--swf-verify has what --swf-player finds out: leave out one of them");
	else if (options->swf_age >= 0 && !options->swf_player)
		slu_say("--swf-age is about the player of --swf-player, which is missing");
	else
		return !options->swf_verify || slu_swf_option(options->swf_verify, &swf);
	return false;
}

/* Whom the device trusts holds for the web server too; who the RTMP server is, and who we are, is not its concern. */
static struct slu_tls_ctx *web_tls(const struct slu_tls_options *tls, const struct slu_log *log, char *error,
				   size_t size)
{
	const struct slu_tls_config config = {
		.ca_file = tls->ca_file, .ca_path = tls->ca_path, .insecure = tls->insecure, .log = *log};

	return slu_tls_ctx_new(&config, error, size);
}

int slu_player_find(const struct slu_connect_options *options, const struct slu_tls_options *tls,
		    const struct slu_log *log, struct slu_swf_player *out, char *error, size_t size)
{
	struct slu_tls_ctx *ctx = NULL;
	struct slu_player player;
	int err;

	memset(out, 0, sizeof *out);
	if (options->swf_verify)
		slu_swf_option(options->swf_verify, out);
	if (!options->swf_player)
		return 0;
	if (tls->ca_file || tls->ca_path || tls->insecure) {
		ctx = web_tls(tls, log, error, size);
		if (!ctx)
			return SLU_EXIT_TLS;
	}
	err = slu_player_get(options->swf_player, options->swf_age >= 0 ? (int)options->swf_age : AGE_DAYS, ctx, log,
			     &player, error, size);
	slu_tls_ctx_free(ctx);
	if (err)
		return (int)slu_exit_of(err, SLU_STAGE_CONNECTING);
	memcpy(out->hash, player.hash, sizeof out->hash);
	out->size = player.size;
	return 0;
}
