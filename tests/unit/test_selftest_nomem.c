/* SPDX-License-Identifier: MIT */
/* Memory, or a thread, that cannot be had is nobody's fault: it is said, and nothing else is. */
#include "test.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "../alloc_fail.h"
#include "crypto/selftest.h"
#include "tests/lab/device.h"

/* Stands in for threads that cannot be had: the linker puts it in the other's place. */
int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *arg);
static unsigned threads; /* that are left */

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *arg)
{
	if (threads == 0)
		return EAGAIN;
	threads--;
	return __real_pthread_create(thread, attr, run, arg);
}

static void without_memory_nothing_is_judged(void **state)
{
	unsigned untested = 0, refused = 0;

	(void)state;
	for (long n = 0, failed = 1; failed; n++) {
		struct lab_device *d = lab_device_new();
		const struct slu_selftest test = {.kernel = lab_device_kernel(d), .quick = true};
		struct slu_verdict v;

		alloc_fail_at(n);
		slu_selftest_run(&test, SLU_DC_CBC_SHA1, &v);
		failed = alloc_fail_end();
		untested += v.kind == SLU_UNTESTED;
		refused += v.kind == SLU_ERROR; /* the device's own memory */
		assert_int_equal(v.kind == SLU_PASSED, !failed);
		assert_int_equal(v.error, failed ? ENOMEM : 0);
		assert_true(v.kind == SLU_PASSED || v.kind == SLU_UNTESTED || v.kind == SLU_ERROR);
	}
	assert_int_equal(untested, 3); /* the software's, and two buffers */
	assert_true(refused > 3);
}

/* One lane's, of four. */
static void without_memory_nothing_is_put_under_load(void **state)
{
	struct lab_device *d = lab_device_new();
	const struct slu_selftest test = {.kernel = lab_device_kernel(d), .quick = true};
	char text[300], right[300];

	(void)state;
	snprintf(right, sizeof right, "AES-ECB was not tested: %s. Try again when less else is running.",
		 strerror(ENOMEM));
	for (long n = 0; n < 1 + 4 * 3; n++) {
		struct slu_verdict v = {
			.algorithm = SLU_DC_ECB, .kind = SLU_PASSED, .driver = "?", .keys = 7, .largest = 16};
		struct lab_counters c;

		alloc_fail_at(n);
		slu_selftest_load(&test, 0, 0, &v);
		assert_true(alloc_fail_end());
		assert_int_equal(v.kind, SLU_UNTESTED);
		assert_int_equal(v.error, ENOMEM);
		assert_string_equal(slu_verdict_sentence(&v, text, sizeof text), right);
		lab_device_counters(d, &c);
		assert_int_equal(c.ioctls, 0);
	}
}

/* Fewer at once are another test; what they find is told all the same. */
static void without_a_thread_it_has_not_passed(void **state)
{
	(void)state;
	for (unsigned wrong = 0; wrong < 2; wrong++) {
		for (unsigned left = 0; left <= 3; left++) {
			struct lab_device *d = lab_device_new();
			const struct slu_selftest test = {.kernel = lab_device_kernel(d), .quick = true};
			struct slu_verdict v = {
				.algorithm = SLU_DC_ECB, .kind = SLU_PASSED, .driver = "?", .keys = 7, .largest = 16};
			char error[100];

			if (wrong)
				assert_int_equal(lab_device_fault(d, "wrong", error, sizeof error), 0);
			threads = left;
			slu_selftest_load(&test, 0, 0, &v);
			assert_int_equal(v.kind, wrong ? SLU_WRONG : left < 3 ? SLU_UNTESTED : SLU_PASSED);
			assert_int_equal(v.error, !wrong && left < 3 ? EAGAIN : 0);
			assert_int_equal(v.operations > 0, !wrong);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(without_memory_nothing_is_judged),
		cmocka_unit_test(without_memory_nothing_is_put_under_load),
		cmocka_unit_test(without_a_thread_it_has_not_passed),
	};

	/* Where it is linked statically, its calls would be made to fail, too. */
	if (CRYPTO_set_mem_functions(alloc_spared, alloc_spared_again, alloc_spared_free) != 1)
		return 1;
	return cmocka_run_group_tests_name("selftest nomem", tests, NULL, NULL);
}
