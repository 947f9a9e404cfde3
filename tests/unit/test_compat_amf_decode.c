/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdlib.h>

#include <librtmp/log.h>
#include <librtmp/rtmp.h>

#include "../alloc_fail.h"

/* One value of each kind that is read, each in its shortest sound form. */
static const char message[] = "\x00\x3f\xf8\0\0\0\0\0\0"
			      "\x01\x01"
			      "\x02\0\x02hi"
			      "\x03\0\x01"
			      "a\x05\0\0\x09"
			      "\x05\x06\x0d"
			      "\x08\0\0\0\x09\0\x01"
			      "b\x01\x00\0\0\x09"
			      "\x0a\0\0\0\x02\x05\x02\0\0"
			      "\x0b\x42\0\0\0\0\0\0\0\xff\xc4"
			      "\x0c\0\0\0\x03low"
			      "\x0f\0\0\0\x01x"
			      "\x11\x0a\x0b\x01\x03z\x03\x01"
			      "\x11\x04\x7f";

enum { SIZE = sizeof message - 1, VALUES = 14 };

/* In a block of its own size, so that a sanitizer sees what is read behind it. */
static char *copy_of(const char *data, size_t n)
{
	char *copy = malloc(n ? n : 1);

	assert_non_null(copy);
	memcpy(copy, data, n);
	return copy;
}

static AMFObjectProperty *at(AMFObject *obj, int i)
{
	return AMF_GetProp(obj, NULL, i);
}

static void reads_every_type(void **state)
{
	static const int types[VALUES] = {AMF_NUMBER, AMF_BOOLEAN, AMF_STRING,     AMF_OBJECT,       AMF_NULL,
					  AMF_NULL,   AMF_NULL,    AMF_ECMA_ARRAY, AMF_STRICT_ARRAY, AMF_DATE,
					  AMF_STRING, AMF_XML_DOC, AMF_OBJECT,     AMF_NUMBER};
	AMFObject obj, inner;
	AVal text;

	(void)state;
	assert_int_equal(AMF_Decode(&obj, message, SIZE, FALSE), SIZE);
	assert_int_equal(AMF_CountProp(&obj), VALUES);
	for (int i = 0; i < VALUES; i++)
		assert_int_equal(AMFProp_GetType(at(&obj, i)), types[i]);
	assert_true(AMFProp_GetNumber(at(&obj, 0)) == 1.5 && AMFProp_GetBoolean(at(&obj, 1)) == 1);
	AMFProp_GetString(at(&obj, 2), &text);
	assert_ptr_equal(text.av_val, message + 14); /* not copied */
	assert_int_equal(text.av_len, 2);
	AMFProp_GetObject(at(&obj, 3), &inner);
	assert_int_equal(inner.o_num, 1);
	assert_int_equal(at(&obj, 8)->p_vu.p_object.o_num, 2);
	assert_int_equal(at(&obj, 9)->p_UTCoffset, -60);
	AMFProp_GetObject(at(&obj, 12), &inner);
	assert_int_equal(inner.o_num, 1);
	assert_true(AMFProp_GetNumber(at(&obj, 13)) == 127);
	AMF_Reset(&obj);
	assert_int_equal(obj.o_num, 0);
	assert_null(obj.o_props);
}

static void refuses_types(void **state)
{
	static const char *const refused[] = {"\x04",
					      "\x07\0\0",
					      "\x09",
					      "\x0e",
					      "\x10\0\x01n\0\0\x09",
					      "\x12",
					      "\xff",
					      "\x11\x09\x01\x01",
					      "\x11\x0c\x01",
					      "\x11\x0d",
					      "\x11\xff"};
	AMFObjectProperty prop;

	(void)state;
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
		assert_int_equal(AMFProp_Decode(&prop, refused[i], 8, FALSE), -1);
		assert_false(AMFProp_IsValid(&prop));
	}
	assert_int_equal(AMFProp_Decode(&prop, NULL, 8, FALSE), -1);
	assert_int_equal(AMFProp_Decode(&prop, message, 0, FALSE), -1);
	assert_int_equal(AMFProp_Decode(&prop, message, -5, FALSE), -1);
}

/* A message may end behind any value, and in an object behind any member; nowhere else. */
static void ends_at_every_byte(void **state)
{
	AMFObject obj;
	int whole = 0;

	(void)state;
	for (int n = 0; n <= SIZE; n++) {
		char *cut = copy_of(message, (size_t)n);
		int taken = AMF_Decode(&obj, cut, n, FALSE);

		assert_true(taken == -1 || taken == n);
		assert_true(obj.o_num <= VALUES);
		whole += taken == n;
		AMF_Reset(&obj);
		free(cut);
	}
	/* Behind each value, and in the object, the ECMA array, in front of their ends: at their first and second byte
	 * no name is whole, so behind the member and behind the array's count. */
	assert_int_equal(whole, 1 + VALUES + 2 + 2);
}

static void names_go_with_members(void **state)
{
	static const char member[] = "\0\x03key\x02\0\x05value";
	AMFObjectProperty prop;
	int n = sizeof member - 1;
	AVal name;

	(void)state;
	assert_int_equal(AMFProp_Decode(&prop, member, n, TRUE), n);
	AMFProp_GetName(&prop, &name);
	assert_ptr_equal(name.av_val, member + 2);
	assert_int_equal(name.av_len, 3);
	for (int cut = 0; cut < n; cut++)
		assert_int_equal(AMFProp_Decode(&prop, member, cut, TRUE), -1);
	assert_int_equal(AMFProp_Decode(&prop, "\0\0\x05", 3, TRUE), -1); /* as ever: a name has a byte */
}

