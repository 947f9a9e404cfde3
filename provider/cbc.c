/* SPDX-License-Identifier: MIT */
#include "cbc.h"

#include <errno.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/proverr.h>

#include "books.h"
#include "cipher_common.h"

enum {
	KNOWN_REQUEST = 16384 + 2048, /* is no trial: the largest that a TLS record can be (RFC 5246, 6.2.3) */
	MOST_REQUEST = 1 << 17        /* what a request costs besides its bytes is nothing by then; it has a deadline */
};

bool slu_dc_cbc_init(struct slu_dc_cbc *c, struct slu_dc_provider *p, enum slu_dc_twin which, size_t key_length)
{
	memset(c, 0, sizeof *c);
	c->provider = p;
	c->which = which;
	c->key.algorithm = SLU_DC_CBC;
	c->key.length = key_length;
	slu_dc_gate_init(&c->gate, p->device, &p->settings);
	c->twin = slu_dc_twin_new(p, which);
	return c->twin != NULL;
}

/* The twin of a copy gets its key when it is needed; the device's session is the first one's alone. */
bool slu_dc_cbc_copy(struct slu_dc_cbc *to, const struct slu_dc_cbc *from)
{
	if (!slu_dc_cbc_init(to, from->provider, from->which, from->key.length))
		return false;
	to->key = from->key;
	to->keyed = from->keyed;
	to->iv_set = from->iv_set;
	memcpy(to->first_iv, from->first_iv, SLU_DC_BLOCK);
	slu_dc_cbc_start(to, from->encrypt, from->iv);
	return true;
}

void slu_dc_cbc_clear(struct slu_dc_cbc *c)
{
	slu_dc_session_free(c->session);
	EVP_CIPHER_CTX_free(c->twin);
	OPENSSL_cleanse(c, sizeof *c);
}

static void set_key(struct slu_dc_cbc *c, const uint8_t *key)
{
	if (c->keyed && CRYPTO_memcmp(c->key.key, key, c->key.length) == 0)
		return;
	slu_dc_session_free(c->session);
	c->session = NULL;
	memcpy(c->key.key, key, c->key.length);
	c->keyed = true;
	c->twin_keyed = false;
}

void slu_dc_cbc_start(struct slu_dc_cbc *c, bool encrypt, const uint8_t iv[SLU_DC_BLOCK])
{
	if (c->encrypt != encrypt)
		c->twin_keyed = false;
	c->encrypt = encrypt;
	memmove(c->iv, iv, SLU_DC_BLOCK);
	c->twin_behind = true;
}

bool slu_dc_cbc_begin(struct slu_dc_cbc *c, bool encrypt, const uint8_t *key, size_t key_length, const uint8_t *iv,
		      size_t iv_length)
{
	if (iv && iv_length != SLU_DC_BLOCK)
		return slu_dc_refuse(PROV_R_INVALID_IV_LENGTH);
	if (key && key_length != c->key.length)
		return slu_dc_refuse(PROV_R_INVALID_KEY_LENGTH);
	if (iv) {
		memcpy(c->first_iv, iv, SLU_DC_BLOCK);
		c->iv_set = true;
	}
	slu_dc_cbc_start(c, encrypt, c->iv_set ? c->first_iv : c->iv);
	if (key)
		set_key(c, key);
	return true;
}

bool slu_dc_cbc_get(const struct slu_dc_cbc *c, OSSL_PARAM params[])
{
	return slu_dc_put_size(params, OSSL_CIPHER_PARAM_KEYLEN, c->key.length) &&
	       slu_dc_put_size(params, OSSL_CIPHER_PARAM_IVLEN, SLU_DC_BLOCK) &&
	       slu_dc_put_bytes(params, OSSL_CIPHER_PARAM_IV, c->first_iv, SLU_DC_BLOCK) &&
	       slu_dc_put_bytes(params, OSSL_CIPHER_PARAM_UPDATED_IV, c->iv, SLU_DC_BLOCK);
}

/* ---- software ---- */

