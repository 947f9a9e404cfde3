/* SPDX-License-Identifier: MIT */
#include "amf_vectors.h"

#include <librtmp/amf.h>
#include <librtmp/log.h>

static char block[70000];

/* What encode wrote into room bytes, of which the one behind is left alone. */
static void assert_bytes(const char *end, const void *wanted, size_t n)
{
	assert_non_null(end);
	assert_int_equal(end - block, n);
	assert_memory_equal(block, wanted, n);
}

#define ASSERT_BYTES(end, wanted) assert_bytes(end, wanted, sizeof(wanted) - 1)

static void writes_values(void **state)
{
	const AVal text = AVC("abc"), name = AVC("n");
	char *end = block + sizeof block;

	(void)state;
	ASSERT_BYTES(AMF_EncodeInt16(block, end, 0x1234), "\x12\x34");
	ASSERT_BYTES(AMF_EncodeInt24(block, end, -2), "\xff\xff\xfe");
	ASSERT_BYTES(AMF_EncodeInt32(block, end, 0x12345678), "\x12\x34\x56\x78");
	ASSERT_BYTES(AMF_EncodeBoolean(block, end, 5), "\x01\x01");
	ASSERT_BYTES(AMF_EncodeNumber(block, end, 1.5), "\x00\x3f\xf8\0\0\0\0\0\0");
	ASSERT_BYTES(AMF_EncodeString(block, end, &text), "\x02\0\x03"
							  "abc");
	ASSERT_BYTES(AMF_EncodeNamedString(block, end, &name, &text), "\0\x01n\x02\0\x03"
								      "abc");
	ASSERT_BYTES(AMF_EncodeNamedBoolean(block, end, &name, FALSE), "\0\x01n\x01\x00");
	ASSERT_BYTES(AMF_EncodeNamedNumber(block, end, &name, 1.5), "\0\x01n\x00\x3f\xf8\0\0\0\0\0\0");
}

static void writes_long_strings(void **state)
{
	static char letters[65536];
	AVal text = {letters, 65535};
	char *end = block + sizeof block;

	(void)state;
	memset(letters, 'l', sizeof letters);
	assert_ptr_equal(AMF_EncodeString(block, end, &text), block + 3 + 65535);
	assert_memory_equal(block, "\x02\xff\xff", 3);
	text.av_len = 65536;
	assert_ptr_equal(AMF_EncodeString(block, end, &text), block + 5 + 65536);
	assert_memory_equal(block, "\x0c\x00\x01\x00\x00", 5);
	assert_null(AMF_EncodeNamedNumber(block, end, &text, 1)); /* no name is that long */
	text.av_len = -1;
	assert_null(AMF_EncodeString(block, end, &text));
}

static AMFObject an_object(void)
{
	const AMFObjectProperty inner[] = {
		{.p_name = AVC("t"), .p_type = AMF_STRING, .p_vu.p_aval = AVC("x")},
		{.p_name = AVC("0"), .p_type = AMF_NULL},
	};
	AMFObjectProperty all[] = {
		{.p_name = AVC("b"), .p_type = AMF_BOOLEAN, .p_vu.p_number = 1},
		{.p_name = AVC("o"), .p_type = AMF_OBJECT},
		{.p_name = AVC("e"), .p_type = AMF_ECMA_ARRAY},
		{.p_name = AVC("s"), .p_type = AMF_STRICT_ARRAY},
	};
	AMFObject obj = {0, NULL};

	for (int i = 1; i < 4; i++)
		for (int k = 0; k < 2; k++)
			AMF_AddProp(&all[i].p_vu.p_object, &inner[k]);
	for (int i = 0; i < 4; i++)
		AMF_AddProp(&obj, &all[i]);
	return obj;
}

static const char object_bytes[] = "\x03"
				   "\0\x01"
				   "b\x01\x01"
				   "\0\x01o\x03\0\x01t\x02\0\x01x\0\x01\x30\x05\0\0\x09"
				   "\0\x01"
				   "e\x08\0\0\0\x02\0\x01t\x02\0\x01x\0\x01\x30\x05\0\0\x09"
				   "\0\x01s\x0a\0\0\0\x02\x02\0\x01x\x05"
				   "\0\0\x09";

static void writes_objects(void **state)
{
	AMFObject obj = an_object();

	(void)state;
	ASSERT_BYTES(AMF_Encode(&obj, block, block + sizeof block), object_bytes);
	AMF_Reset(&obj);
	ASSERT_BYTES(AMF_Encode(&obj, block, block + 4), "\x03\0\0\x09");
	ASSERT_BYTES(AMF_EncodeEcmaArray(&obj, block, block + 8), "\x08\0\0\0\0\0\0\x09");
	ASSERT_BYTES(AMF_EncodeArray(&obj, block, block + 5), "\x0a\0\0\0\0");
}

/* NULL in each smaller room, and never a byte behind it. */
static void takes_exact_room(void **state)
{
	AMFObject obj = an_object();
	size_t n = sizeof object_bytes - 1;

	(void)state;
	for (size_t room = 0; room < n; room++) {
		memset(block, 0x55, n + 1);
		assert_null(AMF_Encode(&obj, block, block + room));
		for (size_t i = room; i <= n; i++)
			assert_int_equal(block[i], 0x55);
	}
	assert_bytes(AMF_Encode(&obj, block, block + n), object_bytes, n);
	AMF_Reset(&obj);
	assert_null(AMF_EncodeNumber(NULL, block + 9, 1)); /* what did not fit before */
	assert_null(AMF_EncodeInt16(NULL, NULL, 1));
}

static void refuses_what_has_no_form(void **state)
{
	AMFObjectProperty odd = {.p_name = AVC("odd"), .p_type = AMF_MOVIECLIP}, none = {.p_type = AMF_INVALID};
	AMFObject obj = an_object();

	(void)state;
	RTMP_LogSetLevel(RTMP_LOGCRIT);
	assert_null(AMFProp_Encode(&odd, block, block + sizeof block));
	assert_null(AMFProp_Encode(&none, block, block + sizeof block));
	AMF_AddProp(&obj, &odd);
	assert_null(AMF_Encode(&obj, block, block + sizeof block));
	assert_null(AMF_EncodeArray(&obj, block, block + sizeof block));
	AMF_Reset(&obj);
	RTMP_LogSetLevel(RTMP_LOGERROR);
}

/* What librtmp itself once sent, decoded and encoded again. */
static void writes_what_it_read(void **state)
{
	static uint8_t golden[4096];
	const struct amf_vector v = {"librtmp-connect.amf0", SLU_AMF0, 8};
	size_t n = amf_vector_load(&v, golden, sizeof golden);
	char *end = block;
	AMFObject obj;

	(void)state;
	assert_int_equal(AMF_Decode(&obj, (char *)golden, (int)n, FALSE), n);
	assert_int_equal(AMF_CountProp(&obj), v.values);
	for (int i = 0; i < obj.o_num; i++)
		end = AMFProp_Encode(AMF_GetProp(&obj, NULL, i), end, block + n);
	assert_bytes(end, golden, n);
	AMF_Reset(&obj);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_values),
		cmocka_unit_test(writes_long_strings),
		cmocka_unit_test(writes_objects),
		cmocka_unit_test(takes_exact_room),
		cmocka_unit_test(refuses_what_has_no_form),
		cmocka_unit_test(writes_what_it_read),
	};

	return cmocka_run_group_tests_name("compat_amf_encode", tests, NULL, NULL);
}
