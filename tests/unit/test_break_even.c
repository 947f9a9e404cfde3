/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <math.h>
#include <stdio.h>

#include "tools/break_even.h"

static struct slu_pricelist list;

static int setup(void **state)
{
	static const size_t sizes[] = {64, 256, 1024, 4096, 16384};

	(void)state;
	memset(&list, 0, sizeof list);
	list.nsizes = 5;
	memcpy(list.sizes, sizes, sizeof sizes);
	return 0;
}

static struct slu_price *way(const char *door, const char *suite, double a, double b, double c, double d, double e)
{
	const double costs[] = {a, b, c, d, e};
	struct slu_price *p = &list.prices[list.nprices++];

	snprintf(p->door, sizeof p->door, "%s", door);
	p->way.suite = suite;
	for (size_t s = 0; s < 5; s++)
		p->costs[s].cpu_ms_per_mb = costs[s];
	return p;
}

static void breaks_even_at(double size, const struct slu_price *p)
{
	const double found = slu_price_break_even(&list, p);

	if (fabs(found - size) > 1e-6 * size)
		fail_msg("%f, not %f", found, size);
}

static void the_same_suite_in_software(void **state)
{
	struct slu_price *a = way("off", "A", 1, 1, 1, 1, 1), *etm = way("off", "A", 1, 1, 1, 1, 1);
	struct slu_price *newer = way("off", "A", 1, 1, 1, 1, 1), *p = way("ktls", "A", 1, 1, 1, 1, 1);

	(void)state;
	etm->way.etm = true;
	newer->way.version = SLU_TLS_1_3;
	assert_true(slu_price_is_software(a) && !slu_price_is_software(p));
	assert_ptr_equal(slu_price_software(&list, p), a);
	p->way.etm = true;
	assert_ptr_equal(slu_price_software(&list, p), etm);
	p->way.etm = false;
	p->way.version = SLU_TLS_1_3;
	assert_ptr_equal(slu_price_software(&list, p), newer);
	memcpy(newer->error, "no", 3);
	assert_null(slu_price_software(&list, p));
	breaks_even_at(0, p);
}

static void where_curves_cross(void **state)
{
	(void)state;
	way("off", "A", 16, 16, 16, 16, 16);
	/* From twice to half: in the middle of a logarithmic scale. */
	breaks_even_at(512, way("devcrypto", "A", 128, 32, 8, 2, 1));
	/* From four times to half: two thirds of the way. */
	breaks_even_at(pow(2, 8 + 2 * 2.0 / 3), way("devcrypto", "A", 200, 64, 8, 2, 1));
	breaks_even_at(4096 * pow(4, 0.75), way("devcrypto", "A", 200, 64, 200, 128, 8));
	breaks_even_at(128, way("devcrypto", "A", 32, 8, 8, 8, 8));
	/* Just as much is not less. */
	breaks_even_at(1024, way("devcrypto", "A", 17, 17, 16, 8, 8));
	/* What wins all the way does so from the smallest that was measured. */
	breaks_even_at(64, way("devcrypto", "A", 8, 8, 8, 8, 8));
	/* Up to the largest counts: what it won before, and lost again, does not. */
	breaks_even_at(4096 * 2, way("devcrypto", "A", 1, 1, 1, 32, 8));
	breaks_even_at(0, way("devcrypto", "A", 8, 8, 8, 8, 16));
	breaks_even_at(0, way("devcrypto", "A", 32, 32, 32, 32, 32));
	breaks_even_at(0, &list.prices[0]);
	memcpy(way("devcrypto", "A", 8, 8, 8, 8, 8)->error, "no", 3);
	breaks_even_at(0, &list.prices[list.nprices - 1]);
}

/* A cost of nothing has no logarithm. */
static void what_cost_nothing(void **state)
{
	(void)state;
	way("off", "A", 16, 16, 16, 16, 16);
	breaks_even_at(512, way("ktls", "A", 32, 32, 0, 0, 0));
	breaks_even_at(256 * pow(4, 0.25), way("ktls", "A", 32, 24, -8, -1, 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_same_suite_in_software, setup),
		cmocka_unit_test_setup(where_curves_cross, setup),
		cmocka_unit_test_setup(what_cost_nothing, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
