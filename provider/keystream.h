/* SPDX-License-Identifier: MIT */
/*
 * The key stream of GCM (SP 800-38D, 6.5) by a device that has no GCM: counter blocks encrypted by its ECB, or zeros by
 * its CTR; for the message at hand, or ahead of time for the TLS records that come next, many in one request.
 *
 * Ahead, by ECB only, since CTR needs a request a record:
 * - Nothing is asked for before the sequence of nonces is known (sequence.h), and then only when a record of
 *   application data comes. The first slot of a request is for that record, the others for those foretold after it.
 * - A slot is bound to its twelve-byte nonce, given out once at most, and wiped when it was used or is passed over. A
 *   wrong guess therefore wastes the device's work and nothing else.
 * - Each slot is as long as the largest of the last eight records needed. A record that needs more takes the rest from
 *   software, or, where its slot is not even half of it, makes all slots be asked for anew.
 * - As many records go into a request as the setting ahead says, once such sizes are known to be done right. Sizes grow
 *   by trials, 1, 2, 4, 8 records and on, then by halving what lies between the largest right and the smallest wrong.
 *   Each growth is compared with software before anything of it is used; when it fails, the size is not tried again in
 *   this process. After wrong bytes in a trial the next request is compared too: wrong at a size that was right before,
 *   the device is turned off.
 * - It is key material: it lies in locked memory, or nothing is asked for ahead, and is wiped when it is dropped: on a
 *   new key, at the end, when the device is off, and with the first nonce that was not foretold. A copy of a cipher
 *   context has none.
 *
 * OpenSSL's headers are needed to include this.
 */
#ifndef SLU_PROVIDER_KEYSTREAM_H
#define SLU_PROVIDER_KEYSTREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/types.h>

#include "gate.h"
#include "sequence.h"
#include "session.h"

enum { SLU_DC_BLOCK_SIZE = 16 };

/* Counter blocks number index and following of a message: inc32 (SP 800-38D, 6.2) wraps in the last four bytes. */
void slu_dc_counters(uint8_t *out, const uint8_t j0[SLU_DC_BLOCK_SIZE], uint32_t index, size_t blocks);

struct slu_dc_keystream;

/* Blocks of key stream, valid until slu_dc_keystream_used(). */
struct slu_dc_span {
	const uint8_t *data;
	size_t blocks;
};

/* key->algorithm is ECB or CTR. gate and ecb, software's AES-ECB under the same key, belong to the caller and outlive
 * it. NULL: no memory. */
struct slu_dc_keystream *slu_dc_keystream_new(struct slu_dc_gate *gate, EVP_CIPHER_CTX *ecb,
					      const struct slu_dc_key *key);
void slu_dc_keystream_free(struct slu_dc_keystream *ks); /* NULL is fine */

/* For the message at hand, from block index on: at least one block, perhaps less than asked for. 0 or -errno. */
int slu_dc_keystream_now(struct slu_dc_keystream *ks, const uint8_t j0[SLU_DC_BLOCK_SIZE], uint32_t index,
			 size_t blocks, struct slu_dc_span *out);

enum { SLU_DC_NOT_NOW = 1 };

/* For the record noted last in s, which is known, from block 0 on, perhaps less than asked for; what follows is asked
 * for as well. 0, -errno, or SLU_DC_NOT_NOW: a trial failed, so let software do this record. */
int slu_dc_keystream_record(struct slu_dc_keystream *ks, const struct slu_dc_sequence *s, size_t blocks,
			    struct slu_dc_span *out);

void slu_dc_keystream_used(struct slu_dc_keystream *ks); /* wipes what was given out last */
void slu_dc_keystream_drop(struct slu_dc_keystream *ks); /* wipes all there is */

/* Encrypts blocks in place, in software. */
bool slu_dc_blocks_software(EVP_CIPHER_CTX *ecb, uint8_t *blocks, size_t n);

#endif
