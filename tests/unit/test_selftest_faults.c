/* SPDX-License-Identifier: MIT */
/* Every fault of the lab's device is found, and named as what it is, by the quick tests and by the whole. What hangs is
 * in test_doctor_device.c. */
#include "test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "crypto/selftest.h"
#include "tests/lab/device.h"

#define B16   "encrypting 16 bytes with a key of 16 bytes"
#define B1    "encrypting 1 byte with a key of 16 bytes"
#define GCM_1 B1 " and 13 bytes of associated data"

static const struct row {
	const char *fault;
	enum slu_dc_algorithm algorithm;
	enum slu_verdict_kind kind;
	int error;
	const char *shape, *previous; /* NULL: none. "*": one, which depends on what came before */
	uint32_t largest;             /* 0: not looked at */
	bool avoided, seldom;
} rows[] = {
	{.fault = "no-gcm", .algorithm = SLU_DC_GCM, .kind = SLU_LACKING},
	{.fault = "no-tls", .algorithm = SLU_DC_CBC_SHA1, .kind = SLU_LACKING},
	{.fault = "no-tls", .algorithm = SLU_DC_CBC, .kind = SLU_PASSED},
	{.fault = "no-authcrypt", .algorithm = SLU_DC_CBC_SHA256, .kind = SLU_LACKING, .error = EINVAL},
	{.fault = "no-authcrypt", .algorithm = SLU_DC_GCM, .kind = SLU_LACKING, .error = EINVAL},
	{.fault = "ecb-only", .algorithm = SLU_DC_CBC, .kind = SLU_LACKING},
	{.fault = "ecb-only", .algorithm = SLU_DC_ECB, .kind = SLU_PASSED},
	{.fault = "ctr-only", .algorithm = SLU_DC_ECB, .kind = SLU_LACKING},
	{.fault = "cbc-only", .algorithm = SLU_DC_CTR, .kind = SLU_LACKING},
	{.fault = "flip", .algorithm = SLU_DC_CBC, .kind = SLU_WRONG, .shape = B16},
	{.fault = "flip=31", .algorithm = SLU_DC_CBC_SHA1, .kind = SLU_WRONG, .shape = B1},
	{.fault = "flip=7", .algorithm = SLU_DC_GCM, .kind = SLU_WRONG, .shape = GCM_1},
	{.fault = "wrong", .algorithm = SLU_DC_ECB, .kind = SLU_WRONG, .shape = B16},
	{.fault = "wrong=after:200", .algorithm = SLU_DC_CTR, .kind = SLU_WRONG, .shape = B16},
	{.fault = "wrong=every:2", .algorithm = SLU_DC_CBC, .kind = SLU_WRONG, .shape = "*", .seldom = true},
	{.fault = "wrong=every:7", .algorithm = SLU_DC_GCM, .kind = SLU_WRONG, .shape = "*", .seldom = true},
	{.fault = "wrong=at:300", .algorithm = SLU_DC_ECB, .kind = SLU_WRONG, .shape = "*", .seldom = true},
	{.fault = "wrong-length=240-255",
	 .algorithm = SLU_DC_CBC,
	 .kind = SLU_WRONG,
	 .shape = "encrypting 240 bytes with a key of 16 bytes"},
	{.fault = "wrong-length=16384",
	 .algorithm = SLU_DC_CBC_SHA256,
	 .kind = SLU_WRONG,
	 .shape = "encrypting 16384 bytes with a key of 16 bytes"},
	{.fault = "wrong-align=1-15",
	 .algorithm = SLU_DC_CTR,
	 .kind = SLU_WRONG,
	 .shape = B16 ", from offset 1 of a page",
	 .avoided = true},
	{.fault = "wrong-align=63",
	 .algorithm = SLU_DC_CBC_SHA1,
	 .kind = SLU_WRONG,
	 .shape = B1 ", from offset 63 of a page",
	 .avoided = true},
	{.fault = "wrong-above=65536",
	 .algorithm = SLU_DC_ECB,
	 .kind = SLU_WRONG,
	 .shape = "encrypting 65552 bytes with a key of 16 bytes",
	 .largest = 65536},
	{.fault = "wrong-above=65536",
	 .algorithm = SLU_DC_CTR,
	 .kind = SLU_WRONG,
	 .shape = "encrypting 65552 bytes with a key of 16 bytes",
	 .largest = 65536},
	{.fault = "wrong-length=250",
	 .algorithm = SLU_DC_CTR,
	 .kind = SLU_WRONG,
	 .shape = "encrypting 250 bytes with a key of 16 bytes",
	 .avoided = true},
	{.fault = "wrong-above=16000",
	 .algorithm = SLU_DC_GCM,
	 .kind = SLU_WRONG,
	 .shape = "encrypting 16001 bytes with a key of 16 bytes and 13 bytes of associated data",
	 .largest = 16000},
	{.fault = "iv-not-chained",
	 .algorithm = SLU_DC_CBC,
	 .kind = SLU_WRONG,
	 .shape = "encrypting 32 bytes with a key of 16 bytes, in 2 requests by the IV that the kernel writes back",
	 .avoided = true},
	{.fault = "iv-not-chained",
	 .algorithm = SLU_DC_CTR,
	 .kind = SLU_WRONG,
	 .shape = "encrypting 32 bytes with a key of 16 bytes, in 2 requests by the IV that the kernel writes back",
	 .avoided = true},
	{.fault = "ctr16",
	 .algorithm = SLU_DC_CTR,
	 .kind = SLU_WRONG,
	 .shape = "encrypting 32 bytes with a key of 16 bytes, from a counter that ends in ffff",
	 .avoided = true},
	{.fault = "ctr32",
	 .algorithm = SLU_DC_CTR,
	 .kind = SLU_WRONG,
	 .shape = "encrypting 32 bytes with a key of 16 bytes, from a counter that ends in ffffffff",
	 .avoided = true},
	{.fault = "leak-aad",
	 .algorithm = SLU_DC_GCM,
	 .kind = SLU_WRONG,
	 .shape = GCM_1,
	 .previous = B1 " and 0 bytes of associated data"},
	{.fault = "leak-session",
	 .algorithm = SLU_DC_CBC,
	 .kind = SLU_WRONG,
	 .shape = B16,
	 .previous = B16 ", in the second of two sessions"},
	{.fault = "leak-session",
	 .algorithm = SLU_DC_CBC_SHA1,
	 .kind = SLU_WRONG,
	 .shape = B1,
	 .previous = B1 ", in the second of two sessions"},
	{.fault = "largest=38016", .algorithm = SLU_DC_CBC, .kind = SLU_LIMITED, .error = EINVAL, .largest = 38016},
	{.fault = "largest=38016", .algorithm = SLU_DC_CTR, .kind = SLU_LIMITED, .error = EINVAL, .largest = 38016},
	{.fault = "largest=38016", .algorithm = SLU_DC_CBC_SHA1, .kind = SLU_PASSED, .largest = 16384},
	{.fault = "largest=16000",
	 .algorithm = SLU_DC_CBC_SHA1,
	 .kind = SLU_LIMITED,
	 .error = EINVAL,
	 .largest = 16000},
	{.fault = "eio", .algorithm = SLU_DC_CBC, .kind = SLU_ERROR, .error = EIO, .shape = B16},
	{.fault = "eio=every:5",
	 .algorithm = SLU_DC_ECB,
	 .kind = SLU_ERROR,
	 .error = EIO,
	 .shape = "*",
	 .seldom = true},
	{.fault = "enospc", .algorithm = SLU_DC_GCM, .kind = SLU_ERROR, .error = ENOSPC, .shape = GCM_1},
	{.fault = "einval", .algorithm = SLU_DC_CTR, .kind = SLU_ERROR, .error = EINVAL, .shape = B16},
	{.fault = "einval", .algorithm = SLU_DC_GCM, .kind = SLU_LACKING, .error = EINVAL},
	{.fault = "vanish", .algorithm = SLU_DC_CBC, .kind = SLU_GONE, .error = ENODEV, .shape = "*"},
	{.fault = "vanish=at:200", .algorithm = SLU_DC_GCM, .kind = SLU_GONE, .error = ENODEV, .shape = "*"},
	{.fault = "slow=1", .algorithm = SLU_DC_CBC_SHA1, .kind = SLU_PASSED},
	{.fault = "unflagged", .algorithm = SLU_DC_CBC, .kind = SLU_PASSED},
};

