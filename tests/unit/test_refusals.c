/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdio.h>

#include "server/refusals.h"

static struct {
	char line[8][256];
	size_t n;
} told;

static void tell(void *arg, const struct slu_server_report *r)
{
	(void)arg;
	assert_true(told.n < 8);
	snprintf(told.line[told.n++], sizeof told.line[0], "%s %u #%u %s %s %s", r->reason, r->count, r->id, r->address,
		 r->app, r->text);
}

static struct slu_refusals start(void)
{
	told.n = 0;
	return (struct slu_refusals){.to = {tell, NULL}};
}

static void refuse(struct slu_refusals *list, const char *reason, unsigned id, uint64_t now)
{
	/* Of what is told later nothing may refer to these. */
	char address[16] = "::1", app[16] = "live", text[16] = "Why.";
	struct slu_server_report r = {.type = SLU_REPORT_REFUSE,
				      .id = id,
				      .address = address,
				      .app = app,
				      .stream = "",
				      .reason = reason,
				      .text = text,
				      .count = 1};

	slu_refusals_take(list, &r, now);
	memset(address, 'x', sizeof address - 1);
	memset(app, 'x', sizeof app - 1);
	memset(text, 'x', sizeof text - 1);
}

static void tells_the_first_at_once(void **state)
{
	struct slu_refusals list = start();

	(void)state;
	refuse(&list, "a", 1, 100);
	refuse(&list, "b", 2, 100);
	assert_int_equal(told.n, 2);
	assert_string_equal(told.line[0], "a 1 #1 ::1 live Why.");
	assert_string_equal(told.line[1], "b 1 #2 ::1 live Why.");
	assert_true(slu_refusals_deadline(&list) == UINT64_MAX);
	/* Its second is over, and nothing came. */
	refuse(&list, "a", 3, 1100);
	assert_string_equal(told.line[2], "a 1 #3 ::1 live Why.");
}

static void gathers_the_rest_of_a_second(void **state)
{
	struct slu_refusals list = start();

	(void)state;
	for (unsigned i = 1; i <= 1000; i++)
		refuse(&list, "a", i, 100 + i % 900);
	assert_int_equal(told.n, 1);
	assert_int_equal(slu_refusals_deadline(&list), 1101);
	slu_refusals_on_time(&list, 1100);
	assert_int_equal(told.n, 1);
	slu_refusals_on_time(&list, 1101);
	assert_int_equal(told.n, 2);
	assert_string_equal(told.line[1], "a 999 #1000 ::1 live Why.");
	/* And again, a line a second. */
	refuse(&list, "a", 1001, 1200);
	assert_int_equal(told.n, 2);
	refuse(&list, "a", 1002, 2500);
	assert_int_equal(told.n, 3);
	assert_string_equal(told.line[2], "a 1 #1001 ::1 live Why.");
	slu_refusals_on_time(&list, UINT64_MAX);
	assert_string_equal(told.line[3], "a 1 #1002 ::1 live Why.");
	assert_int_equal(list.total, 1002);
}

static void has_room_for_all_reasons(void **state)
{
	static const char *const reasons[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8",
					      "9", "a", "b", "c", "d", "e", "f", "g", "h"};
	struct slu_refusals list = {.to = {NULL, NULL}};

	(void)state;
	told.n = 0;
	for (unsigned i = 0; i < 16; i++)
		refuse(&list, reasons[i], i, 100);
	list.to.fn = tell;
	refuse(&list, reasons[16], 16, 100);
	refuse(&list, reasons[17], 17, 100);
	assert_int_equal(told.n, 0);
	slu_refusals_on_time(&list, 1100);
	assert_int_equal(told.n, 1);
	assert_string_equal(told.line[0], "h 2 #17 ::1 live Why.");
	assert_int_equal(list.total, 18);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tells_the_first_at_once),
		cmocka_unit_test(gathers_the_rest_of_a_second),
		cmocka_unit_test(has_room_for_all_reasons),
	};

	return cmocka_run_group_tests_name("refusals", tests, NULL, NULL);
}
