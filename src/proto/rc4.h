/* SPDX-License-Identifier: MIT */
/* RC4, as RTMPE takes it. Broken as a cipher (RFC 7465): it keeps nothing secret from anybody who cares. */
#ifndef SLU_PROTO_RC4_H
#define SLU_PROTO_RC4_H

#include <stddef.h>
#include <stdint.h>

struct slu_rc4 {
	uint8_t i, j;
	uint8_t state[256];
};

/* size is 1 to 256. */
void slu_rc4_init(struct slu_rc4 *rc4, const uint8_t *key, size_t size);

/* Throws the next n bytes of the key stream away. */
void slu_rc4_skip(struct slu_rc4 *rc4, size_t n);

/* Encrypts or decrypts; out may be in. */
void slu_rc4_apply(struct slu_rc4 *rc4, const uint8_t *in, uint8_t *out, size_t n);

#endif
