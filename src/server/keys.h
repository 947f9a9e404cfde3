/* SPDX-License-Identifier: MIT */
/*
 * Who may publish: an allow-list of stream keys, of which only the SHA-256 is known, and under which name each is
 * played. No I/O.
 */
#ifndef SLU_SERVER_KEYS_H
#define SLU_SERVER_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cryptops.h"

struct slu_keys;

struct slu_key_id {
	uint8_t sha256[SLU_SHA256_SIZE];
};

/* An empty list. NULL when out of memory. */
struct slu_keys *slu_keys_new(const struct slu_cryptops *crypto);
/* NULL is fine. */
void slu_keys_free(struct slu_keys *k);

/*
 * Adds what text (n bytes) names: a line is "SHA256-HEX [APP/NAME]". Empty lines, and those that begin with '#', do
 * not count. 0; SLU_ERR_INVALID, and in error one sentence, which begins with the number of the line in from and has
 * nothing else of the text; SLU_ERR_NOMEM. After an error the list is to be freed.
 */
int slu_keys_parse(struct slu_keys *k, const char *text, size_t n, const char *from, char *error, size_t size);
size_t slu_keys_count(const struct slu_keys *k);

/* What a stream key is known by: its name in "publish", up to a '?'. 0, or an error of the crypto. */
int slu_keys_id(const struct slu_keys *k, const char *key, struct slu_key_id *id);

/* Whether the list has it, and in *name, valid as long as the list, APP/NAME or NULL. It is compared with all there
 * are, wherever it is found, so how long that takes says nothing. */
bool slu_keys_find(const struct slu_keys *k, const struct slu_key_id *id, const char **name);

/* Whether they are of one key; that takes as long either way. */
bool slu_keys_same(const struct slu_key_id *a, const struct slu_key_id *b);

/* From here on a has what b had, and b what a had. */
void slu_keys_swap(struct slu_keys *a, struct slu_keys *b);

#endif
