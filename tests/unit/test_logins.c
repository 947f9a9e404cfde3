/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdio.h>

#include <sluice/error.h>

#include "crypto/ops.h"
#include "server/logins.h"

enum { NOW = 5000000 };

static struct slu_logins *open_logins(enum slu_auth_mod mod)
{
	struct slu_logins *l = slu_logins_new(mod, slu_cryptops_openssl());

	assert_non_null(l);
	assert_int_equal(slu_logins_add(l, "alice", "s3cret"), 0);
	assert_int_equal(slu_logins_add(l, "bob", "p:w"), 0);
	return l;
}

/* A client that knows a user and a password, up to its last query: app takes what it connects to. */
static void walk(struct slu_logins *l, const char *user, const char *password, uint64_t now, char *app, size_t size)
{
	struct slu_auth a = {.user = user, .password = password, .app = "live", .crypto = slu_cryptops_openssl()};
	char told[SLU_LOGIN_TOLD], query[SLU_AUTH_QUERY];
	const char *why;

	snprintf(app, size, "live");
	for (int i = 0; i < 2; i++) {
		assert_int_equal(slu_logins_check(l, app, now, told), SLU_ERR_STATE);
		assert_true(strlen(told) < 256); /* what FFmpeg reads of it */
		assert_int_equal(slu_auth_next(&a, told, query, sizeof query, &why), 0);
		snprintf(app, size, "live?%s", query);
	}
}

static const enum slu_auth_mod mods[] = {SLU_AUTH_ADOBE, SLU_AUTH_LLNW};

static void lets_in(void **state)
{
	char app[2048], told[SLU_LOGIN_TOLD];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct slu_logins *l = open_logins(mods[i]);

		walk(l, "alice", "s3cret", NOW, app, sizeof app);
		assert_int_equal(slu_logins_check(l, app, NOW, told), 0);
		assert_string_equal(told, "");
		walk(l, "bob", "p:w", NOW, app, sizeof app);
		assert_int_equal(slu_logins_check(l, app, NOW + SLU_LOGIN_AGE_MS - 1, told), 0);
		slu_logins_free(l);
	}
}

static void expect_refused(struct slu_logins *l, const char *app, uint64_t now)
{
	char told[SLU_LOGIN_TOLD];

	assert_int_equal(slu_logins_check(l, app, now, told), SLU_ERR_REFUSED);
	assert_non_null(strstr(told, "?reason=authfailed"));
	assert_null(strstr(told, "s3cret"));
}

/* A wrong password, another's, and a user who does not exist are told alike. */
static void keeps_out(void **state)
{
	static const char *const who[][2] = {
		{"alice", "wrong"}, {"alice", "p:w"}, {"carol", "s3cret"}, {"carol", "nobody has this one"}};
	char app[2048];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct slu_logins *l = open_logins(mods[i]);

		for (size_t k = 0; k < sizeof who / sizeof who[0]; k++) {
			walk(l, who[k][0], who[k][1], NOW, app, sizeof app);
			expect_refused(l, app, NOW);
		}
		slu_logins_free(l);
	}
}

/* Answered once, and within a minute; by whom it was made for, of whom it was made by. */
static void no_replay(void **state)
{
	char app[2048], told[SLU_LOGIN_TOLD], *user;

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct slu_logins *l = open_logins(mods[i]), *other = open_logins(mods[i]);

		walk(l, "alice", "s3cret", NOW, app, sizeof app);
		assert_int_equal(slu_logins_check(l, app, NOW, told), 0);
		expect_refused(l, app, NOW);
		expect_refused(l, app, NOW + SLU_LOGIN_AGE_MS);
		walk(l, "alice", "s3cret", NOW, app, sizeof app);
		expect_refused(l, app, NOW + SLU_LOGIN_AGE_MS);
		expect_refused(l, app, NOW - 1);
		walk(l, "alice", "s3cret", NOW, app, sizeof app);
		expect_refused(other, app, NOW);
		assert_int_equal(slu_logins_add(l, "alicf", "s3cret"), 0);
		user = strstr(app, "user=alice");
		assert_non_null(user);
		user[9] = 'f';
		expect_refused(l, app, NOW);
		slu_logins_free(l);
		slu_logins_free(other);
	}
}

