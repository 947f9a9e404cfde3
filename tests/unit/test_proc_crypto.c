/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "crypto/proc_crypto.h"

static char golden[4096];

/* The lines of AES of the emulated machine with a crypto device, as its kernel (6.1) printed them. */
static int setup(void **state)
{
	char path[512];
	FILE *f;

	(void)state;
	snprintf(path, sizeof path, "%s/proc-crypto-virtio", getenv("SLU_TEST_VECTORS"));
	f = fopen(path, "r");
	assert_non_null(f);
	golden[fread(golden, 1, sizeof golden - 1, f)] = '\0';
	fclose(f);
	return 0;
}

static void reads_a_kernels(void **state)
{
	static const struct slu_proc_cipher expected[] = {
		{"cbc(aes)", "virtio_crypto_aes_cbc", "virtio_crypto", "skcipher", 150, true, false},
		{"cbc(aes)", "cbc(aes-generic)", "kernel", "skcipher", 100, false, false},
		{"hmac(sha1)", "hmac(sha1-generic)", "kernel", "shash", 100, false, false},
		{"aes", "aes-generic", "kernel", "cipher", 100, false, false},
	};
	const char *text = golden;
	struct slu_proc_cipher c;

	(void)state;
	for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
		assert_true(slu_proc_crypto_next(&text, &c));
		assert_string_equal(c.name, expected[i].name);
		assert_string_equal(c.driver, expected[i].driver);
		assert_string_equal(c.module, expected[i].module);
		assert_string_equal(c.type, expected[i].type);
		assert_int_equal(c.priority, expected[i].priority);
		assert_int_equal(c.async, expected[i].async);
		assert_int_equal(c.internal, expected[i].internal);
	}
	assert_false(slu_proc_crypto_next(&text, &c));
	assert_int_equal(*text, '\0');
}

static void finds_the_highest_priority(void **state)
{
	static const char text[] = "name : gcm(aes)\ndriver : low\npriority : 1\ntype : aead\n\n"
				   "name : gcm(aes)\ndriver : __hidden\npriority : 900\ninternal : yes\ntype : aead\n\n"
				   "name : gcm(aes)\ndriver : high\npriority : 300\ntype : aead\n\n"
				   "name : gcm(aes)\ndriver : same\npriority : 300\ntype : aead\n\n"
				   "name : sha1\ndriver : hash\npriority : 300\ntype : shash\n\n"
				   "name : sha1\ndriver : last\npriority : 300\ntype : skcipher";
	struct slu_proc_cipher c;

	(void)state;
	assert_true(slu_proc_crypto_find(text, "gcm(aes)", &c));
	assert_string_equal(c.driver, "high");
	assert_true(slu_proc_crypto_find(text, "sha1", &c));
	assert_string_equal(c.driver, "last");
	assert_false(slu_proc_crypto_find(text, "gcm", &c));
	assert_false(slu_proc_crypto_find("", "gcm(aes)", &c));
	assert_true(slu_proc_crypto_find(golden, "cbc(aes)", &c));
	assert_string_equal(c.driver, "virtio_crypto_aes_cbc");
}

static void what_is_odd_is_passed_over(void **state)
{
	static const char text[] = "\n\nname : no driver\n\nnonsense\n: \n:\nname:\n\n"
				   "names : other\nname\t: a\ndriver : b\npriority : many\nasync : maybe\n\n\n";
	char longer[400] = "name : ";
	const char *at = text;
	struct slu_proc_cipher c;

	(void)state;
	assert_true(slu_proc_crypto_next(&at, &c));
	assert_string_equal(c.name, "a");
	assert_string_equal(c.driver, "b");
	assert_int_equal(c.priority, 0);
	assert_false(c.async);
	assert_false(slu_proc_crypto_next(&at, &c));

	memset(longer + 7, 'x', 300);
	memcpy(longer + 307, "\ndriver : d", 11);
	at = longer;
	assert_true(slu_proc_crypto_next(&at, &c));
	assert_int_equal(strlen(c.name), sizeof c.name - 1);
	assert_string_equal(c.driver, "d");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_a_kernels),
		cmocka_unit_test(finds_the_highest_priority),
		cmocka_unit_test(what_is_odd_is_passed_over),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
