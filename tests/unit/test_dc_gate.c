/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <errno.h>
#include <stdbool.h>

#include "dc_fake.h"
#include "in_child.h"
#include "provider/books.h"
#include "provider/gate.h"

static struct slu_dc_settings s;
static struct fake *fake;
static struct slu_dc_device *d;
static struct slu_dc_gate gate;

static int setup(void **state)
{
	(void)state;
	fake = fake_new(&s);
	d = fake_device(fake);
	slu_dc_gate_init(&gate, d, &s);
	return 0;
}

static enum slu_dc_way way(size_t size)
{
	return slu_dc_gate_way(&gate, SLU_DC_CBC, true, size);
}

static struct slu_dc_counters counters(void)
{
	struct slu_dc_counters c;

	slu_dc_device_counters(d, &c);
	return c;
}

static void test_size(void **state)
{
	(void)state;
	s.min_size = 4096;
	assert_int_equal(way(4095), SLU_DC_SOFTWARE);
	assert_int_equal(way(4096), SLU_DC_DEVICE_CHECKED);
	s.min_size = 0;
	assert_int_equal(way(0), SLU_DC_DEVICE_CHECKED);
	assert_int_equal(gate.operations, 2); /* those in software are none */
	assert_int_equal(counters().fallbacks, 0);
}

static void test_direction(void **state)
{
	(void)state;
	assert_int_equal(slu_dc_gate_way(&gate, SLU_DC_CBC, false, 16), SLU_DC_SOFTWARE);
	s.decrypt = true;
	assert_int_equal(slu_dc_gate_way(&gate, SLU_DC_CBC, false, 16), SLU_DC_DEVICE_CHECKED);
}

/* One of the two may be for software alone. */
static void test_algorithm(void **state)
{
	(void)state;
	s.min_size = 0;
	s.cbc = false;
	assert_int_equal(slu_dc_gate_way(&gate, SLU_DC_CBC, true, 16), SLU_DC_SOFTWARE);
	assert_int_equal(slu_dc_gate_way(&gate, SLU_DC_CBC_SHA1, true, 16), SLU_DC_SOFTWARE);
	assert_int_equal(slu_dc_gate_way(&gate, SLU_DC_CBC_SHA256, true, 16), SLU_DC_SOFTWARE);
	assert_int_equal(slu_dc_gate_way(&gate, SLU_DC_ECB, true, 16), SLU_DC_DEVICE_CHECKED);
	assert_int_equal(slu_dc_gate_way(&gate, SLU_DC_GCM, true, 16), SLU_DC_DEVICE_CHECKED);
	assert_int_equal(counters().fallbacks, 0);
}

/* Which of the first n operations are checked: 'c', and which are not: '.'. */
static const char *ways(unsigned first, unsigned every, size_t n)
{
	static char text[64];

	s.check_first = first;
	s.check_every = every;
	slu_dc_gate_init(&gate, d, &s);
	assert_true(n < sizeof text);
	for (size_t i = 0; i < n; i++) {
		enum slu_dc_way w = way(16);

		assert_int_not_equal(w, SLU_DC_SOFTWARE);
		text[i] = w == SLU_DC_DEVICE_CHECKED ? 'c' : '.';
	}
	text[n] = '\0';
	return text;
}

static void test_which_are_checked(void **state)
{
	(void)state;
	assert_string_equal(ways(16, 64, 40), "cccccccccccccccc........................");
	assert_string_equal(ways(3, 4, 16), "ccc...c...c...c.");
	assert_string_equal(ways(0, 4, 9), "...c...c.");
	assert_string_equal(ways(2, 1, 8), "cccccccc");
	assert_string_equal(ways(2, 0, 8), "cc......");
	assert_string_equal(ways(0, 0, 8), "........");
	assert_string_equal(ways(UINT32_MAX, 0, 8), "cccccccc");
}

