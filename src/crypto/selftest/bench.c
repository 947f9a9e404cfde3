/* SPDX-License-Identifier: MIT */
#include "crypto/selftest/bench.h"

#include <errno.h>
#include <string.h>

#include "base/bytes.h"

enum { HEADER = 13, GCM_IV = 12, MAC_KEY = 32, WRITE_ROOM = 32 };

static const struct slu_outcome right = {.what = SLU_RIGHT};

static struct slu_outcome failed(int error, bool opening)
{
	/* A device in user space ends like a connection. */
	if (error == -ENOTCONN || error == -ECONNABORTED || error == -ENXIO)
		error = -ENODEV;
	return (struct slu_outcome){.what = SLU_FAILS, .error = -error, .opening = opening};
}

static struct slu_outcome differs(enum slu_flaw flaw)
{
	return (struct slu_outcome){.what = SLU_DIFFERS, .flaw = flaw};
}

/* ---- sessions ---- */

bool slu_bench_init(struct slu_bench *b, const struct slu_selftest *t, enum slu_dc_algorithm a, unsigned worker)
{
	*b = (struct slu_bench){.kernel = t->kernel ? t->kernel : &slu_dc_kernel_linux,
				.path = t->path ? t->path : "/dev/crypto",
				.algorithm = a,
				.worker = worker,
				.driver = "?"};
	for (int i = 0; i < SLU_KEYS * SLU_SESSIONS; i++)
		b->sessions[i / SLU_SESSIONS][i % SLU_SESSIONS].fd = -1;
	b->software = slu_software_new(a);
	if (b->software && slu_arena_init(&b->arena))
		return true;
	slu_bench_clear(b);
	return false;
}

/* A descriptor that was closed ends its session (provider/session.h). */
void slu_bench_clear(struct slu_bench *b)
{
	for (int i = 0; i < SLU_KEYS * SLU_SESSIONS; i++) {
		int *fd = &b->sessions[i / SLU_SESSIONS][i % SLU_SESSIONS].fd;

		if (*fd >= 0)
			b->kernel->close(b->kernel->user, *fd);
		*fd = -1;
	}
	slu_arena_clear(&b->arena);
	slu_software_free(b->software);
	b->software = NULL;
}

static void ask_driver(struct slu_bench *b, int fd, uint32_t id)
{
	struct slu_dc_session_info info = {.ses = id};

	if (b->kernel->ioctl(b->kernel->user, fd, SLU_DC_CIOCGSESSINFO, &info))
		return;
	info.cipher.driver[SLU_DC_NAME - 1] = '\0';
	if (*info.cipher.driver)
		memcpy(b->driver, info.cipher.driver, SLU_DC_NAME);
	b->accelerated = info.flags & 1;
}

/* A descriptor with one session, or -errno. */
static int open_session(struct slu_bench *b, const struct slu_plain *p, uint32_t *id)
{
	const struct slu_dc_algorithm_ids ids = slu_dc_algorithm_ids(b->algorithm);
	uint8_t key[32], mac_key[MAC_KEY];
	struct slu_dc_session_op op = {
		.cipher = ids.cipher, .mac = ids.mac, .keylen = (uint32_t)p->key_length, .key = key};
	int fd = b->kernel->open(b->kernel->user, b->path), error;

	if (fd < 0)
		return fd;
	memcpy(key, p->key, p->key_length);
	if (ids.mac) {
		memcpy(mac_key, p->mac_key, p->mac_key_length);
		op.mackey = mac_key;
		op.mackeylen = (uint32_t)p->mac_key_length;
	}
	error = b->kernel->ioctl(b->kernel->user, fd, SLU_DC_CIOCGSESSION, &op);
	if (error) {
		b->kernel->close(b->kernel->user, fd);
		return error;
	}
	*id = op.ses;
	if (strcmp(b->driver, "?") == 0)
		ask_driver(b, fd, op.ses);
	return fd;
}

/* ---- requests ---- */

