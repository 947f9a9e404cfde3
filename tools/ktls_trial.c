/* SPDX-License-Identifier: MIT */
#include "tools/ktls_trial.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	AREA = (SLU_KTLS_LONGEST / SLU_KTLS_PAGE + 3) * SLU_KTLS_PAGE,
	RECORDS = SLU_KTLS_LONGEST / SLU_RECORD_MOST + 1,
	OUTPUT = SLU_KTLS_LONGEST + RECORDS * SLU_RECORD_EXTRA,
	FILE_SIZE = SLU_KTLS_LONGEST + SLU_KTLS_PAGE,
	SMALL = 16 /* bytes of the records before */
};

static const struct slu_ktls_outcome right = {.what = SLU_KTLS_RIGHT};

static struct slu_ktls_outcome failed(ssize_t error)
{
	return (struct slu_ktls_outcome){.what = SLU_KTLS_FAILS, .error = (int)-error};
}

/* ---- beginning and end ---- */

static enum slu_record_cipher record_cipher(enum slu_ktls_cipher c)
{
	static const enum slu_record_cipher same[] = {
		[SLU_KTLS_AES_128_GCM] = SLU_RECORD_AES_128_GCM,
		[SLU_KTLS_AES_256_GCM] = SLU_RECORD_AES_256_GCM,
		[SLU_KTLS_CHACHA20_POLY1305] = SLU_RECORD_CHACHA20_POLY1305,
	};

	return same[c];
}

bool slu_ktls_trial_init(struct slu_ktls_trial *t, const struct slu_ktls_layer *layer, enum slu_ktls_cipher cipher,
			 bool tls13, unsigned process)
{
	void *memory = mmap(NULL, (size_t)AREA * SLU_KTLS_PIECES_MOST, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool ok = memory != MAP_FAILED;

	*t = (struct slu_ktls_trial){
		.layer = layer, .cipher = cipher, .tls13 = tls13, .seed = (uint64_t)process << 40, .file = -1};
	t->memory = ok ? memory : NULL;
	t->payload = malloc(SLU_KTLS_LONGEST);
	t->got = malloc(OUTPUT);
	t->software = slu_record_new(record_cipher(cipher));
	t->file = memfd_create("sluice-ktls", MFD_CLOEXEC);
	for (int i = 0; i < SLU_KTLS_LINES; i++)
		ok = (t->lines[i].expected = malloc(OUTPUT)) && ok;
	if (ok && t->payload && t->got && t->software && t->file >= 0 && ftruncate(t->file, FILE_SIZE) == 0)
		return true;
	slu_ktls_trial_clear(t);
	return false;
}

static void line_close(struct slu_ktls_trial *t, struct slu_ktls_line *line)
{
	if (line->open)
		t->layer->close(t->layer->user, line->ends);
	line->open = false;
}

void slu_ktls_trial_clear(struct slu_ktls_trial *t)
{
	for (int i = 0; i < SLU_KTLS_LINES; i++) {
		line_close(t, &t->lines[i]);
		free(t->lines[i].expected);
	}
	if (t->memory)
		munmap(t->memory, (size_t)AREA * SLU_KTLS_PIECES_MOST);
	if (t->file >= 0)
		close(t->file);
	free(t->payload);
	free(t->got);
	slu_record_free(t->software);
	memset(t, 0, sizeof *t);
	t->file = -1;
}

/* ---- connections ---- */

/* xorshift64: it need not be random, but nowhere the same. */
static void fill(struct slu_ktls_trial *t, uint8_t *to, size_t n)
{
	uint64_t x = (++t->seed + 1) * 0x9e3779b97f4a7c15U;

	for (size_t at = 0; at < n; at += sizeof x) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		memcpy(to + at, &x, n - at < sizeof x ? n - at : sizeof x);
	}
}

