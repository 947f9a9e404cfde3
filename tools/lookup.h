/* SPDX-License-Identifier: MIT */
/* A Flash player's hash and size, found out in a thread of its own: a web server may take its time. */
#ifndef SLU_TOOLS_LOOKUP_H
#define SLU_TOOLS_LOOKUP_H

#include <stdbool.h>
#include <stddef.h>

#include "net/player.h"

struct slu_lookup;

/* First of all, before anything uses OpenSSL: the program may end while a lookup goes on. */
void slu_lookup_prepare(void);

/* Begins to look up the player at url, as slu_player_get() does, for entries of up to age days. NULL: there is no
 * memory or no thread for it. */
struct slu_lookup *slu_lookup_begin(const char *url, int age);

/* Becomes readable when it is done. */
int slu_lookup_fd(const struct slu_lookup *lookup);
bool slu_lookup_done(const struct slu_lookup *lookup);

/* What came of it, once it is done; *out also has what was kept of old when it failed. 0, or the error and the
 * sentence. */
int slu_lookup_result(const struct slu_lookup *lookup, struct slu_player *out, char *error, size_t size);

/* It is of no interest any more: done or not, which it then becomes by itself. NULL is fine. */
void slu_lookup_end(struct slu_lookup *lookup);

#endif
