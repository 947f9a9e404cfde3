/* SPDX-License-Identifier: MIT */
/* A cipher context of AES-GCM, as OpenSSL's interface sees it. OpenSSL's headers are needed to include this. */
#ifndef SLU_PROVIDER_GCM_CONTEXT_H
#define SLU_PROVIDER_GCM_CONTEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gcm.h"

enum { SLU_DC_GCM_IV_MOST = 128, SLU_DC_EXPLICIT = 8, SLU_DC_TLS_AAD = 13 };

enum slu_dc_iv_state {
	SLU_DC_IV_NONE,
	SLU_DC_IV_SET,    /* for the next message */
	SLU_DC_IV_IN_USE, /* by the message at hand */
	SLU_DC_IV_SPENT   /* by the last message: it is not used again */
};

/* Where the message at hand is. */
enum slu_dc_phase {
	SLU_DC_PHASE_AAD,  /* kept until the data says who does it */
	SLU_DC_PHASE_TWIN, /* software has it */
	SLU_DC_PHASE_MADE  /* by the device, all of it, if no more data comes */
};

struct slu_dc_gcm_context {
	struct slu_dc_gcm gcm;
	bool encrypt, keyed;

	uint8_t iv[SLU_DC_GCM_IV_MOST];
	size_t iv_length;
	enum slu_dc_iv_state iv_state;
	bool iv_generates; /* it has a fixed part and a counter */
	bool iv_random;    /* it was drawn here */

	size_t tag_length; /* SIZE_MAX: none */
	uint8_t tag[SLU_DC_TAG];
	bool tag_given; /* by the program, since the last message */

	/* The message at hand: */
	enum slu_dc_phase phase;
	uint8_t message_iv[SLU_DC_GCM_IV_MOST];
	size_t message_iv_length;
	uint8_t aad[SLU_DC_AAD_MOST];
	size_t aad_length;
	uint8_t made_tag[SLU_DC_TAG];
	size_t refused; /* bytes whose tag is wrong by the device, if no more data comes; 0: none */
	bool in_parts;  /* a message came so: those to come are left to software */
	uint8_t *kept;  /* its data, for software to begin again should more come; NULL for TLS records, which say how
			 * long they are */
	size_t kept_length;

	/* A record of TLS 1.2: */
	bool tls;
	uint8_t tls_aad[SLU_DC_TLS_AAD];
	size_t tls_pad;
	uint64_t tls_records; /* encrypted under this key */
};

/* gcm_params.c */
const OSSL_PARAM *slu_dc_gcm_gettable(void *ctx, void *provctx);
const OSSL_PARAM *slu_dc_gcm_settable(void *ctx, void *provctx);
int slu_dc_gcm_get(void *ctx, OSSL_PARAM params[]);
int slu_dc_gcm_set(void *ctx, const OSSL_PARAM params[]);

/* gcm_iv.c: NULL and false when the IV's state does not allow it. */
bool slu_dc_gcm_iv_generate(struct slu_dc_gcm_context *c); /* a random one, if there is none */
bool slu_dc_gcm_iv_fix(struct slu_dc_gcm_context *c, const uint8_t *fixed, size_t n); /* and draw the rest */
bool slu_dc_gcm_iv_next(struct slu_dc_gcm_context *c, uint8_t *out, size_t n);        /* begins a message, counts up */
bool slu_dc_gcm_iv_take(struct slu_dc_gcm_context *c, const uint8_t *in, size_t n);   /* the peer's */

/* gcm_record.c: one record of TLS 1.2, in place: explicit nonce, data, tag. */
bool slu_dc_gcm_record_begin(struct slu_dc_gcm_context *c, const uint8_t *aad, size_t n);
bool slu_dc_gcm_record(struct slu_dc_gcm_context *c, uint8_t *out, const uint8_t *in, size_t n, size_t *length);

/* gcm_message.c: in any number of pieces. */
void slu_dc_gcm_message_begin(struct slu_dc_gcm_context *c); /* with c->iv */
void slu_dc_gcm_message_end(struct slu_dc_gcm_context *c);   /* wipes what was kept */
bool slu_dc_gcm_message_turn(struct slu_dc_gcm_context *c, bool encrypt);
bool slu_dc_gcm_message_aad(struct slu_dc_gcm_context *c, const uint8_t *aad, size_t n);
bool slu_dc_gcm_message_data(struct slu_dc_gcm_context *c, const uint8_t *in, uint8_t *out, size_t n);
bool slu_dc_gcm_message_final(struct slu_dc_gcm_context *c);

#endif