static void expect_shape(enum slu_dc_algorithm a, const char *expected, bool has, const struct slu_shape *shape)
{
	char text[300];

	assert_int_equal(has, expected != NULL);
	if (expected && strcmp(expected, "*") != 0)
		assert_string_equal(slu_shape_describe(a, shape, text, sizeof text), expected);
}

static void expect(const struct row *row, const struct slu_verdict *v)
{
	char sentence[1000];

	print_message("# %s: %s\n", row->fault, slu_verdict_sentence(v, sentence, sizeof sentence));
	assert_string_equal(slu_verdict_kind_name(v->kind), slu_verdict_kind_name(row->kind));
	assert_int_equal(v->error, row->error);
	assert_int_equal(v->avoided, row->avoided);
	assert_int_equal(slu_verdict_usable(v), row->kind == SLU_PASSED || row->kind == SLU_LIMITED || row->avoided);
	expect_shape(v->algorithm, row->shape, v->has_shape, &v->shape);
	expect_shape(v->algorithm, row->previous, v->has_previous, &v->previous);
	if (row->largest)
		assert_int_equal(v->largest, row->largest);
	assert_int_equal(v->tries > 0, row->seldom);
	assert_true(v->failed <= v->tries && (v->failed > 0) == row->seldom);
	assert_int_equal(v->accelerated, strcmp(v->driver, "?") != 0 && strcmp(row->fault, "unflagged") != 0);
	/* A fault that makes wrong bytes makes them of this algorithm only if it is said so. */
	if (row->kind == SLU_WRONG)
		assert_int_equal(v->flaw, SLU_FLAW_BYTES);
}

