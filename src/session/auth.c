/* SPDX-License-Identifier: MIT */
/* The client's side of an authentication: from the description of a refusal to the query of the next try. */
#include "session/auth.h"

#include <stdio.h>
#include <string.h>

#include <sluice/error.h>

enum { STEP_NAMED = 1, STEP_ANSWERED = 2, CNONCE = 8 };

/* ---- the description ---- */

/* Whether text begins with word, and that ends there. */
static bool is_word(const char *text, const char *word)
{
	size_t n = strlen(word);

	return strncmp(text, word, n) == 0 && (!text[n] || strchr(" ];&", text[n]));
}

/* False: there is no authmod in it. */
static bool find_mod(const char *description, enum slu_auth_mod *mod)
{
	static const char key[] = "authmod=";
	const char *value = strstr(description, key);

	*mod = SLU_AUTH_NONE;
	if (!value)
		return false;
	value += sizeof key - 1;
	for (int i = SLU_AUTH_ADOBE; i <= SLU_AUTH_LLNW; i++) {
		if (is_word(value, slu_auth_mod_name((enum slu_auth_mod)i)))
			*mod = (enum slu_auth_mod)i;
	}
	return true;
}

/* The fields behind "?reason=", which is the first of them; NULL: there are none. */
static const char *find_fields(const char *description)
{
	const char *p = strstr(description, "?reason=");

	return p ? p + 1 : NULL;
}

/* ---- the query ---- */

/* What goes into a query must not end it, nor begin another field. */
static bool fits_query(struct slu_amf_str text)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.s[i];

		if (c <= ' ' || c == 0x7f || c == '&' || c == '?' || c == '#')
			return false;
	}
	return true;
}

static struct slu_amf_str text_of(const char *text)
{
	return (struct slu_amf_str){text, text ? strlen(text) : 0};
}

static int make_cnonce(const struct slu_cryptops *crypto, char out[CNONCE + 1])
{
	uint8_t noise[CNONCE / 2];
	int err = crypto->random(noise, sizeof noise);

	for (size_t i = 0; i < sizeof noise && !err; i++)
		snprintf(out + 2 * i, 3, "%02x", noise[i]);
	return err;
}

/* The fields of a challenge; false when it lacks what a response is made of. */
static bool read_challenge(enum slu_auth_mod mod, const char *fields, struct slu_auth_answer *a)
{
	if (mod == SLU_AUTH_LLNW)
		return slu_auth_field(fields, "nonce", &a->nonce) && a->nonce.n && fits_query(a->nonce);
	if (!slu_auth_field(fields, "salt", &a->salt))
		return false;
	/* Where there are both, the opaque is what counts. */
	if (slu_auth_field(fields, "opaque", &a->opaque) && a->opaque.n)
		return fits_query(a->opaque);
	return slu_auth_field(fields, "challenge", &a->opaque) && a->opaque.n;
}

static int put_answer(enum slu_auth_mod mod, const char *fields, const struct slu_auth_answer *a, const char *response,
		      char *query, size_t size)
{
	struct slu_amf_str opaque = {"", 0};

	if (mod == SLU_AUTH_LLNW)
		return snprintf(query, size, "authmod=llnw&user=%.*s&nonce=%.*s&cnonce=%.*s&nc=%.*s&response=%s",
				(int)a->user.n, a->user.s, (int)a->nonce.n, a->nonce.s, (int)a->cnonce.n, a->cnonce.s,
				(int)a->nc.n, a->nc.s, response);
	slu_auth_field(fields, "opaque", &opaque);
	return snprintf(query, size, "authmod=adobe&user=%.*s&challenge=%.*s&response=%s%s%.*s", (int)a->user.n,
			a->user.s, (int)a->cnonce.n, a->cnonce.s, response, opaque.n ? "&opaque=" : "", (int)opaque.n,
			opaque.s);
}

static int refused(const char **why, const char *text)
{
	*why = text;
	return SLU_ERR_REFUSED;
}

static int check_size(int n, size_t size, const char **why)
{
	return n >= 0 && (size_t)n < size ? 0 : refused(why, "what it wants to be answered with is too long");
}

static int answer(struct slu_auth *auth, enum slu_auth_mod mod, const char *fields, char *query, size_t size,
		  const char **why)
{
	char cnonce[CNONCE + 1] = "", response[SLU_AUTH_RESPONSE];
	struct slu_auth_answer a = {.user = text_of(auth->user),
				    .password = text_of(auth->password),
				    .app = text_of(auth->app),
				    .nc = {"00000001", 8},
				    .cnonce = {cnonce, CNONCE}};
	int err;

	if (a.app.n)
		a.app.n = strcspn(a.app.s, "?");
	if (!read_challenge(mod, fields, &a))
		return refused(why, "its challenge lacks what an answer is made of");
	err = make_cnonce(auth->crypto, cnonce);
	if (!err)
		err = slu_auth_respond(auth->crypto, mod, &a, response);
	if (err) {
		*why = "the answer to its challenge could not be computed, which takes MD5";
		return err;
	}
	auth->step = STEP_ANSWERED;
	return check_size(put_answer(mod, fields, &a, response, query, size), size, why);
}

static int name_user(struct slu_auth *auth, enum slu_auth_mod mod, char *query, size_t size, const char **why)
{
	if (auth->step >= STEP_NAMED)
		return refused(why, "it asks for the user again and again");
	auth->step = STEP_NAMED;
	return check_size(snprintf(query, size, "authmod=%s&user=%s", slu_auth_mod_name(mod), auth->user), size, why);
}

/* Why there is no use in another try; NULL: there is. */
static const char *hopeless(const struct slu_auth *auth, enum slu_auth_mod mod, struct slu_amf_str reason)
{
	if (slu_amf_str_is(reason, "nosuchuser"))
		return "it does not know this user";
	if (reason.n >= 8 && memcmp(reason.s, "authfail", 8) == 0) /* and "authfailed" */
		return "the user or the password is wrong";
	if (mod == SLU_AUTH_NONE)
		return "it wants an authentication that is not known here: only adobe and llnw are";
	if (!auth->user || !*auth->user || !auth->password || !*auth->password)
		return "it wants a user and a password, and there are none";
	if (!fits_query(text_of(auth->user)))
		return "it wants a user's name that has no space, '&', '?' or '#' in it, and this one has";
	if (!auth->crypto)
		return "it wants an authentication, and there is no MD5 here to make it of";
	if (auth->step >= STEP_ANSWERED)
		return "it does not take the answer to its challenge";
	return NULL;
}

int slu_auth_next(struct slu_auth *auth, const char *description, char *query, size_t size, const char **why)
{
	const char *fields = find_fields(description), *no;
	struct slu_amf_str reason = {"", 0};
	enum slu_auth_mod mod;

	*why = "";
	if (!find_mod(description, &mod))
		return SLU_ERR_INVALID;
	if (fields)
		slu_auth_field(fields, "reason", &reason);
	no = hopeless(auth, mod, reason);
	if (no)
		return refused(why, no);
	if (slu_amf_str_is(reason, "needauth"))
		return answer(auth, mod, fields, query, size, why);
	if (strstr(description, "need auth"))
		return name_user(auth, mod, query, size, why);
	return refused(why, "it refuses for a reason that is not known here");
}
