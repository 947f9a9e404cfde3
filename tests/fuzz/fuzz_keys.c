/* SPDX-License-Identifier: MIT */
/* Files of stream keys: what is taken, is taken whole, and can be found; what is not, is told in one sentence that has
 * nothing of the file. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <sluice/error.h>

#include "server/hub.h"
#include "server/keys.h"

/* The first bytes of a key stand for its digest: a file cannot hold what is digested to something else. */
static int no_digest(const struct slu_run *runs, size_t n, uint8_t out[SLU_SHA256_SIZE])
{
	memset(out, 0, SLU_SHA256_SIZE);
	if (n)
		memcpy(out, runs[0].data, runs[0].size < SLU_SHA256_SIZE ? runs[0].size : SLU_SHA256_SIZE);
	return 0;
}

static const struct slu_cryptops ops = {.sha256 = no_digest};

static int nibble(char c)
{
	const char *digits = "0123456789abcdef", *at = memchr(digits, c | 0x20, 16);

	return c >= '0' && c <= '9' ? c - '0' : at ? (int)(at - digits) : -1;
}

/* The first line that begins with a digest: it must be found. */
static void must_have(const struct slu_keys *k, const char *text, size_t size)
{
	char key[SLU_STREAM_KEY];
	struct slu_key_id id;
	const char *name;

	if (size < 2 * SLU_SHA256_SIZE)
		return;
	for (size_t i = 0; i < SLU_SHA256_SIZE; i++) {
		int high = nibble(text[2 * i]), low = nibble(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return;
		id.sha256[i] = (uint8_t)(high << 4 | low);
	}
	if (!slu_keys_find(k, &id, &name))
		abort();
	if (name && (slu_stream_key(key, "", name) != 0 || strcmp(key, name) != 0))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slu_keys *k = slu_keys_new(&ops);
	char *text = malloc(size + 1), error[512] = "";
	int err;

	if (!k || !text)
		goto out;
	memcpy(text, data, size);
	err = slu_keys_parse(k, text, size, "FILE", error, sizeof error);
	if (err == 0)
		must_have(k, text, size);
	else if (err == SLU_ERR_INVALID &&
		 (strncmp(error, "line ", 5) != 0 || strchr(error, '\n') || strlen(error) > 300))
		abort();
out:
	slu_keys_free(k);
	free(text);
	return 0;
}
