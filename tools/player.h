/* SPDX-License-Identifier: MIT */
/* The Flash player that push and pull show to servers that ask: by its hash, or fetched and hashed. */
#ifndef SLU_TOOLS_PLAYER_H
#define SLU_TOOLS_PLAYER_H

#include <stdbool.h>
#include <stddef.h>

#include "tools/options.h"

/* False: the options about it do not go together, and that was said. */
bool slu_player_check(const struct slu_connect_options *options);

/* What the options say, once it was checked; a player is fetched for that, unless it is kept. Blocks then. 0, or an
 * enum slu_exit and the sentence in error. */
int slu_player_find(const struct slu_connect_options *options, const struct slu_tls_options *tls,
		    const struct slu_log *log, struct slu_swf_player *out, char *error, size_t size);

#endif
