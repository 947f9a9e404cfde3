/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "crypto/chain.h"
#include "probe/report.h"

static struct slu_report report;

static int setup(void **state)
{
	(void)state;
	slu_report_init(&report);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	slu_report_clear(&report);
	return 0;
}

static void test_versions(void **state)
{
	(void)state;
	assert_int_equal(report.versions[0].version, 0x0300);
	assert_ptr_equal(slu_report_version(&report, 0x0304), &report.versions[4]);
	assert_null(slu_report_version(&report, 0x0305));
	assert_null(slu_report_version(&report, 0x02FF));
	assert_null(slu_report_newest(&report, 0x0304));
	report.versions[1].accepted = report.versions[3].accepted = SLU_YES;
	report.versions[4].accepted = SLU_NO;
	assert_int_equal(slu_report_newest(&report, 0x0304)->version, 0x0303);
	assert_int_equal(slu_report_newest(&report, 0x0302)->version, 0x0301);
	assert_null(slu_report_newest(&report, 0x0300));
}

static void test_notes(void **state)
{
	(void)state;
	slu_report_note(&report, "It said %d.", 1);
	slu_report_note(&report, "It said %d.", 1);
	assert_int_equal(report.nnotes, 1);
	assert_string_equal(report.notes[0], "It said 1.");
	for (int i = 0; i < 2 * SLU_REPORT_NOTES; i++)
		slu_report_note(&report, "It said %d.", i);
	assert_int_equal(report.nnotes, SLU_REPORT_NOTES);
	assert_string_equal(report.notes[SLU_REPORT_NOTES - 1], "It said 15.");
}

/* Copies of those that differ in their first certificate, as many as there is room for. */
static void test_chains(void **state)
{
	static struct slu_chain chain;

	(void)state;
	for (unsigned i = 0; i < 2 * (SLU_REPORT_CHAINS + 1); i++) {
		chain.n = 1;
		chain.links[0].digest[31] = (uint8_t)(i / 2);
		assert_int_equal(slu_report_has_chain(&report, &chain), i % 2 && i / 2 < SLU_REPORT_CHAINS);
		assert_int_equal(slu_report_add_chain(&report, &chain), 0);
	}
	assert_int_equal(report.nchains, SLU_REPORT_CHAINS);
	assert_ptr_not_equal(report.chains[0], &chain);
	assert_int_equal(report.chains[1]->links[0].digest[31], 1);
	chain.n = 0; /* none could be read: once */
	report.nchains--;
	free(report.chains[report.nchains]);
	assert_int_equal(slu_report_add_chain(&report, &chain), 0);
	assert_true(slu_report_has_chain(&report, &chain));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_versions, setup, teardown),
		cmocka_unit_test_setup_teardown(test_notes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_chains, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
