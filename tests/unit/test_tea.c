/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "proto/tea.h"

/* Those of TeaCrypt (Logan J. Drews), which Bouncy Castle's tests share in part. */
static const uint32_t keys[][4] = {{0, 0, 0, 0}, {0x00112233, 0x44556677, 0x8899aabb, 0xccddeeff}};

static void xtea_of_teacrypt(void **state)
{
	static const struct {
		unsigned key;
		uint32_t plain[2], cipher[2];
	} cases[] = {
		{0, {0, 0}, {0xdee9d4d8, 0xf7131ed9}},
		{0, {0x01020304, 0x05060708}, {0x065c1b89, 0x75c6a816}},
		{1, {0x01020304, 0x05060708}, {0xdcdd7acd, 0xc1584b79}},
		{1, {0x01234567, 0x89abcdef}, {0xb8bf2821, 0x622b5b30}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint32_t block[2] = {cases[i].plain[0], cases[i].plain[1]};

		slu_xtea_encrypt(keys[cases[i].key], block);
		assert_memory_equal(block, cases[i].cipher, sizeof block);
	}
}

static void xxtea_of_teacrypt(void **state)
{
	static const struct {
		unsigned key;
		size_t n;
		uint32_t plain[4], cipher[4];
	} cases[] = {
		{0, 2, {0, 0}, {0x053704ab, 0x575d8c80}},
		{0, 2, {0x01020304, 0x05060708}, {0xe6911910, 0x0c35dcda}},
		{1, 2, {0x01234567, 0x89abcdef}, {0x34354989, 0xdd7d1a7a}},
		{0, 3, {0x00010203, 0x04050607, 0x08090a0b}, {0x5a545aac, 0x684eb2cb, 0x3e1b8aa0}},
		{1, 3, {0x01234567, 0x89abcdef, 0x01234567}, {0xebc5dd46, 0xbe0fee71, 0xc6bf7193}},
		{0, 4, {0, 0, 0, 0}, {0xe6c8d5ff, 0x070fb6e4, 0x98a534f7, 0xac03e399}},
		{1,
		 4,
		 {0x00010203, 0x04050607, 0x08090a0b, 0x0c0d0e0f},
		 {0x3ea0e16c, 0x9969535a, 0xe4796d50, 0xf217eeea}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		uint32_t words[4];

		memcpy(words, cases[i].cipher, sizeof words);
		slu_xxtea_decrypt(keys[cases[i].key], words, cases[i].n);
		assert_memory_equal(words, cases[i].plain, sizeof words);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(xtea_of_teacrypt),
		cmocka_unit_test(xxtea_of_teacrypt),
	};

	return cmocka_run_group_tests_name("tea", tests, NULL, NULL);
}
