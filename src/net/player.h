/* SPDX-License-Identifier: MIT */
/* Hash and size of a Flash player that lies on a web server, for SWF verification. */
#ifndef SLU_NET_PLAYER_H
#define SLU_NET_PLAYER_H

#include <stddef.h>
#include <stdint.h>

#include <sluice/log.h>
#include <sluice/tls.h>

#include "crypto/swf.h"

struct slu_player {
	uint8_t hash[SLU_SWF_HASH];
	uint32_t size; /* uncompressed */
};

/*
 * From ~/.swfinfo, where the entry is younger than age days; else the server is asked whether the player is another one
 * since, and if so (or where there is no entry) it is fetched and hashed. Then the entry is renewed. A file that cannot
 * be used is warned of, and is as good as none. tls is for https; NULL: one that verifies.
 *
 * 0, or an error and the sentence; *out has then what was kept of old, or zeros. Blocks for a minute and some at most.
 */
int slu_player_get(const char *url, int age, struct slu_tls_ctx *tls, const struct slu_log *log, struct slu_player *out,
		   char *error, size_t size);

#endif
