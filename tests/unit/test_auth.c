/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <sluice/error.h>

#include "crypto/ops.h"
#include "session/auth.h"

static const struct slu_cryptops *ops;

/* Random numbers that are none: the client's number is "00010203". */
static int counting(void *out, size_t n)
{
	for (size_t i = 0; i < n; i++)
		((uint8_t *)out)[i] = (uint8_t)i;
	return 0;
}

static struct slu_cryptops fixed(void)
{
	struct slu_cryptops f = *ops;

	f.random = counting;
	return f;
}

static struct slu_amf_str text(const char *s)
{
	return (struct slu_amf_str){s, strlen(s)};
}

/* What FFmpeg 5.1 and librtmp 2.4 (Debian's) answered, over the wire. */
static void responds_as_others_do(void **state)
{
	static const struct {
		enum slu_auth_mod mod;
		const char *user, *password, *app, *salt, *token, *cnonce, *response;
	} cases[] = {
		{SLU_AUTH_ADOBE, "alice", "s3cret", "live", "7e27c665",
		 "00000000031035c468d9d05e02c60994738172bd76cfdda12ef475d9", "d17b9f20", "JyiOZeBvzeWpfHws0TcESA=="},
		{SLU_AUTH_ADOBE, "alice", "s3cret", "live", "ca39f3ba",
		 "00000000030f2094cc1cab7cbd788d44ea5645126251c505e5ae5139", "rOH4Qw==", "GvegtrHyYXielmi+ZEDQyw=="},
		{SLU_AUTH_ADOBE, "bob", "p:w", "live/inst", "198cd9b2",
		 "00000000031032f6162c25f59aa248a36d952b19a0851ef1fde56d3a", "rOH4Qw==", "BYtnYc5qCAP+qn1impX8zg=="},
		{SLU_AUTH_LLNW, "alice", "s3cret", "live", "",
		 "0000000003102f0c5dd201d373f6452785dca3939f5e9e456ae1cd84", "0638b00f",
		 "6ba453fa7759e5e860bf464b14fead90"},
		{SLU_AUTH_LLNW, "bob", "p:w", "live/inst", "",
		 "0000000003102b3cf344ce3fa5d7a2c4a5756d45880bed94aa8a4414", "43f8e1ac",
		 "33ab880fb9a2f21d06020b9cae3493c8"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct slu_auth_answer a = {.user = text(cases[i].user),
					    .password = text(cases[i].password),
					    .app = text(cases[i].app),
					    .salt = text(cases[i].salt),
					    .opaque = text(cases[i].token),
					    .nonce = text(cases[i].token),
					    .nc = text("00000001"),
					    .cnonce = text(cases[i].cnonce)};
		char response[SLU_AUTH_RESPONSE];

		assert_int_equal(slu_auth_respond(ops, cases[i].mod, &a, response), 0);
		assert_string_equal(response, cases[i].response);
	}
}

static void fields(void **state)
{
	static const struct {
		const char *fields, *name, *value; /* NULL: it is not there */
	} cases[] = {
		{"a=1", "a", "1"},     {"a=1&b=2", "b", "2"},    {"aa=1&a=2", "a", "2"},
		{"ba=1&a=", "a", ""},  {"a=x==&b=", "a", "x=="}, {"a=1 b=2", "b", NULL},
		{"a=1 b=2", "a", "1"}, {"a", "a", NULL},         {"", "a", NULL},
		{"&&a=1", "a", "1"},   {"a=1&a=2", "a", "1"},    {"reason=needauth&user=u ", "user", "u"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct slu_amf_str value = {"?", 1};

		assert_int_equal(slu_auth_field(cases[i].fields, cases[i].name, &value), cases[i].value != NULL);
		if (cases[i].value && !slu_amf_str_is(value, cases[i].value))
			fail_msg("%s of %s: %.*s", cases[i].name, cases[i].fields, (int)value.n, value.s);
	}
}

#define ADOBE "[ AccessManager.Reject ] : [ authmod=adobe ] : "
#define LLNW  "[ AccessManager.Reject ] : [ authmod=llnw ] : "

/* Two steps, or one where the challenge comes at once; then no more. */
static void steps(void **state)
{
	static const struct {
		const char *ask, *challenge, *first, *second;
	} cases[] = {
		{"[ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] : ",
		 ADOBE "?reason=needauth&user=alice&salt=7e27c665&challenge=c0&opaque=o1", "authmod=adobe&user=alice",
		 "authmod=adobe&user=alice&challenge=00010203&response=VHoQx454jtiawj0NHGZTnA==&opaque=o1"},
		{"[ AccessManager.Reject ] : [ code=403 need auth; authmod=llnw ] : ",
		 LLNW "?reason=needauth&user=alice&nonce=n1", "authmod=llnw&user=alice",
		 "authmod=llnw&user=alice&nonce=n1&cnonce=00010203&nc=00000001&"
		 "response=f5622cf46f980650fdb40e47ecccf5da"},
	};
	const struct slu_cryptops f = fixed();
	char query[SLU_AUTH_QUERY];
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct slu_auth a = {.user = "alice", .password = "s3cret", .app = "live?t=1", .crypto = &f};

		assert_int_equal(slu_auth_next(&a, cases[i].ask, query, sizeof query, &why), 0);
		assert_string_equal(query, cases[i].first);
		assert_string_equal(why, "");
		assert_int_equal(slu_auth_next(&a, cases[i].challenge, query, sizeof query, &why), 0);
		assert_string_equal(query, cases[i].second);
		assert_int_equal(slu_auth_next(&a, cases[i].challenge, query, sizeof query, &why), SLU_ERR_REFUSED);
		assert_string_equal(why, "it does not take the answer to its challenge");
		a.step = 0;
		assert_int_equal(slu_auth_next(&a, cases[i].challenge, query, sizeof query, &why), 0);
		assert_string_equal(query, cases[i].second);
		a.step = 0;
		assert_int_equal(slu_auth_next(&a, cases[i].ask, query, sizeof query, &why), 0);
		assert_int_equal(slu_auth_next(&a, cases[i].ask, query, sizeof query, &why), SLU_ERR_REFUSED);
		assert_string_equal(why, "it asks for the user again and again");
	}
}

/* A server that has no opaque is answered over its challenge, and gets no opaque back. */
static void without_an_opaque(void **state)
{
	static const char *const told[] = {ADOBE "?reason=needauth&user=u&salt=s&challenge=zz",
					   ADOBE "?reason=needauth&user=u&salt=s&challenge=zz&opaque="};
	const struct slu_cryptops f = fixed();
	struct slu_auth_answer a = {.user = text("u"),
				    .password = text("p"),
				    .salt = text("s"),
				    .opaque = text("zz"),
				    .cnonce = text("00010203")};
	char query[SLU_AUTH_QUERY], want[SLU_AUTH_QUERY], response[SLU_AUTH_RESPONSE];
	const char *why;

	(void)state;
	assert_int_equal(slu_auth_respond(ops, SLU_AUTH_ADOBE, &a, response), 0);
	snprintf(want, sizeof want, "authmod=adobe&user=u&challenge=00010203&response=%s", response);
	for (size_t i = 0; i < 2; i++) {
		struct slu_auth auth = {.user = "u", .password = "p", .app = "live", .crypto = &f};

		assert_int_equal(slu_auth_next(&auth, told[i], query, sizeof query, &why), 0);
		assert_string_equal(query, want);
	}
}

static void says_why_not(void **state)
{
	static const struct {
		const char *told, *user, *password, *why;
		int err;
	} cases[] = {
		{"", "u", "p", "", SLU_ERR_INVALID},
		{"No such application", "u", "p", "", SLU_ERR_INVALID},
		{"[ authmod=adobe ] : ?reason=authfailed&opaque=x", "u", "p", "the user or the password is wrong",
		 SLU_ERR_REFUSED},
		{"[ authmod=llnw ] : ?reason=authfail", "u", "p", "the user or the password is wrong", SLU_ERR_REFUSED},
		{"[ authmod=adobe ] : ?reason=nosuchuser", "u", "p", "it does not know this user", SLU_ERR_REFUSED},
		{"[ code=403 need auth; authmod=kerberos ] : ", "u", "p", "not known here", SLU_ERR_REFUSED},
		{"[ code=403 need auth; authmod=adobe2 ] : ", "u", "p", "not known here", SLU_ERR_REFUSED},
		{"[ authmod=adobe ] : ?reason=badday", "u", "p", "for a reason that is not known here",
		 SLU_ERR_REFUSED},
		{"authmod=adobe", "u", "p", "for a reason that is not known here", SLU_ERR_REFUSED},
		{"[ code=403 need auth; authmod=adobe ] : ", "", "p", "and there are none", SLU_ERR_REFUSED},
		{"[ code=403 need auth; authmod=adobe ] : ", NULL, NULL, "and there are none", SLU_ERR_REFUSED},
		{"[ code=403 need auth; authmod=adobe ] : ", "u", "", "and there are none", SLU_ERR_REFUSED},
		{"[ code=403 need auth; authmod=adobe ] : ", "u&x=1", "p", "no space", SLU_ERR_REFUSED},
		{"[ authmod=adobe ] : ?reason=needauth", "u", "p", "lacks what", SLU_ERR_REFUSED},
		{"[ authmod=adobe ] : ?reason=needauth&user=u&salt=s", "u", "p", "lacks what", SLU_ERR_REFUSED},
		{"[ authmod=adobe ] : ?reason=needauth&user=u&challenge=s", "u", "p", "lacks what", SLU_ERR_REFUSED},
		{"[ authmod=adobe ] : ?reason=needauth&salt=s&challenge=", "u", "p", "lacks what", SLU_ERR_REFUSED},
		{"[ authmod=adobe ] : ?reason=needauth&salt=s&opaque=a?b", "u", "p", "lacks what", SLU_ERR_REFUSED},
		{"[ authmod=llnw ] : ?reason=needauth&user=u", "u", "p", "lacks what", SLU_ERR_REFUSED},
		{"[ authmod=llnw ] : ?reason=needauth&nonce=", "u", "p", "lacks what", SLU_ERR_REFUSED},
		{"[ authmod=llnw ] : ?reason=needauth&nonce=a\nb", "u", "p", "lacks what", SLU_ERR_REFUSED},
	};
	char query[SLU_AUTH_QUERY];
	const char *why;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct slu_auth a = {
			.user = cases[i].user, .password = cases[i].password, .app = "live", .crypto = ops};

		if (slu_auth_next(&a, cases[i].told, query, sizeof query, &why) != cases[i].err ||
		    !strstr(why, cases[i].why))
			fail_msg("%s: %s", cases[i].told, why);
	}
}

