/* SPDX-License-Identifier: MIT */
/* For the tests of AES-CBC: the same cipher twice, ours and OpenSSL's own, which have to agree in all they do. */
#ifndef SLU_TESTS_UNIT_DC_PAIR_H
#define SLU_TESTS_UNIT_DC_PAIR_H

#include <openssl/evp.h>

#include "dc_kit.h"

enum { BLOCK = 16, MOST = 300000 };

struct dc_pair {
	EVP_CIPHER_CTX *ctx[2];
};

extern struct dc_kit kit;
extern uint8_t key[32], iv[BLOCK], text[MOST];
extern uint8_t buffer[2][MOST + 2 * BLOCK]; /* what each gave out last */
extern uint8_t cipher_text[MOST + BLOCK];   /* to copy it to */

extern const char *const dc_pair_properties[2];

int dc_pair_setup(void **state); /* dc_kit_teardown() goes with it */

void dc_pair_open(struct dc_pair *p, int bits, int encrypt, int padding);
void dc_pair_close(struct dc_pair *p);

/* Compares the IVs, the first one and the next. */
void dc_pair_same_iv(const struct dc_pair *p);

/* One update of both, into what follows at. Returns how much came out. */
size_t dc_pair_update(const struct dc_pair *p, size_t at, const uint8_t *in, size_t n);

/* The end of both, which may fail in both, for the same reason. Returns the whole length. */
size_t dc_pair_final(const struct dc_pair *p, size_t at);

#endif
