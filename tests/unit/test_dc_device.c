/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>

#include "dc_fake.h"
#include "in_child.h"
#include "provider/books.h"

static struct slu_dc_settings s;
static struct fake *fake;
static struct slu_dc_device *d;

static int setup(void **state)
{
	(void)state;
	fake = fake_new(&s);
	d = fake_device(fake);
	return 0;
}

static void test_one_a_path_and_kernel(void **state)
{
	struct slu_dc_kernel same = fake->kernel, other = fake->kernel;

	(void)state;
	other.user = &other;
	assert_ptr_equal(slu_dc_device_get(&fake->kernel, fake->path), d);
	assert_ptr_equal(slu_dc_device_get(&same, fake->path), d);
	assert_ptr_not_equal(slu_dc_device_get(&other, fake->path), d);
	assert_ptr_not_equal(slu_dc_device_get(&fake->kernel, "/dev/other"), d);
	assert_ptr_equal(slu_dc_device_get(&fake->kernel, "/dev/other"),
			 slu_dc_device_get(&fake->kernel, "/dev/other"));
	/* It keeps a copy of the kernel's table. */
	assert_ptr_not_equal(slu_dc_device_kernel(d), &fake->kernel);
	assert_ptr_equal(slu_dc_device_kernel(d)->user, fake);
	assert_string_equal(slu_dc_device_path(d), fake->path);
}

static void test_names(void **state)
{
	(void)state;
	assert_string_equal(slu_dc_algorithm_name(SLU_DC_CBC), "AES-CBC");
	assert_string_equal(slu_dc_algorithm_name(SLU_DC_CBC_SHA256), "AES-CBC with HMAC-SHA256");
	for (int a = 0; a < SLU_DC_ALGORITHMS; a++)
		for (int b = 0; b < a; b++)
			assert_string_not_equal(slu_dc_algorithm_name((enum slu_dc_algorithm)a),
						slu_dc_algorithm_name((enum slu_dc_algorithm)b));
}

static void test_off_is_said_once(void **state)
{
	char expected[64];

	(void)state;
	assert_false(slu_dc_device_off(d));
	slu_dc_device_turn_off(d, &s, "it is %s", "broken");
	assert_true(slu_dc_device_off(d));
	assert_int_equal(fake->lines, 1);
	snprintf(expected, sizeof expected, "%s: it is broken", fake->path);
	assert_string_equal(fake->line, expected);
	slu_dc_device_turn_off(d, &s, "again");
	assert_int_equal(fake->lines, 1);
	assert_true(slu_dc_device_off(d));
}

static void test_nobody_listens(void **state)
{
	(void)state;
	s.log = NULL;
	slu_dc_device_turn_off(d, &s, "it is broken");
	assert_true(slu_dc_device_off(d));
	assert_int_equal(fake->lines, 0);
}

/* A line that is too long is cut. */
static void test_long_line(void **state)
{
	char text[2000];

	(void)state;
	memset(text, 'x', sizeof text);
	text[sizeof text - 1] = '\0';
	slu_dc_device_turn_off(d, &s, "%s", text);
	assert_int_equal(fake->lines, 1);
	assert_true(strlen(fake->line) > 300);
	assert_int_equal(fake->line[strlen(fake->line) - 1], 'x');
}

static void test_each_kind_is_said_once(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		slu_dc_device_log_once(d, &s, SLU_DC_CBC, EIO, "one");
		slu_dc_device_log_once(d, &s, SLU_DC_CBC, EINVAL, "two");
		slu_dc_device_log_once(d, &s, SLU_DC_GCM, EIO, "three");
	}
	assert_int_equal(fake->lines, 3);
	/* Nor does it say ever new things without end. */
	for (int error = 1000; error < 2000; error++)
		slu_dc_device_log_once(d, &s, SLU_DC_CBC, error, "more");
	assert_true(fake->lines < 100);
}

static void test_lacks(void **state)
{
	(void)state;
	for (int a = 0; a < SLU_DC_ALGORITHMS; a++)
		assert_true(slu_dc_device_may_have(d, (enum slu_dc_algorithm)a));
	slu_dc_device_lacks(d, SLU_DC_GCM);
	slu_dc_device_lacks(d, SLU_DC_CBC_SHA256);
	for (int a = 0; a < SLU_DC_ALGORITHMS; a++)
		assert_int_equal(slu_dc_device_may_have(d, (enum slu_dc_algorithm)a),
				 a != SLU_DC_GCM && a != SLU_DC_CBC_SHA256);
}

static void test_driver(void **state)
{
	const char *name;

	(void)state;
	assert_string_equal(slu_dc_device_driver(d, SLU_DC_CBC), "?");
	slu_dc_device_opened(d, SLU_DC_CBC, NULL);
	assert_string_equal(slu_dc_device_driver(d, SLU_DC_CBC), "?");
	slu_dc_device_opened(d, SLU_DC_CBC, "first");
	name = slu_dc_device_driver(d, SLU_DC_CBC);
	slu_dc_device_opened(d, SLU_DC_CBC, "second");
	assert_string_equal(name, "first");
	assert_string_equal(slu_dc_device_driver(d, SLU_DC_CBC), "first");
	assert_string_equal(slu_dc_device_driver(d, SLU_DC_GCM), "?");
}

static void assert_limit(size_t good, size_t bad)
{
	struct slu_dc_limit limit = slu_dc_device_limit(d, SLU_DC_ECB);

	assert_int_equal(limit.good, good);
	assert_int_equal(limit.bad, bad);
}

