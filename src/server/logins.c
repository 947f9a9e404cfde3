/* SPDX-License-Identifier: MIT */
#include "server/logins.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sluice/error.h>

#include "base/bytes.h"
#include "base/wipe.h"

/* A token: the time, a number, and the seal over both and the user, in hexadecimal. */
enum { TIME = 8, NUMBER = 8, SEAL = 12, TOKEN = TIME + NUMBER + SEAL, TOKEN_TEXT = 2 * TOKEN, SALT_TEXT = 8 };

struct login {
	struct login *next;
	char user[SLU_LOGIN_TEXT + 1], password[SLU_LOGIN_TEXT + 1];
};

struct slu_logins {
	enum slu_auth_mod mod;
	const struct slu_cryptops *crypto;
	uint8_t key[SLU_SHA256_SIZE];
	struct login *first;
	size_t count;
	/* Challenges that were answered: a ring, the oldest at `oldest`. */
	struct {
		uint8_t number[NUMBER];
		uint64_t until_ms;
	} answered[SLU_LOGIN_ANSWERED];
	size_t oldest, nanswered;
};

struct slu_logins *slu_logins_new(enum slu_auth_mod mod, const struct slu_cryptops *crypto)
{
	struct slu_logins *l = calloc(1, sizeof *l);

	if (!l)
		return NULL;
	l->mod = mod;
	l->crypto = crypto;
	if (crypto->random(l->key, sizeof l->key) == 0)
		return l;
	free(l);
	return NULL;
}

void slu_logins_free(struct slu_logins *l)
{
	struct login *next;

	if (!l)
		return;
	for (struct login *u = l->first; u; u = next) {
		next = u->next;
		slu_wipe_bytes(u, sizeof *u);
		free(u);
	}
	slu_wipe_bytes(l, sizeof *l);
	free(l);
}

void slu_logins_take(struct slu_logins *l, struct slu_logins *from)
{
	struct login *first = l->first;
	size_t count = l->count;

	l->first = from->first;
	l->count = from->count;
	from->first = first;
	from->count = count;
}

size_t slu_logins_count(const struct slu_logins *l)
{
	return l->count;
}

static const struct login *find_user(const struct slu_logins *l, struct slu_amf_str user)
{
	for (const struct login *u = l->first; u; u = u->next) {
		if (slu_amf_str_is(user, u->user))
			return u;
	}
	return NULL;
}

int slu_logins_add(struct slu_logins *l, const char *user, const char *password)
{
	size_t n = strlen(user), m = strlen(password);
	struct login *u;

	if (!n || !m || n > SLU_LOGIN_TEXT || m > SLU_LOGIN_TEXT || strpbrk(user, " &?#\t"))
		return SLU_ERR_INVALID;
	if (find_user(l, (struct slu_amf_str){user, n}))
		return SLU_ERR_REFUSED;
	u = calloc(1, sizeof *u);
	if (!u)
		return SLU_ERR_NOMEM;
	memcpy(u->user, user, n);
	memcpy(u->password, password, m);
	u->next = l->first;
	l->first = u;
	l->count++;
	return 0;
}

/* ---- tokens ---- */

static void put_hex(const uint8_t *data, size_t n, char *out)
{
	for (size_t i = 0; i < n; i++)
		snprintf(out + 2 * i, 3, "%02x", data[i]);
}

static bool take_hex(struct slu_amf_str text, uint8_t *out, size_t n)
{
	static const char digits[] = "0123456789abcdef";

	if (text.n != 2 * n)
		return false;
	for (size_t i = 0; i < n; i++) {
		const char *high = memchr(digits, text.s[2 * i], 16), *low = memchr(digits, text.s[2 * i + 1], 16);

		if (!high || !low)
			return false;
		out[i] = (uint8_t)((high - digits) << 4 | (low - digits));
	}
	return true;
}

/* Whether they are the same, in a time that says nothing of where they differ. */
static bool same(const void *a, const void *b, size_t n)
{
	const volatile uint8_t *p = a, *q = b;
	uint8_t differ = 0;

	for (size_t i = 0; i < n; i++)
		differ |= (uint8_t)(p[i] ^ q[i]);
	return differ == 0;
}

static int seal(const struct slu_logins *l, const uint8_t token[TOKEN], struct slu_amf_str user, uint8_t out[SEAL])
{
	uint8_t mac[SLU_SHA256_SIZE];
	int err = l->crypto->hmac_sha256(l->key, sizeof l->key, token, TIME + NUMBER, user.s, user.n, mac);

	memcpy(out, mac, SEAL);
	return err;
}

