/* SPDX-License-Identifier: MIT */
/* Tests of a device in processes of their own. The model is copied into them: what it counts stays there. */
#include "test.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "provider/cryptodev.h"
#include "tests/lab/device.h"
#include "tools/doctor_device.h"

struct heard {
	unsigned notes;
	char driver[64];
	unsigned lanes;
	unsigned last_step;
};

static void hear(void *arg, enum slu_dc_algorithm a, const struct slu_selftest_note *note)
{
	struct heard *h = arg;

	assert_int_equal(a, SLU_DC_ECB);
	h->notes++;
	h->lanes |= 1U << note->lane;
	h->last_step = note->step;
	snprintf(h->driver, sizeof h->driver, "%s", note->driver);
}

static struct slu_verdict test_with(const char *const *faults, const struct slu_dc_kernel *kernel, struct heard *h)
{
	struct lab_device *d = lab_device_new();
	const struct slu_doctor_device device = {.kernel = kernel ? kernel : lab_device_kernel(d),
						 .quick = true,
						 .deadline_ms = 3000,
						 .progress = h ? hear : NULL,
						 .arg = h};
	struct slu_verdict v;
	char error[100];

	for (; faults && *faults; faults++)
		assert_int_equal(lab_device_fault(d, *faults, error, sizeof error), 0);
	slu_doctor_device_test(&device, SLU_DC_ECB, &v);
	assert_int_equal(v.algorithm, SLU_DC_ECB);
	return v;
}

static void passes_alone_and_in_a_crowd(void **state)
{
	struct slu_verdict alone, v;
	struct lab_device *d = lab_device_new();
	const struct slu_selftest test = {.kernel = lab_device_kernel(d), .quick = true};
	struct heard h = {0};

	(void)state;
	slu_selftest_run(&test, SLU_DC_ECB, &alone);
	v = test_with(NULL, NULL, &h);
	assert_int_equal(v.kind, SLU_PASSED);
	assert_int_equal(v.operations, alone.operations + 2 * 4 * 64);
	assert_int_equal(v.largest, 135168);
	assert_true(h.notes > v.operations);
	assert_int_equal(h.lanes, 15);
	assert_string_equal(h.driver, "lab-ecb-aes");
	assert_string_equal(slu_selftest_step_name(h.last_step), "closing the sessions");
}

static void finds_faults(void **state)
{
	static const struct {
		const char *faults[3];
		enum slu_verdict_kind kind;
		const char *step, *sentence;
	} cases[] = {
		{{"cbc-only"}, SLU_LACKING, NULL, "AES-ECB is not there"},
		{{"flip"}, SLU_WRONG, "known answers", "AES-ECB by driver lab-ecb-aes gives wrong bytes"},
		{{"largest=38016"}, SLU_LIMITED, NULL, "AES-ECB by driver lab-ecb-aes is right, but refuses"},
		{{"hang"},
		 SLU_HANGS,
		 "opening a session",
		 "AES-ECB by driver lab-ecb-aes hangs; what did not end in time: encrypting 16 bytes with a key of 16 "
		 "bytes. Do not use it; the kernel's log (dmesg) may say why."},
		{{"hang=at:30"}, SLU_HANGS, "lengths", "AES-ECB by driver lab-ecb-aes hangs; what did not end"},
		{{"hang=after:114", "late-write"}, SLU_HANGS, "large requests", "AES-ECB by driver lab-ecb-aes hangs"},
		{{"hang=at:30", "late-write=1"}, SLU_HANGS, "lengths", "AES-ECB by driver lab-ecb-aes hangs"},
		{{"vanish=at:100"}, SLU_GONE, NULL, "AES-ECB by driver lab-ecb-aes ended in the middle"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct slu_verdict v = test_with(cases[i].faults, NULL, NULL);
		char text[600];

		slu_verdict_sentence(&v, text, sizeof text);
		print_message("# %s: %s\n", cases[i].faults[0], text);
		assert_string_equal(slu_verdict_kind_name(v.kind), slu_verdict_kind_name(cases[i].kind));
		assert_memory_equal(text, cases[i].sentence, strlen(cases[i].sentence));
		assert_false(v.left);
		if (cases[i].step)
			assert_string_equal(slu_selftest_step_name(v.step), cases[i].step);
		assert_int_equal(v.has_shape,
				 cases[i].kind == SLU_HANGS || cases[i].kind == SLU_WRONG || cases[i].kind == SLU_GONE);
	}
}

/* ---- a kernel that ends the process ---- */

static const struct slu_dc_kernel *below;
static unsigned requests, fatal;
static int deadly;

static int forward_open(void *user, const char *path)
{
	(void)user;
	return below->open(below->user, path);
}

static int forward_ioctl(void *user, int fd, unsigned long request, void *arg)
{
	(void)user;
	if (request == SLU_DC_CIOCCRYPT && ++requests == fatal) {
		if (!deadly)
			_Exit(0); /* and says that all is well */
		signal(deadly, SIG_DFL);
		raise(deadly);
	}
	return below->ioctl(below->user, fd, request, arg);
}

static void forward_close(void *user, int fd)
{
	(void)user;
	below->close(below->user, fd);
}

static void tells_of_a_crash(void **state)
{
	static const struct slu_dc_kernel kernel = {forward_open, forward_ioctl, forward_close, NULL};
	static const int signals[] = {SIGSEGV, SIGKILL, 0};

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		struct slu_verdict v;
		char text[600], expected[600];

		below = lab_device_kernel(lab_device_new());
		requests = 0;
		fatal = 20;
		deadly = signals[i];
		v = test_with(NULL, &kernel, NULL);
		assert_int_equal(v.kind, SLU_CRASHED);
		assert_int_equal(v.error, signals[i]);
		assert_true(v.has_shape);
		assert_int_equal(v.operations, 19);
		snprintf(expected, sizeof expected,
			 "AES-ECB by driver lab-ecb-aes cannot be judged: its tests ended "
			 "with %s%s while encrypting ",
			 signals[i] ? "the signal " : "no verdict", signals[i] ? strsignal(signals[i]) : "");
		assert_memory_equal(slu_verdict_sentence(&v, text, sizeof text), expected, strlen(expected));
	}
	/* In the crowd: each process has its own count. */
	fatal = 0;
	requests = 0;
	assert_int_equal(test_with(NULL, &kernel, NULL).kind, SLU_PASSED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(passes_alone_and_in_a_crowd),
		cmocka_unit_test(finds_faults),
		cmocka_unit_test(tells_of_a_crash),
	};

	return cmocka_run_group_tests_name("doctor device", tests, NULL, NULL);
}
