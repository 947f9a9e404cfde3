/* SPDX-License-Identifier: MIT */
/* What is measured in a process of its own: a device that does well, one that fails meanwhile, one that kills. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "leave_out.h"
#include "provider/kernel.h"
#include "tests/lab/device.h"
#include "tools/measure.h"

/* Stands in for Linux, when a test says so. */
extern const struct slu_dc_kernel __real_slu_dc_kernel_linux;
struct slu_dc_kernel __wrap_slu_dc_kernel_linux;

static struct lab_device *device;
static struct slu_spinner *spinner;
static char error[256];

static int setup(void **state)
{
	double uneven;

	(void)state;
	device = lab_device_new();
	assert_non_null(device);
	__wrap_slu_dc_kernel_linux = *lab_device_kernel(device);
	spinner = slu_spinner_start(0.02, &uneven);
	assert_non_null(spinner);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	slu_spinner_stop(spinner);
	__wrap_slu_dc_kernel_linux = __real_slu_dc_kernel_linux;
	return 0;
}

static void break_it(const char *fault)
{
	char why[200];

	if (lab_device_fault(device, fault, why, sizeof why) != 0)
		fail_msg("%s", why);
}

static bool measure(struct slu_cost *cost)
{
	const struct slu_way way = {.suite = "ECDHE-ECDSA-AES128-SHA",
				    .version = SLU_TLS_1_2,
				    .etm = true,
				    .offload = "devcrypto:min_size=0,deadline_ms=200"};

	return slu_measure_apart(spinner, &way, 1024, 0.05, cost, error, sizeof error);
}

static void a_device_that_does_well(void **state)
{
	struct lab_counters counters;
	struct slu_cost cost;

	(void)state;
	assert_true(measure(&cost));
	assert_string_equal(error, "");
	assert_true(cost.records > 0 && cost.device_operations >= cost.records);
	assert_true(cost.mb_per_s > 0 && cost.median_us > 0);
	lab_device_counters(device, &counters);
	assert_int_equal(counters.crypt, 0); /* the device of this process did nothing */
}

static void one_that_fails_meanwhile(void **state)
{
	static const char *const faults[] = {"wrong=after:40", "eio=after:40", "hang=after:40", "vanish=after:40"};
	struct slu_cost cost;

	(void)state;
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
		device = lab_device_new();
		__wrap_slu_dc_kernel_linux = *lab_device_kernel(device);
		break_it(faults[i]);
		assert_false(measure(&cost));
		assert_string_equal(error, "hung, failed or was wrong while it was measured: do not use it");
	}
}

static int kill_ioctl(void *user, int fd, unsigned long request, void *arg)
{
	(void)user;
	(void)fd;
	(void)request;
	(void)arg;
	abort();
}

static void one_that_kills(void **state)
{
	struct slu_cost cost = {.records = 7};

	(void)state;
	__wrap_slu_dc_kernel_linux.ioctl = kill_ioctl;
	assert_false(measure(&cost));
	assert_string_equal(error, "ended the process that measured it by the signal Aborted: do not use it");
	assert_int_equal(cost.records, 0);
}

int main(void)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_device_that_does_well, setup, teardown),
		cmocka_unit_test_setup_teardown(one_that_fails_meanwhile, setup, teardown),
		cmocka_unit_test_setup_teardown(one_that_kills, setup, teardown),
	};

	if (is_emulated()) {
		LEAVE_OUT(tests, a_device_that_does_well, QEMU_FORKS);
		LEAVE_OUT(tests, one_that_fails_meanwhile, QEMU_FORKS);
		LEAVE_OUT(tests, one_that_kills, QEMU_FORKS);
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