/* One session in use. */
struct use {
	int fd;
	uint32_t id;
	bool decrypt;
	uint8_t *aad;
	size_t aad_length;
	uint8_t iv[WRITE_ROOM]; /* 16 bytes, and what nobody may touch */
};

static int ask_crypt(struct slu_bench *b, struct use *u, uint8_t *in, uint8_t *out, size_t n, bool write_iv)
{
	struct slu_dc_crypt_op op = {
		.ses = u->id,
		.op = u->decrypt ? SLU_DC_DECRYPT : SLU_DC_ENCRYPT,
		.flags = write_iv ? SLU_DC_FLAG_WRITE_IV : 0,
		.len = (uint32_t)n,
		.src = in,
		.dst = out,
		.iv = b->algorithm == SLU_DC_ECB ? NULL : u->iv,
	};

	b->requests++;
	return b->kernel->ioctl(b->kernel->user, u->fd, SLU_DC_CIOCCRYPT, &op);
}

static int ask_auth(struct slu_bench *b, struct use *u)
{
	const uint32_t mac = slu_traits_of(b->algorithm)->mac;
	struct slu_arena *a = &b->arena;
	struct slu_dc_auth_op op = {
		.ses = u->id,
		.op = u->decrypt ? SLU_DC_DECRYPT : SLU_DC_ENCRYPT,
		.flags = mac ? SLU_DC_FLAG_AEAD_TLS : 0,
		.len = (uint32_t)a->in_length,
		.auth_len = (uint32_t)u->aad_length,
		.auth_src = u->aad_length > 0 ? u->aad : NULL,
		.src = a->in,
		.dst = a->out,
		.tag_len = mac ? mac : SLU_TAG,
		.iv = u->iv,
		.iv_len = mac ? SLU_BLOCK : GCM_IV,
	};

	b->requests++;
	return b->kernel->ioctl(b->kernel->user, u->fd, SLU_DC_CIOCAUTHCRYPT, &op);
}

static void counter_add(uint8_t iv[SLU_BLOCK], size_t blocks)
{
	for (int i = SLU_BLOCK; i-- > 0 && blocks > 0; blocks >>= 8) {
		blocks += iv[i];
		iv[i] = (uint8_t)blocks;
	}
}

/* What follows a piece of n bytes, as a program works it out; block is the last of its ciphertext. */
static void next_iv(const struct slu_bench *b, struct use *u, const uint8_t block[SLU_BLOCK], size_t n)
{
	if (b->algorithm == SLU_DC_CTR)
		counter_add(u->iv, n / SLU_BLOCK);
	else
		memcpy(u->iv, block, SLU_BLOCK);
}

/* In as many pieces as the shape says, the last one shorter. */
static int ask_pieces(struct slu_bench *b, const struct slu_shape *shape, struct use *u)
{
	const struct slu_arena *a = &b->arena;
	const size_t n = a->in_length, pieces = shape->at[SLU_SHAPE_PIECES];
	const size_t piece = (n + pieces * SLU_BLOCK - 1) / (pieces * SLU_BLOCK) * SLU_BLOCK;
	const bool written = shape->at[SLU_SHAPE_WRITTEN];
	int error = 0;

	for (size_t at = 0, now; !error && at < n; at += now) {
		const bool last = n - at <= piece;
		uint8_t block[SLU_BLOCK];

		now = last ? n - at : piece;
		if (!last) /* of what is decrypted in place, it is gone afterwards */
			memcpy(block, a->in + at + now - SLU_BLOCK, SLU_BLOCK);
		error = ask_crypt(b, u, a->in + at, a->out + at, now, written);
		if (!last && !written)
			next_iv(b, u, u->decrypt ? block : a->out + at + now - SLU_BLOCK, now);
	}
	return error;
}

static bool iv_kept(const struct use *u, const uint8_t iv[SLU_BLOCK], bool changes)
{
	for (size_t i = SLU_BLOCK; i < WRITE_ROOM; i++)
		if (u->iv[i] != 0x99)
			return false;
	return changes || memcmp(u->iv, iv, SLU_BLOCK) == 0;
}

