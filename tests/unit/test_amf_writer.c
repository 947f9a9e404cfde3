/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <math.h>
#include <stdlib.h>

#include <sluice/amf.h>
#include <sluice/error.h>

#include "../alloc_fail.h"

static void expect(struct slu_amf_writer *w, const char *bytes, size_t n)
{
	const uint8_t *data;
	size_t len;

	assert_int_equal(slu_amf_writer_end(w, &data, &len), 0);
	assert_int_equal(len, n);
	assert_memory_equal(data, bytes, n);
}

static void expect_error(struct slu_amf_writer *w, int err)
{
	const uint8_t *data;
	size_t n;

	assert_int_equal(slu_amf_writer_end(w, &data, &n), err);
}

static void amf0_scalars(void **state)
{
	struct slu_amf_writer *w = slu_amf_writer_new(SLU_AMF0, 0);

	(void)state;
	expect(w, "", 0);
	slu_amf_put_number(w, 1.0);
	slu_amf_put_boolean(w, true);
	slu_amf_put_boolean(w, false);
	slu_amf_put_string(w, "live");
	slu_amf_put_string_n(w, "a\0b", 3);
	slu_amf_put_null(w);
	slu_amf_put_undefined(w);
	slu_amf_put_date(w, 1.0, -60);
	expect(w,
	       "\x00\x3f\xf0\0\0\0\0\0\0"
	       "\x01\x01\x01\x00"
	       "\x02\x00\x04live"
	       "\x02\x00\x03"
	       "a\0b"
	       "\x05\x06"
	       "\x0b\x3f\xf0\0\0\0\0\0\0\xff\xc4",
	       9 + 4 + 7 + 6 + 2 + 11);
	slu_amf_put_null(w);
	expect(w, "\x05", 1);
	slu_amf_writer_free(w);
}

static void amf0_containers(void **state)
{
	struct slu_amf_writer *w = slu_amf_writer_new(SLU_AMF0, 0);

	(void)state;
	slu_amf_begin_object(w, NULL);
	slu_amf_put_name(w, "app");
	slu_amf_put_string(w, "x");
	slu_amf_put_name(w, "list");
	slu_amf_begin_strict_array(w, 2);
	slu_amf_begin_strict_array(w, 0);
	slu_amf_begin_ecma_array(w, 1);
	slu_amf_put_name(w, "");
	slu_amf_put_null(w);
	slu_amf_end(w);
	slu_amf_end(w);
	slu_amf_begin_object(w, "C");
	slu_amf_end(w);
	expect(w,
	       "\x03\x00\x03"
	       "app\x02\x00\x01x\x00\x04list"
	       "\x0a\x00\x00\x00\x02\x0a\x00\x00\x00\x00"
	       "\x08\x00\x00\x00\x01\x00\x00\x05\x00\x00\x09"
	       "\x00\x00\x09"
	       "\x10\x00\x01"
	       "C\x00\x00\x09",
	       1 + 5 + 4 + 6 + 10 + 11 + 3 + 4 + 3);
	slu_amf_writer_free(w);
}

static void amf0_long_string(void **state)
{
	struct slu_amf_writer *w = slu_amf_writer_new(SLU_AMF0, 1 << 20);
	char *text = calloc(1, 65536);
	const uint8_t *data;
	size_t n;

	(void)state;
	assert_non_null(text);
	slu_amf_put_string_n(w, text, 65535);
	assert_int_equal(slu_amf_writer_end(w, &data, &n), 0);
	assert_int_equal(n, 3 + 65535);
	assert_memory_equal(data, "\x02\xff\xff", 3);
	slu_amf_put_string_n(w, text, 65536);
	assert_int_equal(slu_amf_writer_end(w, &data, &n), 0);
	assert_int_equal(n, 5 + 65536);
	assert_memory_equal(data, "\x0c\x00\x01\x00\x00", 5);
	free(text);
	slu_amf_writer_free(w);
}

