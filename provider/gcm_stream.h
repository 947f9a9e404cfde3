/* SPDX-License-Identifier: MIT */
/*
 * GCM from the device's key stream and libcrypto's GHASH: CRYPTO_gcm128_*(), which OpenSSL 1.0.1 to 4.0 export, takes
 * its blocks from callbacks, and ours take them from what the device made, or from software where that ends. OpenSSL's
 * headers are needed to include this.
 */
#ifndef SLU_PROVIDER_GCM_STREAM_H
#define SLU_PROVIDER_GCM_STREAM_H

#include "gcm.h"

/* gate belongs to the caller and outlives it. NULL: no memory, or the twin failed. */
struct slu_dc_gcm_stream *slu_dc_gcm_stream_new(struct slu_dc_provider *p, struct slu_dc_gate *gate, const uint8_t *key,
						size_t key_length);
void slu_dc_gcm_stream_free(struct slu_dc_gcm_stream *st); /* NULL is fine */

/*
 * One message by algorithm, ECB or CTR: the tag is written whether it encrypts or decrypts. 0; -errno, and then nothing
 * of use is in out; or SLU_DC_NOT_NOW: let software do it. -ECANCELED: software failed.
 */
int slu_dc_gcm_stream_run(struct slu_dc_gcm_stream *st, enum slu_dc_algorithm algorithm,
			  const struct slu_dc_sequence *sequence, const struct slu_dc_gcm_message *m,
			  uint8_t tag[SLU_DC_TAG]);

/* Wipes the key stream there is. */
void slu_dc_gcm_stream_drop(struct slu_dc_gcm_stream *st); /* NULL is fine */

#endif
