/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "proto/bodies.h"

static void rounds_capacities_up(void **state)
{
	static const size_t table[][3] = {
		/* need, length, capacity */
		{0, 0, 1024},
		{1, 0xffffff, 1024},
		{1024, 0xffffff, 1024},
		{1025, 1025, 2048},
		{5000, 5000, 8192},
		{262144, 262144, 262144},
		{262145, 300000, 300000},
		{262145, 0xffffff, 524288},
		{0xffffff, 0xffffff, 0xffffff},
	};

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++)
		assert_int_equal(slu_body_capacity(table[i][0], table[i][1]), table[i][2]);
}

static void keeps_one_of_each_capacity(void **state)
{
	struct slu_bodies bodies = {{NULL}};
	struct slu_buffer *a = slu_buffer_new(2048), *b = slu_buffer_new(2048), *c = slu_buffer_new(262144);

	(void)state;
	slu_bodies_put(&bodies, a);
	slu_bodies_put(&bodies, b); /* freed: the place is taken */
	slu_bodies_put(&bodies, c);
	assert_null(slu_bodies_take(&bodies, 1024));
	assert_null(slu_bodies_take(&bodies, 2049));
	assert_ptr_equal(slu_bodies_take(&bodies, 1025), a);
	assert_null(slu_bodies_take(&bodies, 1025));
	slu_bodies_put(&bodies, a);
	assert_ptr_equal(slu_bodies_take(&bodies, 131073), c);
	slu_bodies_put(&bodies, c);
	slu_bodies_clear(&bodies);
	assert_null(slu_bodies_take(&bodies, 2048));
}

/* Held by somebody else, too large, or of another size (wrapped, or as long as its message). */
static void keeps_nothing_else(void **state)
{
	static const size_t sizes[] = {100, 1500, 262145, 524288};
	struct slu_bodies bodies = {{NULL}};
	struct slu_buffer *b = slu_buffer_new(4096);

	(void)state;
	slu_bodies_put(&bodies, slu_buffer_get(b));
	for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
		slu_bodies_put(&bodies, slu_buffer_new(sizes[i]));
	for (size_t i = 0; i < SLU_BODY_SPARES; i++)
		assert_null(bodies.spare[i]);
	assert_true(slu_buffer_unique(b));
	slu_buffer_put(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rounds_capacities_up),
		cmocka_unit_test(keeps_one_of_each_capacity),
		cmocka_unit_test(keeps_nothing_else),
	};

	return cmocka_run_group_tests_name("bodies", tests, NULL, NULL);
}