/* The request that was laid out; data is what goes in, expected what is to come out. */
static struct slu_outcome carry_out(struct slu_bench *b, const struct slu_shape *shape, struct use *u,
				    const uint8_t *data, const uint8_t *expected)
{
	const bool auth = b->algorithm == SLU_DC_GCM || slu_traits_of(b->algorithm)->mac;
	const bool tampered = shape->at[SLU_SHAPE_TAMPERED];
	const uint64_t before = b->requests;
	enum slu_flaw flaw;
	uint8_t iv[SLU_BLOCK];
	int error;

	memcpy(iv, u->iv, SLU_BLOCK);
	memset(u->iv + SLU_BLOCK, 0x99, WRITE_ROOM - SLU_BLOCK);
	error = auth ? ask_auth(b, u) : ask_pieces(b, shape, u);
	if (tampered && !error)
		return differs(SLU_FLAW_TAG);
	if (error && !(tampered && error == -EBADMSG))
		return failed(error, false);
	if (!tampered && memcmp(b->arena.out, expected, b->arena.out_length) != 0)
		return differs(SLU_FLAW_BYTES);
	if (!slu_arena_kept(&b->arena, data, &flaw))
		return differs(flaw);
	if (!iv_kept(u, iv, shape->at[SLU_SHAPE_PIECES] > 1))
		return differs(SLU_FLAW_IV);
	b->operations += b->requests - before;
	return right;
}

/* ---- shapes ---- */

/* Keys that differ by session, worker and size, and an IV that is no other request's. */
struct material {
	uint8_t key[32], mac_key[MAC_KEY], iv[SLU_BLOCK], header[HEADER];
};

static void set_counter(uint8_t iv[SLU_BLOCK], uint32_t kind)
{
	static const struct {
		uint8_t set, clear; /* bytes of ff before so many of 00 */
	} ends[SLU_IVS] = {[SLU_IV_8] = {1, 0},  [SLU_IV_16] = {2, 0}, [SLU_IV_LATER] = {3, 1},
			   [SLU_IV_32] = {4, 0}, [SLU_IV_64] = {8, 0}, [SLU_IV_128] = {16, 0}};
	const size_t set = ends[kind].set, clear = ends[kind].clear;

	memset(iv + 8, 0, 8);
	if (kind == SLU_IV_NONE)
		iv[SLU_BLOCK - 1] = 1;
	memset(iv + SLU_BLOCK - set - clear, 0xff, set);
}

static void material_make(struct material *m, const struct slu_bench *b, const struct slu_shape *shape)
{
	for (size_t i = 0; i < sizeof m->key; i++) {
		m->key[i] = (uint8_t)(17 * i + 101 * shape->at[SLU_SHAPE_SESSION] + 29 * b->worker + 1);
		m->mac_key[i] = (uint8_t)(m->key[i] ^ 0xaa);
	}
	memset(m->iv, 0x42, sizeof m->iv);
	slu_put_be64(m->iv, b->requests);
	if (b->algorithm == SLU_DC_CTR)
		set_counter(m->iv, shape->at[SLU_SHAPE_IV]);
	memset(m->header, 0, sizeof m->header);
	slu_put_be64(m->header, b->requests);
	memcpy(m->header + 8, "\x17\x03\x03", 3);
	slu_put_be16(m->header + 11, shape->at[SLU_SHAPE_LENGTH]);
}

static void plain_make(struct slu_plain *p, struct slu_bench *b, const struct material *m,
		       const struct slu_shape *shape)
{
	const uint32_t mac = slu_traits_of(b->algorithm)->mac;

	slu_arena_fill(&b->arena, shape->at[SLU_SHAPE_LENGTH], b->requests + ((uint64_t)b->worker << 40));
	*p = (struct slu_plain){.key = m->key,
				.key_length = shape->at[SLU_SHAPE_KEY],
				.mac_key = m->mac_key,
				.mac_key_length = mac,
				.iv = m->iv,
				.data = b->arena.plain,
				.n = shape->at[SLU_SHAPE_LENGTH]};
	if (b->algorithm == SLU_DC_GCM)
		p->aad_length = shape->at[SLU_SHAPE_AAD];
	else if (mac)
		p->aad_length = HEADER;
	if (p->aad_length > 0)
		memset(b->arena.aad.page, (int)b->requests & 0xff, p->aad_length);
	if (mac)
		memcpy(b->arena.aad.page, m->header, HEADER);
	p->aad = b->arena.aad.page;
}

