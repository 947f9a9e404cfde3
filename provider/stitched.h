/* SPDX-License-Identifier: MIT */
/*
 * A cipher context of AES-CBC with HMAC, as OpenSSL's interface sees it. OpenSSL's headers are needed to include this.
 */
#ifndef SLU_PROVIDER_STITCHED_H
#define SLU_PROVIDER_STITCHED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cbc.h"
#include "tls_mac.h"

/* In the header: the record's number, type, version, length. */
enum { SLU_DC_TYPE_AT = 8, SLU_DC_VERSION_AT = 9, SLU_DC_LENGTH_AT = 11 };

struct slu_dc_stitched_kind {
	enum slu_dc_algorithm algorithm;
	enum slu_dc_twin which;
	size_t key_length, mac_size;
	const char *digest;
};

struct slu_dc_stitched {
	const struct slu_dc_stitched_kind *kind;
	struct slu_dc_cbc cbc;
	struct slu_dc_session *session; /* in TLS mode, from the first record on */
	EVP_MAC_CTX *mac;               /* with its key */
	uint8_t mac_key[64];
	size_t mac_length;    /* longer than fits: the device is not asked to make it */
	unsigned tls_version; /* set: a decrypted record's length is that of its data */

	bool record; /* the next call is one: */
	uint8_t header[SLU_DC_TLS_HEADER];
	size_t explicit_iv; /* a block in front of the data from TLS 1.1 on */
	size_t payload;     /* encrypting: the data */
	size_t growth;      /* what the record grows by */
};

/* stitched_record.c: one record, in place or from in to out. */
bool slu_dc_stitched_seal(struct slu_dc_stitched *c, uint8_t *out, const uint8_t *in, size_t n);
bool slu_dc_stitched_open(struct slu_dc_stitched *c, uint8_t *out, size_t *length, const uint8_t *in, size_t n);

#endif