static void test_limit(void **state)
{
	(void)state;
	assert_limit(0, SIZE_MAX);
	slu_dc_device_learn(d, SLU_DC_ECB, 16384, true);
	assert_limit(16384, SIZE_MAX);
	slu_dc_device_learn(d, SLU_DC_ECB, 4096, true);
	assert_limit(16384, SIZE_MAX);
	slu_dc_device_learn(d, SLU_DC_ECB, 65536, false);
	assert_limit(16384, 65536);
	slu_dc_device_learn(d, SLU_DC_ECB, 131072, false);
	assert_limit(16384, 65536);
	slu_dc_device_learn(d, SLU_DC_ECB, 32768, true);
	assert_limit(32768, 65536);
	slu_dc_device_learn(d, SLU_DC_ECB, 49152, false);
	assert_limit(32768, 49152);
	assert_int_equal(slu_dc_device_limit(d, SLU_DC_CBC).good, 0);
}

/* Of two that contradict each other, the failure counts, in either order. */
static void test_limit_contradicted(void **state)
{
	(void)state;
	slu_dc_device_learn(d, SLU_DC_ECB, 65536, true);
	slu_dc_device_learn(d, SLU_DC_ECB, 32768, false);
	assert_limit(32767, 32768);
	slu_dc_device_learn(d, SLU_DC_ECB, 65536, true);
	assert_limit(32767, 32768);
	/* Nothing at all is neither right nor wrong. */
	slu_dc_device_learn(d, SLU_DC_ECB, 0, false);
	assert_limit(32767, 32768);
}

static void test_counters(void **state)
{
	struct slu_dc_counters c;

	(void)state;
	assert_false(slu_dc_device_has_served(d, SLU_DC_CBC));
	slu_dc_device_served(d, SLU_DC_CBC, 100);
	slu_dc_device_served(d, SLU_DC_CBC, 0xffffffff);
	assert_true(slu_dc_device_has_served(d, SLU_DC_CBC));
	assert_false(slu_dc_device_has_served(d, SLU_DC_GCM));
	for (int i = 0; i < 3; i++)
		slu_dc_device_count_fallback(d);
	for (int i = 0; i < 4; i++)
		slu_dc_device_count_abandoned(d);
	for (int i = 0; i < 5; i++)
		slu_dc_device_count_check(d, i < 3);
	for (int i = 0; i < 6; i++)
		slu_dc_device_opened(d, SLU_DC_CBC, NULL);
	slu_dc_device_counters(d, &c);
	assert_int_equal(c.operations, 2);
	assert_int_equal(c.bytes, 0xffffffffULL + 100);
	assert_int_equal(c.fallbacks, 3);
	assert_int_equal(c.abandoned, 4);
	assert_int_equal(c.checks, 5);
	assert_int_equal(c.mismatches, 2);
	assert_int_equal(c.sessions, 6);
}

static atomic_bool stop;

static void *write_the_books(void *arg)
{
	long n = 0;

	for (; !stop || n < 1000; n++) {
		slu_dc_device_served(d, SLU_DC_CBC, 3);
		slu_dc_device_learn(d, SLU_DC_CBC, (size_t)(n % 1000 + 1), true);
		slu_dc_device_opened(d, SLU_DC_CBC, "same");
		slu_dc_device_turn_off(d, &s, "off");
		if (slu_dc_device_get(&fake->kernel, fake->path) != d)
			return NULL;
	}
	*(long *)arg = n;
	return arg;
}

static int child_writes(void *unused)
{
	struct slu_dc_counters c;

	(void)unused;
	slu_dc_device_served(d, SLU_DC_CBC, 3);
	slu_dc_device_counters(d, &c);
	return c.bytes == 3 * c.operations ? 0 : 1;
}

/* And forks in the midst of it find the books in order, and not locked. */
static void test_threads_and_forks(void **state)
{
	enum { THREADS = 3 };
	pthread_t threads[THREADS];
	long n[THREADS] = {0}, sum = 0;
	struct slu_dc_counters c;

	(void)state;
	stop = false;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, write_the_books, &n[i]), 0);
	for (int i = 0; i < 100; i++)
		assert_int_equal(in_child(child_writes, NULL), 0);
	stop = true;
	for (int i = 0; i < THREADS; i++) {
		void *result;

		pthread_join(threads[i], &result);
		assert_ptr_equal(result, &n[i]);
		sum += n[i];
	}
	slu_dc_device_counters(d, &c);
	assert_int_equal(c.operations, sum);
	assert_int_equal(c.bytes, 3 * sum);
	assert_int_equal(c.sessions, sum);
	assert_int_equal(slu_dc_device_limit(d, SLU_DC_CBC).good, 1000);
	assert_int_equal(fake->lines, 1);
}

int main(void)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_one_a_path_and_kernel, setup),
		cmocka_unit_test(test_names),
		cmocka_unit_test_setup(test_off_is_said_once, setup),
		cmocka_unit_test_setup(test_nobody_listens, setup),
		cmocka_unit_test_setup(test_long_line, setup),
		cmocka_unit_test_setup(test_each_kind_is_said_once, setup),
		cmocka_unit_test_setup(test_lacks, setup),
		cmocka_unit_test_setup(test_driver, setup),
		cmocka_unit_test_setup(test_limit, setup),
		cmocka_unit_test_setup(test_limit_contradicted, setup),
		cmocka_unit_test_setup(test_counters, setup),
		cmocka_unit_test_setup(test_threads_and_forks, setup),
	};

	if (is_emulated())
		LEAVE_OUT(tests, test_threads_and_forks, QEMU_FORKS);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
