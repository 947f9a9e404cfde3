/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdlib.h>

#include <sluice/amf.h>
#include <sluice/error.h>

static struct slu_amf_doc *decode(const char *bytes, size_t n, int err)
{
	struct slu_amf_doc *doc = slu_amf_doc_new(NULL);

	assert_non_null(doc);
	assert_int_equal(slu_amf_decode(doc, SLU_AMF0, bytes, n), err);
	assert_int_equal(slu_amf_doc_error(doc)[0] == 0, err == 0);
	return doc;
}

#define DECODE(bytes, err) decode(bytes, sizeof(bytes) - 1, err)

static const struct slu_amf_value *at(const struct slu_amf_doc *doc, size_t index)
{
	return slu_amf_at(slu_amf_root(doc), index);
}

static void assert_text(const struct slu_amf_value *v, const char *text)
{
	struct slu_amf_str s;

	assert_true(slu_amf_string(v, &s));
	assert_true(slu_amf_str_is(s, text));
}

static void scalars(void **state)
{
	struct slu_amf_doc *doc = DECODE("\x00\x3f\xf8\0\0\0\0\0\0"
					 "\x01\x00\x01\x02"
					 "\x02\x00\x02hi\x02\x00\x00"
					 "\x05\x06\x0d"
					 "\x0b\x40\0\0\0\0\0\0\0\xff\xc4"
					 "\x0c\x00\x00\x00\x03"
					 "abc\x0f\x00\x00\x00\x04<a/>",
					 0);
	double number = 0;
	bool boolean = true;
	int minutes = 0;

	(void)state;
	assert_int_equal(slu_amf_type(slu_amf_root(doc)), SLU_AMF_STRICT_ARRAY);
	assert_int_equal(slu_amf_count(slu_amf_root(doc)), 11);
	assert_true(slu_amf_number(at(doc, 0), &number));
	assert_true(number == 1.5);
	assert_false(slu_amf_is_integer(at(doc, 0)));
	assert_true(slu_amf_boolean(at(doc, 1), &boolean));
	assert_false(boolean);
	assert_true(slu_amf_boolean(at(doc, 2), &boolean));
	assert_true(boolean);
	assert_text(at(doc, 3), "hi");
	assert_text(at(doc, 4), "");
	assert_int_equal(slu_amf_type(at(doc, 5)), SLU_AMF_NULL);
	assert_int_equal(slu_amf_type(at(doc, 6)), SLU_AMF_UNDEFINED);
	assert_int_equal(slu_amf_type(at(doc, 7)), SLU_AMF_UNSUPPORTED);
	assert_true(slu_amf_date(at(doc, 8), &number, &minutes));
	assert_true(number == 2.0);
	assert_int_equal(minutes, -60);
	assert_text(at(doc, 9), "abc");
	assert_int_equal(slu_amf_type(at(doc, 10)), SLU_AMF_XML);
	assert_text(at(doc, 10), "<a/>");
	assert_null(at(doc, 11));
	slu_amf_doc_free(doc);
}

static void objects(void **state)
{
	struct slu_amf_doc *doc = DECODE("\x03\x00\x01"
					 "a\x02\x00\x01x\x00\x00\x05\x00\x01"
					 "a\x02\x00\x01y\x00\x00\x09"
					 "\x10\x00\x03"
					 "Cls\x00\x00\x09\x05",
					 0);
	const struct slu_amf_value *v = at(doc, 0), *m;

	(void)state;
	assert_int_equal(slu_amf_count(slu_amf_root(doc)), 3);
	assert_int_equal(slu_amf_type(v), SLU_AMF_OBJECT);
	assert_int_equal(slu_amf_count(v), 3);
	m = slu_amf_first(v);
	assert_true(slu_amf_str_is(slu_amf_name(m), "a"));
	assert_text(m, "x");
	m = slu_amf_next(m);
	assert_true(slu_amf_str_is(slu_amf_name(m), ""));
	assert_ptr_equal(slu_amf_get(v, ""), m);
	m = slu_amf_next(m);
	assert_text(m, "y");
	assert_null(slu_amf_next(m));
	assert_ptr_equal(slu_amf_get(v, "a"), m);
	assert_ptr_equal(slu_amf_at(v, 2), m);
	assert_null(slu_amf_get(v, "b"));
	assert_true(slu_amf_str_is(slu_amf_class_name(v), ""));
	assert_true(slu_amf_str_is(slu_amf_class_name(at(doc, 1)), "Cls"));
	assert_null(slu_amf_first(at(doc, 1)));
	slu_amf_doc_free(doc);
}