static void finds(const struct row *row, bool quick)
{
	struct lab_device *d = lab_device_new();
	const struct slu_selftest test = {.kernel = lab_device_kernel(d), .quick = quick};
	struct lab_counters c;
	struct slu_verdict v;
	char error[200];

	assert_int_equal(lab_device_fault(d, row->fault, error, sizeof error), 0);
	slu_selftest_run(&test, row->algorithm, &v);
	expect(row, &v);
	lab_device_counters(d, &c);
	assert_int_equal(c.open_now, 0);
}

static void finds_every_fault_by_the_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strcmp(rows[i].fault, "slow=1") != 0) /* a millisecond a request */
			finds(&rows[i], false);
}

static void finds_every_fault_quickly(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		finds(&rows[i], true);
}

static bool is_tested(const char *name, size_t length)
{
	static const char *const elsewhere[] = {"hang", "late-write"};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strncmp(rows[i].fault, name, length) == 0 && strchr("=", rows[i].fault[length]))
			return true;
	for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++)
		if (strlen(elsewhere[i]) == length && strncmp(elsewhere[i], name, length) == 0)
			return true;
	return false;
}

static void no_fault_is_left_out(void **state)
{
	char *text = NULL;
	size_t size, count = 0;
	FILE *f = open_memstream(&text, &size);

	(void)state;
	lab_faults_list(f);
	fclose(f);
	for (const char *line = text; *line; line = strchr(line, '\n') + 1, count++)
		if (!is_tested(line, strcspn(line, "=[:")))
			fail_msg("No test finds the fault %.30s", line);
	free(text);
	assert_true(count > 20);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(finds_every_fault_by_the_whole),
		cmocka_unit_test(finds_every_fault_quickly),
		cmocka_unit_test(no_fault_is_left_out),
	};

	return cmocka_run_group_tests_name("selftest faults", tests, NULL, NULL);
}
