/* SPDX-License-Identifier: MIT */
/*
 * The handshake of Flash Player 9 and Flash Media Server 3, as public implementations document it: C1 and S1 carry an
 * HMAC-SHA256 of their other 1504 bytes; S2 and C2 end with an HMAC-SHA256 of their first 1504 bytes, under a key that
 * is the HMAC-SHA256 of the digest they answer. The keys are well known: all this proves nothing but the dialect.
 */
#include "proto/hs_impl.h"

#include <string.h>

#include "base/bytes.h"

enum { SIGNED = SLU_HS_SIZE - SLU_SHA256_SIZE, DIGEST_SPAN = 728, SCHEMES = 2 };

static const uint8_t player_key[62] = {
	'G',  'e',  'n',  'u',  'i',  'n',  'e',  ' ',  'A',  'd',  'o',  'b',  'e',  ' ',  'F',  'l',
	'a',  's',  'h',  ' ',  'P',  'l',  'a',  'y',  'e',  'r',  ' ',  '0',  '0',  '1',  0xf0, 0xee,
	0xc2, 0x4a, 0x80, 0x68, 0xbe, 0xe8, 0x2e, 0x00, 0xd0, 0xd1, 0x02, 0x9e, 0x7e, 0x57, 0x6e, 0xec,
	0x5d, 0x2d, 0x29, 0x80, 0x6f, 0xab, 0x93, 0xb8, 0xe6, 0x36, 0xcf, 0xeb, 0x31, 0xae,
};

static const uint8_t server_key[68] = {
	'G',  'e',  'n',  'u',  'i',  'n',  'e',  ' ',  'A',  'd',  'o',  'b',  'e',  ' ',  'F',  'l',  'a',
	's',  'h',  ' ',  'M',  'e',  'd',  'i',  'a',  ' ',  'S',  'e',  'r',  'v',  'e',  'r',  ' ',  '0',
	'0',  '1',  0xf0, 0xee, 0xc2, 0x4a, 0x80, 0x68, 0xbe, 0xe8, 0x2e, 0x00, 0xd0, 0xd1, 0x02, 0x9e, 0x7e,
	0x57, 0x6e, 0xec, 0x5d, 0x2d, 0x29, 0x80, 0x6f, 0xab, 0x93, 0xb8, 0xe6, 0x36, 0xcf, 0xeb, 0x31, 0xae,
};

/* What an end signs with: a hello with the readable part of its key, an answer with all of it. The version stands
 * where a plain hello has zeros; peers take a major version of 3 and above for this dialect. */
static const struct {
	const uint8_t *key;
	size_t text_size, key_size;
	uint8_t version[4];
} ends[] = {
	[SLU_CLIENT] = {player_key, 30, sizeof player_key, {9, 0, 124, 2}},
	[SLU_SERVER] = {server_key, 36, sizeof server_key, {3, 5, 1, 1}},
};

/* Of a player that knows all types of RTMPE. */
static const uint8_t rtmpe_version[4] = {128, 0, 3, 2};

/* Scheme 0 has the digest in the first half of the noise, scheme 1 in the second: four bytes say where. */
static size_t digest_offset(unsigned scheme, const uint8_t hello[SLU_HS_SIZE])
{
	size_t base = scheme ? 772 : 8;
	unsigned sum = (unsigned)hello[base] + hello[base + 1] + hello[base + 2] + hello[base + 3];

	return base + 4 + sum % DIGEST_SPAN;
}

static int hello_digest(struct slu_hs *hs, enum slu_role role, const uint8_t *hello, size_t offset, uint8_t *out)
{
	size_t after = offset + SLU_SHA256_SIZE;

	return hs->config.crypto->hmac_sha256(ends[role].key, ends[role].text_size, hello, offset, hello + after,
					      SLU_HS_SIZE - after, out);
}

int slu_hs_digest_hello(struct slu_hs *hs, uint8_t out[SLU_HS_SIZE])
{
	bool encrypts = slu_hs_encrypts(hs->kind);
	enum slu_role role = hs->config.role;
	size_t offset;
	int err;

	slu_put_be32(out, hs->config.time);
	memcpy(out + 4, encrypts && role == SLU_CLIENT ? rtmpe_version : ends[role].version, 4);
	slu_hs_noise(hs, out + 8, SLU_HS_SIZE - 8);
	err = encrypts ? slu_hs_rtmpe_offer(hs, out) : 0;
	if (err)
		return err;
	offset = digest_offset(hs->scheme, out);
	err = hello_digest(hs, role, out, offset, hs->own_digest);
	if (!err)
		memcpy(out + offset, hs->own_digest, SLU_SHA256_SIZE);
	return err;
}

int slu_hs_digest_find(struct slu_hs *hs, enum slu_role role, const uint8_t hello[SLU_HS_SIZE])
{
	uint8_t digest[SLU_SHA256_SIZE];
	size_t offset;
	int err;

	for (unsigned scheme = 0; scheme < SCHEMES; scheme++) {
		offset = digest_offset(scheme, hello);
		err = hello_digest(hs, role, hello, offset, digest);
		if (err)
			return err;
		if (memcmp(digest, hello + offset, sizeof digest) == 0) {
			memcpy(hs->peer_digest, digest, sizeof digest);
			hs->scheme = scheme;
			return 1;
		}
	}
	return 0;
}

static int sign(struct slu_hs *hs, enum slu_role role, const uint8_t *over, const uint8_t *answer, uint8_t *out)
{
	const struct slu_cryptops *crypto = hs->config.crypto;
	uint8_t key[SLU_SHA256_SIZE];
	int err = crypto->hmac_sha256(ends[role].key, ends[role].key_size, over, SLU_SHA256_SIZE, NULL, 0, key);

	if (!err)
		err = crypto->hmac_sha256(key, sizeof key, answer, SIGNED, NULL, 0, out);
	if (!err)
		slu_hs_rtmpe_disguise(hs->kind, key, out);
	return err;
}

int slu_hs_digest_answer(struct slu_hs *hs, uint8_t out[SLU_HS_SIZE])
{
	slu_hs_noise(hs, out, SIGNED);
	return sign(hs, hs->config.role, hs->peer_digest, out, out + SIGNED);
}

int slu_hs_digest_verify(struct slu_hs *hs, enum slu_role role, const uint8_t answer[SLU_HS_SIZE])
{
	uint8_t signature[SLU_SHA256_SIZE];
	int err = sign(hs, role, hs->own_digest, answer, signature);

	return err ? err : memcmp(signature, answer + SIGNED, sizeof signature) == 0;
}