/* For the kernel, and for software. The explicit nonce of AES-GCM carries where the sequence number does. */
static void make_keys(struct slu_ktls_trial *t, uint32_t carry, struct slu_ktls_keys *kernel,
		      struct slu_record_keys *software)
{
	*kernel = (struct slu_ktls_keys){.cipher = t->cipher, .tls13 = t->tls13};
	fill(t, kernel->key, sizeof kernel->key);
	fill(t, kernel->iv, sizeof kernel->iv);
	memset(kernel->sequence + sizeof kernel->sequence - carry, 0xff, carry);
	memset(kernel->iv + sizeof kernel->iv - carry, 0xff, carry);
	*software = (struct slu_record_keys){.cipher = record_cipher(t->cipher), .tls13 = t->tls13};
	memcpy(software->key, kernel->key, sizeof software->key);
	memcpy(software->iv, kernel->iv, sizeof software->iv);
	memcpy(software->sequence, kernel->sequence, sizeof software->sequence);
}

static struct slu_ktls_outcome line_open(struct slu_ktls_trial *t, struct slu_ktls_line *line, uint32_t carry)
{
	struct slu_ktls_keys keys;
	int error;

	line_close(t, line);
	make_keys(t, carry, &keys, &line->keys);
	line->records = 0;
	error = t->layer->open(t->layer->user, &keys, line->ends);
	line->open = error == 0;
	return error ? failed(error) : right;
}

static struct slu_ktls_outcome line_rekey(struct slu_ktls_trial *t, struct slu_ktls_line *line)
{
	struct slu_ktls_keys keys;
	int error;

	make_keys(t, 0, &keys, &line->keys);
	error = t->layer->rekey(t->layer->user, line->ends[0], &keys);
	return error ? failed(error) : right;
}

/* ---- sending ---- */

/* What is to come out. */
static bool expect(struct slu_ktls_trial *t, struct slu_ktls_line *line, size_t n)
{
	line->due = 0;
	for (size_t at = 0, now, made; at < n; at += now) {
		now = n - at < SLU_RECORD_MOST ? n - at : SLU_RECORD_MOST;
		made = slu_record_seal(t->software, &line->keys, t->payload + at, now, line->expected + line->due);
		if (!made)
			return false;
		line->due += made;
		line->records++;
	}
	return true;
}

/* Pieces of lengths that differ, the first one the shortest. False: there is none of this number. */
static bool cut(const struct slu_ktls_shape *shape, uint32_t piece, size_t *at, size_t *n)
{
	const size_t length = shape->at[SLU_KTLS_LENGTH], pieces = shape->at[SLU_KTLS_PIECES];

	*at = length * piece * (piece + 1) / (pieces * (pieces + 1));
	*n = length * (piece + 1) * (piece + 2) / (pieces * (pieces + 1)) - *at;
	return piece < pieces;
}

static ssize_t send_memory(struct slu_ktls_trial *t, const struct slu_ktls_line *line,
			   const struct slu_ktls_shape *shape)
{
	const bool more = shape->at[SLU_KTLS_HOW] == SLU_KTLS_MORE;
	struct iovec iov[SLU_KTLS_PIECES_MOST];
	ssize_t sent = 0, now;
	size_t n = 0, at, length;

	for (uint32_t i = 0; cut(shape, i, &at, &length); i++) {
		uint8_t *place = t->memory + (size_t)AREA * i + shape->at[SLU_KTLS_OFFSET];

		if (!length) /* fewer bytes than pieces */
			continue;
		memcpy(place, t->payload + at, length);
		iov[n++] = (struct iovec){.iov_base = place, .iov_len = length};
	}
	if (!more)
		return t->layer->send(t->layer->user, line->ends[0], iov, n, false);
	for (size_t i = 0; i < n; i++, sent += now) {
		now = t->layer->send(t->layer->user, line->ends[0], &iov[i], 1, i + 1 < n);
		if (now < 0)
			return now;
	}
	return sent;
}

static ssize_t send_file(struct slu_ktls_trial *t, const struct slu_ktls_line *line, const struct slu_ktls_shape *shape)
{
	const off_t at = (off_t)shape->at[SLU_KTLS_OFFSET];
	const size_t n = shape->at[SLU_KTLS_LENGTH];

	if (pwrite(t->file, t->payload, n, at) != (ssize_t)n)
		return -errno;
	return t->layer->send_file(t->layer->user, line->ends[0], t->file, at, n);
}

