/* SPDX-License-Identifier: MIT */
#include "keystream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/bytes.h"
#include "books.h"

enum {
	SLOTS = 64,     /* what the setting ahead allows at most */
	REMEMBERED = 8, /* sizes of records */
	NOW_MOST = 1 << 16
};

struct slu_dc_keystream {
	struct slu_dc_gate *gate;
	struct slu_dc_session *session;
	EVP_CIPHER_CTX *ecb;
	struct slu_dc_key key;

	uint8_t nonces[SLOTS][SLU_DC_NONCE]; /* of the slots */
	unsigned filled, next;               /* slots next to filled - 1 have not been given out */
	size_t slot_blocks;                  /* of each */
	size_t given_at, given;              /* bytes of the area that were given out last */
	size_t sizes[REMEMBERED];
	unsigned at_size;
	unsigned lockable; /* records whose key stream fits into locked memory, as far as known */
	bool suspect;      /* the last request gave wrong bytes */
};

struct slu_dc_keystream *slu_dc_keystream_new(struct slu_dc_gate *gate, EVP_CIPHER_CTX *ecb,
					      const struct slu_dc_key *key)
{
	struct slu_dc_keystream *ks = calloc(1, sizeof *ks);

	if (!ks)
		return NULL;
	*ks = (struct slu_dc_keystream){.gate = gate, .ecb = ecb, .key = *key, .lockable = SLOTS};
	ks->session = slu_dc_session_new(gate->device, gate->settings, key);
	if (ks->session)
		return ks;
	slu_dc_keystream_free(ks);
	return NULL;
}

void slu_dc_keystream_free(struct slu_dc_keystream *ks)
{
	if (!ks)
		return;
	slu_dc_keystream_drop(ks);
	slu_dc_session_free(ks->session);
	OPENSSL_cleanse(ks, sizeof *ks);
	free(ks);
}

/* ---- blocks ---- */

void slu_dc_counters(uint8_t *out, const uint8_t j0[SLU_DC_BLOCK_SIZE], uint32_t index, size_t blocks)
{
	uint32_t counter = slu_be32(j0 + SLU_DC_NONCE) + index;

	for (size_t i = 0; i < blocks; i++, out += SLU_DC_BLOCK_SIZE) {
		memcpy(out, j0, SLU_DC_NONCE);
		slu_put_be32(out + SLU_DC_NONCE, counter++);
	}
}

static void first_counter(uint8_t j0[SLU_DC_BLOCK_SIZE], const uint8_t nonce[SLU_DC_NONCE])
{
	memcpy(j0, nonce, SLU_DC_NONCE);
	slu_put_be32(j0 + SLU_DC_NONCE, 1);
}

static void record_counters(uint8_t *out, const uint8_t nonce[SLU_DC_NONCE], size_t blocks)
{
	uint8_t j0[SLU_DC_BLOCK_SIZE];

	first_counter(j0, nonce);
	slu_dc_counters(out, j0, 0, blocks);
}

bool slu_dc_blocks_software(EVP_CIPHER_CTX *ecb, uint8_t *blocks, size_t n)
{
	int length;

	return EVP_EncryptUpdate(ecb, blocks, &length, blocks, (int)(n * SLU_DC_BLOCK_SIZE)) > 0;
}

/* ---- giving out ---- */

static void give(struct slu_dc_keystream *ks, const uint8_t *area, size_t at, size_t blocks, struct slu_dc_span *out)
{
	ks->given_at = at;
	ks->given = blocks * SLU_DC_BLOCK_SIZE;
	*out = (struct slu_dc_span){area + at, blocks};
}

void slu_dc_keystream_used(struct slu_dc_keystream *ks)
{
	if (ks->given)
		slu_dc_session_wipe(ks->session, ks->given_at, ks->given);
	ks->given = 0;
}

static void wipe_slot(struct slu_dc_keystream *ks, unsigned slot)
{
	const size_t size = ks->slot_blocks * SLU_DC_BLOCK_SIZE;

	slu_dc_session_wipe(ks->session, slot * size, size);
}

