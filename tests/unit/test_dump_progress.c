/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "tools/dump_progress.h"
#include "tools/suite_options.h"

static struct slu_suite_options o;
static struct slu_dump_progress p;
static char *shown;
static size_t shown_size, seen;
static FILE *out;

static int begin(void **state)
{
	(void)state;
	seen = 0;
	out = open_memstream(&shown, &shown_size);
	RTMP_LogSetOutput(out);
	RTMP_LogSetLevel(RTMP_LOGINFO);
	slu_suite_init(&o, SLU_SUITE_RTMPDUMP);
	p = (struct slu_dump_progress){.duration = 0};
	return out ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	RTMP_LogPrintf("\n");
	RTMP_LogSetOutput(NULL);
	fclose(out);
	free(shown);
	return 0;
}

/* What was shown since the last time. */
static void check(const char *text)
{
	fflush(out);
	assert_string_equal(shown + seen, text);
	seen = shown_size;
}

static void a_part_of_the_whole(void **state)
{
	(void)state;
	p.duration = 10;
	assert_false(slu_dump_progress_is_over(&p, 2500));
	slu_dump_progress_begin(&p, &o, 2048, 2500);
	check("Resuming download at: 2.000 kB / 2.500 sec (25.0%)\n");
	slu_dump_progress_show(&p, 3072, 3339);
	check("\r3.000 kB / 3.34 sec (33.3%)");
	slu_dump_progress_show(&p, 4096, 4000);
	check("");
	assert_true(p.percent == 40);
	slu_dump_progress_end(&p, 5120, 9989);
	check("\r5.000 kB / 9.99 sec (99.8%)");
	assert_true(p.percent < SLU_DUMP_WHOLE);
	slu_dump_progress_end(&p, 5120, 9990);
	assert_true(p.percent >= SLU_DUMP_WHOLE);
}

static void nobody_knows_the_whole(void **state)
{
	(void)state;
	assert_false(slu_dump_progress_is_over(&p, 4000000000));
	o.realtime = true;
	o.stop_ms = 9000;
	slu_dump_progress_begin(&p, &o, 0, 2000);
	check("Starting download at: 0.000 kB\n  in approximately realtime (disabled BUFX speedup hack)\n"
	      "For duration: 7.000 sec\n");
	slu_dump_progress_show(&p, 512, 100);
	check("\r0.500 kB / 0.10 sec");
	assert_true(p.percent == 0);
}

static void live(void **state)
{
	(void)state;
	o.live = o.realtime = true;
	slu_dump_progress_begin(&p, &o, 0, 0);
	check("Starting Live Stream\n");
}

static void hashes_are_percent(void **state)
{
	(void)state;
	o.hashes = true;
	p.duration = 100;
	slu_dump_progress_begin(&p, &o, 0, 0);
	check("Starting download at: 0.000 kB / 0.000 sec (0.0%)\n");
	slu_dump_progress_show(&p, 1, 900);
	check("");
	slu_dump_progress_show(&p, 1, 3500);
	check("###");
	slu_dump_progress_show(&p, 1, 3600);
	check("");
	slu_dump_progress_end(&p, 1, 5000);
	check("##");
	slu_dump_progress_end(&p, 1, 500000);
	assert_int_equal(p.hashed, 100);
}

static void hashes_of_nobody_knows_what(void **state)
{
	(void)state;
	o.hashes = true;
	slu_dump_progress_begin(&p, &o, 0, 0);
	check("Starting download at: 0.000 kB\n");
	slu_dump_progress_show(&p, 1, 900);
	check("#");
	slu_dump_progress_show(&p, 1, 900);
	slu_dump_progress_end(&p, 1, 900);
	check("");
}

static void what_is_over(void **state)
{
	(void)state;
	p.duration = 10;
	assert_true(slu_dump_progress_is_over(&p, 10040));
	check("Already Completed at: 10.040 sec Duration=10.000 sec\n");
	p.duration = 1e-300;
	assert_true(slu_dump_progress_is_over(&p, 4000000000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_part_of_the_whole, begin, end),
		cmocka_unit_test_setup_teardown(nobody_knows_the_whole, begin, end),
		cmocka_unit_test_setup_teardown(live, begin, end),
		cmocka_unit_test_setup_teardown(hashes_are_percent, begin, end),
		cmocka_unit_test_setup_teardown(hashes_of_nobody_knows_what, begin, end),
		cmocka_unit_test_setup_teardown(what_is_over, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
