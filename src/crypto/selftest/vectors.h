/* SPDX-License-Identifier: MIT */
/* Published answers. */
#ifndef SLU_CRYPTO_SELFTEST_VECTORS_H
#define SLU_CRYPTO_SELFTEST_VECTORS_H

#include "crypto/selftest/software.h"

struct slu_vector {
	enum slu_dc_algorithm algorithm;
	const char *key, *mac_key, *iv, *aad, *plain, *sealed; /* in hexadecimal digits; NULL: none */
};

extern const struct slu_vector slu_vectors[];
extern const unsigned slu_vectors_count;

struct slu_known {
	struct slu_plain plain; /* which points into: */
	uint8_t key[32], mac_key[64], iv[16], aad[64], data[64], sealed[96];
	size_t sealed_length;
};

/* In bytes. Must not move. */
void slu_vector_read(const struct slu_vector *v, struct slu_known *k);

#endif