void slu_dc_keystream_drop(struct slu_dc_keystream *ks)
{
	slu_dc_keystream_used(ks);
	while (ks->next < ks->filled)
		wipe_slot(ks, ks->next++);
	ks->next = ks->filled = 0;
}

/* The slot that waits for this nonce. Those before it were for records that went another way. */
static bool find_slot(struct slu_dc_keystream *ks, const uint8_t nonce[SLU_DC_NONCE])
{
	while (ks->next < ks->filled) {
		if (memcmp(ks->nonces[ks->next], nonce, SLU_DC_NONCE) == 0)
			return true;
		wipe_slot(ks, ks->next++);
	}
	return false;
}

/* ---- how much ---- */

static void remember_size(struct slu_dc_keystream *ks, size_t blocks)
{
	ks->sizes[ks->at_size++ % REMEMBERED] = blocks;
}

static size_t largest_size(const struct slu_dc_keystream *ks)
{
	size_t most = 0;

	for (unsigned i = 0; i < REMEMBERED; i++)
		if (ks->sizes[i] > most)
			most = ks->sizes[i];
	return most;
}

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Records of size bytes in the next request: as many as wanted when that was right before, else the next growth. 0:
 * even one is too large. */
static unsigned count_records(const struct slu_dc_keystream *ks, size_t size, bool *trial)
{
	const struct slu_dc_settings *s = ks->gate->settings;
	const struct slu_dc_limit limit = slu_dc_device_limit(ks->gate->device, ks->key.algorithm);
	const size_t good = limit.good / size, too_many = limit.bad / size + (limit.bad % size != 0);
	size_t want = least(least(s->ahead, SLOTS), ks->lockable), next;

	if (s->largest)
		want = least(want, s->largest / size);
	*trial = false;
	if (want <= good || too_many <= 1)
		return too_many <= 1 ? 0 : (unsigned)want;
	next = good ? least(2 * good, want) : 1;
	if (next >= too_many)
		next = good + (too_many - good) / 2;
	*trial = next > good && next > 1;
	return (unsigned)next;
}

/* ---- requests ---- */

/* The size may be the reason. */
static bool size_may_matter(int error)
{
	switch (error) {
	case -ECHILD:
	case -ENODEV:
	case -ENXIO:
	case -ENOENT:
	case -ETIMEDOUT:
	case -EOPNOTSUPP:
	case -EAGAIN:
	case -ENOMEM:
		return false;
	default:
		return true;
	}
}

/* The area for so many records, locked: fewer when they do not fit into locked memory, and one that is not locked when
 * none does, which is used at once. Areas only grow, so a smaller one takes a fresh session. */
static uint8_t *reserve(struct slu_dc_keystream *ks, unsigned *records, size_t size)
{
	struct slu_dc_device *d = ks->gate->device;
	struct slu_dc_session *fresh;
	bool locked = false;
	uint8_t *area = slu_dc_session_area(ks->session, *records * size, &locked);

	if (!area || locked || *records == 1)
		return area;
	slu_dc_device_log_once(
		d, ks->gate->settings, ks->key.algorithm, EPERM,
		"key stream of %u TLS records (%zu bytes) does not fit into locked memory, so less of it "
		"is asked for ahead; raise the limit of locked memory (ulimit -l)",
		*records, *records * size);
	fresh = slu_dc_session_new(d, ks->gate->settings, &ks->key);
	if (!fresh)
		return NULL;
	slu_dc_session_free(ks->session);
	ks->session = fresh;
	*records = ks->lockable = *records / 2;
	return reserve(ks, records, size);
}

/*
 * Wrong key stream goes out under a tag that is right, so the peer would take it; and where a device gave the counters
 * back as they were, it would not even be a secret. So unless checks are off the last block of each request is
 * compared: that shows what does nothing, carries wrongly, or ends early.
 */