static struct slu_ktls_outcome send_shape(struct slu_ktls_trial *t, struct slu_ktls_line *line,
					  const struct slu_ktls_shape *shape)
{
	const size_t n = shape->at[SLU_KTLS_LENGTH];
	ssize_t sent;

	fill(t, t->payload, n);
	if (!expect(t, line, n))
		return (struct slu_ktls_outcome){.what = SLU_KTLS_CANNOT};
	sent = (shape->at[SLU_KTLS_HOW] == SLU_KTLS_FILE ? send_file : send_memory)(t, line, shape);
	if (sent < 0)
		return failed(sent);
	return (size_t)sent == n ? right : failed(-EIO);
}

/* ---- receiving ---- */

/* All that is due, and nothing behind it. What never comes is waited for: somebody watches. */
static struct slu_ktls_outcome receive(struct slu_ktls_trial *t, struct slu_ktls_line *line)
{
	uint8_t behind;

	for (size_t at = 0; at < line->due;) {
		ssize_t n = recv(line->ends[1], t->got + at, line->due - at, 0);

		if (n == 0)
			return failed(-ECONNRESET);
		if (n < 0 && errno != EINTR)
			return failed(-errno);
		at += n > 0 ? (size_t)n : 0;
	}
	if (memcmp(t->got, line->expected, line->due) != 0 || recv(line->ends[1], &behind, 1, MSG_DONTWAIT) > 0)
		return (struct slu_ktls_outcome){.what = SLU_KTLS_DIFFERS};
	t->operations++;
	return right;
}

static struct slu_ktls_outcome exchange(struct slu_ktls_trial *t, struct slu_ktls_line *line,
					const struct slu_ktls_shape *shape)
{
	struct slu_ktls_outcome outcome = send_shape(t, line, shape);

	return outcome.what == SLU_KTLS_RIGHT ? receive(t, line) : outcome;
}

/* ---- shapes ---- */

static bool begins_connection(const struct slu_ktls_shape *shape)
{
	return shape->at[SLU_KTLS_SEQUENCE] || shape->at[SLU_KTLS_BEFORE] || shape->at[SLU_KTLS_REKEYED];
}

/* The connection as the shape wants to find it. */
static struct slu_ktls_outcome prepare(struct slu_ktls_trial *t, struct slu_ktls_line *line,
				       const struct slu_ktls_shape *shape)
{
	const struct slu_ktls_shape small = {.at = {[SLU_KTLS_LENGTH] = SMALL, [SLU_KTLS_PIECES] = 1}};
	struct slu_ktls_outcome outcome = line_open(t, line, shape->at[SLU_KTLS_SEQUENCE]);

	for (uint32_t i = 0; i < shape->at[SLU_KTLS_BEFORE] && outcome.what == SLU_KTLS_RIGHT; i++)
		outcome = exchange(t, line, &small);
	if (shape->at[SLU_KTLS_REKEYED] && outcome.what == SLU_KTLS_RIGHT)
		outcome = line_rekey(t, line);
	return outcome;
}

struct slu_ktls_outcome slu_ktls_try(struct slu_ktls_trial *t, const struct slu_ktls_shape *shape, bool alone)
{
	struct slu_ktls_line *line = &t->lines[0];
	struct slu_ktls_outcome outcome = right;

	if (alone || !line->open || begins_connection(shape))
		outcome = prepare(t, line, shape);
	if (outcome.what == SLU_KTLS_RIGHT)
		outcome = exchange(t, line, shape);
	if (outcome.what != SLU_KTLS_RIGHT)
		line_close(t, line);
	return outcome;
}

struct slu_ktls_outcome slu_ktls_try_all(struct slu_ktls_trial *t, const uint32_t lengths[SLU_KTLS_LINES])
{
	struct slu_ktls_outcome outcome = right;

	for (int i = 0; i < SLU_KTLS_LINES && outcome.what == SLU_KTLS_RIGHT; i++) {
		struct slu_ktls_shape shape = slu_ktls_shape_simplest();

		shape.at[SLU_KTLS_LENGTH] = lengths[i];
		if (!t->lines[i].open)
			outcome = line_open(t, &t->lines[i], 0);
		if (outcome.what == SLU_KTLS_RIGHT)
			outcome = send_shape(t, &t->lines[i], &shape);
	}
	for (int i = 0; i < SLU_KTLS_LINES && outcome.what == SLU_KTLS_RIGHT; i++)
		outcome = receive(t, &t->lines[i]);
	return outcome;
}