/* Who listens in has a response, and not the password: no other app, number or challenge fits it. */
static void nothing_can_be_changed(void **state)
{
	char app[2048], told[SLU_LOGIN_TOLD];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct slu_logins *l = open_logins(mods[i]);
		size_t n, first;

		walk(l, "alice", "s3cret", NOW, app, sizeof app);
		first = (size_t)(strstr(app, mods[i] == SLU_AUTH_ADOBE ? "challenge=" : "nonce=") - app);
		n = strlen(app);
		for (size_t at = first; at < n; at++) {
			char was = app[at];

			if (was == '=') /* the end of Base64, or of a name */
				continue;
			app[at] = was == 'x' ? 'y' : 'x';
			assert_true(slu_logins_check(l, app, NOW, told) < 0);
			app[at] = was;
		}
		assert_int_equal(slu_logins_check(l, app, NOW, told), 0);
		slu_logins_free(l);
	}
}

/* Debian's librtmp sends what lies behind its texts. */
static void rubbish_behind_base64(void **state)
{
	struct slu_logins *l = open_logins(SLU_AUTH_ADOBE);
	char app[2048], dirty[2100], told[SLU_LOGIN_TOLD], *end;

	(void)state;
	walk(l, "alice", "s3cret", NOW, app, sizeof app);
	end = strstr(app, "&opaque=");
	assert_non_null(end);
	assert_memory_equal(end - 2, "==", 2);
	snprintf(dirty, sizeof dirty, "%.*s\x7f\x01%s", (int)(end - app), app, end);
	assert_int_equal(slu_logins_check(l, dirty, NOW, told), 0);
	slu_logins_free(l);
}

static void asks_anew(void **state)
{
	static const char *const apps[] = {"live",
					   "",
					   "live?user=alice",
					   "live?authmod=adobe",
					   "live?authmod=adobe&user=",
					   "live?authmod=llnw&user=alice",
					   "authmod=adobe&user=alice"};
	struct slu_logins *l = open_logins(SLU_AUTH_ADOBE);
	char told[SLU_LOGIN_TOLD], app[600];

	(void)state;
	for (size_t i = 0; i < sizeof apps / sizeof apps[0]; i++) {
		assert_int_equal(slu_logins_check(l, apps[i], NOW, told), SLU_ERR_STATE);
		assert_string_equal(told, "[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] : ");
	}
	snprintf(app, sizeof app, "live?authmod=adobe&user=%0256d", 0);
	assert_int_equal(slu_logins_check(l, app, NOW, told), SLU_ERR_STATE);
	assert_non_null(strstr(told, "need auth;"));
	slu_logins_free(l);
}

/* A user's challenges all differ, the salt does not. */
static void challenges_differ(void **state)
{
	struct slu_logins *l = open_logins(SLU_AUTH_ADOBE);
	char a[SLU_LOGIN_TOLD], b[SLU_LOGIN_TOLD];
	const char *x, *y;

	(void)state;
	assert_int_equal(slu_logins_check(l, "live?authmod=adobe&user=alice", NOW, a), SLU_ERR_STATE);
	assert_int_equal(slu_logins_check(l, "live?authmod=adobe&user=alice", NOW, b), SLU_ERR_STATE);
	x = strstr(a, "&salt=");
	y = strstr(b, "&salt=");
	assert_true(x && y);
	assert_memory_equal(x, y, 14);
	assert_string_not_equal(strstr(x, "&opaque="), strstr(y, "&opaque="));
	slu_logins_free(l);
}

