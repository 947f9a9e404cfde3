/* SPDX-License-Identifier: MIT */
/*
 * Messages in pieces. The device takes a message in one request, so it is asked with the first data: what comes after
 * that, if anything does, is software's, which begins again with what was kept of the first. Programs hand over a whole
 * message at once, and records of TLS 1.3 always come so.
 */
#include "gcm_context.h"

#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/proverr.h>

#include "base/bytes.h"
#include "cipher_common.h"

enum {
	TLS_HEADER = 5, /* RFC 8446, 5.2: the AAD of a record */
	CHANGE_CIPHER_SPEC = 20,
	HANDSHAKE = 22,
	APPLICATION_DATA = 23,
	KEPT_MOST = 1 << 20 /* longer data is software's from the start */
};

/* ---- begin and end ---- */

void slu_dc_gcm_message_end(struct slu_dc_gcm_context *c)
{
	OPENSSL_clear_free(c->kept, c->kept_length);
	c->kept = NULL;
	c->kept_length = 0;
	c->aad_length = 0;
	c->refused = 0;
	c->phase = SLU_DC_PHASE_AAD;
}

void slu_dc_gcm_message_begin(struct slu_dc_gcm_context *c)
{
	slu_dc_gcm_message_end(c);
	memcpy(c->message_iv, c->iv, c->iv_length);
	c->message_iv_length = c->iv_length;
	c->iv_state = SLU_DC_IV_IN_USE;
}

/* ---- by software ---- */

static bool to_twin(struct slu_dc_gcm_context *c)
{
	c->phase = SLU_DC_PHASE_TWIN;
	return slu_dc_gcm_begin(&c->gcm, c->encrypt, c->message_iv, c->message_iv_length) &&
	       slu_dc_gcm_aad(&c->gcm, c->aad, c->aad_length);
}

/* More came after what the device took for all. */
static bool begin_again(struct slu_dc_gcm_context *c)
{
	bool ok;

	if (!c->kept) {
		slu_dc_raise(c->gcm.provider, SLU_DC_R_ORDER, "a TLS record longer than its header says");
		return false;
	}
	/* Nothing is amiss, unless software must not stand in. */
	c->in_parts = c->gcm.provider->settings.fallback;
	if (!c->in_parts && !slu_dc_failed(c->gcm.provider, &c->gcm.gate, SLU_DC_GCM, c->kept_length, -EOPNOTSUPP))
		return false;
	ok = to_twin(c) && slu_dc_gcm_data(&c->gcm, c->kept, c->kept, c->kept_length);
	OPENSSL_clear_free(c->kept, c->kept_length);
	c->kept = NULL;
	c->kept_length = 0;
	return ok;
}

bool slu_dc_gcm_message_turn(struct slu_dc_gcm_context *c, bool encrypt)
{
	bool ok = true;

	if (encrypt == c->encrypt)
		return true;
	c->refused = 0;
	if (c->iv_state == SLU_DC_IV_IN_USE && c->phase == SLU_DC_PHASE_MADE)
		ok = begin_again(c);
	if (c->iv_state == SLU_DC_IV_IN_USE && c->phase == SLU_DC_PHASE_TWIN)
		ok = ok && slu_dc_gcm_turn(&c->gcm, encrypt);
	c->encrypt = encrypt;
	return ok;
}

/* ---- AAD ---- */

bool slu_dc_gcm_message_aad(struct slu_dc_gcm_context *c, const uint8_t *aad, size_t n)
{
	if (c->phase == SLU_DC_PHASE_MADE)
		return false;
	if (c->phase == SLU_DC_PHASE_AAD && n > sizeof c->aad - c->aad_length && !to_twin(c))
		return false;
	if (c->phase == SLU_DC_PHASE_TWIN)
		return slu_dc_gcm_aad(&c->gcm, aad, n);
	memcpy(c->aad + c->aad_length, aad, n);
	c->aad_length += n;
	return true;
}

/* ---- the first data ---- */

/* By its AAD, a record of TLS 1.3, all of it. */
static bool is_record(const struct slu_dc_gcm_context *c, size_t n)
{
	return c->aad_length == TLS_HEADER && c->aad[0] == APPLICATION_DATA && slu_be16(c->aad + 1) == 0x0303 &&
	       slu_be16(c->aad + 3) == n + SLU_DC_TAG;
}

