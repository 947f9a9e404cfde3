/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "crypto/ops.h"

/* RFC 4231, test cases 1, 2 and 6 (a key longer than a block), the data cut in two at every place. */
static const struct {
	const char *data;
	uint8_t key_byte;
	size_t key_size;
	const char *key;
	uint8_t mac[SLU_SHA256_SIZE];
} cases[] = {
	{"Hi There", 0x0b, 20, NULL, {0xb0, 0x34, 0x4c, 0x61, 0xd8, 0xdb, 0x38, 0x53, 0x5c, 0xa8, 0xaf,
				      0xce, 0xaf, 0x0b, 0xf1, 0x2b, 0x88, 0x1d, 0xc2, 0x00, 0xc9, 0x83,
				      0x3d, 0xa7, 0x26, 0xe9, 0x37, 0x6c, 0x2e, 0x32, 0xcf, 0xf7}},
	{"what do ya want for nothing?", 0, 4, "Jefe", {0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e,
							0x6a, 0x04, 0x24, 0x26, 0x08, 0x95, 0x75, 0xc7,
							0x5a, 0x00, 0x3f, 0x08, 0x9d, 0x27, 0x39, 0x83,
							0x9d, 0xec, 0x58, 0xb9, 0x64, 0xec, 0x38, 0x43}},
	{"Test Using Larger Than Block-Size Key - Hash Key First",
	 0xaa,
	 131,
	 NULL,
	 {0x60, 0xe4, 0x31, 0x59, 0x1e, 0xe0, 0xb6, 0x7f, 0x0d, 0x8a, 0x26, 0xaa, 0xcb, 0xf5, 0xb7, 0x7f,
	  0x8e, 0x0b, 0xc6, 0x21, 0x37, 0x28, 0xc5, 0x14, 0x05, 0x46, 0x04, 0x0f, 0x0e, 0xe3, 0x7f, 0x54}},
};

static void hmac_of_two_runs(void **state)
{
	const struct slu_cryptops *ops = slu_cryptops_openssl();
	uint8_t key[131], mac[SLU_SHA256_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		size_t n = strlen(cases[i].data);

		memset(key, cases[i].key_byte, sizeof key);
		if (cases[i].key)
			memcpy(key, cases[i].key, cases[i].key_size);
		for (size_t at = 0; at <= n; at++) {
			memset(mac, 0, sizeof mac);
			assert_int_equal(ops->hmac_sha256(key, cases[i].key_size, cases[i].data, at, cases[i].data + at,
							  n - at, mac),
					 0);
			assert_memory_equal(mac, cases[i].mac, sizeof mac);
		}
	}
}

static void random_differs(void **state)
{
	uint8_t a[32] = {0}, b[32] = {0};

	(void)state;
	assert_int_equal(slu_cryptops_openssl()->random(a, sizeof a), 0);
	assert_int_equal(slu_cryptops_openssl()->random(b, sizeof b), 0);
	assert_memory_not_equal(a, b, sizeof a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hmac_of_two_runs),
		cmocka_unit_test(random_differs),
	};

	return cmocka_run_group_tests_name("ops_openssl", tests, NULL, NULL);
}
