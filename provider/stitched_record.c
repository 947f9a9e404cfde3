/* SPDX-License-Identifier: MIT */
/*
 * A record with MAC-then-encrypt (RFC 5246, 6.2.3.2). It goes to the device as one request in the kernel's TLS mode;
 * where the device has only CBC, with the MAC made here; else it is made in software. Decryption stays in software: the
 * kernel's is not constant-time.
 */
#include "stitched.h"

#include <errno.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/proverr.h>
#include <openssl/tls1.h>

#include "base/bytes.h"
#include "cipher_common.h"

/* The types kept in software lie between these: alerts and the handshake. */
enum { CHANGE_CIPHER_SPEC = 20, HANDSHAKE = 22 };

/* ---- a record out ---- */

/* The data of a record, with room for all that follows it. */
struct body {
	uint8_t *data;
	size_t n, total; /* total: with MAC and padding */
};

static bool add_mac(const struct slu_dc_stitched *c, const struct body *b)
{
	const size_t mac = c->kind->mac_size, padding = b->total - b->n - mac;

	memset(b->data + b->n + mac, (int)padding - 1, padding);
	return slu_dc_tls_mac_make(c->mac, c->header, b->data, b->n, b->data + b->n, mac) ||
	       slu_dc_refuse(PROV_R_CIPHER_OPERATION_FAILED);
}

static bool seal_software(struct slu_dc_stitched *c, const struct body *b)
{
	return add_mac(c, b) && slu_dc_cbc_software(&c->cbc, b->data, b->data, b->total);
}

static int ask(struct slu_dc_stitched *c, const struct body *b, uint8_t *out)
{
	const struct slu_dc_provider *p = c->cbc.provider;
	int error;

	if (!c->session) {
		struct slu_dc_key key = c->cbc.key;

		key.algorithm = c->kind->algorithm;
		key.mac_length = c->mac_length;
		memcpy(key.mac_key, c->mac_key, sizeof key.mac_key);
		c->session = slu_dc_session_new(p->device, &p->settings, &key);
		OPENSSL_cleanse(&key, sizeof key);
	}
	if (!c->session)
		return -ENOMEM;
	error = slu_dc_session_tls(c->session, c->header, c->cbc.iv, b->data, b->n, out, b->total);
	slu_dc_device_learn_from(p->device, c->kind->algorithm, b->total, error);
	return error;
}

/* Whether the device may be asked for such a record in one request. */
static bool has_tls_mode(const struct slu_dc_stitched *c, const struct body *b)
{
	const struct slu_dc_provider *p = c->cbc.provider;

	return slu_dc_device_may_have(p->device, c->kind->algorithm) && c->mac_length <= sizeof c->mac_key &&
	       c->mac_length > 0 && (!p->settings.largest || b->total <= p->settings.largest) &&
	       b->total < slu_dc_device_limit(p->device, c->kind->algorithm).bad;
}

enum outcome { SEALED, FAILED, LACKING };

/* After software made the record too, which is the one that goes out. */
static enum outcome compare(struct slu_dc_stitched *c, const struct body *b, const uint8_t *answer, int error)
{
	struct slu_dc_provider *p = c->cbc.provider;
	struct slu_dc_gate *g = &c->cbc.gate;
	bool ok = error ? slu_dc_failed(p, g, c->kind->algorithm, b->total, error)
			: slu_dc_compared(p, g, c->kind->algorithm, answer, b->data, b->total);

	return ok ? SEALED : FAILED;
}

static enum outcome seal_checked(struct slu_dc_stitched *c, const struct body *b)
{
	uint8_t *answer = OPENSSL_malloc(b->total);
	int error = answer ? ask(c, b, answer) : -ENOMEM;
	enum outcome outcome = LACKING;

	if (error != -EOPNOTSUPP)
		outcome = seal_software(c, b) ? compare(c, b, answer, error) : FAILED;
	OPENSSL_free(answer);
	return outcome;
}

static enum outcome seal_unchecked(struct slu_dc_stitched *c, const struct body *b)
{
	int error = ask(c, b, b->data);

	if (error == -EOPNOTSUPP)
		return LACKING;
	if (error)
		return slu_dc_failed(c->cbc.provider, &c->cbc.gate, c->kind->algorithm, b->total, error) &&
				       seal_software(c, b)
			       ? SEALED
			       : FAILED;
	slu_dc_gate_done(&c->cbc.gate);
	slu_dc_cbc_start(&c->cbc, true, b->data + b->total - SLU_DC_BLOCK);
	return SEALED;
}

static enum outcome seal_in_tls_mode(struct slu_dc_stitched *c, const struct body *b)
{
	switch (slu_dc_gate_way(&c->cbc.gate, c->kind->algorithm, true, b->n)) {
	case SLU_DC_DEVICE:
		return seal_unchecked(c, b);
	case SLU_DC_DEVICE_CHECKED:
		return seal_checked(c, b);
	case SLU_DC_SOFTWARE:
		break;
	}
	return seal_software(c, b) ? SEALED : FAILED;
}

/* Handshake and alerts stay in software, whatever their size, and so does what is too small. */
static bool seal_body(struct slu_dc_stitched *c, const struct body *b)
{
	const uint8_t type = c->header[SLU_DC_TYPE_AT];
	enum outcome outcome = LACKING;

	if ((type >= CHANGE_CIPHER_SPEC && type <= HANDSHAKE) || b->n == 0 ||
	    b->n < c->cbc.provider->settings.min_size || !c->cbc.provider->settings.cbc)
		return seal_software(c, b);
	if (has_tls_mode(c, b))
		outcome = seal_in_tls_mode(c, b);
	if (outcome == LACKING)
		return add_mac(c, b) && slu_dc_cbc_run(&c->cbc, b->data, b->data, b->total);
	return outcome == SEALED;
}

/* From TLS 1.1 on libssl puts a random block in front. Encrypted, it is the explicit IV: as in OpenSSL's own. */
bool slu_dc_stitched_seal(struct slu_dc_stitched *c, uint8_t *out, const uint8_t *in, size_t n)
{
	const struct body body = {
		.data = out + c->explicit_iv,
		.n = c->payload,
		.total = c->payload + c->growth,
	};

	if (n != c->explicit_iv + body.total)
		return slu_dc_refuse(PROV_R_CIPHER_OPERATION_FAILED);
	if (out != in)
		memmove(out, in, c->explicit_iv + c->payload);
	return slu_dc_cbc_software(&c->cbc, out, out, c->explicit_iv) && seal_body(c, &body);
}

/* ---- a record in ---- */

/* In constant time: what is wrong is found out at the end, and not told apart (RFC 5246, 6.2.3.2). */
bool slu_dc_stitched_open(struct slu_dc_stitched *c, uint8_t *out, size_t *length, const uint8_t *in, size_t n)
{
	const unsigned version = c->explicit_iv ? TLS1_2_VERSION : TLS1_VERSION;
	const uint8_t *mac;

	if (out != in)
		memmove(out, in, n);
	if (!slu_dc_cbc_open(&c->cbc, version, c->kind->mac_size, out, n, length, &mac))
		return false;
	slu_put_be16(c->header + SLU_DC_LENGTH_AT, (uint32_t)*length);
	if (slu_dc_tls_mac_check(c->mac, c->header, out + c->explicit_iv, *length, n - c->explicit_iv, mac,
				 c->kind->mac_size))
		return true;
	OPENSSL_cleanse(out, n);
	return slu_dc_refuse(PROV_R_CIPHER_OPERATION_FAILED);
}
