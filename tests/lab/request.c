/* SPDX-License-Identifier: MIT */
/* CIOCCRYPT and CIOCAUTHCRYPT, as the module carries them out. */
#include "model.h"

#include <errno.h>
#include <string.h>

#include "base/bytes.h"

enum { AUTH_MAX = 4096, GCM_IV = 12, TAG_MIN = 12, TAG_MAX = 16, MAC_MAX = 32 };

/* The counter block after blocks more, when only its last bits carry. */
static void counter_add(uint8_t iv[LAB_BLOCK], uint64_t blocks, unsigned bits)
{
	for (int i = LAB_BLOCK - 1; i >= LAB_BLOCK - (int)bits / 8; i--) {
		blocks += iv[i];
		iv[i] = (uint8_t)blocks;
		blocks >>= 8;
	}
}

/* How many blocks there are before the last bits of the counter wrap. */
static uint64_t counter_room(const uint8_t iv[LAB_BLOCK], unsigned bits)
{
	return (1ULL << bits) - (bits == 16 ? slu_be16(iv + 14) : slu_be32(iv + 12));
}

static unsigned counter_bits(const struct lab_faults *f)
{
	return f->at[LAB_CTR16].on ? 16 : f->at[LAB_CTR32].on ? 32 : 8 * LAB_BLOCK;
}

static int ctr(const struct lab_engine *e, const struct lab_plan *p, struct lab_session *s, const uint8_t *in,
	       uint8_t *out, size_t n)
{
	unsigned bits = counter_bits(&p->faults);
	int error = 0;

	while (!error && n > 0) {
		uint64_t room = bits < 8 * LAB_BLOCK ? counter_room(s->iv, bits) * LAB_BLOCK : n;
		size_t now = room < n ? (size_t)room : n;

		error = e->cipher(e, &s->key, true, s->iv, in, out, now);
		counter_add(s->iv, (now + LAB_BLOCK - 1) / LAB_BLOCK, bits);
		in += now;
		out += now;
		n -= now;
	}
	return error;
}

static int cbc(const struct lab_engine *e, struct lab_session *s, bool encrypt, const uint8_t *in, uint8_t *out,
	       size_t n)
{
	uint8_t next[LAB_BLOCK];
	int error;

	if (!encrypt)
		memcpy(next, in + n - LAB_BLOCK, LAB_BLOCK);
	error = e->cipher(e, &s->key, encrypt, s->iv, in, out, n);
	memcpy(s->iv, encrypt ? out + n - LAB_BLOCK : next, LAB_BLOCK);
	return error;
}

/* Leaves the IV that follows in the session. */
static int run_cipher(const struct lab_engine *e, const struct lab_plan *p, struct lab_session *s, bool encrypt,
		      const uint8_t *in, uint8_t *out, size_t n)
{
	uint8_t came[LAB_BLOCK];
	int error;

	if (n == 0)
		return 0;
	memcpy(came, s->iv, sizeof came);
	if (s->key.cipher == SLU_DC_AES_CTR)
		error = ctr(e, p, s, in, out, n);
	else if (s->key.cipher == SLU_DC_AES_CBC)
		error = cbc(e, s, encrypt, in, out, n);
	else
		error = e->cipher(e, &s->key, encrypt, s->iv, in, out, n);
	if (p->faults.at[LAB_IV_NOT_CHAINED].on)
		memcpy(s->iv, came, sizeof came);
	return error;
}

static int crypt_check(const struct lab_session *s, const struct slu_dc_crypt_op *op)
{
	if (op->op != SLU_DC_ENCRYPT && op->op != SLU_DC_DECRYPT)
		return -EINVAL;
	if (s->algorithm == LAB_GCM || s->key.mac)
		return -EINVAL;
	if (s->algorithm != LAB_CTR && op->len % LAB_BLOCK != 0)
		return -EINVAL;
	return op->len > 0 && (!op->src || !op->dst) ? -EFAULT : 0;
}

