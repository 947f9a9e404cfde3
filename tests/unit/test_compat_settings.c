/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <librtmp/log.h>

#include "options.h"
#include "settings.h"
#include "state.h"

static RTMP *r;
static char heard[16384], error[512];
static bool privileged;

/* The linker has our calls go here: a program with more rights than its user has no environment. */
char *__real_secure_getenv(const char *name);
char *__wrap_secure_getenv(const char *name);

char *__wrap_secure_getenv(const char *name)
{
	return privileged ? NULL : __real_secure_getenv(name);
}

/* For each a value that will do, in the order of the table. */
static const struct {
	const char *name, *variable, *value;
} all[] = {
	{"tlsVerify", "LIBRTMP_TLS_VERIFY", "off"},
	{"tlsCAFile", "LIBRTMP_TLS_CA_FILE", "/dev/null"},
	{"tlsPin", "LIBRTMP_TLS_PIN", "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="},
	{"tlsCert", "LIBRTMP_TLS_CERT", "/dev/null"},
	{"tlsKey", "LIBRTMP_TLS_KEY", "/dev/null"},
	{"tlsMin", "LIBRTMP_TLS_MIN", "1.2"},
	{"tlsMax", "LIBRTMP_TLS_MAX", "TLSv1.3"},
	{"tlsCiphers", "LIBRTMP_TLS_CIPHERS", "ECDHE-RSA-AES128-GCM-SHA256"},
	{"tlsCiphersuites", "LIBRTMP_TLS_CIPHERSUITES", "TLS_AES_128_GCM_SHA256"},
	{"tlsGroups", "LIBRTMP_TLS_GROUPS", "P-256"},
	{"tlsOffload", "LIBRTMP_TLS_OFFLOAD", "ktls:tls13"},
	{"chunkSize", "LIBRTMP_CHUNK_SIZE", "4096"},
	{"connectTimeout", "LIBRTMP_CONNECT_TIMEOUT", "3"},
};

enum { ALL = sizeof all / sizeof all[0] };

static void hear(int level, const char *format, va_list args)
{
	size_t n = strlen(heard);

	(void)level;
	vsnprintf(heard + n, sizeof heard - n, format, args);
	strncat(heard, "\n", sizeof heard - strlen(heard) - 1);
}

static int begin(void **state)
{
	(void)state;
	r = calloc(1, sizeof *r);
	heard[0] = error[0] = '\0';
	privileged = false;
	for (int i = 0; i < ALL; i++)
		unsetenv(all[i].variable);
	RTMP_LogSetCallback(hear);
	return r ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	slu_compat_free_state(r);
	free(r);
	return 0;
}

static int set(const char *name, const char *value)
{
	const AVal opt = {(char *)(uintptr_t)name, (int)strlen(name)};
	AVal arg = {(char *)(uintptr_t)value, (int)strlen(value)};

	return RTMP_SetOpt(r, &opt, &arg);
}

static void has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" lacks \"%s\"", text, part);
}

/* text NULL: it will not do. */
static void gets(unsigned which, const char *text, const char *who)
{
	char *got = slu_compat_get(r, which, error, sizeof error);

	if (text)
		assert_string_equal(got ? got : error, text);
	else
		assert_null(got);
	free(got);
	if (who)
		assert_string_equal(slu_compat_said_by(r, which), who);
	else
		assert_null(slu_compat_said_by(r, which));
}

static void the_table_is_whole(void **state)
{
	(void)state;
	assert_int_equal(SLU_COMPAT_SETTINGS, ALL);
	for (int i = 0; i < ALL; i++) {
		assert_string_equal(slu_compat_settings[i].name, all[i].name);
		assert_string_equal(slu_compat_settings[i].variable, all[i].variable);
	}
}

/* The caller's storage, and nothing of the structure but where the state hangs. */
static void options_are_kept(void **state)
{
	RTMP *wanted = calloc(1, sizeof *wanted);

	(void)state;
	assert_non_null(wanted);
	for (unsigned i = 0; i < ALL; i++) {
		gets(i, "", NULL);
		if (!set(all[i].name, all[i].value))
			fail_msg("%s", heard);
		assert_ptr_equal(((struct slu_compat *)r->Link.dh)->setting[i].av_val, all[i].value);
		assert_int_equal(((struct slu_compat *)r->Link.dh)->setting[i].av_len, strlen(all[i].value));
		gets(i, all[i].value, all[i].name);
		wanted->Link.dh = r->Link.dh;
		assert_memory_equal(r, wanted, sizeof *r);
	}
	assert_string_equal(heard, "");
	assert_true(set("TLSVERIFY", "1"));
	gets(SLU_COMPAT_TLS_VERIFY, "1", "tlsVerify");
	free(wanted);
}