/* The announced count says 0, 1 and far too many; the end marker decides. */
static void ecma_array_counts_are_hints(void **state)
{
	struct slu_amf_doc *doc = DECODE("\x08\x00\x00\x00\x00\x00\x01"
					 "a\x05\x00\x01"
					 "b\x05\x00\x00\x09"
					 "\x08\x00\x00\x00\x01\x00\x00\x09"
					 "\x08\xff\xff\xff\xff\x00\x01"
					 "c\x01\x01\x00\x00\x09",
					 0);

	(void)state;
	assert_int_equal(slu_amf_count(slu_amf_root(doc)), 3);
	assert_int_equal(slu_amf_type(at(doc, 0)), SLU_AMF_ECMA_ARRAY);
	assert_int_equal(slu_amf_count(at(doc, 0)), 2);
	assert_int_equal(slu_amf_count(at(doc, 1)), 0);
	assert_int_equal(slu_amf_type(slu_amf_get(at(doc, 2), "c")), SLU_AMF_BOOLEAN);
	slu_amf_doc_free(doc);
}

/* Objects, typed objects, ECMA and strict arrays are numbered in the order in which they begin. */
static void references(void **state)
{
	struct slu_amf_doc *doc = DECODE("\x0a\x00\x00\x00\x02" /* 0 */
					 "\x03\x00\x01"
					 "n\x05\x00\x00\x09"            /* 1 */
					 "\x10\x00\x01T\x00\x00\x09"    /* 2 */
					 "\x08\x00\x00\x00\x00\x00\x01" /* 3 */
					 "s\x07\x00\x03\x00\x00\x09"
					 "\x07\x00\x00\x07\x00\x01\x07\x00\x02\x07\x00\x03",
					 0);
	const struct slu_amf_value *self;

	(void)state;
	assert_int_equal(slu_amf_count(slu_amf_root(doc)), 6);
	assert_int_equal(slu_amf_type(at(doc, 2)), SLU_AMF_STRICT_ARRAY);
	assert_int_equal(slu_amf_count(at(doc, 2)), 2);
	assert_int_equal(slu_amf_type(slu_amf_get(at(doc, 3), "n")), SLU_AMF_NULL);
	assert_true(slu_amf_str_is(slu_amf_class_name(at(doc, 4)), "T"));
	self = at(doc, 5);
	for (int i = 0; i < 100; i++)
		self = slu_amf_get(self, "s");
	assert_int_equal(slu_amf_type(self), SLU_AMF_ECMA_ARRAY);
	slu_amf_doc_free(doc);
	slu_amf_doc_free(DECODE("\x05\x07\x00\x00", SLU_ERR_AMF));
}

static void refuses_what_has_no_form(void **state)
{
	static const char *const inputs[] = {"\x04", "\x0e", "\x09", "\x12", "\xff"};
	struct slu_amf_doc *doc;

	(void)state;
	for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
		doc = decode(inputs[i], 1, SLU_ERR_AMF);
		assert_int_equal(slu_amf_count(slu_amf_root(doc)), 0);
		slu_amf_doc_free(doc);
	}
	slu_amf_doc_free(DECODE("\x03\x00\x01"
				"a\x09",
				SLU_ERR_AMF));
}

/* A refusal whose end is missing: its code can be read all the same. */
static void keeps_what_was_whole(void **state)
{
	struct slu_amf_doc *doc = DECODE("\x02\x00\x06_error\x00\x3f\xf0\0\0\0\0\0\0\x05\x03\x00\x04"
					 "code\x02\x00\x03"
					 "bad\x00\x04text\x02\x00\x09half",
					 SLU_ERR_AMF);

	(void)state;
	assert_int_equal(slu_amf_count(slu_amf_root(doc)), 4);
	assert_text(at(doc, 0), "_error");
	assert_int_equal(slu_amf_count(at(doc, 3)), 1);
	assert_text(slu_amf_get(at(doc, 3), "code"), "bad");
	assert_non_null(strstr(slu_amf_doc_error(doc), "byte 38"));
	slu_amf_doc_free(doc);
}

static void switches_to_amf3(void **state)
{
	/* The second switch refers to the string and the object of the first one. */
	struct slu_amf_doc *doc = DECODE("\x03\x00\x01"
					 "o\x11\x0a\x0b\x01\x03k\x04\x05\x01\x00\x01"
					 "p\x05\x00\x00\x09"
					 "\x11\x06\x00\x11\x0a\x00",
					 0);
	double number = 0;

	(void)state;
	assert_int_equal(slu_amf_count(slu_amf_root(doc)), 3);
	assert_int_equal(slu_amf_count(at(doc, 0)), 2);
	assert_true(slu_amf_number(slu_amf_get(slu_amf_get(at(doc, 0), "o"), "k"), &number));
	assert_true(number == 5.0);
	assert_text(at(doc, 1), "k");
	assert_non_null(slu_amf_get(at(doc, 2), "k"));
	slu_amf_doc_free(doc);
}