/* RFC 8446, 5.2: the type is the last byte that is not padding. Only who encrypts can see it. */
static bool is_application_data(const struct slu_dc_gcm_context *c, const uint8_t *in, size_t n)
{
	while (n && in[n - 1] == 0)
		n--;
	return !c->encrypt || !n || in[n - 1] < CHANGE_CIPHER_SPEC || in[n - 1] > HANDSHAKE;
}

static bool keep(struct slu_dc_gcm_context *c, const uint8_t *in, size_t n)
{
	c->kept = n <= KEPT_MOST ? OPENSSL_malloc(n) : NULL;
	if (!c->kept)
		return false;
	memcpy(c->kept, in, n);
	c->kept_length = n;
	return true;
}

/* The device can only decrypt what comes with its tag. */
static enum slu_dc_gcm_result by_device(struct slu_dc_gcm_context *c, const struct slu_dc_gcm_message *m)
{
	struct slu_dc_gcm_way way;

	if (!c->encrypt && !(c->tag_given && c->tag_length == SLU_DC_TAG))
		return SLU_DC_GCM_SOFTWARE;
	if (slu_dc_overlap(m->in, m->out, m->n) || (c->in_parts && m->kind == SLU_DC_NO_RECORD))
		return SLU_DC_GCM_SOFTWARE;
	way = slu_dc_gcm_way(&c->gcm, m);
	if (way.way == SLU_DC_SOFTWARE || (m->kind == SLU_DC_NO_RECORD && !keep(c, m->in, m->n)))
		return SLU_DC_GCM_SOFTWARE;
	if (!c->encrypt)
		memcpy(c->made_tag, c->tag, SLU_DC_TAG);
	return slu_dc_gcm_device(&c->gcm, m, way);
}

static bool first_data(struct slu_dc_gcm_context *c, const uint8_t *in, uint8_t *out, size_t n)
{
	const bool record = is_record(c, n);
	const struct slu_dc_gcm_message m = {
		.encrypt = c->encrypt,
		.kind = record ? SLU_DC_XORED : SLU_DC_NO_RECORD,
		.application_data = record && is_application_data(c, in, n),
		.iv = c->message_iv,
		.iv_length = c->message_iv_length,
		.aad = c->aad,
		.aad_length = c->aad_length,
		.in = in,
		.out = out,
		.n = n,
		.tag = c->made_tag,
	};
	enum slu_dc_gcm_result result;

	slu_dc_gcm_note(&c->gcm, &m);
	result = by_device(c, &m);
	switch (result) {
	case SLU_DC_GCM_DONE:
		c->phase = SLU_DC_PHASE_MADE;
		return true;
	case SLU_DC_GCM_REFUSED:
	case SLU_DC_GCM_SOFTWARE:
		c->refused = result == SLU_DC_GCM_REFUSED ? n : 0;
		OPENSSL_clear_free(c->kept, c->kept_length);
		c->kept = NULL;
		c->kept_length = 0;
		return to_twin(c) && slu_dc_gcm_data(&c->gcm, in, out, n);
	case SLU_DC_GCM_FAILED:
		break;
	}
	return false;
}

bool slu_dc_gcm_message_data(struct slu_dc_gcm_context *c, const uint8_t *in, uint8_t *out, size_t n)
{
	if (c->phase == SLU_DC_PHASE_AAD)
		return first_data(c, in, out, n);
	c->refused = 0;
	if (c->phase == SLU_DC_PHASE_MADE && !begin_again(c))
		return false;
	return slu_dc_gcm_data(&c->gcm, in, out, n);
}

/* ---- the tag ---- */

bool slu_dc_gcm_message_final(struct slu_dc_gcm_context *c)
{
	if (c->phase == SLU_DC_PHASE_AAD && !to_twin(c))
		return false;
	if (!c->encrypt && c->phase == SLU_DC_PHASE_MADE)
		return CRYPTO_memcmp(c->made_tag, c->tag, c->tag_length) == 0;
	if (!c->encrypt)
		return slu_dc_gcm_open(&c->gcm, c->tag, c->tag_length) &&
		       (!c->refused || slu_dc_gcm_refused_wrongly(&c->gcm, c->refused));
	c->tag_length = SLU_DC_TAG;
	if (c->phase == SLU_DC_PHASE_MADE) {
		memcpy(c->tag, c->made_tag, SLU_DC_TAG);
		return true;
	}
	return slu_dc_gcm_seal(&c->gcm, c->tag);
}