static int probe(struct slu_dc_keystream *ks, const uint8_t *area, size_t total, const uint8_t j0[SLU_DC_BLOCK_SIZE],
		 uint32_t index)
{
	const size_t at = total - SLU_DC_BLOCK_SIZE;
	uint8_t block[SLU_DC_BLOCK_SIZE];
	int error = 0;

	if (!ks->gate->settings->check_every)
		return 0;
	slu_dc_counters(block, j0, index, 1);
	if (!slu_dc_blocks_software(ks->ecb, block, 1))
		error = -ENOMEM;
	else if (CRYPTO_memcmp(area + at, block, sizeof block) != 0)
		error = -EBADMSG;
	OPENSSL_cleanse(block, sizeof block);
	if (error == -EBADMSG)
		slu_dc_gate_wrong(ks->gate, ks->key.algorithm, total, at);
	return error;
}

/* Compares the area with software. A wrong growth is only that; wrong where it was right turns the device off. */
static int verify(struct slu_dc_keystream *ks, const uint8_t *area, unsigned records, bool growth)
{
	const size_t size = ks->slot_blocks * SLU_DC_BLOCK_SIZE, total = records * size;
	uint8_t *software = OPENSSL_malloc(total);
	bool right = false;

	if (!software)
		return -ENOMEM;
	for (unsigned i = 0; i < records; i++)
		record_counters(software + i * size, ks->nonces[i], ks->slot_blocks);
	if (slu_dc_blocks_software(ks->ecb, software, total / SLU_DC_BLOCK_SIZE))
		right = growth ? CRYPTO_memcmp(area, software, total) == 0
			       : slu_dc_gate_check(ks->gate, ks->key.algorithm, area, software, total);
	OPENSSL_clear_free(software, total);
	ks->suspect = !right;
	return right ? 0 : -EBADMSG;
}

static int failed_trial(struct slu_dc_keystream *ks, size_t size, int error)
{
	struct slu_dc_device *d = ks->gate->device;

	slu_dc_device_trial_failed(d, ks->key.algorithm, size, error);
	if (ks->gate->settings->fallback)
		slu_dc_device_count_fallback(d);
	if (error == -EBADMSG)
		slu_dc_device_log_once(
			d, ks->gate->settings, ks->key.algorithm, EBADMSG,
			"driver %s gave wrong bytes for %s in a trial with %zu bytes: requests stay smaller",
			slu_dc_device_driver(d, ks->key.algorithm), slu_dc_algorithm_name(ks->key.algorithm), size);
	return SLU_DC_NOT_NOW;
}

/* Encrypts the counters of so many slots in place. */
static int encrypt_slots(struct slu_dc_keystream *ks, uint8_t *area, unsigned records, bool trial)
{
	const size_t total = records * ks->slot_blocks * SLU_DC_BLOCK_SIZE;
	uint8_t j0[SLU_DC_BLOCK_SIZE];
	int error = slu_dc_session_crypt_area(ks->session, 1, NULL, total);

	first_counter(j0, ks->nonces[records - 1]);
	if (!error && (trial || ks->suspect))
		error = verify(ks, area, records, trial);
	else if (!error)
		error = probe(ks, area, total, j0, (uint32_t)ks->slot_blocks - 1);
	if (!error) {
		slu_dc_device_learn(ks->gate->device, ks->key.algorithm, total, true);
		return 0;
	}
	slu_dc_session_wipe(ks->session, 0, total);
	if (trial && size_may_matter(error))
		return failed_trial(ks, total, error);
	slu_dc_device_learn_from(ks->gate->device, ks->key.algorithm, total, error);
	return error;
}

