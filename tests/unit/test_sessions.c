/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdio.h>

#include "crypto/sessions.h"

static SSL_SESSION *session(int version)
{
	SSL_SESSION *s = SSL_SESSION_new();

	assert_non_null(s);
	assert_int_equal(SSL_SESSION_set_protocol_version(s, version), 1);
	return s;
}

static void keeps_one_a_key(void **state)
{
	struct slu_sessions cache;
	SSL_SESSION *a = session(TLS1_2_VERSION), *b = session(TLS1_2_VERSION), *got;

	(void)state;
	slu_sessions_init(&cache);
	assert_null(slu_sessions_take(&cache, "a:1"));
	slu_sessions_put(&cache, "a:1", a);
	slu_sessions_put(&cache, "a:1", b);
	got = slu_sessions_take(&cache, "a:1");
	assert_ptr_equal(got, b);
	SSL_SESSION_free(got);
	got = slu_sessions_take(&cache, "a:1");
	assert_ptr_equal(got, b);
	SSL_SESSION_free(got);
	assert_null(slu_sessions_take(&cache, "a:2"));
	slu_sessions_clear(&cache);
	assert_null(slu_sessions_take(&cache, "a:1"));
	slu_sessions_destroy(&cache);
}

static void gives_a_tls13_ticket_once(void **state)
{
	struct slu_sessions cache;
	SSL_SESSION *got;

	(void)state;
	slu_sessions_init(&cache);
	slu_sessions_put(&cache, "a:1", session(TLS1_3_VERSION));
	got = slu_sessions_take(&cache, "a:1");
	assert_non_null(got);
	SSL_SESSION_free(got);
	assert_null(slu_sessions_take(&cache, "a:1"));
	slu_sessions_destroy(&cache);
}

static void drops_what_is_unused_the_longest(void **state)
{
	struct slu_sessions cache;
	char key[32];

	(void)state;
	slu_sessions_init(&cache);
	for (int i = 0; i < SLU_SESSIONS_MAX; i++) {
		snprintf(key, sizeof key, "host:%d", i);
		slu_sessions_put(&cache, key, session(TLS1_2_VERSION));
	}
	SSL_SESSION_free(slu_sessions_take(&cache, "host:0"));
	slu_sessions_put(&cache, "new:1", session(TLS1_2_VERSION));
	assert_null(slu_sessions_take(&cache, "host:1"));
	for (int i = 0; i < SLU_SESSIONS_MAX; i++) {
		SSL_SESSION *got;

		snprintf(key, sizeof key, "host:%d", i);
		got = slu_sessions_take(&cache, key);
		assert_int_equal(got != NULL, i != 1);
		SSL_SESSION_free(got);
	}
	slu_sessions_destroy(&cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_one_a_key),
		cmocka_unit_test(gives_a_tls13_ticket_once),
		cmocka_unit_test(drops_what_is_unused_the_longest),
	};

	return cmocka_run_group_tests_name("sessions", tests, NULL, NULL);
}
