/* SPDX-License-Identifier: MIT */
#define OPENSSL_SUPPRESS_DEPRECATED /* engines, by OpenSSL 3 */
#include "crypto/selftest/engine_device.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/engine.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#include "crypto/engine.h"
#include "crypto/selftest/shape.h"
#include "provider/cryptodev.h"

enum { SESSIONS = 64, GCM_IV = 12 };

/* One direction of a session. */
struct way {
	EVP_CIPHER_CTX *ctx;
	bool keyed;
	bool goes_on; /* the next request may be told no IV, if it has this one: */
	uint8_t next[SLU_BLOCK];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards which are used */
static struct session {
	bool used;
	struct slu_engine *user;
	ENGINE *engine;
	uint32_t mode; /* SLU_DC_AES_CBC */
	const EVP_CIPHER *cipher;
	uint8_t key[32];
	struct way ways[2]; /* by SLU_DC_DECRYPT */
} sessions[SESSIONS];

/* ---- which cipher ---- */

static const struct {
	uint32_t mode;
	enum slu_dc_algorithm algorithm;
	const EVP_CIPHER *(*ciphers[3])(void); /* by the key's length */
} modes[] = {
	{SLU_DC_AES_CBC, SLU_DC_CBC, {EVP_aes_128_cbc, EVP_aes_192_cbc, EVP_aes_256_cbc}},
	{SLU_DC_AES_ECB, SLU_DC_ECB, {EVP_aes_128_ecb, EVP_aes_192_ecb, EVP_aes_256_ecb}},
	{SLU_DC_AES_CTR, SLU_DC_CTR, {EVP_aes_128_ctr, EVP_aes_192_ctr, EVP_aes_256_ctr}},
	{SLU_DC_AES_GCM, SLU_DC_GCM, {EVP_aes_128_gcm, EVP_aes_192_gcm, EVP_aes_256_gcm}},
};

enum { MODES = sizeof modes / sizeof *modes };

static const EVP_CIPHER *cipher_of(uint32_t mode, uint32_t key_length)
{
	for (size_t i = 0; i < MODES; i++)
		if (modes[i].mode == mode && key_length >= 16 && key_length <= 32 && key_length % 8 == 0)
			return modes[i].ciphers[key_length / 8 - 2]();
	return NULL;
}

void slu_engine_ask(const char *what, struct slu_engine_facts *out)
{
	struct slu_engine *e;

	memset(out, 0, sizeof *out);
	if (slu_engine_get(what, &e, out->error, sizeof out->error) != 0)
		return;
	snprintf(out->id, sizeof out->id, "%s", slu_engine_id(e));
	snprintf(out->name, sizeof out->name, "%s", slu_engine_name(e));
	for (size_t i = 0; i < MODES; i++)
		out->has[modes[i].algorithm] = slu_engine_has(e, EVP_CIPHER_nid(modes[i].ciphers[0]()));
	slu_engine_put(e);
}

/* ---- sessions ---- */

static int open_session(void *user, const char *path)
{
	char error[300];
	int fd = 0;

	(void)user;
	pthread_mutex_lock(&lock);
	while (fd < SESSIONS && sessions[fd].used)
		fd++;
	if (fd == SESSIONS) {
		fd = -EMFILE;
	} else if (slu_engine_get(path, &sessions[fd].user, error, sizeof error) != 0) {
		fd = -ENODEV;
	} else {
		sessions[fd].used = true;
		sessions[fd].engine = slu_engine_by_name_only(sessions[fd].user);
	}
	pthread_mutex_unlock(&lock);
	return fd;
}

static void close_session(void *user, int fd)
{
	struct session *s = &sessions[fd];

	(void)user;
	EVP_CIPHER_CTX_free(s->ways[0].ctx);
	EVP_CIPHER_CTX_free(s->ways[1].ctx);
	pthread_mutex_lock(&lock);
	slu_engine_put(s->user);
	*s = (struct session){.used = false};
	pthread_mutex_unlock(&lock);
}

static int begin(struct session *s, struct slu_dc_session_op *op)
{
	s->cipher = op->mac ? NULL : cipher_of(op->cipher, op->keylen);
	if (!s->cipher || !slu_engine_has(s->user, EVP_CIPHER_nid(s->cipher)))
		return -EINVAL;
	s->mode = op->cipher;
	memcpy(s->key, op->key, op->keylen);
	op->ses = 1;
	for (int i = 0; i < 2; i++)
		if (!(s->ways[i].ctx = EVP_CIPHER_CTX_new()))
			return -ENOMEM;
	return 0;
}

static int tell_driver(struct session *s, struct slu_dc_session_info *info)
{
	snprintf(info->cipher.driver, sizeof info->cipher.driver, "%s", slu_engine_id(s->user));
	return 0;
}

/* ---- requests ---- */

/* Told a key but once, and an IV each time. */
static bool prepare(struct session *s, struct way *w, const uint8_t *iv, bool decrypt)
{
	const bool first = !w->keyed;

	w->keyed = EVP_CipherInit_ex(w->ctx, first ? s->cipher : NULL, first ? s->engine : NULL, first ? s->key : NULL,
				     iv, !decrypt) &&
		   EVP_CIPHER_CTX_set_padding(w->ctx, 0);
	return w->keyed;
}

static void count_up(uint8_t iv[SLU_BLOCK], size_t blocks)
{
	for (int i = SLU_BLOCK; i-- > 0 && blocks > 0; blocks >>= 8) {
		blocks += iv[i];
		iv[i] = (uint8_t)blocks;
	}
}

/* last: the last whole block of the ciphertext. */
static void write_iv(struct session *s, struct way *w, struct slu_dc_crypt_op *op, const uint8_t last[SLU_BLOCK])
{
	if (s->mode == SLU_DC_AES_CTR)
		count_up(op->iv, op->len / SLU_BLOCK);
	else
		memcpy(op->iv, last, SLU_BLOCK);
	memcpy(w->next, op->iv, SLU_BLOCK);
	w->goes_on = true;
}

static int crypt_pieces(struct session *s, struct slu_dc_crypt_op *op)
{
	const bool decrypt = op->op == SLU_DC_DECRYPT, writes = op->flags & SLU_DC_FLAG_WRITE_IV;
	struct way *w = &s->ways[decrypt];
	const bool goes_on = writes && w->goes_on && memcmp(op->iv, w->next, SLU_BLOCK) == 0;
	uint8_t last[SLU_BLOCK] = {0};
	int made = 0;

	w->goes_on = false;
	if (!goes_on && !prepare(s, w, op->iv, decrypt))
		return -EIO;
	/* Of what is decrypted in place, it is gone afterwards. */
	if (decrypt && op->len >= SLU_BLOCK)
		memcpy(last, op->src + op->len - SLU_BLOCK, SLU_BLOCK);
	if (!EVP_CipherUpdate(w->ctx, op->dst, &made, op->src, (int)op->len) || made != (int)op->len)
		return -EIO;
	if (!decrypt && op->len >= SLU_BLOCK)
		memcpy(last, op->dst + op->len - SLU_BLOCK, SLU_BLOCK);
	if (writes)
		write_iv(s, w, op, last);
	return 0;
}

static int crypt_gcm(struct session *s, struct slu_dc_auth_op *op)
{
	const bool decrypt = op->op == SLU_DC_DECRYPT;
	const size_t n = op->len - (decrypt ? SLU_TAG : 0);
	struct way *w = &s->ways[decrypt];
	uint8_t rest[SLU_BLOCK], tag[SLU_TAG];
	int made;

	if (s->mode != SLU_DC_AES_GCM || op->iv_len != GCM_IV || op->tag_len != SLU_TAG ||
	    !prepare(s, w, op->iv, decrypt))
		return -EIO;
	if (decrypt)
		memcpy(tag, op->src + n, SLU_TAG);
	if ((decrypt && !EVP_CIPHER_CTX_ctrl(w->ctx, EVP_CTRL_AEAD_SET_TAG, SLU_TAG, tag)) ||
	    (op->auth_len && !EVP_CipherUpdate(w->ctx, NULL, &made, op->auth_src, (int)op->auth_len)) ||
	    (n && !EVP_CipherUpdate(w->ctx, op->dst, &made, op->src, (int)n)))
		return -EIO;
	if (!EVP_CipherFinal_ex(w->ctx, rest, &made))
		return decrypt ? -EBADMSG : -EIO;
	if (!decrypt && !EVP_CIPHER_CTX_ctrl(w->ctx, EVP_CTRL_AEAD_GET_TAG, SLU_TAG, op->dst + n))
		return -EIO;
	return 0;
}

static int request(void *user, int fd, unsigned long what, void *arg)
{
	struct session *s = &sessions[fd];
	int r = -EINVAL;

	(void)user;
	if (what == SLU_DC_CIOCGSESSION)
		r = begin(s, arg);
	else if (what == SLU_DC_CIOCGSESSINFO)
		r = tell_driver(s, arg);
	else if (what == SLU_DC_CIOCCRYPT)
		r = crypt_pieces(s, arg);
	else if (what == SLU_DC_CIOCAUTHCRYPT)
		r = crypt_gcm(s, arg);
	ERR_clear_error();
	return r;
}

const struct slu_dc_kernel slu_engine_device = {.open = open_session, .ioctl = request, .close = close_session};
