/* SPDX-License-Identifier: MIT */
#include "amf_vectors.h"

#include <sluice/error.h>

#include "../alloc_fail.h"

static uint8_t bytes[4096];

static void copy_all(struct slu_amf_writer *w, const struct slu_amf_doc *doc)
{
	const struct slu_amf_value *m;

	for (m = slu_amf_first(slu_amf_root(doc)); m; m = slu_amf_next(m))
		slu_amf_put_value(w, m);
}

static void expect_copy(enum slu_amf_version from, const char *in, size_t in_n, enum slu_amf_version to,
			const char *out, size_t out_n)
{
	struct slu_amf_writer *w = slu_amf_writer_new(to, 0);
	struct slu_amf_doc *doc = slu_amf_doc_new(NULL);
	const uint8_t *data;
	size_t n;

	assert_int_equal(slu_amf_decode(doc, from, in, in_n), 0);
	copy_all(w, doc);
	assert_int_equal(slu_amf_writer_end(w, &data, &n), 0);
	assert_int_equal(n, out_n);
	assert_memory_equal(data, out, n);
	slu_amf_doc_free(doc);
	slu_amf_writer_free(w);
}

#define COPY(from, in, to, out) expect_copy(from, in, sizeof(in) - 1, to, out, sizeof(out) - 1)

/* What FFmpeg, GStreamer and librtmp wrote comes out of the writer to the byte. */
static void golden_amf0_comes_out_as_it_went_in(void **state)
{
	uint8_t out[sizeof bytes];
	size_t n;

	(void)state;
	for (size_t i = 0; i < AMF_VECTORS; i++) {
		if (amf_vectors[i].version != SLU_AMF0)
			continue;
		n = amf_vector_load(&amf_vectors[i], bytes, sizeof bytes);
		memcpy(out, bytes, n);
		/* GStreamer announces 14 members of 16; the writer is right about it. */
		if (strcmp(amf_vectors[i].name, "gstreamer-metadata.amf0") == 0)
			out[17] = 16;
		expect_copy(SLU_AMF0, (const char *)bytes, n, SLU_AMF0, (const char *)out, n);
	}
}

/* amfjs refers to a string and to objects; without the values that do, its bytes are those of the writer. */
static void golden_amf3_comes_out_as_it_went_in(void **state)
{
	static const struct {
		size_t from, to;
	} parts[] = {
		{0, 0x2f},    /* undefined to the empty string */
		{0x31, 0x5f}, /* date, strict array, ECMA array */
		{0x9c, 0xcc}, /* the last object */
	};
	const char *part;

	(void)state;
	assert_int_equal(amf_vector_load(&amf_vectors[AMF_VECTORS - 1], bytes, sizeof bytes), 0xcc);
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		part = (const char *)bytes + parts[i].from;
		expect_copy(SLU_AMF3, part, parts[i].to - parts[i].from, SLU_AMF3, part, parts[i].to - parts[i].from);
	}
}

static void every_type_in_amf0(void **state)
{
	static const char all[] = "\x00\x3f\xf0\0\0\0\0\0\0\x01\x01\x02\x00\x01x\x05\x06\x0d"
				  "\x0b\x40\0\0\0\0\0\0\0\x00\x3c\x0f\x00\x00\x00\x04<a/>"
				  "\x10\x00\x01T\x00\x00\x05\x00\x00\x09"
				  "\x08\x00\x00\x00\x01\x00\x00\x05\x00\x00\x09"
				  "\x0a\x00\x00\x00\x02\x0a\x00\x00\x00\x00\x03\x00\x00\x09";

	(void)state;
	expect_copy(SLU_AMF0, all, sizeof all - 1, SLU_AMF0, all, sizeof all - 1);
}

static void from_amf0_to_amf3(void **state)
{
	(void)state;
	COPY(SLU_AMF0,
	     "\x00\x3f\xf0\0\0\0\0\0\0\x01\x01\x02\x00\x01x\x05\x06\x0d"
	     "\x0b\x40\0\0\0\0\0\0\0\x00\x3c\x0f\x00\x00\x00\x04<a/>"
	     "\x10\x00\x01T\x00\x01k\x05\x00\x00\x09"
	     "\x08\x00\x00\x00\x01\x00\x01k\x0a\x00\x00\x00\x01\x05\x00\x00\x09",
	     SLU_AMF3,
	     "\x04\x01\x03\x06\x03x\x01\x00\x00"
	     "\x08\x01\x40\0\0\0\0\0\0\0\x07\x09<a/>"
	     "\x0a\x0b\x03T\x03k\x01\x01"
	     "\x09\x01\x03k\x09\x03\x01\x01\x01");
}

