/* SPDX-License-Identifier: MIT */
/* Descriptions of refusals: what comes of one fits a query, has the user in it and nothing that ends it, and is made
 * twice at most. The same bytes as what a server is answered with are let in by nobody. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <sluice/error.h>

#include "server/logins.h"

enum { TRIES = 4, MOST = 2 };

/* As strong as the test needs it: what is digested differs in length and bytes. */
static int weak_md5(const struct slu_run *runs, size_t n, uint8_t out[SLU_MD5_SIZE])
{
	uint32_t sum = 1;

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < runs[i].size; k++)
			sum = (sum ^ ((const uint8_t *)runs[i].data)[k]) * 16777619u;
	for (size_t i = 0; i < SLU_MD5_SIZE; i++)
		out[i] = (uint8_t)(sum >> 8 * (i % 4));
	return 0;
}

static int weak_mac(const void *key, size_t key_size, const void *a, size_t a_size, const void *b, size_t b_size,
		    uint8_t out[SLU_SHA256_SIZE])
{
	const struct slu_run runs[] = {{key, key_size}, {a, a_size}, {b, b_size}};

	weak_md5(runs, 3, out);
	return weak_md5(runs, 3, out + SLU_MD5_SIZE);
}

static int no_random(void *out, size_t n)
{
	memset(out, 7, n);
	return 0;
}

static const struct slu_cryptops ops = {.hmac_sha256 = weak_mac, .random = no_random, .md5 = weak_md5};

static void client(const char *text)
{
	struct slu_auth auth = {.user = "user", .password = "pass=word", .app = "live", .crypto = &ops};
	char query[SLU_AUTH_QUERY];
	struct slu_amf_str user;
	const char *why;
	int made = 0;

	for (int i = 0; i < TRIES; i++) {
		int err = slu_auth_next(&auth, text, query, sizeof query, &why);

		if (err == SLU_ERR_REFUSED ? !*why : *why)
			abort();
		if (err)
			continue;
		made++;
		if (!slu_auth_field(query, "user", &user) || !slu_amf_str_is(user, "user") || strchr(query, '?') ||
		    strchr(query, ' ') || (strstr(query, "pass=word") && !strstr(text, "pass=word")))
			abort();
	}
	if (made > MOST)
		abort();
}

static void server(const char *text)
{
	char told[SLU_LOGIN_TOLD];

	for (int mod = SLU_AUTH_ADOBE; mod <= SLU_AUTH_LLNW; mod++) {
		struct slu_logins *l = slu_logins_new((enum slu_auth_mod)mod, &ops);

		if (!l)
			return;
		slu_logins_add(l, "user", "pass=word");
		/* The seal of a token could be forged here, but not the time in it: nothing is that old. */
		if (slu_logins_check(l, text, UINT64_MAX, told) == 0 || !told[0])
			abort();
		slu_logins_free(l);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	client(text);
	server(text);
	free(text);
	return 0;
}