static void test_off_and_lacking(void **state)
{
	(void)state;
	slu_dc_device_lacks(d, SLU_DC_CBC);
	assert_int_equal(way(16), SLU_DC_SOFTWARE);
	assert_int_equal(slu_dc_gate_way(&gate, SLU_DC_GCM, true, 16), SLU_DC_DEVICE_CHECKED);
	slu_dc_device_turn_off(d, &s, "for a test");
	assert_int_equal(slu_dc_gate_way(&gate, SLU_DC_GCM, true, 16), SLU_DC_SOFTWARE);
	assert_int_equal(counters().fallbacks, 0);
	/* When software is not to stand in, it is tried, and fails. */
	s.fallback = false;
	s.min_size = 16;
	assert_int_equal(way(16), SLU_DC_DEVICE_CHECKED);
	assert_int_equal(slu_dc_gate_way(&gate, SLU_DC_GCM, true, 16), SLU_DC_DEVICE_CHECKED);
	assert_int_equal(way(15), SLU_DC_SOFTWARE);
	assert_int_equal(slu_dc_gate_way(&gate, SLU_DC_CBC, false, 16), SLU_DC_SOFTWARE);
}

static int child_asks(void *unused)
{
	struct slu_dc_gate own;

	(void)unused;
	if (way(16) != SLU_DC_SOFTWARE)
		return 1;
	slu_dc_gate_init(&own, d, &s);
	return slu_dc_gate_way(&own, SLU_DC_CBC, true, 16) == SLU_DC_DEVICE_CHECKED ? 0 : 2;
}

static void test_fork(void **state)
{
	(void)state;
	assert_int_equal(in_child(child_asks, NULL), 0);
	assert_int_equal(way(16), SLU_DC_DEVICE_CHECKED);
}

static void test_failures_are_said_once_a_kind(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		assert_true(slu_dc_gate_failed(&gate, SLU_DC_CBC, 16400, -EIO));
		assert_true(slu_dc_gate_failed(&gate, SLU_DC_CBC, 16400, -ENOSPC));
		slu_dc_gate_done(&gate);
	}
	assert_int_equal(fake->lines, 2);
	assert_non_null(strstr(fake->line, fake->path));
	assert_non_null(strstr(fake->line, "AES-CBC"));
	assert_non_null(strstr(fake->line, "driver ?"));
	assert_non_null(strstr(fake->line, "16400 bytes"));
	assert_non_null(strstr(fake->line, strerror(ENOSPC)));
	assert_non_null(strstr(fake->line, "queue is full"));
	assert_int_equal(counters().fallbacks, 6);
	assert_false(slu_dc_device_off(d));
	s.fallback = false;
	assert_false(slu_dc_gate_failed(&gate, SLU_DC_CBC, 16400, -EIO));
	assert_int_equal(counters().fallbacks, 6); /* nothing was done in its place */
}

static void test_eight_in_a_row(void **state)
{
	(void)state;
	for (int i = 0; i < 7; i++)
		slu_dc_gate_failed(&gate, SLU_DC_CBC, 64, -EIO);
	slu_dc_gate_done(&gate);
	for (int i = 0; i < 7; i++)
		slu_dc_gate_failed(&gate, SLU_DC_CBC, 64, -EIO);
	assert_false(slu_dc_device_off(d));
	assert_int_equal(fake->lines, 1);
	assert_true(slu_dc_gate_failed(&gate, SLU_DC_CBC, 64, -EIO));
	assert_true(slu_dc_device_off(d));
	assert_int_equal(fake->lines, 2);
	assert_non_null(strstr(fake->line, "turned off"));
	assert_non_null(strstr(fake->line, "8 times in a row"));
}

