/* SPDX-License-Identifier: MIT */
/*
 * What the device is compared with: OpenSSL's own software, never a provider or an engine that its configuration names,
 * which may be the very device. Only encryption is needed: what it made is what the device is to decrypt.
 */
#ifndef SLU_CRYPTO_SELFTEST_SOFTWARE_H
#define SLU_CRYPTO_SELFTEST_SOFTWARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "provider/algorithm.h"

struct slu_software;

/* An operation's input. */
struct slu_plain {
	const uint8_t *key, *mac_key, *iv; /* of 16 bytes; GCM: 12 */
	size_t key_length, mac_key_length;
	const uint8_t *aad; /* GCM; and TLS mode's header of 13 bytes */
	size_t aad_length;
	const uint8_t *data;
	size_t n;
};

/* NULL: no memory, or this OpenSSL does not have it. */
struct slu_software *slu_software_new(enum slu_dc_algorithm a);
void slu_software_free(struct slu_software *s);

/* The ciphertext; GCM: with the tag behind it; TLS mode: of the record with MAC and padding (RFC 5246, 6.2.3.2). */
bool slu_software_encrypt(struct slu_software *s, const struct slu_plain *p, uint8_t *out);

#endif
