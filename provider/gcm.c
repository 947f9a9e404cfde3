/* SPDX-License-Identifier: MIT */
#include "gcm.h"

#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "books.h"
#include "gcm_stream.h"
#include "keystream.h"

static EVP_CIPHER_CTX *new_twin(struct slu_dc_provider *p, size_t key_length)
{
	return slu_dc_twin_new(p, key_length == 16 ? SLU_DC_TWIN_AES_128_GCM : SLU_DC_TWIN_AES_256_GCM);
}

bool slu_dc_gcm_init(struct slu_dc_gcm *g, struct slu_dc_provider *p, size_t key_length)
{
	*g = (struct slu_dc_gcm){.provider = p, .key_length = key_length, .twin_iv_length = SLU_DC_NONCE};
	slu_dc_gate_init(&g->gate, p->device, &p->settings);
	g->twin = new_twin(p, key_length);
	return g->twin;
}

static void end_device(struct slu_dc_gcm *g)
{
	slu_dc_session_free(g->kernel);
	slu_dc_gcm_stream_free(g->stream);
	g->kernel = NULL;
	g->stream = NULL;
	g->sequence = (struct slu_dc_sequence){0};
}

void slu_dc_gcm_clear(struct slu_dc_gcm *g)
{
	end_device(g);
	EVP_CIPHER_CTX_free(g->twin);
	OPENSSL_cleanse(g, sizeof *g);
}

bool slu_dc_gcm_copy(struct slu_dc_gcm *to, const struct slu_dc_gcm *from)
{
	*to = *from;
	to->kernel = NULL;
	to->stream = NULL;
	to->sequence = (struct slu_dc_sequence){0};
	slu_dc_gate_init(&to->gate, from->gate.device, from->gate.settings);
	to->twin = slu_dc_twin_dup(from->twin);
	if (!to->twin)
		OPENSSL_cleanse(to, sizeof *to);
	return to->twin;
}

bool slu_dc_gcm_key(struct slu_dc_gcm *g, const uint8_t *key)
{
	end_device(g);
	slu_dc_gate_rekey(&g->gate);
	memcpy(g->key, key, g->key_length);
	return slu_dc_twin_init(g->twin, true, key, NULL, NULL);
}

void slu_dc_gcm_note(struct slu_dc_gcm *g, const struct slu_dc_gcm_message *m)
{
	slu_dc_sequence_note(&g->sequence, m->iv_length == SLU_DC_NONCE ? m->kind : SLU_DC_NO_RECORD, m->iv);
}

/* ---- software ---- */

bool slu_dc_gcm_begin(struct slu_dc_gcm *g, bool encrypt, const uint8_t *iv, size_t iv_length)
{
	if (iv_length != g->twin_iv_length &&
	    EVP_CIPHER_CTX_ctrl(g->twin, EVP_CTRL_AEAD_SET_IVLEN, (int)iv_length, NULL) <= 0)
		return false;
	g->twin_iv_length = iv_length;
	return slu_dc_twin_init(g->twin, encrypt, NULL, iv, NULL);
}

bool slu_dc_gcm_turn(struct slu_dc_gcm *g, bool encrypt)
{
	return slu_dc_twin_init(g->twin, encrypt, NULL, NULL, NULL);
}

/* In pieces that fit an int. */
static bool update(struct slu_dc_gcm *g, const uint8_t *in, uint8_t *out, size_t n)
{
	const size_t most = 1 << 30;
	int length;

	while (n) {
		size_t piece = n < most ? n : most;

		if (EVP_CipherUpdate(g->twin, out, &length, in, (int)piece) <= 0)
			return false;
		n -= piece;
		in += piece;
		out = out ? out + piece : NULL;
	}
	return true;
}

bool slu_dc_gcm_aad(struct slu_dc_gcm *g, const uint8_t *aad, size_t n)
{
	return update(g, aad, NULL, n);
}

bool slu_dc_gcm_data(struct slu_dc_gcm *g, const uint8_t *in, uint8_t *out, size_t n)
{
	return update(g, in, out, n);
}

