/* SPDX-License-Identifier: MIT */
/* The crypto that the protocol itself needs, as a table, so that the engine links to no crypto library. */
#ifndef SLU_BASE_CRYPTOPS_H
#define SLU_BASE_CRYPTOPS_H

#include <stddef.h>
#include <stdint.h>

enum { SLU_SHA256_SIZE = 32, SLU_MD5_SIZE = 16, SLU_DH_SIZE = 128 };

/* Bytes to be digested, one run after the other. */
struct slu_run {
	const void *data;
	size_t size;
};

struct slu_cryptops {
	/* HMAC-SHA256 of two runs of bytes, one after the other (the second may be empty). 0, or SLU_ERR_NOMEM or
	 * SLU_ERR_TLS when the crypto library fails. */
	int (*hmac_sha256)(const void *key, size_t key_size, const void *a, size_t a_size, const void *b, size_t b_size,
			   uint8_t out[SLU_SHA256_SIZE]);
	/* Fills out with random bytes. 0 or negative. */
	int (*random)(void *out, size_t n);
	/* Diffie-Hellman in the group of RFC 2409, 6.2 (1024 bits, generator 2); numbers are big-endian, padded with
	 * zeros. What the peer is told of secret: 0, SLU_ERR_NOMEM or SLU_ERR_TLS. */
	int (*dh_public)(const uint8_t secret[SLU_DH_SIZE], uint8_t out[SLU_DH_SIZE]);
	/* What both ends have in common. SLU_ERR_HANDSHAKE also, when what the peer told is none of the numbers that
	 * 2 generates, or the trivial one: then anybody could guess the rest. */
	int (*dh_shared)(const uint8_t secret[SLU_DH_SIZE], const uint8_t peer[SLU_DH_SIZE], uint8_t out[SLU_DH_SIZE]);
	/* MD5 of n runs, for what is stuck with it. 0, SLU_ERR_NOMEM, or SLU_ERR_TLS: the crypto library has none, or
	 * is not to use it. */
	int (*md5)(const struct slu_run *runs, size_t n, uint8_t out[SLU_MD5_SIZE]);
	/* SHA-256 of n runs. The same errors as hmac_sha256. */
	int (*sha256)(const struct slu_run *runs, size_t n, uint8_t out[SLU_SHA256_SIZE]);
};

#endif
