/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdlib.h>

#include <sluice/amf.h>
#include <sluice/error.h>

static struct slu_amf_doc *decode(const char *bytes, size_t n, int err)
{
	struct slu_amf_doc *doc = slu_amf_doc_new(NULL);

	assert_non_null(doc);
	assert_int_equal(slu_amf_decode(doc, SLU_AMF3, bytes, n), err);
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

static void assert_number(const struct slu_amf_value *v, double number, bool integer)
{
	double d = 0;

	assert_true(slu_amf_number(v, &d));
	assert_true(d == number);
	assert_int_equal(slu_amf_is_integer(v), integer);
}

static void integers(void **state)
{
	struct slu_amf_doc *doc =
		DECODE("\x04\x00\x04\x7f\x04\x81\x00\x04\xff\x7f\x04\x81\x80\x00\x04\xff\xff\x7f"
		       "\x04\x80\xc0\x80\x00\x04\xbf\xff\xff\xff\x04\xc0\x80\x80\x00\x04\xff\xff\xff\xff",
		       0);
	static const double numbers[] = {0, 127, 128, 16383, 16384, 2097151, 2097152, 268435455, -268435456, -1};

	(void)state;
	assert_int_equal(slu_amf_count(slu_amf_root(doc)), 10);
	for (size_t i = 0; i < 10; i++)
		assert_number(at(doc, i), numbers[i], true);
	slu_amf_doc_free(doc);
}

/* Names, values and class names share the string table, and the empty string is not in it. */
static void string_references(void **state)
{
	struct slu_amf_doc *doc = DECODE("\x06\x03"
					 "a\x06\x01\x06\x03"
					 "b\x06\x02\x06\x00"
					 "\x0a\x0b\x03"
					 "C\x00\x06\x04\x01",
					 0);

	(void)state;
	assert_int_equal(slu_amf_count(slu_amf_root(doc)), 6);
	assert_text(at(doc, 1), "");
	assert_text(at(doc, 3), "b");
	assert_text(at(doc, 4), "a");
	assert_text(slu_amf_get(at(doc, 5), "a"), "C");
	slu_amf_doc_free(doc);
	slu_amf_doc_free(DECODE("\x06\x01\x06\x00", SLU_ERR_AMF));
}

/* Sealed members, then dynamic ones; then the class by reference; then the first object by reference. */
static void objects_and_traits(void **state)
{
	struct slu_amf_doc *doc = DECODE("\x0a\x2b\x03"
					 "C\x03x\x03y\x04\x01\x04\x02\x03z\x01\x01"
					 "\x0a\x01\x04\x03\x04\x04\x01"
					 "\x0a\x03\x01\x01" /* an anonymous class without members */
					 "\x0a\x00",
					 0);
	const struct slu_amf_value *o = at(doc, 0);

	(void)state;
	assert_int_equal(slu_amf_count(o), 3);
	assert_number(slu_amf_get(o, "x"), 1, true);
	assert_number(slu_amf_get(o, "y"), 2, true);
	assert_int_equal(slu_amf_type(slu_amf_get(o, "z")), SLU_AMF_NULL);
	assert_number(slu_amf_get(at(doc, 1), "y"), 4, true);
	assert_int_equal(slu_amf_count(at(doc, 1)), 2);
	assert_true(slu_amf_str_is(slu_amf_class_name(at(doc, 1)), "C"));
	assert_int_equal(slu_amf_count(at(doc, 2)), 0);
	assert_int_equal(slu_amf_type(at(doc, 3)), SLU_AMF_NULL);
	assert_ptr_equal(slu_amf_first(at(doc, 4)), slu_amf_first(o));
	slu_amf_doc_free(doc);
}

static void arrays(void **state)
{
	struct slu_amf_doc *doc = DECODE("\x09\x05\x01\x04\x01\x04\x02"
					 "\x09\x03\x03k\x06\x03v\x01\x05\x3f\xe0\0\0\0\0\0\0"
					 "\x09\x01\x01\x09\x02",
					 0);

	(void)state;
	assert_int_equal(slu_amf_type(at(doc, 0)), SLU_AMF_STRICT_ARRAY);
	assert_int_equal(slu_amf_count(at(doc, 0)), 2);
	assert_int_equal(slu_amf_type(at(doc, 1)), SLU_AMF_ECMA_ARRAY);
	assert_int_equal(slu_amf_count(at(doc, 1)), 2);
	assert_text(slu_amf_get(at(doc, 1), "k"), "v");
	assert_number(slu_amf_at(at(doc, 1), 1), 0.5, false);
	assert_int_equal(slu_amf_name(slu_amf_at(at(doc, 1), 1)).n, 0);
	assert_null(slu_amf_get(at(doc, 1), ""));
	assert_int_equal(slu_amf_count(at(doc, 2)), 0);
	assert_text(slu_amf_get(at(doc, 3), "k"), "v");
	slu_amf_doc_free(doc);
}

static void runs_of_bytes(void **state)
{
	struct slu_amf_doc *doc = DECODE("\x07\x09<a/>\x0b\x09<b/>\x0c\x05\x00\xff\x0c\x04\x07\x00"
					 "\x08\x01\x40\0\0\0\0\0\0\0\x08\x06",
					 0);
	const uint8_t *data;
	double ms = 0;
	int minutes = 9;
	size_t n = 0;

	(void)state;
	assert_int_equal(slu_amf_type(at(doc, 0)), SLU_AMF_XML);
	assert_text(at(doc, 0), "<a/>");
	assert_text(at(doc, 1), "<b/>");
	assert_true(slu_amf_bytes(at(doc, 3), &data, &n));
	assert_int_equal(n, 2);
	assert_memory_equal(data, "\x00\xff", 2);
	assert_text(at(doc, 4), "<a/>");
	assert_true(slu_amf_date(at(doc, 6), &ms, &minutes));
	assert_true(ms == 2.0 && minutes == 0);
	slu_amf_doc_free(doc);
}

static void vectors(void **state)
{
	struct slu_amf_doc *doc = DECODE("\x0d\x05\x00\xff\xff\xff\xff\x7f\xff\xff\xff"
					 "\x0e\x03\x01\xff\xff\xff\xff"
					 "\x0f\x03\x00\x3f\xe0\0\0\0\0\0\0"
					 "\x10\x05\x00\x07Str\x06\x03s\x01"
					 "\x0d\x01\x00\x0d\x00",
					 0);

	(void)state;
	assert_int_equal(slu_amf_count(slu_amf_root(doc)), 6);
	for (size_t i = 0; i < 6; i++)
		assert_int_equal(slu_amf_type(at(doc, i)), SLU_AMF_VECTOR);
	assert_number(slu_amf_at(at(doc, 0), 0), -1, true);
	assert_number(slu_amf_at(at(doc, 0), 1), 2147483647, true);
	assert_number(slu_amf_at(at(doc, 1), 0), 4294967295.0, true);
	assert_number(slu_amf_at(at(doc, 2), 0), 0.5, false);
	assert_true(slu_amf_str_is(slu_amf_class_name(at(doc, 3)), "Str"));
	assert_text(slu_amf_at(at(doc, 3), 0), "s");
	assert_int_equal(slu_amf_type(slu_amf_at(at(doc, 3), 1)), SLU_AMF_NULL);
	assert_int_equal(slu_amf_count(at(doc, 4)), 0);
	assert_number(slu_amf_at(at(doc, 5), 0), -1, true);
	slu_amf_doc_free(doc);
}

static void dictionaries(void **state)
{
	struct slu_amf_doc *doc = DECODE("\x11\x05\x00\x06\x03k\x04\x01\x04\x02\x11\x00", 0);
	const struct slu_amf_value *d = at(doc, 0);

	(void)state;
	assert_int_equal(slu_amf_type(d), SLU_AMF_DICTIONARY);
	assert_int_equal(slu_amf_count(d), 4);
	assert_text(slu_amf_at(d, 0), "k");
	assert_number(slu_amf_at(d, 2), 2, true);
	/* The last value is the dictionary itself. */
	assert_ptr_equal(slu_amf_first(slu_amf_at(d, 3)), slu_amf_first(d));
	slu_amf_doc_free(doc);
}

static void refuses(void **state)
{
	static const struct {
		const char *bytes;
		size_t n;
		const char *says;
	} inputs[] = {
		{"\x0a\x07\x0b"
		 "flex.Thing",
		 13, "externalizable"},
		{"\x12", 1, "marker"},
		{"\xff", 1, "marker"},
		{"\x0a\x00", 2, "reference"},
		{"\x0a\x05", 2, "class"},
		{"\x0a\x0b\x00", 3, "string"},
		{"\x09\x01\x02", 3, "string"},
		{"\x08\x00", 2, "reference"},
		{"\x04", 1, "cut off"},
		{"\x04\xff\xff", 3, "cut off"},
		{"\x05\x00\x00", 3, "cut off"},
		{"\x06\x05"
		 "a",
		 3, "cut off"},
		{"\x0a\xff\xff\xff\xf3\x01", 6, "cut off"},
		{"\x0d\xff\xff\xff\xff\x00", 6, "cut off"},
		{"\x10\x03\x00", 3, "cut off"},
	};
	struct slu_amf_doc *doc;

	(void)state;
	for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
		doc = decode(inputs[i].bytes, inputs[i].n, SLU_ERR_AMF);
		assert_non_null(strstr(slu_amf_doc_error(doc), inputs[i].says));
		assert_non_null(strstr(slu_amf_doc_error(doc), "AMF3"));
		slu_amf_doc_free(doc);
	}
}