bool slu_dc_gcm_seal(struct slu_dc_gcm *g, uint8_t tag[SLU_DC_TAG])
{
	uint8_t none[SLU_DC_TAG];
	int length;

	return EVP_CipherFinal_ex(g->twin, none, &length) > 0 &&
	       EVP_CIPHER_CTX_ctrl(g->twin, EVP_CTRL_AEAD_GET_TAG, SLU_DC_TAG, tag) > 0;
}

bool slu_dc_gcm_open(struct slu_dc_gcm *g, const uint8_t *tag, size_t n)
{
	uint8_t none[SLU_DC_TAG], copy[SLU_DC_TAG];
	int length;

	memcpy(copy, tag, n);
	return EVP_CIPHER_CTX_ctrl(g->twin, EVP_CTRL_AEAD_SET_TAG, (int)n, copy) > 0 &&
	       EVP_CipherFinal_ex(g->twin, none, &length) > 0;
}

bool slu_dc_gcm_software(struct slu_dc_gcm *g, const struct slu_dc_gcm_message *m)
{
	return slu_dc_gcm_begin(g, m->encrypt, m->iv, m->iv_length) && slu_dc_gcm_aad(g, m->aad, m->aad_length) &&
	       slu_dc_gcm_data(g, m->in, m->out, m->n) &&
	       (m->encrypt ? slu_dc_gcm_seal(g, m->tag) : slu_dc_gcm_open(g, m->tag, SLU_DC_TAG));
}

/* ---- the device ---- */

static bool fits_kernel(const struct slu_dc_gcm *g, const struct slu_dc_gcm_message *m)
{
	const size_t largest = g->gate.settings->largest;

	return m->iv_length == SLU_DC_NONCE && (!largest || m->n <= largest) &&
	       m->n < slu_dc_device_limit(g->gate.device, SLU_DC_GCM).bad;
}

/* False: the device has nothing for it. */
static bool choose(const struct slu_dc_gcm *g, const struct slu_dc_gcm_message *m, enum slu_dc_algorithm *a)
{
	static const enum slu_dc_algorithm order[] = {SLU_DC_GCM, SLU_DC_ECB, SLU_DC_CTR};

	for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
		*a = order[i];
		if ((*a != SLU_DC_GCM || fits_kernel(g, m)) && slu_dc_device_may_have(g->gate.device, *a))
			return true;
	}
	*a = SLU_DC_GCM;
	return false;
}

/* Records that stay in software: all but application data, which is only seen when encrypting TLS 1.3; there, those
 * that come before the sequence of nonces is known, as a handshake's do. The same goes for key stream ahead: a
 * connection of so few records gains nothing by it. */
static bool stays(const struct slu_dc_gcm *g, const struct slu_dc_gcm_message *m, enum slu_dc_algorithm a)
{
	const bool may_follow = !g->sequence.lost && !slu_dc_sequence_known(&g->sequence);

	if (m->kind == SLU_DC_NO_RECORD)
		return false;
	if (!m->application_data || (m->kind == SLU_DC_XORED && !m->encrypt && !slu_dc_sequence_known(&g->sequence)))
		return true;
	return a == SLU_DC_ECB && g->gate.settings->ahead > 1 && may_follow;
}

struct slu_dc_gcm_way slu_dc_gcm_way(struct slu_dc_gcm *g, const struct slu_dc_gcm_message *m)
{
	const struct slu_dc_settings *s = g->gate.settings;
	struct slu_dc_gcm_way way = {.way = SLU_DC_SOFTWARE};

	if (slu_dc_device_off(g->gate.device))
		slu_dc_gcm_stream_drop(g->stream);
	/* The gate would say so too, but what is known of the device is under a lock. */
	if (m->n == 0 || m->n < s->min_size || (!m->encrypt && !s->decrypt) || !s->gcm)
		return way;
	choose(g, m, &way.algorithm);
	if (!stays(g, m, way.algorithm))
		way.way = slu_dc_gate_way(&g->gate, way.algorithm, m->encrypt, m->n);
	return way;
}