static void too_long(void **state)
{
	char user[SLU_AUTH_QUERY], query[SLU_AUTH_QUERY];
	struct slu_auth a = {.user = user, .password = "p", .app = "live", .crypto = ops};
	const char *why;

	(void)state;
	memset(user, 'u', sizeof user - 1);
	user[sizeof user - 1] = '\0';
	assert_int_equal(slu_auth_next(&a, "need auth; authmod=adobe", query, sizeof query, &why), SLU_ERR_REFUSED);
	assert_non_null(strstr(why, "too long"));
	user[SLU_AUTH_QUERY - sizeof "authmod=adobe&user="] = '\0';
	a.step = 0;
	assert_int_equal(slu_auth_next(&a, "need auth; authmod=adobe", query, sizeof query, &why), 0);
	assert_int_equal(strlen(query), SLU_AUTH_QUERY - 1);
}

static int no_md5(const struct slu_run *runs, size_t n, uint8_t out[SLU_MD5_SIZE])
{
	(void)runs;
	(void)n;
	(void)out;
	return SLU_ERR_TLS;
}

/* As OpenSSL in FIPS mode has it. */
static void without_md5(void **state)
{
	struct slu_cryptops f = fixed();
	struct slu_auth a = {.user = "u", .password = "p", .app = "live", .crypto = &f};
	char query[SLU_AUTH_QUERY];
	const char *why;

	(void)state;
	f.md5 = no_md5;
	assert_int_equal(slu_auth_next(&a, LLNW "?reason=needauth&nonce=n", query, sizeof query, &why), SLU_ERR_TLS);
	assert_non_null(strstr(why, "MD5"));
	a.crypto = NULL;
	assert_int_equal(slu_auth_next(&a, LLNW "?reason=needauth&nonce=n", query, sizeof query, &why),
			 SLU_ERR_REFUSED);
	assert_non_null(strstr(why, "MD5"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(responds_as_others_do), cmocka_unit_test(fields),       cmocka_unit_test(steps),
		cmocka_unit_test(without_an_opaque),     cmocka_unit_test(says_why_not), cmocka_unit_test(too_long),
		cmocka_unit_test(without_md5),
	};

	ops = slu_cryptops_openssl();
	return cmocka_run_group_tests_name("auth", tests, NULL, NULL);
}