static void amf3_integers(void **state)
{
	static const struct {
		double value;
		const char *bytes;
		size_t n;
	} cases[] = {
		{0, "\x04\x00", 2},
		{127, "\x04\x7f", 2},
		{128, "\x04\x81\x00", 3},
		{16383, "\x04\xff\x7f", 3},
		{16384, "\x04\x81\x80\x00", 4},
		{2097151, "\x04\xff\xff\x7f", 4},
		{2097152, "\x04\x80\xc0\x80\x00", 5},
		{268435455, "\x04\xbf\xff\xff\xff", 5},
		{-1, "\x04\xff\xff\xff\xff", 5},
		{-268435456, "\x04\xc0\x80\x80\x00", 5},
		{268435456, "\x05\x41\xb0\0\0\0\0\0\0", 9},
		{0.5, "\x05\x3f\xe0\0\0\0\0\0\0", 9},
		{-0.0, "\x05\x80\0\0\0\0\0\0\0", 9},
	};
	struct slu_amf_writer *w = slu_amf_writer_new(SLU_AMF3, 0);

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		slu_amf_put_number(w, cases[i].value);
		expect(w, cases[i].bytes, cases[i].n);
	}
	slu_amf_put_number(w, (double)NAN);
	slu_amf_put_number(w, (double)INFINITY);
	expect(w, "\x05\x7f\xf8\0\0\0\0\0\0\x05\x7f\xf0\0\0\0\0\0\0", 18);
	slu_amf_writer_free(w);
}

static void amf3_values(void **state)
{
	struct slu_amf_writer *w = slu_amf_writer_new(SLU_AMF3, 0);

	(void)state;
	slu_amf_put_boolean(w, false);
	slu_amf_put_boolean(w, true);
	slu_amf_put_null(w);
	slu_amf_put_undefined(w);
	slu_amf_put_string(w, "");
	slu_amf_put_string(w, "ab");
	slu_amf_put_date(w, 1.0, 120);
	slu_amf_begin_object(w, "C");
	slu_amf_put_name(w, "a");
	slu_amf_begin_strict_array(w, 1);
	slu_amf_put_null(w);
	slu_amf_end(w);
	slu_amf_begin_ecma_array(w, 9);
	slu_amf_put_name(w, "k");
	slu_amf_begin_object(w, NULL);
	slu_amf_end(w);
	slu_amf_end(w);
	expect(w,
	       "\x02\x03\x01\x00\x06\x01\x06\x05"
	       "ab\x08\x01\x3f\xf0\0\0\0\0\0\0"
	       "\x0a\x0b\x03"
	       "C\x03"
	       "a\x09\x03\x01\x01\x01"
	       "\x09\x01\x03k\x0a\x0b\x01\x01\x01",
	       10 + 10 + 4 + 2 + 5 + 9);
	slu_amf_writer_free(w);
}

static void refuses_misuse(void **state)
{
	(void)state;
	for (int version = SLU_AMF0; version <= SLU_AMF3; version += SLU_AMF3) {
		struct slu_amf_writer *w = slu_amf_writer_new((enum slu_amf_version)version, 0);

		slu_amf_end(w);
		expect_error(w, SLU_ERR_INVALID);
		slu_amf_put_name(w, "name outside");
		slu_amf_put_null(w);
		expect_error(w, SLU_ERR_INVALID);
		slu_amf_begin_object(w, NULL);
		slu_amf_put_null(w);
		slu_amf_end(w);
		expect_error(w, SLU_ERR_INVALID);
		slu_amf_begin_object(w, NULL);
		slu_amf_put_name(w, "a");
		slu_amf_put_name(w, "b");
		slu_amf_put_null(w);
		slu_amf_end(w);
		expect_error(w, SLU_ERR_INVALID);
		slu_amf_begin_object(w, NULL);
		slu_amf_put_name(w, "a");
		slu_amf_end(w);
		expect_error(w, SLU_ERR_INVALID);
		slu_amf_begin_strict_array(w, 1);
		slu_amf_end(w);
		expect_error(w, SLU_ERR_INVALID);
		slu_amf_begin_ecma_array(w, 0);
		expect_error(w, SLU_ERR_INVALID);
		slu_amf_put_string(w, NULL);
		slu_amf_put_null(w);
		expect_error(w, SLU_ERR_INVALID);
		expect_error(w, SLU_ERR_INVALID);
		slu_amf_put_null(w);
		expect(w, version == SLU_AMF3 ? "\x01" : "\x05", 1);
		slu_amf_writer_free(w);
	}
}