/* Contexts too short for eight. */
static void test_sixty_four_in_a_row_of_all(void **state)
{
	(void)state;
	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < 63; i++) {
			slu_dc_gate_init(&gate, d, &s);
			slu_dc_gate_failed(&gate, SLU_DC_CBC, 64, -EIO);
		}
		slu_dc_gate_failed(&gate, SLU_DC_GCM, 64, -EIO); /* another's are not counted in */
		assert_false(slu_dc_device_off(d));
		slu_dc_gate_init(&gate, d, &s);
		if (round == 0)
			slu_dc_device_served(d, SLU_DC_CBC, 64);
	}
	slu_dc_gate_failed(&gate, SLU_DC_CBC, 64, -EIO);
	assert_true(slu_dc_device_off(d));
	assert_non_null(strstr(fake->line, "64 times in a row"));
}

/* A want of threads is not the device's failure, nor is a child's; and what it lacks it need not be asked for. */
static void test_failures_that_are_none(void **state)
{
	(void)state;
	for (int j = 0; j < 10; j++)
		assert_true(slu_dc_gate_failed(&gate, SLU_DC_CBC, 64, -ECHILD));
	assert_int_equal(fake->lines, 0);
	for (int j = 0; j < 10; j++)
		assert_true(slu_dc_gate_failed(&gate, SLU_DC_CBC, 64, -EAGAIN));
	assert_int_equal(fake->lines, 1);
	assert_non_null(strstr(fake->line, "no thread"));
	for (int j = 0; j < 10; j++)
		assert_true(slu_dc_gate_failed(&gate, SLU_DC_CBC, 64, -EOPNOTSUPP));
	assert_int_equal(fake->lines, 2);
	assert_non_null(strstr(fake->line, "no AES-CBC"));
	assert_false(slu_dc_device_off(d));
	assert_int_equal(counters().fallbacks, 30);
}

/* Whoever turned it off has said why. */
static void test_failures_after_it_is_off(void **state)
{
	(void)state;
	slu_dc_device_turn_off(d, &s, "for a test");
	assert_true(slu_dc_gate_failed(&gate, SLU_DC_CBC, 64, -ENODEV));
	assert_true(slu_dc_gate_failed(&gate, SLU_DC_CBC, 64, -ETIMEDOUT));
	assert_int_equal(fake->lines, 1);
	assert_int_equal(counters().fallbacks, 2);
}

static void test_check(void **state)
{
	const uint8_t right[32] = "as software has it";
	uint8_t wrong[32];

	(void)state;
	memcpy(wrong, right, sizeof wrong);
	assert_true(slu_dc_gate_check(&gate, SLU_DC_GCM, right, wrong, sizeof right));
	assert_false(slu_dc_device_off(d));
	assert_int_equal(fake->lines, 0);
	wrong[21] ^= 0x80;
	assert_false(slu_dc_gate_check(&gate, SLU_DC_GCM, wrong, right, sizeof right));
	assert_true(slu_dc_device_off(d));
	assert_int_equal(fake->lines, 1);
	assert_non_null(strstr(fake->line, "wrong bytes for AES-GCM of 32 bytes, from byte 21 on"));
	assert_false(slu_dc_gate_check(&gate, SLU_DC_GCM, wrong, right, sizeof right));
	assert_int_equal(fake->lines, 1);
	assert_int_equal(counters().checks, 3);
	assert_int_equal(counters().mismatches, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_size, setup),
		cmocka_unit_test_setup(test_direction, setup),
		cmocka_unit_test_setup(test_algorithm, setup),
		cmocka_unit_test_setup(test_which_are_checked, setup),
		cmocka_unit_test_setup(test_off_and_lacking, setup),
		cmocka_unit_test_setup(test_fork, setup),
		cmocka_unit_test_setup(test_failures_are_said_once_a_kind, setup),
		cmocka_unit_test_setup(test_eight_in_a_row, setup),
		cmocka_unit_test_setup(test_sixty_four_in_a_row_of_all, setup),
		cmocka_unit_test_setup(test_failures_that_are_none, setup),
		cmocka_unit_test_setup(test_failures_after_it_is_off, setup),
		cmocka_unit_test_setup(test_check, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