static void limits_traits_members_too(void **state)
{
	struct slu_amf_limits limits = {.max_values = 10};
	struct slu_amf_doc *doc = slu_amf_doc_new(&limits);
	uint8_t bytes[64];

	(void)state;
	/* n sealed members with empty names, all null: n names, n values, one object. */
	for (uint8_t n = 0; n <= 7; n++) {
		memset(bytes, 0x01, sizeof bytes);
		bytes[0] = 0x0a;
		bytes[1] = (uint8_t)(n << 4 | 3);
		assert_int_equal(slu_amf_decode(doc, SLU_AMF3, bytes, 3U + 2 * n), 2 * n + 1 <= 10 ? 0 : SLU_ERR_AMF);
		if (2 * n + 1 > 10)
			assert_non_null(strstr(slu_amf_doc_error(doc), "10 values"));
	}
	slu_amf_doc_free(doc);
}

static void deep_nesting(unsigned max_depth, size_t depth, int err)
{
	struct slu_amf_limits limits = {.max_depth = max_depth, .max_values = 1000000};
	struct slu_amf_doc *doc = slu_amf_doc_new(&limits);
	uint8_t *bytes = malloc(depth * 3);

	assert_non_null(bytes);
	for (size_t i = 0; i < depth; i++)
		memcpy(bytes + i * 3, i + 1 < depth ? "\x09\x03\x01" : "\x09\x01\x01", 3);
	assert_int_equal(slu_amf_decode(doc, SLU_AMF3, bytes, depth * 3), err);
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
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(integers),
		cmocka_unit_test(string_references),
		cmocka_unit_test(objects_and_traits),
		cmocka_unit_test(arrays),
		cmocka_unit_test(runs_of_bytes),
		cmocka_unit_test(vectors),
		cmocka_unit_test(dictionaries),
		cmocka_unit_test(refuses),
		cmocka_unit_test(limits_traits_members_too),
		cmocka_unit_test(limits_depth),
	};

	return cmocka_run_group_tests_name("amf3", tests, NULL, NULL);
}
