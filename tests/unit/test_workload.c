/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "crypto/workload.h"

enum { FULL = 16384 };

static void seals_in_every_suite(void **state)
{
	/* What a full record has on the wire: header, explicit nonce or IV, type, tag or MAC with padding. */
	static const struct {
		enum slu_tls_version version;
		const char *suite;
		bool etm;
		size_t more;
	} all[] = {
		{SLU_TLS_1_2, "ECDHE-ECDSA-CHACHA20-POLY1305", false, 5 + 16},
		{SLU_TLS_1_2, "ECDHE-ECDSA-AES128-GCM-SHA256", false, 5 + 8 + 16},
		{SLU_TLS_1_2, "ECDHE-ECDSA-AES128-SHA", false, 5 + 16 + 20 + 12},
		{SLU_TLS_1_2, "ECDHE-ECDSA-AES128-SHA", true, 5 + 16 + 16 + 20},
		{SLU_TLS_1_2, "ECDHE-ECDSA-AES128-SHA256", false, 5 + 16 + 32 + 16},
		{SLU_TLS_1_3, "TLS_AES_128_GCM_SHA256", false, 5 + 1 + 16},
		{SLU_TLS_1_3, "TLS_CHACHA20_POLY1305_SHA256", false, 5 + 1 + 16},
	};
	const struct slu_log quiet = {0};
	struct slu_tls_offload_stats stats;
	char error[300];

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		struct slu_workload *w =
			slu_workload_new(all[i].version, all[i].suite, all[i].etm, NULL, &quiet, error, sizeof error);

		assert_non_null(w);
		assert_int_equal(slu_workload_wire_bytes(w), 0);
		for (uint64_t n = 1; n <= 3; n++) {
			assert_int_equal(slu_workload_seal(w, FULL), 0);
			assert_int_equal(slu_workload_wire_bytes(w), n * (FULL + all[i].more));
		}
		assert_int_equal(slu_workload_seal(w, FULL + 1), SLU_ERR_TLS);
		slu_workload_offload(w, &stats);
		assert_false(stats.on);
		slu_workload_free(w);
	}
}

static void says_what_it_lacks(void **state)
{
	const struct slu_log quiet = {0};
	char error[300] = "";

	(void)state;
	assert_null(slu_workload_new(SLU_TLS_1_2, "NO-SUCH-SUITE", false, NULL, &quiet, error, sizeof error));
	assert_non_null(strstr(error, "NO-SUCH-SUITE"));
	assert_null(slu_workload_new(SLU_TLS_1_2, "ECDHE-RSA-AES128-SHA", false, NULL, &quiet, error, sizeof error));
	assert_non_null(strstr(error, "cannot be measured"));
	assert_null(
		slu_workload_new(SLU_TLS_1_2, "ECDHE-ECDSA-AES128-SHA", false, "no-such", &quiet, error, sizeof error));
	assert_non_null(strstr(error, "no-such"));
	slu_workload_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(seals_in_every_suite),
		cmocka_unit_test(says_what_it_lacks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
