/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "probe/scan_pace.h"

/* Connections begun at once at each time. */
static unsigned begun_at(struct slu_pace *p, uint64_t now)
{
	unsigned n = 0;

	for (; slu_pace_when(p) <= now; n++)
		slu_pace_begun(p, now);
	return n;
}

static void as_many_at_once_as_fit_and_then_at_the_rate(void **state)
{
	struct slu_pace p;
	unsigned n = 0;

	(void)state;
	slu_pace_init(&p, 4, 10);
	assert_int_equal(begun_at(&p, 5000), 7);
	assert_int_equal(slu_pace_when(&p), 5100);
	assert_int_equal(begun_at(&p, 5099), 0);
	assert_int_equal(begun_at(&p, 5100), 1);
	for (uint64_t now = 5101; now <= 7100; now++)
		n += begun_at(&p, now);
	assert_int_equal(n, 20);
	assert_int_equal(begun_at(&p, 60000), 7); /* no more is saved up */

	slu_pace_init(&p, 1, 1);
	assert_int_equal(begun_at(&p, 0), 1);
	assert_int_equal(slu_pace_when(&p), 1000);
}

static void pauses_double_and_end(void **state)
{
	static const uint64_t pauses[] = {250, 500, 1000, 2000, 2000};
	struct slu_pace p;
	uint64_t now = 100;

	(void)state;
	slu_pace_init(&p, 4, 100);
	assert_int_equal(slu_pace_ahead(&p), 3);
	for (size_t i = 0; i < sizeof pauses / sizeof *pauses; i++) {
		slu_pace_back_off(&p, now);
		slu_pace_back_off(&p, now + 1); /* the other lane met the same */
		assert_int_equal(p.lanes, 1);
		assert_int_equal(slu_pace_ahead(&p), 0);
		assert_int_equal(slu_pace_when(&p), now + pauses[i]);
		now += pauses[i];
		assert_int_equal(begun_at(&p, now - 1), 0);
	}
	slu_pace_well(&p);
	slu_pace_back_off(&p, now);
	assert_int_equal(slu_pace_when(&p), now + 250);
	assert_int_equal(p.lanes, 1);
	slu_pace_widen(&p);
	assert_int_equal(p.lanes, 4);
	assert_int_equal(slu_pace_ahead(&p), 3);
	p.spare = 0;
	assert_int_equal(slu_pace_ahead(&p), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(as_many_at_once_as_fit_and_then_at_the_rate),
		cmocka_unit_test(pauses_double_and_end),
	};

	return cmocka_run_group_tests_name("scan_pace", tests, NULL, NULL);
}