static int crypt_run(struct lab_file *f, struct lab_session *s, struct slu_dc_crypt_op *op, const struct lab_late *late)
{
	const struct lab_shape shape = {.src = op->src, .n = op->len, .dst = op->dst, .room = op->len};
	struct lab_plan plan;
	int error = crypt_check(s, op);

	if (error)
		return error;
	if (op->iv)
		memcpy(s->iv, op->iv, LAB_BLOCK);
	error = lab_plan_begin(&plan, f, s, &shape, late);
	if (!error)
		error = run_cipher(f->device->engine, &plan, s, op->op == SLU_DC_ENCRYPT, op->src, op->dst, op->len);
	if (error)
		return error;
	lab_plan_end(&plan, f, s, op->dst, op->len, 0);
	/* ECB has no IV to write. */
	if (op->iv && op->flags & SLU_DC_FLAG_WRITE_IV && s->algorithm != LAB_ECB)
		memcpy(op->iv, s->iv, LAB_BLOCK);
	return 0;
}

int lab_request_crypt(struct lab_file *f, struct slu_dc_crypt_op *op, const struct lab_late *late)
{
	struct lab_session *s = lab_session_get(f, op->ses);
	int error;

	if (!s)
		return -EINVAL;
	error = crypt_run(f, s, op, late);
	pthread_mutex_unlock(&s->lock);
	return error;
}

/* GCM: the tag follows the ciphertext. */
static int gcm_run(struct lab_file *f, struct lab_session *s, struct slu_dc_auth_op *op, const struct lab_late *late)
{
	const struct lab_engine *e = f->device->engine;
	bool encrypt = op->op == SLU_DC_ENCRYPT;
	struct lab_shape shape = {.src = op->src, .dst = op->dst, .gcm = true, .aad_length = op->auth_len};
	uint8_t tag[TAG_MAX];
	struct lab_plan plan;
	size_t n = op->len;
	int error;

	if (op->tag_len < TAG_MIN || op->tag_len > TAG_MAX || (!encrypt && n < op->tag_len))
		return -EINVAL;
	if (!encrypt) {
		n -= op->tag_len;
		memcpy(tag, op->src + n, op->tag_len);
	}
	if (op->iv)
		memcpy(s->iv, op->iv, GCM_IV);
	shape.n = n;
	shape.room = n + (encrypt ? op->tag_len : 0);
	error = lab_plan_begin(&plan, f, s, &shape, late);
	if (!error)
		error = e->gcm(e, &s->key, encrypt, s->iv, op->auth_src, op->auth_len, op->src, op->dst, n, tag,
			       op->tag_len);
	if (error)
		return error;
	if (encrypt)
		memcpy(op->dst + n, tag, op->tag_len);
	op->tag = op->dst + n;
	op->len = (uint32_t)(n + (encrypt ? op->tag_len : 0));
	lab_plan_end(&plan, f, s, op->dst, op->len, encrypt ? op->tag_len : 0);
	return 0;
}

/* RFC 5246, 6.2.3.2: MAC, the least padding, and CBC over all of it. */
static int tls_encrypt(struct lab_file *f, struct lab_session *s, struct slu_dc_auth_op *op,
		       const struct lab_plan *plan)
{
	uint8_t mac[MAC_MAX];
	size_t n = op->len + op->tag_len, pad = LAB_BLOCK - n % LAB_BLOCK;
	int error = lab_hmac(&s->key, op->auth_src, op->auth_len, op->dst, op->len, mac);

	if (error)
		return error;
	memcpy(op->dst + op->len, mac, op->tag_len);
	memset(op->dst + n, (int)pad - 1, pad);
	op->len = (uint32_t)(n + pad);
	return run_cipher(f->device->engine, plan, s, true, op->dst, op->dst, op->len);
}

/* The length of the content and its MAC, or -EBADMSG. */
static int tls_unpad(const uint8_t *data, size_t n)
{
	size_t pad = data[n - 1] + 1U;

	if (pad > n)
		return -EBADMSG;
	for (size_t i = n - pad; i < n; i++)
		if (data[i] != pad - 1)
			return -EBADMSG;
	return (int)(n - pad);
}

