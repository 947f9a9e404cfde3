/* SPDX-License-Identifier: MIT */
/* Script tags with an index of key frames. */
#ifndef SLU_TESTS_UNIT_INDEX_KIT_H
#define SLU_TESTS_UNIT_INDEX_KIT_H

#include <string.h>

#include <sluice/amf.h>

/* What "sequenceheaders" says, when it is there. */
static double vod_told[4];
static uint32_t vod_ntold;

struct vod_entry {
	double seconds, position;
};

/* The script tag's body; *n in: room, out: size. */
static void vod_metadata(uint8_t *out, size_t *n, const struct vod_entry *index, size_t count)
{
	struct slu_amf_writer *w = slu_amf_writer_new(SLU_AMF0, *n);
	const uint8_t *body;
	size_t size;

	slu_amf_put_string(w, "onMetaData");
	slu_amf_begin_ecma_array(w, 3);
	slu_amf_put_name(w, "width");
	slu_amf_put_number(w, 640);
	slu_amf_put_name(w, "keyframes");
	slu_amf_begin_object(w, NULL);
	slu_amf_put_name(w, "filepositions");
	slu_amf_begin_strict_array(w, (uint32_t)count);
	for (size_t i = 0; i < count; i++)
		slu_amf_put_number(w, index[i].position);
	slu_amf_put_name(w, "times");
	slu_amf_begin_strict_array(w, (uint32_t)count);
	for (size_t i = 0; i < count; i++)
		slu_amf_put_number(w, index[i].seconds);
	if (vod_ntold) {
		slu_amf_put_name(w, "sequenceheaders");
		slu_amf_begin_strict_array(w, vod_ntold);
	}
	for (uint32_t i = 0; i < vod_ntold; i++)
		slu_amf_put_number(w, vod_told[i]);
	slu_amf_end(w);
	slu_amf_put_name(w, "hasKeyframes");
	slu_amf_put_boolean(w, true);
	slu_amf_end(w);
	assert_int_equal(slu_amf_writer_end(w, &body, &size), 0);
	assert_true(size <= *n);
	memcpy(out, body, size);
	*n = size;
	slu_amf_writer_free(w);
}

#endif
