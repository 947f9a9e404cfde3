/* SPDX-License-Identifier: MIT */
/* What both ends of an authentication compute. */
#include <string.h>

#include <sluice/error.h>

#include "base/wipe.h"
#include "session/auth.h"

enum { HEX = 2 * SLU_MD5_SIZE, BASE64 = 24 };
_Static_assert((int)HEX < (int)SLU_AUTH_RESPONSE && (int)BASE64 < (int)SLU_AUTH_RESPONSE, "a response is either");

const char *slu_auth_mod_name(enum slu_auth_mod mod)
{
	static const char *const names[] = {[SLU_AUTH_NONE] = "", [SLU_AUTH_ADOBE] = "adobe", [SLU_AUTH_LLNW] = "llnw"};

	return names[mod];
}

bool slu_auth_field(const char *fields, const char *name, struct slu_amf_str *value)
{
	size_t n = strlen(name);

	for (const char *p = fields;; p++) {
		if (strncmp(p, name, n) == 0 && p[n] == '=') {
			value->s = p + n + 1;
			value->n = strcspn(value->s, "& ");
			return true;
		}
		p += strcspn(p, "& ");
		if (*p != '&')
			return false;
	}
}

static void put_hex(const uint8_t digest[SLU_MD5_SIZE], char out[HEX + 1])
{
	for (size_t i = 0; i < SLU_MD5_SIZE; i++) {
		out[2 * i] = "0123456789abcdef"[digest[i] >> 4];
		out[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
	}
	out[HEX] = '\0';
}

static void put_base64(const uint8_t digest[SLU_MD5_SIZE], char out[BASE64 + 1])
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	uint8_t padded[18] = {0};

	memcpy(padded, digest, SLU_MD5_SIZE);
	for (size_t i = 0; i < sizeof padded / 3; i++) {
		const uint8_t *p = padded + 3 * i;

		out[4 * i] = digits[p[0] >> 2];
		out[4 * i + 1] = digits[(p[0] & 3) << 4 | p[1] >> 4];
		out[4 * i + 2] = digits[(p[1] & 15) << 2 | p[2] >> 6];
		out[4 * i + 3] = digits[p[2] & 63];
	}
	memcpy(out + BASE64 - 2, "==", 3); /* of 18 bytes, two are padding */
}

static struct slu_run run(struct slu_amf_str text)
{
	return (struct slu_run){text.s ? text.s : "", text.n};
}

static struct slu_run text_run(const char *text)
{
	return (struct slu_run){text, strlen(text)};
}

static int respond_adobe(const struct slu_cryptops *crypto, const struct slu_auth_answer *a, char *response)
{
	const struct slu_run secret[] = {run(a->user), run(a->salt), run(a->password)};
	uint8_t digest[SLU_MD5_SIZE];
	char first[BASE64 + 1];
	const struct slu_run all[] = {{first, BASE64}, run(a->opaque), run(a->cnonce)};
	int err = crypto->md5(secret, 3, digest);

	if (!err) {
		put_base64(digest, first);
		err = crypto->md5(all, 3, digest);
	}
	if (!err)
		put_base64(digest, response);
	slu_wipe_bytes(first, sizeof first);
	return err;
}

static int hex_md5(const struct slu_cryptops *crypto, const struct slu_run *runs, size_t n, char out[HEX + 1])
{
	uint8_t digest[SLU_MD5_SIZE];
	int err = crypto->md5(runs, n, digest);

	if (!err)
		put_hex(digest, out);
	slu_wipe_bytes(digest, sizeof digest);
	return err;
}

/* RFC 2617, 3.2.2: A1, A2, and with qop "auth" all of it. */
static int respond_llnw(const struct slu_cryptops *crypto, const struct slu_auth_answer *a, char *response)
{
	bool instance = a->app.n && memchr(a->app.s, '/', a->app.n);
	const struct slu_run colon = text_run(":");
	const struct slu_run who[] = {run(a->user), text_run(":live:"), run(a->password)};
	const struct slu_run what[] = {text_run("publish:/"), run(a->app), text_run(instance ? "" : "/_definst_")};
	char a1[HEX + 1], a2[HEX + 1];
	const struct slu_run all[] = {{a1, HEX},      colon, run(a->nonce),     colon,    run(a->nc), colon,
				      run(a->cnonce), colon, text_run("auth:"), {a2, HEX}};
	int err = hex_md5(crypto, who, 3, a1);

	if (!err)
		err = hex_md5(crypto, what, 3, a2);
	if (!err)
		err = hex_md5(crypto, all, sizeof all / sizeof all[0], response);
	slu_wipe_bytes(a1, sizeof a1);
	return err;
}

int slu_auth_respond(const struct slu_cryptops *crypto, enum slu_auth_mod mod, const struct slu_auth_answer *a,
		     char response[SLU_AUTH_RESPONSE])
{
	return (mod == SLU_AUTH_ADOBE ? respond_adobe : respond_llnw)(crypto, a, response);
}
