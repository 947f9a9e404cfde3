/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "tools/sniff.h"

static const char *sniff(const char *text, size_t n)
{
	return slu_sniff((const uint8_t *)text, n);
}

static void names_what_it_knows(void **state)
{
	uint8_t ts[189] = {0x47};

	(void)state;
	assert_string_equal(sniff("\0\0\0\x18"
				  "ftypisom",
				  12),
			    "an MP4 or MOV file");
	assert_string_equal(sniff("\x1a\x45\xdf\xa3", 4), "a Matroska or WebM file");
	assert_string_equal(sniff("RIFFxxxxAVI ", 12), "an AVI file");
	assert_string_equal(sniff("<html>", 6), "HTML or XML");
	assert_string_equal(sniff("\xff\xf1\x50", 3), "a raw AAC stream");
	assert_string_equal(sniff("\x47\x40\x11\x10", 4), "an MPEG transport stream");
	ts[188] = 0x47;
	assert_string_equal(slu_sniff(ts, sizeof ts), "an MPEG transport stream");
}

static void says_nothing_of_the_rest(void **state)
{
	uint8_t ts[189] = {0x47};

	(void)state;
	assert_null(slu_sniff(ts, sizeof ts));
	assert_null(sniff("", 0));
	assert_null(sniff("ft", 2));
	assert_null(sniff("hello, world", 12));
	assert_null(sniff("\xff", 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_what_it_knows),
		cmocka_unit_test(says_nothing_of_the_rest),
	};

	return cmocka_run_group_tests_name("sniff", tests, NULL, NULL);
}