static void from_amf3_to_amf0(void **state)
{
	(void)state;
	/* The dense part gets numbers for names; references are written out; vectors are arrays. */
	COPY(SLU_AMF3, "\x09\x05\x03k\x01\x01\x02\x03", SLU_AMF0,
	     "\x08\x00\x00\x00\x03\x00\x01k\x05\x00\x01"
	     "0\x01\x00\x00\x01"
	     "1\x01\x01\x00\x00\x09");
	COPY(SLU_AMF3, "\x0a\x13\x03T\x03k\x01\x0a\x00", SLU_AMF0,
	     "\x10\x00\x01T\x00\x01k\x05\x00\x00\x09\x10\x00\x01T\x00\x01k\x05\x00\x00\x09");
	COPY(SLU_AMF3, "\x0d\x03\x00\xff\xff\xff\xff", SLU_AMF0, "\x0a\x00\x00\x00\x01\x00\xbf\xf0\0\0\0\0\0\0");
}

static void what_only_amf3_has(void **state)
{
	struct slu_amf_writer *w = slu_amf_writer_new(SLU_AMF0, 0);
	struct slu_amf_doc *doc = slu_amf_doc_new(NULL);
	const uint8_t *data;
	size_t n;

	(void)state;
	COPY(SLU_AMF3, "\x0c\x05\x00\xff\x11\x03\x00\x06\x03k\x01\x09\x05\x03k\x01\x01\x02\x03", SLU_AMF3,
	     "\x0c\x05\x00\xff\x11\x03\x00\x06\x03k\x01\x09\x05\x03k\x01\x01\x02\x03");
	assert_int_equal(slu_amf_decode(doc, SLU_AMF3, "\x0c\x03x", 3), 0);
	copy_all(w, doc);
	assert_int_equal(slu_amf_writer_end(w, &data, &n), SLU_ERR_INVALID);
	assert_int_equal(slu_amf_decode(doc, SLU_AMF3, "\x11\x01\x00", 3), 0);
	copy_all(w, doc);
	assert_int_equal(slu_amf_writer_end(w, &data, &n), SLU_ERR_INVALID);
	/* Half a pair */
	slu_amf_writer_free(w);
	w = slu_amf_writer_new(SLU_AMF3, 0);
	assert_int_equal(slu_amf_decode(doc, SLU_AMF3, "\x11\x03\x00\x01", 4), SLU_ERR_AMF);
	copy_all(w, doc);
	assert_int_equal(slu_amf_writer_end(w, &data, &n), SLU_ERR_INVALID);
	/* An empty name, which AMF3 has no form for */
	assert_int_equal(slu_amf_decode(doc, SLU_AMF0, "\x03\x00\x00\x05\x00\x00\x09", 7), 0);
	copy_all(w, doc);
	assert_int_equal(slu_amf_writer_end(w, &data, &n), SLU_ERR_INVALID);
	slu_amf_doc_free(doc);
	slu_amf_writer_free(w);
}

static void copies_into_open_containers(void **state)
{
	struct slu_amf_writer *w = slu_amf_writer_new(SLU_AMF0, 0);
	struct slu_amf_doc *doc = slu_amf_doc_new(NULL);
	const struct slu_amf_value *v;
	const uint8_t *data;
	size_t n;

	(void)state;
	assert_int_equal(slu_amf_decode(doc, SLU_AMF0, "\x0a\x00\x00\x00\x01\x05", 6), 0);
	v = slu_amf_first(slu_amf_root(doc));
	slu_amf_begin_strict_array(w, 2);
	slu_amf_put_value(w, v);
	slu_amf_put_value(w, v);
	slu_amf_begin_object(w, NULL);
	slu_amf_put_name(w, "k");
	slu_amf_put_value(w, v);
	slu_amf_put_name(w, "u");
	slu_amf_put_value(w, NULL);
	slu_amf_end(w);
	assert_int_equal(slu_amf_writer_end(w, &data, &n), 0);
	assert_int_equal(n, 5 + 12 + 1 + 9 + 4 + 3);
	assert_memory_equal(data + 17, "\x03\x00\x01k\x0a\x00\x00\x00\x01\x05\x00\x01u\x06\x00\x00\x09", 17);
	slu_amf_put_value(w, v);
	slu_amf_begin_object(w, NULL);
	slu_amf_put_value(w, v);
	assert_int_equal(slu_amf_writer_end(w, &data, &n), SLU_ERR_INVALID);
	slu_amf_doc_free(doc);
	slu_amf_writer_free(w);
}

