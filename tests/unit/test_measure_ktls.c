/* SPDX-License-Identifier: MIT */
/* What is done to measure the kernel's TLS, over a layer that counts and encrypts nothing. */
#include "test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/measure.h"

enum { LINKS = 2, PLAIN, KEYED };

static struct {
	unsigned opened, closed;
	int keyed; /* the end that was opened with keys */
	size_t sizes[KEYED + 1];
	uint64_t sends[KEYED + 1];
	unsigned turns; /* how often it went from one to the other */
	int last;
	int error;
} seen;

static int count_open(void *user, const struct slu_ktls_keys *keys, int ends[2])
{
	if (keys && seen.error)
		return seen.error;
	assert_int_equal(slu_ktls_linux.open(user, NULL, ends), 0);
	seen.opened++;
	if (keys) {
		assert_int_equal(keys->cipher, SLU_KTLS_AES_256_GCM);
		assert_false(keys->tls13);
		seen.keyed = ends[0];
	}
	return 0;
}

static ssize_t count_send(void *user, int end, const struct iovec *iov, size_t n, bool more)
{
	const int kind = end == seen.keyed ? KEYED : PLAIN;

	assert_int_equal(n, 1);
	assert_false(more);
	assert_true(!seen.sizes[kind] || seen.sizes[kind] == iov->iov_len);
	seen.sizes[kind] = iov->iov_len;
	seen.sends[kind]++;
	seen.turns += seen.last != kind;
	seen.last = kind;
	return slu_ktls_linux.send(user, end, iov, n, more);
}

static void count_close(void *user, const int ends[2])
{
	seen.closed++;
	slu_ktls_linux.close(user, ends);
}

static const struct slu_ktls_layer counting = {.open = count_open, .send = count_send, .close = count_close};

static int measure(size_t record, struct slu_cost *cost, char *error, size_t size)
{
	double uneven;
	struct slu_spinner *spinner = slu_spinner_start(0.02, &uneven);
	int r;

	assert_non_null(spinner);
	r = slu_measure_ktls(spinner, &counting, SLU_KTLS_AES_256_GCM, false, record, 0.04, cost, error, size);
	slu_spinner_stop(spinner);
	return r;
}

static void sends_with_and_without(void **state)
{
	static const size_t records[] = {64, 16384};

	(void)state;
	for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
		struct slu_cost cost;
		char error[100] = "";

		memset(&seen, 0, sizeof seen);
		assert_int_equal(measure(records[i], &cost, error, sizeof error), 0);
		assert_string_equal(error, "");
		assert_int_equal(seen.opened, LINKS);
		assert_int_equal(seen.closed, LINKS);
		assert_int_equal(seen.turns, 8);
		assert_int_equal(seen.sizes[KEYED], records[i]);
		assert_int_equal(seen.sizes[PLAIN], records[i] + 5 + 8 + 16);
		/* Of each turn, some warm up. */
		assert_true(cost.records > 0 && cost.records == seen.sends[KEYED] - 4 * 32);
		assert_int_equal(cost.device_operations, cost.records);
		assert_true(cost.cpu_ms_per_mb >= cost.tcp_ms_per_mb * SLU_TCP_TOLD && cost.mb_per_s > 0);
		assert_true(cost.median_us > 0 && cost.p99_us >= cost.median_us);
	}
}

static void says_why_not(void **state)
{
	struct slu_cost cost;
	char error[100] = "";

	(void)state;
	memset(&seen, 0, sizeof seen);
	seen.error = -ENOENT;
	assert_int_not_equal(measure(1024, &cost, error, sizeof error), 0);
	assert_string_equal(error, "a connection to measure with cannot be had: No such file or directory");
	assert_int_equal(seen.opened, seen.closed);
	assert_int_equal(cost.records, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sends_with_and_without),
		cmocka_unit_test(says_why_not),
	};

	return cmocka_run_group_tests_name("measure ktls", tests, NULL, NULL);
}