static void refuses_names_of_no_length_or_too_much(void **state)
{
	struct slu_amf_writer *w0 = slu_amf_writer_new(SLU_AMF0, 1 << 20), *w3 = slu_amf_writer_new(SLU_AMF3, 0);
	char *text = malloc(65537);

	(void)state;
	assert_non_null(text);
	memset(text, 'a', 65536);
	text[65536] = 0;
	slu_amf_begin_object(w0, NULL);
	slu_amf_put_name(w0, text);
	slu_amf_put_null(w0);
	slu_amf_end(w0);
	expect_error(w0, SLU_ERR_INVALID);
	slu_amf_begin_object(w0, text);
	slu_amf_end(w0);
	expect_error(w0, SLU_ERR_INVALID);
	slu_amf_put_date(w0, 0, 40000);
	expect_error(w0, SLU_ERR_INVALID);
	slu_amf_begin_object(w3, NULL);
	slu_amf_put_name(w3, "");
	slu_amf_put_null(w3);
	slu_amf_end(w3);
	expect_error(w3, SLU_ERR_INVALID);
	free(text);
	slu_amf_writer_free(w0);
	slu_amf_writer_free(w3);
}

static void holds_its_maximum(void **state)
{
	struct slu_amf_writer *w = slu_amf_writer_new(SLU_AMF0, 10);

	(void)state;
	slu_amf_put_string(w, "1234567");
	expect(w,
	       "\x02\x00\x07"
	       "1234567",
	       10);
	slu_amf_put_string(w, "12345678");
	slu_amf_put_null(w);
	expect_error(w, SLU_ERR_LIMIT);
	slu_amf_put_null(w);
	expect(w, "\x05", 1);
	slu_amf_writer_free(w);
}

static void a_missing_writer_is_out_of_memory(void **state)
{
	(void)state;
	slu_amf_put_null(NULL);
	slu_amf_put_number(NULL, 1);
	slu_amf_put_string(NULL, "x");
	slu_amf_begin_object(NULL, NULL);
	slu_amf_put_name(NULL, "x");
	slu_amf_put_value(NULL, NULL);
	slu_amf_end(NULL);
	expect_error(NULL, SLU_ERR_NOMEM);
	slu_amf_writer_free(NULL);
}

/* Deep enough that the stack of open containers grows twice, long enough that the buffer does. */
static void put_much(struct slu_amf_writer *w)
{
	for (int i = 0; i < 20; i++) {
		slu_amf_begin_object(w, NULL);
		slu_amf_put_name(w, "a name of some length, to fill the buffer");
	}
	slu_amf_put_null(w);
	for (int i = 0; i < 20; i++)
		slu_amf_end(w);
}

static void memory_runs_out(void **state)
{
	struct slu_amf_writer *w;
	const uint8_t *data;
	long failures = 0;
	size_t n;
	int err;

	(void)state;
	for (long k = 0, failed = 1; failed; k++) {
		alloc_fail_at(k);
		w = slu_amf_writer_new(SLU_AMF0, 0);
		put_much(w);
		err = slu_amf_writer_end(w, &data, &n);
		failed = alloc_fail_end();
		failures += failed;
		assert_int_equal(err, failed ? SLU_ERR_NOMEM : 0);
		put_much(w);
		assert_int_equal(slu_amf_writer_end(w, &data, &n), w ? 0 : SLU_ERR_NOMEM);
		slu_amf_writer_free(w);
	}
	assert_true(failures >= 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(amf0_scalars),
		cmocka_unit_test(amf0_containers),
		cmocka_unit_test(amf0_long_string),
		cmocka_unit_test(amf3_integers),
		cmocka_unit_test(amf3_values),
		cmocka_unit_test(refuses_misuse),
		cmocka_unit_test(refuses_names_of_no_length_or_too_much),
		cmocka_unit_test(holds_its_maximum),
		cmocka_unit_test(a_missing_writer_is_out_of_memory),
		cmocka_unit_test(memory_runs_out),
	};

	return cmocka_run_group_tests_name("amf_writer", tests, NULL, NULL);
}