static int make_token(const struct slu_logins *l, struct slu_amf_str user, uint64_t now_ms, char out[TOKEN_TEXT + 1])
{
	uint8_t token[TOKEN];
	int err;

	slu_put_be64(token, now_ms);
	err = l->crypto->random(token + TIME, NUMBER);
	if (!err)
		err = seal(l, token, user, token + TIME + NUMBER);
	if (!err)
		put_hex(token, sizeof token, out);
	return err;
}

/* Users keep their salt, and one who does not exist has one, too. */
static int make_salt(const struct slu_logins *l, struct slu_amf_str user, char out[SALT_TEXT + 1])
{
	uint8_t mac[SLU_SHA256_SIZE];
	int err = l->crypto->hmac_sha256(l->key, sizeof l->key, "salt", 4, user.s, user.n, mac);

	put_hex(mac, SALT_TEXT / 2, out);
	return err;
}

/* Whether a token is ours, for this user, and fresh. */
static bool is_fresh(const struct slu_logins *l, const uint8_t token[TOKEN], struct slu_amf_str user, uint64_t now_ms)
{
	uint64_t made = slu_be64(token);
	uint8_t mac[SEAL];

	if (seal(l, token, user, mac) != 0 || !same(mac, token + TIME + NUMBER, SEAL))
		return false;
	return made <= now_ms && now_ms - made < SLU_LOGIN_AGE_MS;
}

/* Notes that it was answered; false when it was already, or when so many were that this one could not be kept. */
static bool use_up(struct slu_logins *l, const uint8_t token[TOKEN], uint64_t now_ms)
{
	size_t at;

	while (l->nanswered && l->answered[l->oldest].until_ms <= now_ms) {
		l->oldest = (l->oldest + 1) % SLU_LOGIN_ANSWERED;
		l->nanswered--;
	}
	for (size_t i = 0; i < l->nanswered; i++) {
		at = (l->oldest + i) % SLU_LOGIN_ANSWERED;
		if (same(l->answered[at].number, token + TIME, NUMBER))
			return false;
	}
	if (l->nanswered == SLU_LOGIN_ANSWERED)
		return false;
	at = (l->oldest + l->nanswered++) % SLU_LOGIN_ANSWERED;
	memcpy(l->answered[at].number, token + TIME, NUMBER);
	l->answered[at].until_ms = now_ms + SLU_LOGIN_AGE_MS;
	return true;
}

/* ---- what clients say ---- */

static const char *name(const struct slu_logins *l)
{
	return slu_auth_mod_name(l->mod);
}

static int ask_who(const struct slu_logins *l, char *told)
{
	snprintf(told, SLU_LOGIN_TOLD, "[ AccessManager.Reject ] : [ code=403 need auth; authmod=%s ] : ", name(l));
	return SLU_ERR_STATE;
}

static int refuse(const struct slu_logins *l, char *told)
{
	snprintf(told, SLU_LOGIN_TOLD, "[ AccessManager.Reject ] : [ authmod=%s ] : ?reason=authfailed", name(l));
	return SLU_ERR_REFUSED;
}

/* FFmpeg reads 255 bytes of it. Clients that know an opaque answer over that, and the challenge is decoration. */
static int challenge(const struct slu_logins *l, struct slu_amf_str user, uint64_t now_ms, char *told)
{
	char token[TOKEN_TEXT + 1], salt[SALT_TEXT + 1];
	int err = make_token(l, user, now_ms, token), n;

	if (!err)
		err = make_salt(l, user, salt);
	if (err)
		return refuse(l, told);
	n = snprintf(told, SLU_LOGIN_TOLD, "[ AccessManager.Reject ] : [ authmod=%s ] : ?reason=needauth&user=%.*s",
		     name(l), (int)user.n, user.s);
	if (l->mod == SLU_AUTH_LLNW)
		snprintf(told + n, SLU_LOGIN_TOLD - (size_t)n, "&nonce=%s", token);
	else
		snprintf(told + n, SLU_LOGIN_TOLD - (size_t)n, "&salt=%s&challenge=%.8s&opaque=%s", salt, token, token);
	return SLU_ERR_STATE;
}