/* Brings the twin to where the chain is. */
static bool wake_twin(struct slu_dc_cbc *c, unsigned tls, size_t mac_size)
{
	unsigned padding = tls != 0;
	OSSL_PARAM params[] = {
		OSSL_PARAM_uint(OSSL_CIPHER_PARAM_PADDING, &padding),
		OSSL_PARAM_uint(OSSL_CIPHER_PARAM_TLS_VERSION, &tls),
		OSSL_PARAM_size_t(OSSL_CIPHER_PARAM_TLS_MAC_SIZE, &mac_size),
		OSSL_PARAM_END,
	};
	bool key = !c->twin_keyed || c->twin_tls != tls || c->twin_mac != mac_size;

	if (!key && !c->twin_behind)
		return true;
	if (!slu_dc_twin_init(c->twin, c->encrypt, key ? c->key.key : NULL, c->iv, params))
		return false;
	c->twin_keyed = true;
	c->twin_behind = false;
	c->twin_tls = tls;
	c->twin_mac = mac_size;
	return true;
}

bool slu_dc_cbc_software(struct slu_dc_cbc *c, const uint8_t *in, uint8_t *out, size_t n)
{
	uint8_t next[SLU_DC_BLOCK];
	int done;

	if (n == 0)
		return true;
	memcpy(next, in + n - SLU_DC_BLOCK, SLU_DC_BLOCK);
	if (!wake_twin(c, 0, 0) || EVP_CipherUpdate(c->twin, out, &done, in, (int)n) <= 0 || (size_t)done != n)
		return slu_dc_refuse(PROV_R_CIPHER_OPERATION_FAILED);
	memcpy(c->iv, c->encrypt ? out + n - SLU_DC_BLOCK : next, SLU_DC_BLOCK);
	return true;
}

bool slu_dc_cbc_open(struct slu_dc_cbc *c, unsigned version, size_t mac_size, uint8_t *record, size_t n, size_t *length,
		     const uint8_t **mac)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_octet_ptr(OSSL_CIPHER_PARAM_TLS_MAC, mac, 0),
		OSSL_PARAM_END,
	};
	int done;

	if (n == 0 || n % SLU_DC_BLOCK != 0 || !wake_twin(c, version, mac_size))
		return slu_dc_refuse(PROV_R_CIPHER_OPERATION_FAILED);
	memcpy(c->iv, record + n - SLU_DC_BLOCK, SLU_DC_BLOCK);
	if (EVP_CipherUpdate(c->twin, record, &done, record, (int)n) <= 0 ||
	    EVP_CIPHER_CTX_get_params(c->twin, params) <= 0)
		return slu_dc_refuse(PROV_R_CIPHER_OPERATION_FAILED);
	*length = (size_t)done;
	return true;
}

/* ---- the device ---- */

static int ask(struct slu_dc_cbc *c, const uint8_t *in, uint8_t *out, size_t n)
{
	if (!c->session)
		c->session = slu_dc_session_new(c->provider->device, &c->provider->settings, &c->key);
	return c->session ? slu_dc_session_crypt(c->session, c->encrypt, c->iv, in, out, n) : -ENOMEM;
}

static size_t whole_blocks(size_t n)
{
	return n > SLU_DC_BLOCK ? n / SLU_DC_BLOCK * SLU_DC_BLOCK : SLU_DC_BLOCK;
}

/*
 * How much of n one request takes. Without a setting it doubles from what is known to be right, and stays below what is
 * known to be wrong; not where a trial that fails would fail the call.
 */
static size_t request_size(const struct slu_dc_cbc *c, size_t n, bool *trial)
{
	const struct slu_dc_settings *s = &c->provider->settings;
	struct slu_dc_limit limit = slu_dc_device_limit(c->provider->device, SLU_DC_CBC);
	size_t most = limit.good > KNOWN_REQUEST ? limit.good : KNOWN_REQUEST;

	*trial = false;
	if (s->largest)
		most = s->largest;
	else if (limit.bad <= most)
		most = limit.good ? limit.good : limit.bad / 2;
	else if (n > most && most < MOST_REQUEST && s->fallback && 2 * most < limit.bad) {
		*trial = true;
		most = 2 * most < MOST_REQUEST ? 2 * most : MOST_REQUEST;
	}
	most = whole_blocks(most);
	return n < most ? n : most;
}

