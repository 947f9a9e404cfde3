/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "server/record_index.h"

/* n key frames, of 2 s each, one each 1000 bytes. */
static void add(struct slu_record_index *x, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		slu_record_index_add(x, (int64_t)i * 2000, 1000 * i);
}

/* The keys are so many, from the first one on, each so many apart. */
static void has(const struct slu_record_index *x, size_t n, uint64_t apart)
{
	assert_int_equal(x->n, n);
	for (size_t i = 0; i < n; i++) {
		assert_int_equal(x->keys[i].time_ms, i * apart * 2000);
		assert_int_equal(x->keys[i].position, i * apart * 1000);
	}
}

static void keeps_all_that_there_is_room_for(void **state)
{
	struct slu_record_index x;

	(void)state;
	slu_record_index_init(&x, 1000);
	add(&x, 1000);
	has(&x, 1000, 1);
	slu_record_index_clear(&x);
	add(&x, 1);
	has(&x, 1, 1);
	slu_record_index_clear(&x);
}

/* However many there are, they are spread over all, and no fewer than half of what there is room for. */
static void thins_out_evenly(void **state)
{
	static const size_t rooms[] = {2, 3, 99, 100};
	struct slu_record_index x;

	(void)state;
	for (size_t r = 0; r < sizeof rooms / sizeof rooms[0]; r++) {
		for (uint64_t n = 1; n < 1000; n++) {
			uint64_t apart = 1;

			slu_record_index_init(&x, rooms[r]);
			add(&x, n);
			while ((n + apart - 1) / apart > rooms[r])
				apart *= 2;
			has(&x, (size_t)((n + apart - 1) / apart), apart);
			slu_record_index_clear(&x);
		}
	}
}

static void thins_out_when_told(void **state)
{
	struct slu_record_index x;

	(void)state;
	slu_record_index_init(&x, 1000);
	add(&x, 900);
	slu_record_index_thin(&x, 900);
	has(&x, 900, 1);
	slu_record_index_thin(&x, 300);
	has(&x, 225, 4);
	slu_record_index_clear(&x);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(keeps_all_that_there_is_room_for),
		cmocka_unit_test(thins_out_evenly),
		cmocka_unit_test(thins_out_when_told),
	};

	return cmocka_run_group_tests_name("record_index", tests, NULL, NULL);
}
