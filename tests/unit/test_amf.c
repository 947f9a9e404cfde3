/* SPDX-License-Identifier: MIT */
/* Reading what other implementations wrote. */
#include "amf_vectors.h"

static uint8_t bytes[4096];

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

static void assert_number(const struct slu_amf_value *v, double number)
{
	double d = 0;

	assert_true(slu_amf_number(v, &d));
	assert_true(d == number);
}

static void assert_boolean(const struct slu_amf_value *v, bool boolean)
{
	bool b = !boolean;

	assert_true(slu_amf_boolean(v, &b));
	assert_int_equal(b, boolean);
}

static struct slu_amf_doc *load(const char *name)
{
	size_t n;

	for (size_t i = 0; i < AMF_VECTORS; i++)
		if (strcmp(amf_vectors[i].name, name) == 0)
			return amf_vector_decode(&amf_vectors[i], bytes, sizeof bytes, &n);
	fail();
	return NULL;
}

static void connect_of_ffmpeg(void **state)
{
	struct slu_amf_doc *doc = load("ffmpeg-connect.amf0");
	const struct slu_amf_value *o = at(doc, 2);

	(void)state;
	assert_text(at(doc, 0), "connect");
	assert_number(at(doc, 1), 1);
	assert_int_equal(slu_amf_type(o), SLU_AMF_OBJECT);
	assert_int_equal(slu_amf_count(o), 4);
	assert_text(slu_amf_get(o, "app"), "live");
	assert_text(slu_amf_get(o, "type"), "nonprivate");
	assert_text(slu_amf_get(o, "flashVer"), "FMLE/3.0 (compatible; Lavf59.27.100)");
	assert_text(slu_amf_get(o, "tcUrl"), "rtmp://127.0.0.1:19501/live");
	slu_amf_doc_free(doc);
}

static void connect_of_gstreamer(void **state)
{
	struct slu_amf_doc *doc = load("gstreamer-connect.amf0");
	const struct slu_amf_value *o = at(doc, 2);

	(void)state;
	assert_text(at(doc, 0), "connect");
	assert_int_equal(slu_amf_count(o), 4);
	assert_text(slu_amf_get(o, "flashVer"), "LNX 10,0,32,18");
	assert_text(slu_amf_get(o, "tcUrl"), "rtmp://127.0.0.1:19504/live");
	slu_amf_doc_free(doc);
}

static void connect_of_librtmp(void **state)
{
	struct slu_amf_doc *doc = load("librtmp-connect.amf0");
	const struct slu_amf_value *o = at(doc, 2);

	(void)state;
	assert_int_equal(slu_amf_count(o), 10);
	assert_boolean(slu_amf_get(o, "fpad"), false);
	assert_number(slu_amf_get(o, "audioCodecs"), 3191);
	assert_text(slu_amf_get(o, "pageUrl"), "http://example.com/");
	assert_boolean(at(doc, 3), true);
	assert_number(at(doc, 4), 2.5);
	assert_text(at(doc, 5), "text");
	assert_int_equal(slu_amf_type(at(doc, 6)), SLU_AMF_NULL);
	o = at(doc, 7);
	assert_int_equal(slu_amf_count(o), 3);
	assert_text(slu_amf_get(o, "name"), "value");
	assert_number(slu_amf_get(o, "number"), -3);
	assert_boolean(slu_amf_get(o, "flag"), false);
	slu_amf_doc_free(doc);
}

static void metadata_of_ffmpeg(void **state)
{
	struct slu_amf_doc *doc = load("ffmpeg-metadata.amf0");
	const struct slu_amf_value *a = at(doc, 1);

	(void)state;
	assert_text(at(doc, 0), "onMetaData");
	assert_int_equal(slu_amf_type(a), SLU_AMF_ECMA_ARRAY);
	assert_int_equal(slu_amf_count(a), 13);
	assert_number(slu_amf_get(a, "width"), 64);
	assert_number(slu_amf_get(a, "videocodecid"), 7);
	assert_boolean(slu_amf_get(a, "stereo"), false);
	assert_text(slu_amf_get(a, "encoder"), "Lavf59.27.100");
	assert_true(slu_amf_str_is(slu_amf_name(slu_amf_at(a, 12)), "filesize"));
	slu_amf_doc_free(doc);
}