static void a_value_ends_where_it_says(void **state)
{
	static const AVal opt = AVC("chunkSize");
	AVal arg = {"40961", 4};

	(void)state;
	assert_true(RTMP_SetOpt(r, &opt, &arg));
	gets(SLU_COMPAT_CHUNK_SIZE, "4096", "chunkSize");
}

static void none_has_a_state_before_it_is_told(void **state)
{
	(void)state;
	assert_true(set("live", "1"));
	assert_true(set("timeout", "3"));
	assert_false(set("tlsMin", "3"));
	assert_null(r->Link.dh);
}

/* An option with two values that will not do, and what the sentence has. */
static const struct {
	const char *name, *a, *b, *part;
} refused[] = {
	{"tlsVerify", "2", "flase", "neither 1 nor 0"},
	{"tlsCAFile", "/dev/null/x", "nowhere.pem", "cannot be read"},
	{"tlsPin", "sha256//AAAA", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "a pin looks like"},
	{"tlsCert", "/dev/null/x", "nowhere.pem", "cannot be read"},
	{"tlsKey", "/dev/null/x", "nowhere.pem", "cannot be read"},
	{"tlsMin", "1.4", "tls", "it is 1.0, 1.1, 1.2 or 1.3"},
	{"tlsMax", "3", "1.2.", "it is 1.0, 1.1, 1.2 or 1.3"},
	{"tlsCiphers", "NO-SUCH", "NO:SUCH", "does not take the cipher list"},
	{"tlsCiphersuites", "NO_SUCH", "TLS_AES_128_GCM_SHA256:X", "does not take the TLS 1.3 suite"},
	{"tlsGroups", "NO", "P-256:NO", "does not take the groups"},
	{"tlsOffload", "hardware", "devcrypt", "it is auto, off, devcrypto"},
	{"chunkSize", "0", "16777216", "\" is no number of bytes from 1 to 16777215"},
	{"connectTimeout", "-1", "3s", "\" is no number of seconds from 1 to 86400"},
};

static void bad_values_are_refused(void **state)
{
	char who[64];

	(void)state;
	assert_int_equal(sizeof refused / sizeof refused[0], ALL);
	for (size_t i = 0; i < ALL; i++) {
		const char *values[] = {refused[i].a, refused[i].b};

		for (int k = 0; k < 2; k++) {
			heard[0] = '\0';
			if (set(refused[i].name, values[k]))
				fail_msg("%s takes %s", refused[i].name, values[k]);
			snprintf(who, sizeof who, "Option %s: ", refused[i].name);
			has(heard, who);
			has(heard, refused[i].part);
			assert_string_equal(strchr(heard, '\n'), "\n");
		}
		gets((unsigned)i, "", NULL);
	}
}

static void numbers_to_their_ends(void **state)
{
	(void)state;
	assert_true(set("chunkSize", "1") && set("chunkSize", "16777215"));
	assert_true(set("connectTimeout", "1") && set("connectTimeout", "86400"));
	assert_false(set("connectTimeout", "86401") || set("connectTimeout", "99999999999999999999"));
	assert_false(set("chunkSize", "4096 ") || set("chunkSize", "0x10"));
}

static void truths(void **state)
{
	static const char *const words[][2] = {{"0", "1"}, {"OFF", "On"}, {"no", "YES"}, {"False", "tRue"}};

	(void)state;
	for (int i = 0; i < 4; i++)
		for (int truth = 0; truth < 2; truth++) {
			assert_int_equal(slu_compat_truth(words[i][truth]), truth);
			assert_true(set("tlsVerify", words[i][truth]));
		}
	assert_int_equal(slu_compat_truth(""), -1);
	assert_int_equal(slu_compat_truth("ye"), -1);
	assert_false(set("tlsVerify", "ye"));
}

/* OpenSSL is not asked about "auto", which would measure. */
static void automatic(void **state)
{
	(void)state;
	assert_true(set("tlsCiphers", "auto"));
	assert_true(set("tlsOffload", "auto"));
	assert_true(set("tlsOffload", "engine:any,x=y"));
	assert_true(set("tlsOffload", "off"));
}

static void the_environment_stands_in(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ALL; i++) {
		setenv(all[i].variable, all[i].value, 1);
		gets(i, all[i].value, all[i].variable);
		privileged = true;
		gets(i, "", NULL);
		privileged = false;
		setenv(all[i].variable, "", 1);
		gets(i, "", NULL);
		unsetenv(all[i].variable);
	}
}

