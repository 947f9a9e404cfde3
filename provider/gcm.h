/* SPDX-License-Identifier: MIT */
/*
 * AES-GCM under one key: a whole message at once by the device where that is wanted and possible, or by the software
 * twin, at once or in pieces. What OpenSSL's interface makes of it is cipher_gcm.c's.
 *
 * By the device, in this order: the kernel's GCM, one request a message (IVs of 12 bytes, AAD up to 4096 bytes); its
 * ECB or CTR for the key stream, with GHASH on the CPU (gcm_stream.h).
 *
 * Checks compare ciphertext and tag with software before they are given out. In a record that is not checked, a wrong
 * byte of the kernel's GCM makes the peer refuse the record; but key stream that is wrong gives a record with a right
 * tag over wrong data, since GHASH runs on the CPU over what is sent.
 */
#ifndef SLU_PROVIDER_GCM_H
#define SLU_PROVIDER_GCM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cipher.h"
#include "gate.h"
#include "sequence.h"
#include "session.h"

enum { SLU_DC_TAG = 16, SLU_DC_AAD_MOST = 4096 };

struct slu_dc_gcm_stream;

struct slu_dc_gcm {
	struct slu_dc_provider *provider;
	struct slu_dc_gate gate;
	size_t key_length;
	uint8_t key[32];
	EVP_CIPHER_CTX *twin;
	size_t twin_iv_length;
	struct slu_dc_session *kernel; /* from the first request on, like stream */
	struct slu_dc_gcm_stream *stream;
	struct slu_dc_sequence sequence;
	enum slu_dc_algorithm refused; /* by what the last SLU_DC_GCM_REFUSED was */
};

struct slu_dc_gcm_message {
	bool encrypt;
	enum slu_dc_nonces kind;
	bool application_data; /* of TLS; other records stay in software */
	const uint8_t *iv;
	size_t iv_length;
	const uint8_t *aad;
	size_t aad_length; /* SLU_DC_AAD_MOST at most, for the device */
	const uint8_t *in;
	uint8_t *out; /* in, or apart from it */
	size_t n;
	uint8_t *tag; /* SLU_DC_TAG bytes: written when encrypting, to be compared with when decrypting */
};

/* How a message is to be done. */
struct slu_dc_gcm_way {
	enum slu_dc_way way;
	enum slu_dc_algorithm algorithm;
};

enum slu_dc_gcm_result {
	SLU_DC_GCM_DONE,
	SLU_DC_GCM_SOFTWARE, /* software is to do it: nothing was given out */
	SLU_DC_GCM_REFUSED,  /* the same, for by the device the tag is wrong */
	SLU_DC_GCM_FAILED    /* raised */
};

/* False: no memory, and nothing to clear. */
bool slu_dc_gcm_init(struct slu_dc_gcm *g, struct slu_dc_provider *p, size_t key_length);
void slu_dc_gcm_clear(struct slu_dc_gcm *g);

/* A copy has the key and the state of the twin, but neither sessions nor key stream. False: no memory, nothing to
 * clear. */
bool slu_dc_gcm_copy(struct slu_dc_gcm *to, const struct slu_dc_gcm *from);

/* A new key ends sessions, key stream and the sequence of nonces. Costs no system call but closing. False: raised. */
bool slu_dc_gcm_key(struct slu_dc_gcm *g, const uint8_t *key);

/* Once a message, before the two below, whoever does it. */
void slu_dc_gcm_note(struct slu_dc_gcm *g, const struct slu_dc_gcm_message *m);

struct slu_dc_gcm_way slu_dc_gcm_way(struct slu_dc_gcm *g, const struct slu_dc_gcm_message *m);

/* Does it by the device. A tag that is wrong is software's to say: when that finds it right, the device goes off, and
 * software's result counts unless it is not to stand in. False: raised. */
enum slu_dc_gcm_result slu_dc_gcm_device(struct slu_dc_gcm *g, const struct slu_dc_gcm_message *m,
					 struct slu_dc_gcm_way way);

bool slu_dc_gcm_refused_wrongly(struct slu_dc_gcm *g, size_t n);

/* Does it in software: false when the tag is wrong, and then out holds what OpenSSL would give. */
bool slu_dc_gcm_software(struct slu_dc_gcm *g, const struct slu_dc_gcm_message *m);

/* The same in pieces: begin, AAD, data, then the tag, to be got or to be compared. */
bool slu_dc_gcm_begin(struct slu_dc_gcm *g, bool encrypt, const uint8_t *iv, size_t iv_length);
bool slu_dc_gcm_turn(struct slu_dc_gcm *g, bool encrypt); /* goes on in this direction */
bool slu_dc_gcm_aad(struct slu_dc_gcm *g, const uint8_t *aad, size_t n);
bool slu_dc_gcm_data(struct slu_dc_gcm *g, const uint8_t *in, uint8_t *out, size_t n);
bool slu_dc_gcm_seal(struct slu_dc_gcm *g, uint8_t tag[SLU_DC_TAG]);
bool slu_dc_gcm_open(struct slu_dc_gcm *g, const uint8_t *tag, size_t n);

#endif