/* Opened by the first request that wants it: 0 or -errno. */
static int session_for(struct slu_bench *b, const struct slu_shape *shape, const struct slu_plain *p, struct use *u)
{
	const uint32_t key = shape->at[SLU_SHAPE_KEY] / 8 - 2, which = shape->at[SLU_SHAPE_SESSION];

	if (b->sessions[key][which].fd < 0) {
		int fd = open_session(b, p, &b->sessions[key][which].id);

		if (fd < 0)
			return fd;
		b->sessions[key][which].fd = fd;
	}
	u->fd = b->sessions[key][which].fd;
	u->id = b->sessions[key][which].id;
	u->decrypt = shape->at[SLU_SHAPE_DECRYPT];
	u->aad = b->arena.aad.page;
	u->aad_length = p->aad_length;
	memcpy(u->iv, p->iv, SLU_BLOCK);
	return 0;
}

struct slu_outcome slu_bench_open(struct slu_bench *b, const struct slu_shape *shape)
{
	struct material m;
	struct slu_plain p;
	struct use u;
	int error;

	material_make(&m, b, shape);
	plain_make(&p, b, &m, shape);
	error = session_for(b, shape, &p, &u);
	return error ? failed(error, true) : right;
}

struct slu_outcome slu_bench_try(struct slu_bench *b, const struct slu_shape *shape)
{
	const bool decrypt = shape->at[SLU_SHAPE_DECRYPT];
	const size_t n = shape->at[SLU_SHAPE_LENGTH], result = slu_shape_result(b->algorithm, shape);
	struct material m;
	struct slu_plain p;
	struct use u;
	int error;

	material_make(&m, b, shape);
	plain_make(&p, b, &m, shape);
	error = session_for(b, shape, &p, &u);
	if (error)
		return failed(error, true);
	if (!slu_software_encrypt(b->software, &p, b->arena.sealed))
		return (struct slu_outcome){.what = SLU_CANNOT};
	if (!decrypt) {
		slu_arena_lay_out(&b->arena, shape, b->arena.plain, n, result);
		return carry_out(b, shape, &u, b->arena.plain, b->arena.sealed);
	}
	if (shape->at[SLU_SHAPE_TAMPERED])
		b->arena.sealed[n + SLU_TAG - 1] ^= 1;
	slu_arena_lay_out(&b->arena, shape, b->arena.sealed, n + (b->algorithm == SLU_DC_GCM ? SLU_TAG : 0), result);
	return carry_out(b, shape, &u, b->arena.sealed, b->arena.plain);
}

struct slu_outcome slu_bench_known(struct slu_bench *b, const struct slu_plain *p, bool decrypt, const uint8_t *sealed,
				   size_t sealed_length)
{
	const struct slu_shape shape = slu_shape_simplest(b->algorithm);
	struct slu_outcome outcome;
	struct use u = {.decrypt = decrypt, .aad = b->arena.aad.page, .aad_length = p->aad_length};

	u.fd = open_session(b, p, &u.id);
	if (u.fd < 0)
		return failed(u.fd, true);
	if (p->iv)
		memcpy(u.iv, p->iv, b->algorithm == SLU_DC_GCM ? GCM_IV : SLU_BLOCK);
	memcpy(b->arena.aad.page, p->aad, p->aad_length);
	slu_arena_lay_out(&b->arena, &shape, decrypt ? sealed : p->data, decrypt ? sealed_length : p->n,
			  decrypt ? p->n : sealed_length);
	outcome = carry_out(b, &shape, &u, decrypt ? sealed : p->data, decrypt ? p->data : sealed);
	b->kernel->close(b->kernel->user, u.fd);
	return outcome;
}