/* Nothing is reserved for what is only announced, nor read. */
static void counts_are_not_believed(void **state)
{
	static const char *const announced[] = {"\x0a\x7f\xff\xff\xff\x05", "\x0a\xff\xff\xff\xff\x05",
						"\x0c\xff\xff\xff\xffx", "\x0c\x7f\xff\xff\xffx", "\x02\xff\xffxxx"};
	AMFObject obj;

	(void)state;
	for (size_t i = 0; i < sizeof announced / sizeof announced[0]; i++) {
		alloc_fail_at(-1);
		assert_int_equal(AMF_Decode(&obj, announced[i], 6, FALSE), -1);
		assert_int_equal(alloc_fail_count(), 0);
		alloc_fail_end();
	}
	assert_int_equal(AMF_DecodeArray(&obj, "\x05\x05", 2, 3, FALSE), -1);
	assert_int_equal(obj.o_num, 2); /* what was whole */
	AMF_Reset(&obj);
	assert_int_equal(AMF_DecodeArray(&obj, "\x05\x05", 2, 2, FALSE), 2);
	AMF_Reset(&obj);
	assert_int_equal(AMF_DecodeArray(&obj, "\x05\x05", 2, -1, FALSE), 0);
}

/* depth objects, each in the one before, cut off; or whole. */
static int nested(int depth, int whole)
{
	char *data = calloc(1, (size_t)depth * 7);
	char *p = data;
	AMFObject obj;
	int n;

	assert_non_null(data);
	for (int i = 0; i < depth; i++, p += 4)
		memcpy(p, "\0\x01n\x03", 4);
	for (int i = 0; i < depth && whole; i++, p += 3)
		memcpy(p, "\0\0\x09", 3);
	n = AMF_Decode(&obj, data, (int)(p - data), TRUE);
	AMF_Reset(&obj);
	free(data);
	return n;
}

static void depth_has_an_end(void **state)
{
	(void)state;
	assert_int_equal(nested(64, TRUE), 64 * 7);
	assert_int_equal(nested(65, TRUE), -1);
	assert_int_equal(nested(1000000, FALSE), -1);
}

static void memory_runs_out(void **state)
{
	AMFObject obj;
	long n = 0;
	int taken;

	(void)state;
	RTMP_LogSetLevel(RTMP_LOGCRIT);
	for (int failed = 1; failed; n++) {
		alloc_fail_at(n);
		taken = AMF_Decode(&obj, message, SIZE, FALSE);
		failed = alloc_fail_end();
		assert_int_equal(taken, failed ? -1 : SIZE);
		AMF_Reset(&obj);
	}
	assert_int_equal(n, 6); /* five tables, and once none failed */
	alloc_fail_at(0);
	AMF_AddProp(&obj, &(AMFObjectProperty){.p_type = AMF_NULL});
	assert_true(alloc_fail_end());
	assert_int_equal(obj.o_num, 0);
	RTMP_LogSetLevel(RTMP_LOGERROR);
}

/* The table grows; members are found by name and place, and in objects within. */
static void finds_members(void **state)
{
	AVal name = AVC("x"), deep = AVC("deep");
	AMFObjectProperty prop = {.p_name = AVC("n"), .p_type = AMF_NUMBER}, found;
	AMFObject obj = {0, NULL}, inner = {0, NULL};

	(void)state;
	for (int i = 0; i < 40; i++) {
		prop.p_vu.p_number = i;
		AMF_AddProp(&obj, &prop);
	}
	AMFProp_SetName(at(&obj, 17), &name);
	assert_ptr_equal(AMF_GetProp(&obj, &name, -1), at(&obj, 17));
	assert_true(AMFProp_GetNumber(at(&obj, 39)) == 39);
	assert_int_equal(AMFProp_GetType(at(&obj, 40)), AMF_INVALID);
	assert_int_equal(AMFProp_GetType(AMF_GetProp(&obj, &deep, -1)), AMF_INVALID);
	assert_int_equal(AMFProp_GetType(AMF_GetProp(&inner, NULL, -1)), AMF_INVALID);
	AMFProp_SetName(&prop, &deep);
	AMF_AddProp(&inner, &prop);
	at(&obj, 5)->p_type = AMF_ECMA_ARRAY;
	at(&obj, 5)->p_vu.p_object = inner;
	assert_true(RTMP_FindFirstMatchingProperty(&obj, &deep, &found));
	assert_true(found.p_vu.p_number == 39);
	AMFProp_Reset(at(&obj, 5));
	assert_int_equal(AMFProp_GetType(at(&obj, 5)), AMF_INVALID);
	assert_false(RTMP_FindFirstMatchingProperty(&obj, &deep, &found));
	AMF_Reset(&obj);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_every_type),        cmocka_unit_test(refuses_types),
		cmocka_unit_test(ends_at_every_byte),      cmocka_unit_test(names_go_with_members),
		cmocka_unit_test(counts_are_not_believed), cmocka_unit_test(depth_has_an_end),
		cmocka_unit_test(memory_runs_out),         cmocka_unit_test(finds_members),
	};

	return cmocka_run_group_tests_name("compat_amf_decode", tests, NULL, NULL);
}
