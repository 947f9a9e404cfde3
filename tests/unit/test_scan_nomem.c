/* SPDX-License-Identifier: MIT */
/* Each allocation in the life of a scan fails once: it says so, and leaves nothing behind. */
#include "test.h"

#include <openssl/crypto.h>

#include "../alloc_fail.h"
#include "net/resolve.h"
#include "scan_kit.h"
#include "tls_kit.h"

static void each_allocation_fails_once(void **state)
{
	static const char *const address = "127.0.0.1";
	struct slu_resolver_fixed fixed;
	const struct slu_scan_config config = {.tcp.resolver = &fixed.resolver};
	bool failed = true;
	long n;

	(void)state;
	slu_resolver_fixed_init(&fixed, &address, 1);
	for (n = 0; failed; n++) {
		char error[512] = "";
		struct slu_scan *s;
		int r = SLU_ERR_NOMEM;

		alloc_fail_at(n);
		s = slu_scan_new(&config, "live.example", server.port, scan_now, error, sizeof error);
		if (s)
			r = scan_finish(s);
		else
			assert_non_null(strstr(error, "out of memory"));
		failed = alloc_fail_end();
		assert_int_equal(r, failed ? SLU_ERR_NOMEM : 1);
		if (s)
			assert_int_equal(slu_scan_step(s, scan_now), r);
		slu_scan_free(s);
		while (scan_serve())
			continue;
		assert_int_equal(server.open, 0);
	}
	assert_true(n > 50);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_allocation_fails_once, scan_setup, scan_teardown),
	};

	if (CRYPTO_set_mem_functions(alloc_spared, alloc_spared_again, alloc_spared_free) != 1)
		return 1;
	return cmocka_run_group_tests_name("scan_nomem", tests, scan_group_setup, kit_teardown);
}