static void metadata_of_gstreamer(void **state)
{
	struct slu_amf_doc *doc = load("gstreamer-metadata.amf0");
	const struct slu_amf_value *a = at(doc, 1), *times;

	(void)state;
	/* It announces 14 and sends 16. */
	assert_memory_equal(bytes + 14, "\x00\x00\x00\x0e", 4);
	assert_int_equal(slu_amf_count(a), 16);
	assert_int_equal(slu_amf_type(slu_amf_get(a, "keyframes")), SLU_AMF_ECMA_ARRAY);
	times = slu_amf_get(slu_amf_get(a, "keyframes"), "times");
	assert_int_equal(slu_amf_type(times), SLU_AMF_STRICT_ARRAY);
	assert_int_equal(slu_amf_count(times), 6);
	assert_number(slu_amf_at(times, 5), 0.384);
	assert_number(slu_amf_at(slu_amf_get(slu_amf_get(a, "keyframes"), "filepositions"), 0), 2827);
	slu_amf_doc_free(doc);
}

static void values_of_amfjs(void **state)
{
	static const double numbers[] = {0, 127, 128, 16383, 16384, 2097151, -1, 0.1};
	struct slu_amf_doc *doc = load("amfjs.amf3");
	const struct slu_amf_value *camera = at(doc, 18);
	const uint8_t *data;
	double ms = 0;
	int minutes = 1;
	size_t n = 0;

	(void)state;
	assert_int_equal(slu_amf_type(at(doc, 0)), SLU_AMF_UNDEFINED);
	assert_int_equal(slu_amf_type(at(doc, 1)), SLU_AMF_NULL);
	assert_boolean(at(doc, 2), false);
	assert_boolean(at(doc, 3), true);
	for (size_t i = 0; i < 8; i++) {
		assert_number(at(doc, 4 + i), numbers[i]);
		assert_int_equal(slu_amf_is_integer(at(doc, 4 + i)), i < 7);
	}
	assert_text(at(doc, 12), "gr\xc3\xbc\xc3\x9f"
				 "e");
	assert_text(at(doc, 13), "");
	assert_text(at(doc, 14), "gr\xc3\xbc\xc3\x9f"
				 "e");
	assert_true(slu_amf_date(at(doc, 15), &ms, &minutes));
	assert_true(ms == 1234567890123.0 && minutes == 0);
	assert_int_equal(slu_amf_type(at(doc, 16)), SLU_AMF_STRICT_ARRAY);
	assert_int_equal(slu_amf_count(at(doc, 16)), 6);
	assert_text(slu_amf_at(at(doc, 16), 1), "two");
	assert_int_equal(slu_amf_type(at(doc, 17)), SLU_AMF_ECMA_ARRAY);
	assert_number(slu_amf_get(at(doc, 17), "height"), 720);
	assert_true(slu_amf_str_is(slu_amf_class_name(camera), "example.Camera"));
	assert_number(slu_amf_get(camera, "gain"), -1.5);
	assert_true(slu_amf_bytes(at(doc, 19), &data, &n));
	assert_int_equal(n, 4);
	assert_memory_equal(data, "\x00\xff\x09\x01", 4);
	assert_ptr_equal(slu_amf_first(at(doc, 20)), slu_amf_first(at(doc, 16)));
	assert_text(slu_amf_get(at(doc, 21), "model"), "pinhole");
	slu_amf_doc_free(doc);
}

static void types_have_names(void **state)
{
	(void)state;
	for (int t = SLU_AMF_ABSENT; t <= SLU_AMF_UNSUPPORTED; t++)
		assert_true(strlen(slu_amf_type_name((enum slu_amf_type)t)) > 1);
	assert_string_equal(slu_amf_type_name(SLU_AMF_ECMA_ARRAY), "ECMA array");
	assert_string_equal(slu_amf_type_name((enum slu_amf_type)(SLU_AMF_UNSUPPORTED + 1)), "?");
}

static void strings_compare_whole(void **state)
{
	(void)state;
	assert_true(slu_amf_str_is((struct slu_amf_str){"live", 4}, "live"));
	assert_false(slu_amf_str_is((struct slu_amf_str){"live", 3}, "live"));
	assert_false(slu_amf_str_is((struct slu_amf_str){"live\0x", 6}, "live"));
	assert_true(slu_amf_str_is((struct slu_amf_str){"", 0}, ""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(connect_of_ffmpeg),     cmocka_unit_test(connect_of_gstreamer),
		cmocka_unit_test(connect_of_librtmp),    cmocka_unit_test(metadata_of_ffmpeg),
		cmocka_unit_test(metadata_of_gstreamer), cmocka_unit_test(values_of_amfjs),
		cmocka_unit_test(types_have_names),      cmocka_unit_test(strings_compare_whole),
	};

	return cmocka_run_group_tests_name("amf", tests, NULL, NULL);
}