/* Asks for the record noted last and those foretold after it. */
static int fill(struct slu_dc_keystream *ks, const struct slu_dc_sequence *s)
{
	const size_t size = largest_size(ks) * SLU_DC_BLOCK_SIZE;
	bool trial;
	unsigned records = count_records(ks, size, &trial);
	uint8_t *area;
	int error;

	if (!records)
		return -EMSGSIZE;
	area = reserve(ks, &records, size);
	if (!area)
		return slu_dc_session_lost(ks->session) ? -ENODEV : -ENOMEM;
	ks->slot_blocks = size / SLU_DC_BLOCK_SIZE;
	for (unsigned i = 0; i < records; i++) {
		slu_dc_sequence_foretell(s, i, ks->nonces[i]);
		record_counters(area + i * size, ks->nonces[i], ks->slot_blocks);
	}
	error = encrypt_slots(ks, area, records, trial && records > 1);
	ks->filled = error ? 0 : records;
	ks->next = 0;
	return error;
}

int slu_dc_keystream_record(struct slu_dc_keystream *ks, const struct slu_dc_sequence *s, size_t blocks,
			    struct slu_dc_span *out)
{
	uint8_t nonce[SLU_DC_NONCE];
	const uint8_t *area;
	bool locked;
	int error;

	slu_dc_keystream_used(ks);
	remember_size(ks, blocks);
	slu_dc_sequence_foretell(s, 0, nonce);
	if (!find_slot(ks, nonce) || ks->slot_blocks * 2 < blocks) {
		slu_dc_keystream_drop(ks);
		error = fill(ks, s);
		if (error)
			return error;
	}
	area = slu_dc_session_area(ks->session, 0, &locked);
	if (!area)
		return -ENODEV;
	give(ks, area, ks->next++ * ks->slot_blocks * SLU_DC_BLOCK_SIZE, ks->slot_blocks, out);
	return 0;
}

/* Blocks in one request: up to what is known to be too much, and for CTR up to where its last two bytes carry, which
 * some hardware does not do. */
static size_t most_now(const struct slu_dc_keystream *ks, const uint8_t counter[SLU_DC_BLOCK_SIZE])
{
	const struct slu_dc_limit limit = slu_dc_device_limit(ks->gate->device, ks->key.algorithm);
	size_t most = NOW_MOST;

	if (ks->gate->settings->largest)
		most = least(most, ks->gate->settings->largest);
	if (most >= limit.bad)
		most = limit.good >= SLU_DC_BLOCK_SIZE ? limit.good : limit.bad / 2;
	most = most < SLU_DC_BLOCK_SIZE ? 1 : most / SLU_DC_BLOCK_SIZE;
	if (ks->key.algorithm == SLU_DC_CTR)
		most = least(most, 0x10000U - slu_be16(counter + SLU_DC_BLOCK_SIZE - 2));
	return most;
}

int slu_dc_keystream_now(struct slu_dc_keystream *ks, const uint8_t j0[SLU_DC_BLOCK_SIZE], uint32_t index,
			 size_t blocks, struct slu_dc_span *out)
{
	const bool ctr = ks->key.algorithm == SLU_DC_CTR;
	uint8_t counter[SLU_DC_BLOCK_SIZE], *area;
	bool locked;
	int error;

	slu_dc_keystream_drop(ks);
	slu_dc_counters(counter, j0, index, 1);
	blocks = least(blocks, most_now(ks, counter));
	area = slu_dc_session_area(ks->session, blocks * SLU_DC_BLOCK_SIZE, &locked);
	if (!area)
		return slu_dc_session_lost(ks->session) ? -ENODEV : -ENOMEM;
	if (ctr)
		memset(area, 0, blocks * SLU_DC_BLOCK_SIZE);
	else
		slu_dc_counters(area, j0, index, blocks);
	error = slu_dc_session_crypt_area(ks->session, 1, ctr ? counter : NULL, blocks * SLU_DC_BLOCK_SIZE);
	if (!error)
		error = probe(ks, area, blocks * SLU_DC_BLOCK_SIZE, j0, index + (uint32_t)blocks - 1);
	slu_dc_device_learn_from(ks->gate->device, ks->key.algorithm, blocks * SLU_DC_BLOCK_SIZE, error);
	if (!error)
		give(ks, area, 0, blocks, out);
	else
		slu_dc_session_wipe(ks->session, 0, blocks * SLU_DC_BLOCK_SIZE);
	return error;
}
