/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <sluice/error.h>

#include "tools/renewal.h"

enum { T = 1000000 };

static void only_where_keys_are_due(void **state)
{
	static const int errs[] = {SLU_ERR_RESET, SLU_ERR_CLOSED, SLU_ERR_REFUSED, SLU_ERR_STALLED, SLU_ERR_TLS};
	struct slu_renewal r = {0};

	(void)state;
	for (size_t i = 0; i < sizeof errs / sizeof *errs; i++)
		assert_int_equal(slu_renewal_after(&r, errs[i], true, T), -1);
	assert_int_equal(r.count, 0);
	for (unsigned i = 1; i <= 100; i++) {
		assert_int_equal(slu_renewal_after(&r, SLU_ERR_RENEW, true, T), 0);
		assert_int_equal(r.count, i);
		assert_true(r.trial);
		slu_renewal_stood(&r);
		assert_false(r.trial);
	}
	assert_int_equal(slu_renewal_after(&r, SLU_ERR_RESET, true, T), -1);
}

static void a_held_name_is_asked_for_again(void **state)
{
	struct slu_renewal r = {0};

	(void)state;
	for (int round = 0; round < 2; round++) {
		assert_int_equal(slu_renewal_after(&r, SLU_ERR_RENEW, true, T), 0);
		for (unsigned i = 0; i < SLU_RENEWAL_TRIES; i++)
			assert_int_equal(slu_renewal_after(&r, i % 2 ? SLU_ERR_REFUSED : SLU_ERR_CLOSED, false, T + i),
					 SLU_RENEWAL_PAUSE_MS);
		assert_int_equal(slu_renewal_after(&r, SLU_ERR_REFUSED, false, T + 50), -1);
		assert_int_equal(r.count, round + 1);
	}
}

static void but_not_for_long(void **state)
{
	enum { LAST = T + SLU_RENEWAL_WINDOW_MS - SLU_RENEWAL_PAUSE_MS };
	struct slu_renewal r = {0};

	(void)state;
	assert_int_equal(slu_renewal_after(&r, SLU_ERR_RENEW, true, T), 0);
	assert_int_equal(slu_renewal_after(&r, SLU_ERR_TIMEOUT, false, LAST), SLU_RENEWAL_PAUSE_MS);
	assert_int_equal(slu_renewal_after(&r, SLU_ERR_TIMEOUT, false, LAST + 1), -1);
}

static void what_does_not_pass_is_told(void **state)
{
	static const int errs[] = {SLU_ERR_CERTIFICATE, SLU_ERR_TLS, SLU_ERR_NOMEM, SLU_ERR_MESSAGE, SLU_ERR_STATE};

	(void)state;
	for (size_t i = 0; i < sizeof errs / sizeof *errs; i++) {
		struct slu_renewal r = {0};

		assert_int_equal(slu_renewal_after(&r, SLU_ERR_RENEW, true, T), 0);
		assert_int_equal(slu_renewal_after(&r, errs[i], false, T), -1);
	}
}

static void a_server_that_only_asks_for_keys(void **state)
{
	struct slu_renewal r = {0};

	(void)state;
	for (int round = 0; round < 3; round++) {
		for (int i = 1; i < SLU_RENEWAL_IDLE; i++)
			assert_int_equal(slu_renewal_after(&r, SLU_ERR_RENEW, false, T), 0);
		assert_int_equal(slu_renewal_after(&r, SLU_ERR_RENEW, true, T), 0);
	}
	for (int i = 1; i < SLU_RENEWAL_IDLE; i++)
		assert_int_equal(slu_renewal_after(&r, SLU_ERR_RENEW, false, T), 0);
	assert_int_equal(slu_renewal_after(&r, SLU_ERR_RENEW, false, T), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_where_keys_are_due),
		cmocka_unit_test(a_held_name_is_asked_for_again),
		cmocka_unit_test(but_not_for_long),
		cmocka_unit_test(what_does_not_pass_is_told),
		cmocka_unit_test(a_server_that_only_asks_for_keys),
	};

	return cmocka_run_group_tests_name("renewal", tests, NULL, NULL);
}
