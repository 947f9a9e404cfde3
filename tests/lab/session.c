/* SPDX-License-Identifier: MIT */
#include "model.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

/* cryptodev.h of the module: the longest key of a cipher. Of AES fewer lengths are keys. */
static bool is_aes_key(uint32_t n)
{
	return n == 16 || n == 24 || n == 32;
}

static int algorithm_of(uint32_t cipher, uint32_t mac, enum lab_algorithm *out)
{
	static const struct {
		uint32_t cipher, mac;
		enum lab_algorithm algorithm;
	} known[] = {
		{SLU_DC_AES_CBC, 0, LAB_CBC},
		{SLU_DC_AES_CTR, 0, LAB_CTR},
		{SLU_DC_AES_ECB, 0, LAB_ECB},
		{SLU_DC_AES_GCM, 0, LAB_GCM},
		{SLU_DC_AES_CBC, SLU_DC_SHA1_HMAC, LAB_TLS_SHA1},
		{SLU_DC_AES_CBC, SLU_DC_SHA2_256_HMAC, LAB_TLS_SHA256},
	};

	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (known[i].cipher == cipher && known[i].mac == mac) {
			*out = known[i].algorithm;
			return 0;
		}
	}
	return -EINVAL;
}

static int key_from(struct lab_key *key, const struct slu_dc_session_op *op)
{
	if (!is_aes_key(op->keylen) || op->mackeylen > SLU_DC_HMAC_KEY_MAX || (!op->mac && op->mackeylen > 0))
		return -EINVAL;
	if (!op->key || (op->mackeylen > 0 && !op->mackey))
		return -EFAULT;
	key->cipher = op->cipher;
	key->mac = op->mac;
	memcpy(key->key, op->key, op->keylen);
	key->key_length = op->keylen;
	if (op->mackeylen > 0)
		memcpy(key->mac_key, op->mackey, op->mackeylen);
	key->mac_key_length = op->mackeylen;
	return 0;
}

/* engine: NULL, unless it has opened the session. */
static void session_free(const struct lab_engine *e, struct lab_session *s)
{
	if (e && e->close)
		e->close(e, &s->key);
	pthread_mutex_destroy(&s->lock);
	OPENSSL_cleanse(s, sizeof *s);
	free(s);
}

/* Whether the device has it at all is asked first: the module's order is no different, for both are EINVAL. */
static int session_check(struct lab_device *d, const struct slu_dc_session_op *op, enum lab_algorithm *algorithm)
{
	bool lacks;

	if (algorithm_of(op->cipher, op->mac, algorithm) || !d->engine->driver(d->engine, op->cipher))
		return -EINVAL;
	pthread_mutex_lock(&d->lock);
	lacks = lab_faults_lack(&d->faults, op->cipher, op->mac);
	pthread_mutex_unlock(&d->lock);
	return lacks ? -EINVAL : 0;
}

/* Ids look random and are no other file's: a program that takes one for another's is refused. */
static uint32_t session_enter(struct lab_device *d)
{
	uint32_t id;

	pthread_mutex_lock(&d->lock);
	id = ++d->last_id * 2654435761U;
	d->counters.sessions++;
	d->counters.sessions_now++;
	pthread_mutex_unlock(&d->lock);
	return id;
}

int lab_session_create(struct lab_file *f, struct slu_dc_session_op *op)
{
	enum lab_algorithm algorithm;
	struct lab_session *s;
	int error = session_check(f->device, op, &algorithm);

	if (error)
		return error;
	s = calloc(1, sizeof *s);
	if (!s)
		return -ENOMEM;
	pthread_mutex_init(&s->lock, NULL);
	error = key_from(&s->key, op);
	if (!error && f->device->engine->open)
		error = f->device->engine->open(f->device->engine, &s->key);
	if (error) {
		session_free(NULL, s);
		return error;
	}
	s->algorithm = algorithm;
	s->id = session_enter(f->device);
	op->ses = s->id;
	pthread_mutex_lock(&f->lock);
	s->next = f->sessions;
	f->sessions = s;
	pthread_mutex_unlock(&f->lock);
	return 0;
}

/* Waits for an operation in progress. */
static void session_end(struct lab_device *d, struct lab_session *s)
{
	pthread_mutex_lock(&s->lock);
	pthread_mutex_unlock(&s->lock);
	session_free(d->engine, s);
	pthread_mutex_lock(&d->lock);
	d->counters.sessions_now--;
	pthread_mutex_unlock(&d->lock);
}

int lab_session_finish(struct lab_file *f, uint32_t id)
{
	int error = -ENOENT;

	pthread_mutex_lock(&f->lock);
	for (struct lab_session **at = &f->sessions; *at; at = &(*at)->next) {
		struct lab_session *s = *at;

		if (s->id != id)
			continue;
		*at = s->next;
		session_end(f->device, s);
		error = 0;
		break;
	}
	pthread_mutex_unlock(&f->lock);
	return error;
}

void lab_session_finish_all(struct lab_file *f)
{
	while (f->sessions) {
		struct lab_session *s = f->sessions;

		f->sessions = s->next;
		session_end(f->device, s);
	}
}

/* The module waits for the session with the list's lock held: so one operation that hangs, and a second one on the same
 * session, stop every session of the file. */
struct lab_session *lab_session_get(struct lab_file *f, uint32_t id)
{
	struct lab_session *s;

	pthread_mutex_lock(&f->lock);
	for (s = f->sessions; s; s = s->next)
		if (s->id == id)
			break;
	if (s)
		pthread_mutex_lock(&s->lock);
	pthread_mutex_unlock(&f->lock);
	return s;
}

static void describe(const struct lab_engine *e, uint32_t algorithm, struct slu_dc_algorithm_info *info)
{
	static const struct {
		uint32_t algorithm;
		const char *name;
	} names[] = {
		{SLU_DC_AES_CBC, "cbc(aes)"}, {SLU_DC_AES_CTR, "ctr(aes)"},     {SLU_DC_AES_ECB, "ecb(aes)"},
		{SLU_DC_AES_GCM, "gcm(aes)"}, {SLU_DC_SHA1_HMAC, "hmac(sha1)"}, {SLU_DC_SHA2_256_HMAC, "hmac(sha256)"},
	};
	const char *driver = e->driver(e, algorithm);

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (names[i].algorithm == algorithm)
			snprintf(info->name, sizeof info->name, "%s", names[i].name);
	snprintf(info->driver, sizeof info->driver, "%s", driver ? driver : "?");
}

int lab_session_describe(struct lab_file *f, struct slu_dc_session_info *info)
{
	struct lab_device *d = f->device;
	struct lab_session *s = lab_session_get(f, info->ses);

	if (!s)
		return -EINVAL;
	describe(d->engine, s->key.cipher, &info->cipher);
	if (s->key.mac)
		describe(d->engine, s->key.mac, &info->hash);
	info->alignmask = 0;
	pthread_mutex_lock(&d->lock);
	info->flags = d->engine->accelerated && !d->faults.at[LAB_UNFLAGGED].on;
	pthread_mutex_unlock(&d->lock);
	pthread_mutex_unlock(&s->lock);
	return 0;
}