/* More than can be remembered within a minute wait for the next one. */
static void many(void **state)
{
	struct slu_logins *l = open_logins(SLU_AUTH_LLNW);
	char app[2048], told[SLU_LOGIN_TOLD];

	(void)state;
	for (int i = 0; i < SLU_LOGIN_ANSWERED; i++) {
		walk(l, "alice", "s3cret", NOW + 1, app, sizeof app);
		assert_int_equal(slu_logins_check(l, app, NOW + 1, told), 0);
	}
	walk(l, "alice", "s3cret", NOW + 2, app, sizeof app);
	expect_refused(l, app, NOW + SLU_LOGIN_AGE_MS);
	assert_int_equal(slu_logins_check(l, app, NOW + SLU_LOGIN_AGE_MS + 1, told), 0);
	expect_refused(l, app, NOW + SLU_LOGIN_AGE_MS + 1);
	slu_logins_free(l);
}

static void users(void **state)
{
	struct slu_logins *l = open_logins(SLU_AUTH_ADOBE);
	char text[SLU_LOGIN_TEXT + 2];

	(void)state;
	assert_int_equal(slu_logins_count(l), 2);
	assert_int_equal(slu_logins_add(l, "alice", "x"), SLU_ERR_REFUSED);
	assert_int_equal(slu_logins_add(l, "", "x"), SLU_ERR_INVALID);
	assert_int_equal(slu_logins_add(l, "x", ""), SLU_ERR_INVALID);
	assert_int_equal(slu_logins_add(l, "a b", "x"), SLU_ERR_INVALID);
	assert_int_equal(slu_logins_add(l, "a&b", "x"), SLU_ERR_INVALID);
	memset(text, 'u', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	assert_int_equal(slu_logins_add(l, text, "x"), SLU_ERR_INVALID);
	assert_int_equal(slu_logins_add(l, "x", text), SLU_ERR_INVALID);
	assert_int_equal(slu_logins_add(l, text + 1, text + 1), 0);
	assert_int_equal(slu_logins_count(l), 3);
	slu_logins_free(l);
	slu_logins_free(NULL);
}

/* Who was let in is known as long as user and password are there, whatever else is. */
static void knows_who_it_was(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct slu_logins *l = open_logins(mods[i]), *other = slu_logins_new(mods[i], slu_cryptops_openssl());
		struct slu_login_id alice, bob, again;
		char app[2048];

		walk(l, "alice", "s3cret", NOW, app, sizeof app);
		assert_int_equal(slu_logins_who(l, app, &alice), 0);
		walk(l, "bob", "p:w", NOW, app, sizeof app);
		assert_int_equal(slu_logins_who(l, app, &bob), 0);
		assert_int_equal(slu_logins_who(l, "live", &again), SLU_ERR_REFUSED);
		assert_int_equal(slu_logins_who(l, "live?user=carol", &again), SLU_ERR_REFUSED);
		assert_false(slu_logins_same(&alice, &bob));
		assert_true(slu_logins_know(l, &alice) && slu_logins_know(l, &bob));
		assert_int_equal(slu_logins_add(other, "alice", "s3cret"), 0);
		assert_int_equal(slu_logins_add(other, "carol", "p:w"), 0);
		slu_logins_take(l, other);
		assert_true(slu_logins_know(l, &alice));
		assert_false(slu_logins_know(l, &bob));
		slu_logins_free(other);
		other = slu_logins_new(mods[i], slu_cryptops_openssl());
		assert_int_equal(slu_logins_add(other, "alice", "another"), 0);
		slu_logins_take(l, other);
		assert_false(slu_logins_know(l, &alice));
		walk(l, "alice", "another", NOW, app, sizeof app);
		assert_int_equal(slu_logins_who(l, app, &again), 0);
		assert_true(slu_logins_same(&alice, &again));
		assert_true(slu_logins_know(l, &again));
		slu_logins_free(other);
		slu_logins_free(l);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lets_in),
		cmocka_unit_test(keeps_out),
		cmocka_unit_test(no_replay),
		cmocka_unit_test(nothing_can_be_changed),
		cmocka_unit_test(rubbish_behind_base64),
		cmocka_unit_test(asks_anew),
		cmocka_unit_test(challenges_differ),
		cmocka_unit_test(many),
		cmocka_unit_test(users),
		cmocka_unit_test(knows_who_it_was),
	};

	return cmocka_run_group_tests_name("logins", tests, NULL, NULL);
}