static int run_kernel(struct slu_dc_gcm *g, const struct slu_dc_gcm_message *m, uint8_t tag[SLU_DC_TAG])
{
	struct slu_dc_device *d = g->gate.device;
	struct slu_dc_key key = {.algorithm = SLU_DC_GCM, .length = g->key_length};
	int error;

	if (!g->kernel) {
		memcpy(key.key, g->key, g->key_length);
		g->kernel = slu_dc_session_new(d, g->gate.settings, &key);
		OPENSSL_cleanse(&key, sizeof key);
	}
	if (!g->kernel)
		return -ENOMEM;
	error = slu_dc_session_gcm(g->kernel, m->encrypt, m->iv, m->aad, m->aad_length, m->in, m->out, m->n, tag);
	slu_dc_device_learn_from(d, SLU_DC_GCM, m->n, error);
	return error;
}

static int run_stream(struct slu_dc_gcm *g, const struct slu_dc_gcm_message *m, enum slu_dc_algorithm a,
		      uint8_t tag[SLU_DC_TAG])
{
	int error;

	if (!g->stream)
		g->stream = slu_dc_gcm_stream_new(g->provider, &g->gate, g->key, g->key_length);
	if (!g->stream)
		return -ENOMEM;
	error = slu_dc_gcm_stream_run(g->stream, a, &g->sequence, m, tag);
	if (!error && !m->encrypt)
		error = CRYPTO_memcmp(tag, m->tag, SLU_DC_TAG) == 0 ? 0 : -EBADMSG;
	return error;
}

/* By one algorithm after the other, as sessions for them are refused as unknown. */
static int run(struct slu_dc_gcm *g, const struct slu_dc_gcm_message *m, enum slu_dc_algorithm *a)
{
	uint8_t tag[SLU_DC_TAG];
	int error;

	do {
		if (!m->encrypt)
			memcpy(tag, m->tag, SLU_DC_TAG);
		error = *a == SLU_DC_GCM ? run_kernel(g, m, tag) : run_stream(g, m, *a, tag);
	} while (error == -EOPNOTSUPP && choose(g, m, a) && !stays(g, m, *a));
	if (!error && m->encrypt)
		memcpy(m->tag, tag, SLU_DC_TAG);
	return error;
}

static enum slu_dc_gcm_result failed(struct slu_dc_gcm *g, const struct slu_dc_gcm_message *m, enum slu_dc_algorithm a,
				     int error)
{
	if (error == SLU_DC_NOT_NOW)
		return SLU_DC_GCM_SOFTWARE;
	if (error == -EBADMSG && !m->encrypt) {
		g->refused = a;
		return SLU_DC_GCM_REFUSED;
	}
	if (error == -ECANCELED) {
		slu_dc_raise(g->provider, SLU_DC_R_SOFTWARE, NULL);
		return SLU_DC_GCM_FAILED;
	}
	/* The device lacks them all, or the next one waits for the sequence of nonces: neither is a failure. */
	if (error == -EOPNOTSUPP && g->gate.settings->fallback && !choose(g, m, &a) && m->iv_length == SLU_DC_NONCE)
		slu_dc_device_log_once(g->gate.device, g->gate.settings, SLU_DC_GCM, EOPNOTSUPP,
				       "it has no AES-GCM, nor AES-ECB or AES-CTR to make it with: AES-GCM is done in "
				       "software; a suite with AES-CBC may be served");
	if (error == -EOPNOTSUPP && (g->gate.settings->fallback || slu_dc_device_may_have(g->gate.device, a)))
		return SLU_DC_GCM_SOFTWARE;
	if (slu_dc_gate_failed(&g->gate, a, m->n, error))
		return SLU_DC_GCM_SOFTWARE;
	slu_dc_raise(g->provider, SLU_DC_R_DEVICE, "%s, %zu bytes: error %d", slu_dc_algorithm_name(a), m->n, -error);
	return SLU_DC_GCM_FAILED;
}

static void give_out(const struct slu_dc_gcm_message *m, const uint8_t *made)
{
	memcpy(m->out, made, m->n);
	if (m->encrypt)
		memcpy(m->tag, made + m->n, SLU_DC_TAG);
}

static enum slu_dc_gcm_result wrong(struct slu_dc_gcm *g, size_t n, enum slu_dc_algorithm a)
{
	slu_dc_gcm_stream_drop(g->stream);
	if (g->gate.settings->fallback)
		return SLU_DC_GCM_SOFTWARE;
	slu_dc_raise(g->provider, SLU_DC_R_DEVICE, "%s, %zu bytes: wrong bytes", slu_dc_algorithm_name(a), n);
	return SLU_DC_GCM_FAILED;
}

