/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdlib.h>

#include <librtmp/amf.h>

int AMF3ReadInteger(const char *data, int32_t *valp);
int AMF3ReadString(const char *data, AVal *str);

/* An object of class "C" with the members s and t, and with u by itself. */
static const char object[] = "\x0a\x2b\x03"
			     "C\x03s\x03t"
			     "\x04\x81\x00"
			     "\x06\x05hi"
			     "\x03u\x0a\x03\x01"
			     "\x01";

enum { SIZE = sizeof object - 1 };

static void assert_text(const AVal *v, const char *text)
{
	assert_int_equal(v->av_len, strlen(text));
	assert_memory_equal(v->av_val, text, strlen(text));
}

static void reads_integers(void **state)
{
	static const struct {
		const char *bytes;
		int n;
		int32_t v;
	} cases[] = {
		{"\x00", 1, 0},
		{"\x7f", 1, 127},
		{"\x81\x00", 2, 128},
		{"\xff\x7f", 2, 16383},
		{"\x81\x80\x00", 3, 16384},
		{"\xff\xff\x7f", 3, 2097151},
		{"\x80\xc0\x80\x00", 4, 2097152},
		{"\xbf\xff\xff\xff", 4, 268435455},
		{"\xc0\x80\x80\x00", 4, -268435456},
		{"\xff\xff\xff\xff", 4, -1},
	};
	AMFObjectProperty prop;
	char value[5] = "\x04";
	int32_t v;

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(AMF3ReadInteger(cases[i].bytes, &v), cases[i].n);
		assert_int_equal(v, cases[i].v);
		memcpy(value + 1, cases[i].bytes, (size_t)cases[i].n);
		assert_int_equal(AMF3Prop_Decode(&prop, value, cases[i].n + 1, FALSE), cases[i].n + 1);
		assert_true(prop.p_type == AMF_NUMBER && prop.p_vu.p_number == cases[i].v);
		assert_int_equal(AMF3Prop_Decode(&prop, value, cases[i].n, FALSE), -1);
	}
}

static void reads_strings(void **state)
{
	static const char text[] = "\x07yes";
	AVal v;

	(void)state;
	assert_int_equal(AMF3ReadString(text, &v), 4);
	assert_text(&v, "yes");
	assert_ptr_equal(v.av_val, text + 1);
	assert_int_equal(AMF3ReadString("\x06", &v), 1); /* a reference */
	assert_int_equal(v.av_len, 0);
	assert_null(v.av_val);
}

static void reads_objects(void **state)
{
	AMFObject obj, inner;

	(void)state;
	assert_int_equal(AMF3_Decode(&obj, object, SIZE, TRUE), SIZE);
	assert_int_equal(obj.o_num, 3);
	assert_text(&obj.o_props[0].p_name, "s");
	assert_true(AMFProp_GetNumber(AMF_GetProp(&obj, NULL, 0)) == 128);
	assert_text(&obj.o_props[1].p_vu.p_aval, "hi");
	assert_text(&obj.o_props[2].p_name, "u");
	AMFProp_GetObject(AMF_GetProp(&obj, NULL, 2), &inner);
	assert_int_equal(AMFProp_GetType(AMF_GetProp(&obj, NULL, 2)), AMF_OBJECT);
	assert_int_equal(inner.o_num, 0);
	AMF_Reset(&obj);
	assert_int_equal(AMF3_Decode(&obj, object + 1, SIZE - 1, FALSE), SIZE - 1);
	AMF_Reset(&obj);
	assert_int_equal(AMF3_Decode(&obj, object + 1, SIZE - 1, TRUE), -1); /* no marker there */
}

/* Nowhere but at its end: unlike an AMF0 object, it is not over before. */
static void ends_at_every_byte(void **state)
{
	AMFObject obj;

	(void)state;
	for (int n = 0; n < SIZE; n++) {
		char *cut = malloc((size_t)n + 1);

		assert_non_null(cut);
		memcpy(cut, object, (size_t)n);
		assert_int_equal(AMF3_Decode(&obj, n ? cut : NULL, n, TRUE), -1);
		AMF_Reset(&obj);
		free(cut);
	}
}