/* Cut behind Base64's padding: Debian's librtmp forgets to end its text there, and sends what lies behind it. */
static void cut_base64(struct slu_amf_str *text)
{
	for (size_t i = 1; i < text->n; i++) {
		if (text->s[i - 1] == '=' && text->s[i] == '=')
			text->n = i + 1;
	}
}

/* The fields of an answer; false when one is missing. */
static bool read_answer(const struct slu_logins *l, const char *app, const char *query, struct slu_auth_answer *a,
			struct slu_amf_str *response)
{
	a->app = (struct slu_amf_str){app, strcspn(app, "?")};
	if (!slu_auth_field(query, "response", response))
		return false;
	if (l->mod == SLU_AUTH_ADOBE) {
		if (!slu_auth_field(query, "challenge", &a->cnonce) || !slu_auth_field(query, "opaque", &a->opaque))
			return false;
		cut_base64(&a->cnonce);
		cut_base64(response);
		return true;
	}
	return slu_auth_field(query, "cnonce", &a->cnonce) && slu_auth_field(query, "nc", &a->nc) &&
	       slu_auth_field(query, "nonce", &a->nonce);
}

/* Whether the response is what the user's password makes of it. For a user who does not exist all is done, too. */
static bool is_right(const struct slu_logins *l, struct slu_auth_answer *a, struct slu_amf_str response)
{
	static const struct login nobody = {.password = "nobody has this one"};
	const struct login *u = find_user(l, a->user);
	char salt[SALT_TEXT + 1], right[SLU_AUTH_RESPONSE];
	bool equal;

	a->password.s = u ? u->password : nobody.password;
	a->password.n = strlen(a->password.s);
	if (make_salt(l, a->user, salt) != 0)
		return false;
	a->salt = (struct slu_amf_str){salt, SALT_TEXT};
	if (slu_auth_respond(l->crypto, l->mod, a, right) != 0)
		return false;
	equal = response.n == strlen(right) && same(response.s, right, response.n);
	slu_wipe_bytes(right, sizeof right);
	return equal && u;
}

int slu_logins_check(struct slu_logins *l, const char *app, uint64_t now_ms, char told[SLU_LOGIN_TOLD])
{
	const char *query = strchr(app, '?');
	struct slu_auth_answer a = {.user = {"", 0}};
	struct slu_amf_str mod = {"", 0}, response;
	uint8_t token[TOKEN];

	if (!query || !slu_auth_field(query + 1, "authmod", &mod) || !slu_amf_str_is(mod, name(l)) ||
	    !slu_auth_field(query + 1, "user", &a.user) || !a.user.n || a.user.n > SLU_LOGIN_TEXT)
		return ask_who(l, told);
	if (!read_answer(l, app, query + 1, &a, &response))
		return challenge(l, a.user, now_ms, told);
	if (!take_hex(l->mod == SLU_AUTH_ADOBE ? a.opaque : a.nonce, token, sizeof token) ||
	    !is_fresh(l, token, a.user, now_ms) || !is_right(l, &a, response) || !use_up(l, token, now_ms))
		return refuse(l, told);
	told[0] = '\0';
	return 0;
}

/* ---- who it is ---- */

static int identify(const struct slu_logins *l, const struct login *u, struct slu_login_id *id)
{
	size_t n = strlen(u->user), m = strlen(u->password);
	int err = l->crypto->hmac_sha256(l->key, sizeof l->key, "user", 4, u->user, n, id->user);

	if (err)
		return err;
	return l->crypto->hmac_sha256(l->key, sizeof l->key, id->user, sizeof id->user, u->password, m, id->both);
}

int slu_logins_who(const struct slu_logins *l, const char *app, struct slu_login_id *id)
{
	const char *query = strchr(app, '?');
	struct slu_amf_str user;
	const struct login *u;

	if (!query || !slu_auth_field(query + 1, "user", &user))
		return SLU_ERR_REFUSED;
	u = find_user(l, user);
	return u ? identify(l, u, id) : SLU_ERR_REFUSED;
}

bool slu_logins_know(const struct slu_logins *l, const struct slu_login_id *id)
{
	struct slu_login_id other;

	for (const struct login *u = l->first; u; u = u->next)
		if (identify(l, u, &other) == 0 && same(other.both, id->both, sizeof id->both))
			return true;
	return false;
}

bool slu_logins_same(const struct slu_login_id *a, const struct slu_login_id *b)
{
	return same(a->user, b->user, sizeof a->user);
}