/* A trial tells about sizes when nothing else explains how it ended. */
static void end_trial(struct slu_dc_cbc *c, size_t n, int error)
{
	struct slu_dc_device *d = c->provider->device;

	if (error == -EAGAIN || error == -ENOMEM || error == -ECHILD || slu_dc_device_off(d))
		return;
	if (!error) {
		slu_dc_device_learn(d, SLU_DC_CBC, n, true);
		return;
	}
	slu_dc_device_count_fallback(d);
	slu_dc_device_trial_failed(d, SLU_DC_CBC, n, error);
	if (error == -EBADMSG)
		slu_dc_device_log_once(
			d, &c->provider->settings, SLU_DC_CBC, EBADMSG,
			"driver %s gave wrong bytes for %s in a trial with %zu bytes: requests stay smaller",
			slu_dc_device_driver(d, SLU_DC_CBC), slu_dc_algorithm_name(SLU_DC_CBC), n);
}

/* What was too long for it comes in smaller requests from now on. */
static bool failed(struct slu_dc_cbc *c, size_t n, int error)
{
	slu_dc_device_learn_from(c->provider->device, SLU_DC_CBC, n, error);
	return slu_dc_failed(c->provider, &c->gate, SLU_DC_CBC, n, error);
}

/* Software writes what the caller gets, so that in place the input is there until both have read it. */
static bool run_checked(struct slu_dc_cbc *c, const uint8_t *in, uint8_t *out, size_t n, bool trial)
{
	uint8_t *answer = OPENSSL_malloc(n);
	int error = answer ? ask(c, in, answer, n) : -ENOMEM;
	bool ok = slu_dc_cbc_software(c, in, out, n);

	if (ok && trial)
		end_trial(c, n, error ? error : CRYPTO_memcmp(answer, out, n) == 0 ? 0 : -EBADMSG);
	else if (ok && error)
		ok = failed(c, n, error);
	else if (ok)
		ok = slu_dc_compared(c->provider, &c->gate, SLU_DC_CBC, answer, out, n);
	OPENSSL_clear_free(answer, n);
	return ok;
}

static bool run_unchecked(struct slu_dc_cbc *c, const uint8_t *in, uint8_t *out, size_t n)
{
	uint8_t next[SLU_DC_BLOCK];
	int error;

	memcpy(next, in + n - SLU_DC_BLOCK, SLU_DC_BLOCK);
	error = ask(c, in, out, n);
	if (error)
		return failed(c, n, error) && slu_dc_cbc_software(c, in, out, n);
	slu_dc_gate_done(&c->gate);
	memcpy(c->iv, c->encrypt ? out + n - SLU_DC_BLOCK : next, SLU_DC_BLOCK);
	c->twin_behind = true;
	return true;
}

bool slu_dc_cbc_run(struct slu_dc_cbc *c, const uint8_t *in, uint8_t *out, size_t n)
{
	bool ok = true;

	if (slu_dc_overlap(in, out, n))
		return slu_dc_cbc_software(c, in, out, n);
	for (size_t size; ok && n > 0; in += size, out += size, n -= size) {
		enum slu_dc_way way = slu_dc_gate_way(&c->gate, SLU_DC_CBC, c->encrypt, n);
		bool trial = false;

		size = way == SLU_DC_SOFTWARE ? n : request_size(c, n, &trial);
		if (way == SLU_DC_SOFTWARE)
			ok = slu_dc_cbc_software(c, in, out, size);
		else if (way == SLU_DC_DEVICE_CHECKED || trial)
			ok = run_checked(c, in, out, size, trial);
		else
			ok = run_unchecked(c, in, out, size);
	}
	return ok;
}