static void reads_members(void **state)
{
	AMFObjectProperty prop;

	(void)state;
	assert_int_equal(AMF3Prop_Decode(&prop, "\x05no\x02", 4, TRUE), 4);
	assert_text(&prop.p_name, "no");
	assert_true(prop.p_type == AMF_BOOLEAN && !AMFProp_GetBoolean(&prop));
	assert_int_equal(AMF3Prop_Decode(&prop, "\x01\x02", 2, TRUE), 1); /* the end of an object */
	assert_false(AMFProp_IsValid(&prop));
	assert_int_equal(AMF3Prop_Decode(&prop, "\x05no", 3, TRUE), -1);
	assert_int_equal(AMF3Prop_Decode(&prop, "\x7fno", 3, TRUE), -1);
	assert_int_equal(AMF3Prop_Decode(&prop, "\x08\x01\x3f\xf8\0\0\0\0\0\0", 10, FALSE), 10);
	assert_true(prop.p_type == AMF_NUMBER && prop.p_vu.p_number == 1.5);
	assert_int_equal(AMF3Prop_Decode(&prop, "\x08\x02", 2, FALSE), 2); /* the same date as another */
	assert_int_equal(prop.p_type, AMF_NULL);
	assert_int_equal(AMF3Prop_Decode(&prop, "\x09\x01\x01", 3, FALSE), -1);
}

/* What announces more than there is, refers to what is not kept, or goes too deep. */
static void refuses_objects(void **state)
{
	static const struct {
		const char *bytes;
		int n;
	} cases[] = {
		{"\xff\xff\xff\xff\x01", 5},         /* externalizable, and nothing in it */
		{"\xff\xff\xff\xfb\x01\x01\x01", 7}, /* 33 million members */
		{"\x13\xff\xff\xff\xff", 5},         /* a class name of 256 MB */
		{"\x01\x01\x01", 3},                 /* a class by reference */
		{"\x0b\x01\x00\x01", 4},             /* a member whose name is a reference */
		{"\x13\x01\x00\x01", 4},
	};
	AMFObject obj;
	char deep[300];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		assert_int_equal(AMF3_Decode(&obj, cases[i].bytes, cases[i].n, FALSE), -1);
		AMF_Reset(&obj);
	}
	assert_int_equal(AMF3_Decode(&obj, "\x02", 1, FALSE), 1); /* an object by reference is an empty one */
	assert_int_equal(obj.o_num, 0);
	for (size_t i = 0; i < sizeof deep; i += 3)
		memcpy(deep + i, "\x07\x01\x0a", 3); /* externalizable, an object in it */
	assert_int_equal(AMF3_Decode(&obj, deep, sizeof deep, FALSE), -1);
	AMF_Reset(&obj);
}

static void reads_externalizable_objects_of_one_value(void **state)
{
	AMFObject obj;

	(void)state;
	assert_int_equal(AMF3_Decode(&obj, "\x07\x01\x06\x05hi", 6, FALSE), 6);
	assert_int_equal(obj.o_num, 1);
	assert_text(&obj.o_props[0].p_name, "DEFAULT_ATTRIBUTE");
	assert_text(&obj.o_props[0].p_vu.p_aval, "hi");
	AMF_Reset(&obj);
}

static void classes_grow(void **state)
{
	AMF3ClassDef cd = {.cd_num = 0};
	char letters[40];

	(void)state;
	for (int i = 0; i < 40; i++) {
		letters[i] = (char)('0' + i);
		AMF3CD_AddProp(&cd, &(AVal){letters + i, 1});
	}
	assert_int_equal(cd.cd_num, 40);
	assert_ptr_equal(AMF3CD_GetProp(&cd, 39)->av_val, letters + 39);
	assert_int_equal(AMF3CD_GetProp(&cd, 40)->av_len, 0);
	assert_int_equal(AMF3CD_GetProp(&cd, -1)->av_len, 0);
	free(cd.cd_props);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_integers),
		cmocka_unit_test(reads_strings),
		cmocka_unit_test(reads_objects),
		cmocka_unit_test(ends_at_every_byte),
		cmocka_unit_test(reads_members),
		cmocka_unit_test(refuses_objects),
		cmocka_unit_test(reads_externalizable_objects_of_one_value),
		cmocka_unit_test(classes_grow),
	};

	return cmocka_run_group_tests_name("compat_amf3", tests, NULL, NULL);
}