static void decodes_one(void **state)
{
	struct slu_amf_doc *doc = slu_amf_doc_new(NULL);
	size_t used = 99;

	(void)state;
	assert_int_equal(slu_amf_decode_one(doc, SLU_AMF0, "\x02\x00\x01z\x05\x05", 6, &used), 0);
	assert_int_equal(used, 4);
	assert_int_equal(slu_amf_count(slu_amf_root(doc)), 1);
	assert_int_equal(slu_amf_decode_one(doc, SLU_AMF0, "\x02\x00\x01", 3, &used), SLU_ERR_AMF);
	assert_int_equal(used, 0);
	assert_int_equal(slu_amf_decode_one(doc, SLU_AMF0, NULL, 0, &used), SLU_ERR_AMF);
	assert_int_equal(slu_amf_decode(doc, SLU_AMF0, NULL, 0), 0);
	assert_int_equal(slu_amf_count(slu_amf_root(doc)), 0);
	slu_amf_doc_free(doc);
}

static void wrong_types_yield_nothing(void **state)
{
	struct slu_amf_doc *doc = DECODE("\x05", 0);
	const struct slu_amf_value *vs[2];
	struct slu_amf_str s = {"kept", 4};
	const uint8_t *data = NULL;
	double number = 7;
	bool boolean = true;
	int minutes = 8;
	size_t n = 9;

	(void)state;
	vs[0] = NULL;
	vs[1] = at(doc, 0);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(slu_amf_type(vs[i]), i ? SLU_AMF_NULL : SLU_AMF_ABSENT);
		assert_false(slu_amf_number(vs[i], &number));
		assert_false(slu_amf_is_integer(vs[i]));
		assert_false(slu_amf_boolean(vs[i], &boolean));
		assert_false(slu_amf_string(vs[i], &s));
		assert_false(slu_amf_bytes(vs[i], &data, &n));
		assert_false(slu_amf_date(vs[i], &number, &minutes));
		assert_int_equal(slu_amf_count(vs[i]), 0);
		assert_null(slu_amf_first(vs[i]));
		assert_null(slu_amf_next(vs[i]));
		assert_null(slu_amf_at(vs[i], 0));
		assert_null(slu_amf_get(vs[i], "x"));
		assert_int_equal(slu_amf_name(vs[i]).n, 0);
		assert_int_equal(slu_amf_class_name(vs[i]).n, 0);
	}
	assert_true(number == 7 && boolean && minutes == 8 && n == 9 && s.n == 4);
	assert_null(slu_amf_get(slu_amf_root(doc), NULL));
	assert_null(slu_amf_get(slu_amf_root(doc), ""));
	slu_amf_doc_free(doc);
}

static void deep_nesting(unsigned max_depth, unsigned depth, int err)
{
	struct slu_amf_limits limits = {.max_depth = max_depth, .max_values = depth + 1};
	struct slu_amf_doc *doc = slu_amf_doc_new(&limits);
	uint8_t *bytes = malloc(depth * 5UL);

	assert_non_null(bytes);
	for (unsigned i = 0; i < depth; i++)
		memcpy(bytes + i * 5UL, i + 1 < depth ? "\x0a\0\0\0\x01" : "\x0a\0\0\0\0", 5);
	assert_int_equal(slu_amf_decode(doc, SLU_AMF0, bytes, depth * 5UL), err);
	assert_int_equal(slu_amf_count(slu_amf_root(doc)), 1);
	free(bytes);
	slu_amf_doc_free(doc);
}

static void limits_depth(void **state)
{
	(void)state;
	deep_nesting(0, 64, 0);
	deep_nesting(0, 65, SLU_ERR_AMF);
	deep_nesting(0, 400000, SLU_ERR_AMF);
	deep_nesting(400000, 400000, 0);
	deep_nesting(UINT32_MAX, 400000, 0);
}

static void limits_values(void **state)
{
	struct slu_amf_limits limits = {.max_values = 10};
	struct slu_amf_doc *doc = slu_amf_doc_new(&limits);
	uint8_t nulls[11];

	(void)state;
	memset(nulls, 0x05, sizeof nulls);
	assert_int_equal(slu_amf_decode(doc, SLU_AMF0, nulls, 10), 0);
	assert_int_equal(slu_amf_decode(doc, SLU_AMF0, nulls, 11), SLU_ERR_AMF);
	assert_int_equal(slu_amf_count(slu_amf_root(doc)), 10);
	assert_non_null(strstr(slu_amf_doc_error(doc), "10 values"));
	slu_amf_doc_free(doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(scalars),
		cmocka_unit_test(objects),
		cmocka_unit_test(ecma_array_counts_are_hints),
		cmocka_unit_test(references),
		cmocka_unit_test(refuses_what_has_no_form),
		cmocka_unit_test(keeps_what_was_whole),
		cmocka_unit_test(switches_to_amf3),
		cmocka_unit_test(decodes_one),
		cmocka_unit_test(wrong_types_yield_nothing),
		cmocka_unit_test(limits_depth),
		cmocka_unit_test(limits_values),
	};

	return cmocka_run_group_tests_name("amf0", tests, NULL, NULL);
}