static int tls_decrypt(struct lab_file *f, struct lab_session *s, struct slu_dc_auth_op *op,
		       const struct lab_plan *plan)
{
	uint8_t mac[MAC_MAX];
	int error = run_cipher(f->device->engine, plan, s, false, op->dst, op->dst, op->len), n;

	if (error)
		return error;
	n = tls_unpad(op->dst, op->len);
	if (n < 0 || (uint32_t)n < op->tag_len)
		return -EBADMSG;
	n -= (int)op->tag_len;
	error = lab_hmac(&s->key, op->auth_src, op->auth_len, op->dst, (size_t)n, mac);
	if (!error && memcmp(mac, op->dst + n, op->tag_len) != 0)
		error = -EBADMSG;
	op->len = (uint32_t)n;
	return error;
}

static int tls_run(struct lab_file *f, struct lab_session *s, struct slu_dc_auth_op *op, const struct lab_late *late)
{
	bool encrypt = op->op == SLU_DC_ENCRYPT;
	struct lab_shape shape = {.src = op->src, .n = op->len, .dst = op->dst, .room = op->len};
	struct lab_plan plan;
	int error;

	if (op->tag_len > lab_mac_size(s->key.mac) || (!encrypt && (op->len == 0 || op->len % LAB_BLOCK != 0)))
		return -EINVAL;
	if (encrypt)
		shape.room += op->tag_len + LAB_BLOCK - (op->len + op->tag_len) % LAB_BLOCK;
	if (op->iv)
		memcpy(s->iv, op->iv, LAB_BLOCK);
	error = lab_plan_begin(&plan, f, s, &shape, late);
	if (!error)
		error = encrypt ? tls_encrypt(f, s, op, &plan) : tls_decrypt(f, s, op, &plan);
	if (!error)
		lab_plan_end(&plan, f, s, op->dst, op->len, 0);
	return error;
}

static int auth_check(const struct lab_session *s, const struct slu_dc_auth_op *op)
{
	bool tls = op->flags & SLU_DC_FLAG_AEAD_TLS;

	if (op->op != SLU_DC_ENCRYPT && op->op != SLU_DC_DECRYPT)
		return -EINVAL;
	if (op->flags & ~(SLU_DC_FLAG_AEAD_TLS | SLU_DC_FLAG_WRITE_IV) || op->auth_len > AUTH_MAX)
		return -EINVAL;
	/* TLS mode is CBC's with a MAC; the other mode is GCM's. */
	if (tls ? !s->key.mac || op->src != op->dst : s->algorithm != LAB_GCM)
		return -EINVAL;
	if ((op->auth_len > 0 && !op->auth_src) || !op->dst || (op->len > 0 && !op->src))
		return -EFAULT;
	return 0;
}

static int auth_run(struct lab_file *f, struct lab_session *s, struct slu_dc_auth_op *op, const struct lab_late *late)
{
	bool gcm = s->algorithm == LAB_GCM;
	int error = auth_check(s, op);

	if (error)
		return error;
	if (op->tag_len == 0)
		op->tag_len = gcm ? TAG_MAX : (uint32_t)lab_mac_size(s->key.mac);
	error = gcm ? gcm_run(f, s, op, late) : tls_run(f, s, op, late);
	if (!error && op->iv && op->flags & SLU_DC_FLAG_WRITE_IV)
		memcpy(op->iv, s->iv, gcm ? GCM_IV : LAB_BLOCK);
	return error;
}

/* Other than CIOCCRYPT's, the structure comes back changed, but only when all went well. iv_len is not looked at. */
int lab_request_auth(struct lab_file *f, struct slu_dc_auth_op *op, const struct lab_late *late)
{
	struct lab_session *s = lab_session_get(f, op->ses);
	struct slu_dc_auth_op copy = *op;
	int error;

	if (!s)
		return -EINVAL;
	error = auth_run(f, s, &copy, late);
	pthread_mutex_unlock(&s->lock);
	if (!error)
		*op = copy;
	return error;
}
