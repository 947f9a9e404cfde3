/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <arpa/inet.h>

#include "server/admit.h"

/* Each combination of what is asked for and what is shown, against the rule in other words. */
static void all_that_is_asked_for_must_hold(void **state)
{
	(void)state;
	for (unsigned n = 0; n < 256; n++) {
		const struct slu_admit_rules r = {.users = n & 1, .certificates = n & 2, .keys = n & 4, .open = n & 8};
		const struct slu_admit_facts f = {
			.user = n & 16, .certificate = n & 32, .key = n & 64, .local = n & 128};
		unsigned asked = n & 7, shown = n >> 4 & 7;
		enum slu_admission got = slu_admit(&r, &f);

		if (asked)
			assert_int_equal(got == SLU_ADMITTED, (asked & ~shown) == 0);
		else
			assert_int_equal(got == SLU_ADMITTED, r.open || f.local);
		if (got == SLU_NO_KEY)
			assert_int_equal(asked & ~shown, 4);
		if (got == SLU_NO_USER)
			assert_true(asked & ~shown & 1);
		if (got == SLU_NO_CERTIFICATE)
			assert_true(asked & ~shown & 2);
	}
}

static void knows_loopback_addresses(void **state)
{
	static const struct {
		const char *text;
		bool is;
	} some[] = {
		{"::1", true},
		{"::ffff:127.0.0.1", true},
		{"::ffff:127.255.0.9", true},
		{"::", false},
		{"::2", false},
		{"::127.0.0.1", false},
		{"::ffff:128.0.0.1", false},
		{"fe80::1", false},
		{"::ffff:10.0.0.127", false},
		{"2001:db8::1", false},
	};
	struct in6_addr a;

	(void)state;
	for (size_t i = 0; i < sizeof some / sizeof some[0]; i++) {
		assert_int_equal(inet_pton(AF_INET6, some[i].text, &a), 1);
		assert_int_equal(slu_admit_is_loopback(&a), some[i].is);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_that_is_asked_for_must_hold),
		cmocka_unit_test(knows_loopback_addresses),
	};

	return cmocka_run_group_tests_name("admit", tests, NULL, NULL);
}