bool slu_dc_gcm_refused_wrongly(struct slu_dc_gcm *g, size_t n)
{
	const enum slu_dc_algorithm a = g->refused;

	slu_dc_device_count_check(g->gate.device, false);
	slu_dc_device_turn_off(
		g->gate.device, g->gate.settings,
		"turned off for this process, all goes on in software: driver %s refused a right tag in %s "
		"of %zu bytes; do not use this driver for it, and report it to its authors",
		slu_dc_device_driver(g->gate.device, a), slu_dc_algorithm_name(a), n);
	return wrong(g, n, a) != SLU_DC_GCM_FAILED;
}

static enum slu_dc_gcm_result compare(struct slu_dc_gcm *g, const struct slu_dc_gcm_message *m, enum slu_dc_algorithm a,
				      const uint8_t *device, const uint8_t *software)
{
	if (!slu_dc_gate_check(&g->gate, a, device, software, m->encrypt ? m->n + SLU_DC_TAG : m->n))
		return wrong(g, m->n, a);
	slu_dc_gate_done(&g->gate);
	return SLU_DC_GCM_DONE;
}

/* Into memory apart from what is given out, which may be the input. */
static int run_apart(struct slu_dc_gcm *g, const struct slu_dc_gcm_message *m, enum slu_dc_algorithm *a, uint8_t *made)
{
	struct slu_dc_gcm_message apart = *m;

	apart.out = made;
	if (m->encrypt)
		apart.tag = made + m->n;
	return run(g, &apart, a);
}

static bool software_apart(struct slu_dc_gcm *g, const struct slu_dc_gcm_message *m, uint8_t *made)
{
	struct slu_dc_gcm_message apart = *m;

	apart.out = made;
	if (m->encrypt)
		apart.tag = made + m->n;
	return slu_dc_gcm_software(g, &apart);
}

/* What software made is given out, whatever the device says. */
static enum slu_dc_gcm_result run_checked(struct slu_dc_gcm *g, const struct slu_dc_gcm_message *m,
					  enum slu_dc_algorithm a)
{
	const size_t n = m->n + SLU_DC_TAG;
	uint8_t *device = OPENSSL_malloc(2 * n), *software = device ? device + n : NULL;
	enum slu_dc_gcm_result result = SLU_DC_GCM_SOFTWARE;
	int error;

	if (!device || !software_apart(g, m, software))
		goto out;
	error = run_apart(g, m, &a, device);
	result = error ? failed(g, m, a, error) : compare(g, m, a, device, software);
	if (result == SLU_DC_GCM_REFUSED && !slu_dc_gcm_refused_wrongly(g, m->n))
		result = SLU_DC_GCM_FAILED;
	if (result == SLU_DC_GCM_FAILED)
		goto out;
	give_out(m, software);
	result = SLU_DC_GCM_DONE;
out:
	OPENSSL_clear_free(device, 2 * n);
	return result;
}

/* Software begins again from the input when the tag seems wrong, so that has to be there still. */
static enum slu_dc_gcm_result run_opening(struct slu_dc_gcm *g, const struct slu_dc_gcm_message *m,
					  enum slu_dc_algorithm a)
{
	uint8_t *made = OPENSSL_malloc(m->n);
	int error = made ? run_apart(g, m, &a, made) : -ENOMEM;

	if (!error)
		give_out(m, made);
	OPENSSL_clear_free(made, m->n);
	return error ? failed(g, m, a, error) : SLU_DC_GCM_DONE;
}

enum slu_dc_gcm_result slu_dc_gcm_device(struct slu_dc_gcm *g, const struct slu_dc_gcm_message *m,
					 struct slu_dc_gcm_way way)
{
	enum slu_dc_algorithm a = way.algorithm;
	int error;

	if (way.way == SLU_DC_SOFTWARE)
		return SLU_DC_GCM_SOFTWARE;
	if (way.way == SLU_DC_DEVICE_CHECKED)
		return run_checked(g, m, a);
	if (!m->encrypt)
		return run_opening(g, m, a);
	error = run(g, m, &a);
	if (error)
		return failed(g, m, a, error);
	slu_dc_gate_done(&g->gate);
	return SLU_DC_GCM_DONE;
}
