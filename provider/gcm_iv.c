/* SPDX-License-Identifier: MIT */
/* IVs of GCM: drawn, counted, taken. An IV is never used for two messages: SP 800-38D, 8. */
#include "gcm_context.h"

#include <string.h>

#include <openssl/rand.h>

#include "base/bytes.h"
#include "cipher_common.h"

static bool draw(struct slu_dc_gcm_context *c, size_t from)
{
	if (RAND_bytes_ex(c->gcm.provider->software, c->iv + from, c->iv_length - from, 0) <= 0)
		return false;
	c->iv_random = true;
	return true;
}

bool slu_dc_gcm_iv_generate(struct slu_dc_gcm_context *c)
{
	if (c->iv_state != SLU_DC_IV_NONE)
		return true;
	/* 96 random bits at least: SP 800-38D, 8.2.2 */
	if (!c->encrypt || c->tls || c->iv_length < SLU_DC_NONCE || !draw(c, 0))
		return false;
	c->iv_state = SLU_DC_IV_SET;
	return true;
}

bool slu_dc_gcm_iv_fix(struct slu_dc_gcm_context *c, const uint8_t *fixed, size_t n)
{
	if (n == (size_t)-1) { /* OpenSSL's way to say: all of it */
		memcpy(c->iv, fixed, c->iv_length);
	} else {
		if (n < SLU_DC_NONCE - SLU_DC_EXPLICIT || c->iv_length < n + SLU_DC_EXPLICIT)
			return false;
		memcpy(c->iv, fixed, n);
		if (c->encrypt && !draw(c, n))
			return false;
	}
	c->iv_generates = true;
	c->iv_state = SLU_DC_IV_SET;
	return true;
}

/* The counter moves on before anything can fail, so no failure makes it be used again. */
bool slu_dc_gcm_iv_next(struct slu_dc_gcm_context *c, uint8_t *out, size_t n)
{
	uint8_t *counter;

	if (!c->iv_generates || !c->keyed || c->iv_length < SLU_DC_EXPLICIT)
		return false;
	slu_dc_gcm_message_begin(c);
	if (n == 0 || n > c->iv_length)
		n = c->iv_length;
	memcpy(out, c->iv + c->iv_length - n, n);
	counter = c->iv + c->iv_length - SLU_DC_EXPLICIT;
	slu_put_be64(counter, slu_be64(counter) + 1);
	return true;
}

bool slu_dc_gcm_iv_take(struct slu_dc_gcm_context *c, const uint8_t *in, size_t n)
{
	if (!c->iv_generates || !c->keyed || c->encrypt || n > c->iv_length)
		return false;
	memcpy(c->iv + c->iv_length - n, in, n);
	slu_dc_gcm_message_begin(c);
	return true;
}
