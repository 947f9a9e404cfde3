/* SPDX-License-Identifier: MIT */
/*
 * AES-CBC over whole blocks, chained from call to call, by the device or by software: what the plain and the stitched
 * ciphers share. Each call leaves the last block of ciphertext as the next IV; the device is given it anew with each
 * request, since drivers disagree on writing it back. OpenSSL's headers are needed to include this.
 */
#ifndef SLU_PROVIDER_CBC_H
#define SLU_PROVIDER_CBC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cipher.h"
#include "gate.h"
#include "session.h"

enum { SLU_DC_BLOCK = 16 };

struct slu_dc_cbc {
	struct slu_dc_provider *provider;
	struct slu_dc_gate gate;
	enum slu_dc_twin which;
	EVP_CIPHER_CTX *twin;
	struct slu_dc_session *session; /* from the first request on */
	struct slu_dc_key key;
	bool keyed; /* key holds one; its length is known before */
	bool encrypt;
	bool iv_set; /* first_iv is the last one given */
	uint8_t first_iv[SLU_DC_BLOCK];
	uint8_t iv[SLU_DC_BLOCK];
	bool twin_keyed;   /* the twin has key and direction */
	bool twin_behind;  /* the twin's IV is not iv */
	unsigned twin_tls; /* the version whose padding the twin removes, 0: none */
	size_t twin_mac;   /* and the size of the MAC before it */
};

/* False: no memory, and nothing to clear. */
bool slu_dc_cbc_init(struct slu_dc_cbc *c, struct slu_dc_provider *p, enum slu_dc_twin which, size_t key_length);
bool slu_dc_cbc_copy(struct slu_dc_cbc *to, const struct slu_dc_cbc *from);
void slu_dc_cbc_clear(struct slu_dc_cbc *c);

/* With what OpenSSL gives an init function: without a key it is the last one, without an IV the last one given. Costs
 * no system call, and keeps the session when the key is the one it had. False: a length is wrong; raised. */
bool slu_dc_cbc_begin(struct slu_dc_cbc *c, bool encrypt, const uint8_t *key, size_t key_length, const uint8_t *iv,
		      size_t iv_length);

/* The chain goes on from here. */
void slu_dc_cbc_start(struct slu_dc_cbc *c, bool encrypt, const uint8_t iv[SLU_DC_BLOCK]);

/* Answers what is asked for of the lengths of key and IV, and the IVs. False: raised. */
bool slu_dc_cbc_get(const struct slu_dc_cbc *c, OSSL_PARAM params[]);

/* n is a multiple of the block. in and out are the same, or apart. False: raised, and out may hold anything. */
bool slu_dc_cbc_run(struct slu_dc_cbc *c, const uint8_t *in, uint8_t *out, size_t n);
bool slu_dc_cbc_software(struct slu_dc_cbc *c, const uint8_t *in, uint8_t *out, size_t n);

/*
 * Decrypts a TLS record of n bytes in place, in software and in constant time (RFC 5246, 6.2.3.2; Lucky Thirteen):
 * *length is what is left without explicit IV, padding and MAC; mac_size bytes at *mac are the MAC, or random ones
 * when the padding was wrong. False: wrong by its length alone, which is public.
 */
bool slu_dc_cbc_open(struct slu_dc_cbc *c, unsigned version, size_t mac_size, uint8_t *record, size_t n, size_t *length,
		     const uint8_t **mac);

#endif
