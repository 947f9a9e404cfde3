/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "crypto/have.h"
#include "crypto/policy.h"

static struct slu_have have;

static const struct slu_suite *find(const struct slu_suite *all, size_t n, uint16_t id)
{
	for (size_t i = 0; i < n; i++)
		if (all[i].id == id)
			return &all[i];
	return NULL;
}

static void what_can_be_asked_for(void **state)
{
	static const uint16_t there[] = {0x1301, 0x1302, 0x1303, 0x1304, 0xC02B,
					 0xC02F, 0xCCA8, 0x009C, 0xC013, 0x002F},
			      not_there[] = {0x0002, 0x0034, 0xC018, 0x008C, 0x0005};

	(void)state;
	for (size_t i = 0; i < sizeof there / sizeof *there; i++)
		if (!find(have.usual, have.nusual, there[i]))
			fail_msg("0x%04X is not there", there[i]);
	for (size_t i = 0; i < sizeof not_there / sizeof *not_there; i++)
		if (find(have.usual, have.nusual, not_there[i]) || find(have.old, have.nold, not_there[i]))
			fail_msg("0x%04X is there", not_there[i]);
	assert_string_equal(find(have.usual, have.nusual, 0xC02F)->name, "ECDHE-RSA-AES128-GCM-SHA256");
}

static void old_versions_have_their_own(void **state)
{
	(void)state;
	assert_non_null(find(have.old, have.nold, 0x002F));
	for (size_t i = 0; i < have.nold; i++)
		assert_false(have.old[i].tls13 || have.old[i].aead);
}

/* As a context that nothing was set for. */
static void what_openssl_offers_by_itself(void **state)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	struct slu_suite own[SLU_SUITES_MOST];
	int n = slu_suites_of(ctx, own);

	(void)state;
	assert_int_equal(have.nstandard, n);
	for (int i = 0; i < n; i++)
		assert_int_equal(have.standard[i].id, own[i].id);
	assert_null(find(have.standard, have.nstandard, 0x1304));
	assert_in_range(have.standard_min, SLU_TLS_1_0, SLU_TLS_1_2);
	assert_int_equal(have.standard_max, SLU_TLS_1_3);
	SSL_CTX_free(ctx);
}

int main(void)
{
	char error[300] = "";
	struct CMUnitTest tests[] = {
		cmocka_unit_test(what_can_be_asked_for),
		cmocka_unit_test(old_versions_have_their_own),
		cmocka_unit_test(what_openssl_offers_by_itself),
	};

	if (slu_have(&have, error, sizeof error) != 0) {
		fprintf(stderr, "%s\n", error);
		return 1;
	}
	if (!have.nold)
		LEAVE_OUT(tests, old_versions_have_their_own, "this OpenSSL lacks them");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
