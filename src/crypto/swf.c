/* SPDX-License-Identifier: MIT */
#include "crypto/swf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include <sluice/error.h>

#include "crypto/inflate.h"

/* Signature, version and length, which no compression touches (SWF File Format Specification, version 19, chapter 2).
 */
enum { HEADER = 8, PIECE = 16384 };

static const char key[] = "Genuine Adobe Flash Player 001";

struct slu_swf {
	EVP_PKEY *key;
	EVP_MD_CTX *hmac;
	struct slu_inflate *inflate; /* NULL: it is not compressed */
	uint8_t header[HEADER];
	size_t got; /* bytes of the header */
	uint32_t size;
	int err;
	char error[160];
};

struct slu_swf *slu_swf_new(void)
{
	struct slu_swf *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->key = EVP_PKEY_new_raw_private_key(EVP_PKEY_HMAC, NULL, (const unsigned char *)key, sizeof key - 1);
	s->hmac = EVP_MD_CTX_new();
	if (s->key && s->hmac && EVP_DigestSignInit(s->hmac, NULL, EVP_sha256(), NULL, s->key) == 1)
		return s;
	ERR_clear_error();
	slu_swf_free(s);
	return NULL;
}

void slu_swf_free(struct slu_swf *s)
{
	if (!s)
		return;
	slu_inflate_free(s->inflate);
	EVP_MD_CTX_free(s->hmac);
	EVP_PKEY_free(s->key);
	free(s);
}

const char *slu_swf_error(const struct slu_swf *s)
{
	return s->error;
}

static int fail(struct slu_swf *s, int err, const char *text)
{
	s->err = err;
	snprintf(s->error, sizeof s->error, "%s", text);
	return err;
}

static int hash(struct slu_swf *s, const uint8_t *data, size_t n)
{
	if (n > SLU_SWF_MOST - s->size)
		return fail(s, SLU_ERR_LIMIT, "has more than 64 MiB, which no player has");
	s->size += (uint32_t)n;
	if (EVP_DigestSignUpdate(s->hmac, data, n) == 1)
		return 0;
	ERR_clear_error();
	return fail(s, SLU_ERR_TLS, "cannot be hashed: OpenSSL does not do HMAC-SHA256");
}

/* The header is whole: it goes into the hash as if nothing were compressed. */
static int begin(struct slu_swf *s)
{
	if (memcmp(s->header, "ZWS", 3) == 0)
		return fail(s, SLU_ERR_INVALID,
			    "is compressed with LZMA (ZWS), which is not undone here: give its hash and size instead");
	if (memcmp(s->header, "FWS", 3) != 0 && memcmp(s->header, "CWS", 3) != 0)
		return fail(s, SLU_ERR_INVALID, "is no Flash player: it begins with neither FWS nor CWS");
	if (s->header[0] == 'F')
		return hash(s, s->header, HEADER);
	if (!slu_inflate_there())
		return fail(
			s, SLU_ERR_INVALID,
			"is compressed (CWS), and this build has no zlib to undo that: give its hash and size instead");
	s->inflate = slu_inflate_new();
	if (!s->inflate)
		return fail(s, SLU_ERR_NOMEM, "cannot be hashed: out of memory");
	s->header[0] = 'F';
	return hash(s, s->header, HEADER);
}

/* What stands behind the end of what is compressed is nobody's. */
static int decompress(struct slu_swf *s, const uint8_t *data, size_t n)
{
	uint8_t out[PIECE];
	long got;
	int err = 0;

	do {
		got = slu_inflate_out(s->inflate, &data, &n, out, sizeof out);
		if (got < 0)
			return fail(s, (int)got,
				    got == SLU_ERR_NOMEM ? "cannot be hashed: out of memory"
							 : "is damaged: what is compressed in it is no zlib");
		err = hash(s, out, (size_t)got);
	} while (!err && got == sizeof out);
	return err;
}

int slu_swf_in(struct slu_swf *s, const void *data, size_t n)
{
	const size_t left = HEADER - s->got, head = n < left ? n : left;

	if (s->err)
		return s->err;
	memcpy(s->header + s->got, data, head);
	s->got += head;
	if (head && s->got == HEADER && begin(s) != 0)
		return s->err;
	if (n == head)
		return 0;
	return (s->inflate ? decompress : hash)(s, (const uint8_t *)data + head, n - head);
}

int slu_swf_end(struct slu_swf *s, uint8_t out[SLU_SWF_HASH], uint32_t *size)
{
	size_t n = SLU_SWF_HASH;

	if (s->err)
		return s->err;
	if (s->got < HEADER)
		return fail(s, SLU_ERR_INVALID, "is no Flash player: it has fewer than 8 bytes");
	if (s->inflate && !slu_inflate_ended(s->inflate))
		return fail(s, SLU_ERR_INVALID, "is cut off: what is compressed in it has no end");
	*size = s->size;
	if (EVP_DigestSignFinal(s->hmac, out, &n) == 1 && n == SLU_SWF_HASH)
		return 0;
	ERR_clear_error();
	return fail(s, SLU_ERR_TLS, "cannot be hashed: OpenSSL does not do HMAC-SHA256");
}
