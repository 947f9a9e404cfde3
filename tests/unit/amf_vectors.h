/* SPDX-License-Identifier: MIT */
/* The golden AMF of tests/vectors. */
#ifndef SLU_TESTS_UNIT_AMF_VECTORS_H
#define SLU_TESTS_UNIT_AMF_VECTORS_H

#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include <sluice/amf.h>

struct amf_vector {
	const char *name;
	enum slu_amf_version version;
	size_t values; /* at the root */
};

static const struct amf_vector amf_vectors[] = {
	{"ffmpeg-connect.amf0", SLU_AMF0, 3},     {"gstreamer-connect.amf0", SLU_AMF0, 3},
	{"librtmp-connect.amf0", SLU_AMF0, 8},    {"ffmpeg-metadata.amf0", SLU_AMF0, 2},
	{"gstreamer-metadata.amf0", SLU_AMF0, 2}, {"amfjs.amf3", SLU_AMF3, 23},
};

enum { AMF_VECTORS = sizeof amf_vectors / sizeof amf_vectors[0] };

static inline size_t amf_vector_load(const struct amf_vector *v, uint8_t *out, size_t room)
{
	char path[1024];
	size_t n;
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", getenv("SLU_TEST_VECTORS"), v->name);
	f = fopen(path, "rb");
	assert_non_null(f);
	n = fread(out, 1, room, f);
	assert_true(n > 0 && n < room);
	fclose(f);
	return n;
}

/* Decodes without an error; the bytes live as long as the document, in out. */
static inline struct slu_amf_doc *amf_vector_decode(const struct amf_vector *v, uint8_t *out, size_t room, size_t *n)
{
	struct slu_amf_doc *doc = slu_amf_doc_new(NULL);

	assert_non_null(doc);
	*n = amf_vector_load(v, out, room);
	assert_int_equal(slu_amf_decode(doc, v->version, out, *n), 0);
	assert_int_equal(slu_amf_count(slu_amf_root(doc)), v->values);
	return doc;
}

#endif
