/* SPDX-License-Identifier: MIT */
/* Records of TLS 1.2 (RFC 5288, 3), the way libssl has them made: AAD first, then the record in place. */
#include "gcm_context.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/proverr.h>

#include "base/bytes.h"
#include "cipher_common.h"

enum {
	TYPE_AT = 8, /* in the AAD: the record's number, then its type */
	CHANGE_CIPHER_SPEC = 20,
	HANDSHAKE = 22
};

bool slu_dc_gcm_record_begin(struct slu_dc_gcm_context *c, const uint8_t *aad, size_t n)
{
	const size_t around = SLU_DC_EXPLICIT + (c->encrypt ? 0 : SLU_DC_TAG);
	uint8_t *length = c->tls_aad + SLU_DC_TLS_AAD - 2;

	if (n != SLU_DC_TLS_AAD)
		return slu_dc_refuse(PROV_R_INVALID_AAD);
	memcpy(c->tls_aad, aad, n);
	c->tls = true;
	if (slu_be16(length) < around)
		return slu_dc_refuse(PROV_R_INVALID_AAD);
	/* The tag covers the length of the data alone. */
	slu_put_be16(length, slu_be16(length) - (uint32_t)around);
	c->tls_pad = SLU_DC_TAG;
	return true;
}

static bool run(struct slu_dc_gcm_context *c, const struct slu_dc_gcm_message *m)
{
	slu_dc_gcm_note(&c->gcm, m);
	switch (slu_dc_gcm_device(&c->gcm, m, slu_dc_gcm_way(&c->gcm, m))) {
	case SLU_DC_GCM_DONE:
		return true;
	case SLU_DC_GCM_SOFTWARE:
		return slu_dc_gcm_software(&c->gcm, m);
	case SLU_DC_GCM_REFUSED:
		return slu_dc_gcm_software(&c->gcm, m) && slu_dc_gcm_refused_wrongly(&c->gcm, m->n);
	case SLU_DC_GCM_FAILED:
		break;
	}
	return false;
}

static bool nonce(struct slu_dc_gcm_context *c, uint8_t *record)
{
	if (!c->encrypt)
		return slu_dc_gcm_iv_take(c, record, SLU_DC_EXPLICIT);
	if (++c->tls_records == 0)
		return slu_dc_refuse(PROV_R_TOO_MANY_RECORDS);
	return slu_dc_gcm_iv_next(c, record, SLU_DC_EXPLICIT);
}

static bool crypt_record(struct slu_dc_gcm_context *c, uint8_t *record, size_t n, size_t *length)
{
	const uint8_t type = c->tls_aad[TYPE_AT];
	struct slu_dc_gcm_message m = {
		.encrypt = c->encrypt,
		.kind = SLU_DC_COUNTED,
		.application_data = type < CHANGE_CIPHER_SPEC || type > HANDSHAKE,
		.iv = c->message_iv,
		.aad = c->tls_aad,
		.aad_length = SLU_DC_TLS_AAD,
		.in = record + SLU_DC_EXPLICIT,
		.out = record + SLU_DC_EXPLICIT,
		.n = n - SLU_DC_EXPLICIT - SLU_DC_TAG,
		.tag = record + n - SLU_DC_TAG,
	};

	if (!nonce(c, record))
		return false;
	m.iv_length = c->message_iv_length;
	if (run(c, &m)) {
		*length = c->encrypt ? n : m.n;
		return true;
	}
	if (!c->encrypt)
		OPENSSL_cleanse(m.out, m.n); /* nobody vouches for it */
	return false;
}

bool slu_dc_gcm_record(struct slu_dc_gcm_context *c, uint8_t *out, const uint8_t *in, size_t n, size_t *length)
{
	bool ok = false;

	*length = 0;
	if (c->keyed && out == in && n >= SLU_DC_EXPLICIT + SLU_DC_TAG)
		ok = crypt_record(c, out, n, length);
	slu_dc_gcm_message_end(c);
	c->iv_state = SLU_DC_IV_SPENT;
	c->tls = false;
	return ok;
}