/* Values that hold themselves, once and many times over. */
static void survives_cycles(void **state)
{
	static const struct {
		enum slu_amf_version version;
		const char *bytes;
		size_t n;
	} inputs[] = {
		{SLU_AMF0, "\x0a\x00\x00\x00\x01\x07\x00\x00", 8},
		{SLU_AMF0, "\x0a\x00\x00\x00\x03\x05\x07\x00\x00\x07\x00\x00", 12},
		{SLU_AMF0, "\x03\x00\x01k\x07\x00\x00\x00\x00\x09", 10},
		{SLU_AMF3, "\x0a\x0b\x01\x03k\x0a\x00\x01", 8},
		{SLU_AMF3, "\x09\x05\x01\x09\x00\x09\x00", 7},
	};
	struct slu_amf_doc *doc = slu_amf_doc_new(NULL);
	struct slu_amf_writer *w;
	const uint8_t *data;
	size_t n;

	(void)state;
	for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
		for (int to = SLU_AMF0; to <= SLU_AMF3; to += SLU_AMF3) {
			assert_int_equal(slu_amf_decode(doc, inputs[i].version, inputs[i].bytes, inputs[i].n), 0);
			w = slu_amf_writer_new((enum slu_amf_version)to, 1 << 20);
			copy_all(w, doc);
			assert_int_equal(slu_amf_writer_end(w, &data, &n), SLU_ERR_LIMIT);
			slu_amf_writer_free(w);
		}
	}
	slu_amf_doc_free(doc);
}

/* Each of 20 arrays holds the one before it twice: a megabyte out of 100 bytes, but for the maximum. */
static void survives_what_doubles(void **state)
{
	struct slu_amf_writer *w = slu_amf_writer_new(SLU_AMF0, 0);
	struct slu_amf_doc *doc = slu_amf_doc_new(NULL);
	const uint8_t *data;
	uint8_t in[5 + 20 * 11];
	size_t n = 0;

	(void)state;
	memcpy(in, "\x0a\x00\x00\x00\x00", 5);
	n = 5;
	for (uint8_t i = 0; i < 20; i++) {
		memcpy(in + n, "\x0a\x00\x00\x00\x02\x07\x00\x00\x07\x00\x00", 11);
		in[n + 7] = in[n + 10] = i;
		n += 11;
	}
	assert_int_equal(slu_amf_decode(doc, SLU_AMF0, in, n), 0);
	copy_all(w, doc);
	assert_int_equal(slu_amf_writer_end(w, &data, &n), SLU_ERR_LIMIT);
	slu_amf_doc_free(doc);
	slu_amf_writer_free(w);
}

static void memory_runs_out(void **state)
{
	struct slu_amf_writer *w;
	struct slu_amf_doc *doc;
	const uint8_t *data;
	size_t n;
	int err;

	(void)state;
	for (size_t i = 0; i < AMF_VECTORS; i++) {
		doc = amf_vector_decode(&amf_vectors[i], bytes, sizeof bytes, &n);
		for (long k = 0, failed = 1; failed; k++) {
			alloc_fail_at(k);
			w = slu_amf_writer_new(amf_vectors[i].version, 0);
			copy_all(w, doc);
			err = slu_amf_writer_end(w, &data, &n);
			failed = alloc_fail_end();
			assert_int_equal(err, failed ? SLU_ERR_NOMEM : 0);
			assert_true(failed || k >= 2);
			slu_amf_writer_free(w);
		}
		slu_amf_doc_free(doc);
	}
}

/* What a document may hold when its limits were raised: nested 4096 deep is copied, one more is not. */
static void nested_deep(void **state)
{
	const struct slu_amf_limits limits = {.max_depth = 5000};
	struct slu_amf_writer *w = slu_amf_writer_new(SLU_AMF0, 1 << 20);
	struct slu_amf_doc *doc = slu_amf_doc_new(&limits);
	static uint8_t in[4097 * 5 + 1];
	const uint8_t *data;
	size_t n;

	(void)state;
	for (size_t i = 0; i < 4097; i++)
		memcpy(in + i * 5, "\x0a\x00\x00\x00\x01", 5);
	in[4097 * 5] = 0x05;
	assert_int_equal(slu_amf_decode(doc, SLU_AMF0, in + 5, sizeof in - 5), 0);
	copy_all(w, doc);
	assert_int_equal(slu_amf_writer_end(w, &data, &n), 0);
	assert_int_equal(n, sizeof in - 5);
	assert_memory_equal(data, in + 5, n);
	assert_int_equal(slu_amf_decode(doc, SLU_AMF0, in, sizeof in), 0);
	copy_all(w, doc);
	assert_int_equal(slu_amf_writer_end(w, &data, &n), SLU_ERR_LIMIT);
	slu_amf_doc_free(doc);
	slu_amf_writer_free(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden_amf0_comes_out_as_it_went_in),
		cmocka_unit_test(golden_amf3_comes_out_as_it_went_in),
		cmocka_unit_test(every_type_in_amf0),
		cmocka_unit_test(from_amf0_to_amf3),
		cmocka_unit_test(from_amf3_to_amf0),
		cmocka_unit_test(what_only_amf3_has),
		cmocka_unit_test(copies_into_open_containers),
		cmocka_unit_test(survives_cycles),
		cmocka_unit_test(survives_what_doubles),
		cmocka_unit_test(memory_runs_out),
		cmocka_unit_test(nested_deep),
	};

	return cmocka_run_group_tests_name("amf_copy", tests, NULL, NULL);
}
