/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <string.h>

#include "crypto/have.h"

#include "tools/probe_advice.h"
#include "tools/probe_words.h"

static void ends_have_a_word_and_a_status(void **state)
{
	(void)state;
	for (int end = SLU_PROBE_OK; end <= SLU_PROBE_CUT; end++) {
		assert_non_null(slu_probe_end_word((enum slu_probe_end)end));
		assert_int_equal(slu_probe_end_exit((enum slu_probe_end)end) == SLU_EXIT_OK, end == SLU_PROBE_OK);
	}
	assert_string_equal(slu_probe_end_word(SLU_PROBE_CUT), "cut");
	assert_int_equal(slu_probe_end_exit(SLU_PROBE_REFUSES), SLU_EXIT_REFUSED);
}

static void weak(const struct slu_report *report, uint16_t suite, size_t n, const char *first)
{
	const char *reasons[SLU_PROBE_REASONS];

	assert_int_equal(slu_probe_weak(report, suite, reasons), n);
	if (n)
		assert_string_equal(reasons[0], first);
}

static void says_what_is_weak(void **state)
{
	struct slu_report report;

	(void)state;
	slu_report_init(&report);
	weak(&report, 0x1301, 0, NULL);
	weak(&report, 0xC02F, 0, NULL);
	weak(&report, 0xC013, 1, "MAC-then-encrypt");
	weak(&report, 0x009C, 1, "no forward secrecy");
	weak(&report, 0x002F, 2, "no forward secrecy");
	weak(&report, 0x0001, 2, "encrypts nothing");
	weak(&report, 0xFDFD, 1, "unknown");
	report.etm = SLU_YES;
	weak(&report, 0xC013, 0, NULL);
	assert_null(slu_probe_version_weak(0x0303));
	assert_string_equal(slu_probe_version_weak(0x0302), "deprecated (RFC 8996)");
	assert_non_null(strstr(slu_probe_version_weak(0x0300), "broken"));
	slu_report_clear(&report);
}

static void knows_openssls_names(void **state)
{
	static const struct slu_have have = {
		.usual = {{.name = "TLS_AES_128_GCM_SHA256", .id = 0x1301}, {.name = "AES128-SHA", .id = 0x2F}},
		.nusual = 2,
		.old = {{.name = "AES256-SHA", .id = 0x35}},
		.nold = 1,
	};

	(void)state;
	assert_string_equal(slu_probe_openssl_name(&have, 0x2F), "AES128-SHA");
	assert_string_equal(slu_probe_openssl_name(&have, 0x35), "AES256-SHA");
	assert_null(slu_probe_openssl_name(&have, 0x1301)); /* the same */
	assert_null(slu_probe_openssl_name(&have, 0x1302));
}

static void reads_bit_rates(void **state)
{
	static const struct {
		const char *text;
		uint64_t rate;
	} rates[] = {{"6M", 6000000}, {"2500k", 2500000}, {"4.5M", 4500000}, {"1G", 1000000000}, {"300", 300},
		     {"", 0},         {"0", 0},           {"-1M", 0},        {"M", 0},           {"6MM", 0},
		     {"6m", 0},       {"nan", 0},         {"inf", 0},        {" 6M", 0},         {"1e300", 0},
		     {"0x10M", 0},    {"1e3", 0},         {"6.5.5M", 0}};

	(void)state;
	for (size_t i = 0; i < sizeof rates / sizeof *rates; i++) {
		uint64_t rate = 0;

		assert_int_equal(slu_probe_bit_rate(rates[i].text, &rate), rates[i].rate != 0);
		assert_int_equal(rate, rates[i].rate);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends_have_a_word_and_a_status),
		cmocka_unit_test(says_what_is_weak),
		cmocka_unit_test(knows_openssls_names),
		cmocka_unit_test(reads_bit_rates),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
