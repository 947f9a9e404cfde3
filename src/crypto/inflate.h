/* SPDX-License-Identifier: MIT */
/* zlib's format (RFC 1950), where this build has zlib. */
#ifndef SLU_CRYPTO_INFLATE_H
#define SLU_CRYPTO_INFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct slu_inflate;

/* False: built without zlib, and nothing else here is to be called. */
bool slu_inflate_there(void);

/* NULL: out of memory. */
struct slu_inflate *slu_inflate_new(void);

/* Takes from *data, whose *n bytes become fewer, and fills out: how many bytes. Fewer than size: all of *data is taken,
 * or it has ended. SLU_ERR_INVALID: that is no zlib, or damaged; SLU_ERR_NOMEM. */
long slu_inflate_out(struct slu_inflate *z, const uint8_t **data, size_t *n, uint8_t *out, size_t size);

/* The end has come; what follows it is not taken. */
bool slu_inflate_ended(const struct slu_inflate *z);

/* NULL is fine. */
void slu_inflate_free(struct slu_inflate *z);

#endif