static void options_come_first(void **state)
{
	(void)state;
	for (unsigned i = 0; i < ALL; i++) {
		setenv(all[i].variable, refused[i].a, 1);
		assert_true(set(all[i].name, all[i].value));
		gets(i, all[i].value, all[i].name);
		assert_true(set(all[i].name, "")); /* the default, whatever the environment says */
		gets(i, "", NULL);
	}
}

static void bad_variables_are_found(void **state)
{
	char who[64];

	(void)state;
	for (unsigned i = 0; i < ALL; i++) {
		setenv(all[i].variable, refused[i].b, 1);
		gets(i, NULL, all[i].variable);
		snprintf(who, sizeof who, "%s: ", all[i].variable);
		assert_memory_equal(error, who, strlen(who));
		has(error, refused[i].part);
	}
}

static void tuned(uint32_t chunk_size, unsigned connect_timeout_ms)
{
	struct slu_compat_tuning t = {7, 7};

	if (!slu_compat_tuning(r, &t, error, sizeof error))
		fail_msg("%s", error);
	assert_int_equal(t.chunk_size, chunk_size);
	assert_int_equal(t.connect_timeout_ms, connect_timeout_ms);
}

static void tuning(void **state)
{
	struct slu_compat_tuning t = {7, 7};

	(void)state;
	tuned(65536, 0);
	setenv("LIBRTMP_CHUNK_SIZE", "128", 1);
	setenv("LIBRTMP_CONNECT_TIMEOUT", "20", 1);
	tuned(128, 20000);
	assert_true(set("chunkSize", "16777215") && set("connectTimeout", "86400"));
	tuned(16777215, 86400000);
	assert_true(set("chunkSize", "") && set("connectTimeout", ""));
	tuned(65536, 0);
	slu_compat_free_state(r);
	setenv("LIBRTMP_CONNECT_TIMEOUT", "soon", 1);
	assert_false(slu_compat_tuning(r, &t, error, sizeof error));
	has(error, "LIBRTMP_CONNECT_TIMEOUT: \"soon\" is no number of seconds");
	setenv("LIBRTMP_CHUNK_SIZE", "big", 1);
	assert_false(slu_compat_tuning(r, &t, error, sizeof error));
	has(error, "LIBRTMP_CHUNK_SIZE: \"big\" is no number of bytes");
	assert_int_equal(t.chunk_size, 7);
}

static void urls_bring_them(void **state)
{
	char url[] = "rtmps://h/app/play tlsVerify=0 tlsPin=sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA= "
		     "tlsCAFile=/dev/\\6eull chunkSize=77",
	     bad[] = "rtmps://h/app/play tlsMax=9";

	(void)state;
	assert_true(slu_compat_setup_url(r, url));
	gets(SLU_COMPAT_TLS_VERIFY, "0", "tlsVerify");
	gets(SLU_COMPAT_TLS_PIN, all[SLU_COMPAT_TLS_PIN].value, "tlsPin");
	gets(SLU_COMPAT_TLS_CA_FILE, "/dev/null", "tlsCAFile");
	gets(SLU_COMPAT_CHUNK_SIZE, "77", "chunkSize");
	free(r->Link.playpath0.av_val);
	assert_false(slu_compat_setup_url(r, bad));
	has(heard, "Option tlsMax: \"9\" is no version of TLS");
	free(r->Link.playpath0.av_val);
}

static void all_are_listed(void **state)
{
	(void)state;
	assert_false(set("tlsVerif", "1"));
	for (int i = 0; i < ALL; i++)
		has(heard, all[i].name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(the_table_is_whole, begin, end),
		cmocka_unit_test_setup_teardown(options_are_kept, begin, end),
		cmocka_unit_test_setup_teardown(a_value_ends_where_it_says, begin, end),
		cmocka_unit_test_setup_teardown(none_has_a_state_before_it_is_told, begin, end),
		cmocka_unit_test_setup_teardown(bad_values_are_refused, begin, end),
		cmocka_unit_test_setup_teardown(numbers_to_their_ends, begin, end),
		cmocka_unit_test_setup_teardown(truths, begin, end),
		cmocka_unit_test_setup_teardown(automatic, begin, end),
		cmocka_unit_test_setup_teardown(the_environment_stands_in, begin, end),
		cmocka_unit_test_setup_teardown(options_come_first, begin, end),
		cmocka_unit_test_setup_teardown(bad_variables_are_found, begin, end),
		cmocka_unit_test_setup_teardown(tuning, begin, end),
		cmocka_unit_test_setup_teardown(urls_bring_them, begin, end),
		cmocka_unit_test_setup_teardown(all_are_listed, begin, end),
	};

	return cmocka_run_group_tests_name("compat_settings", tests, NULL, NULL);
}
