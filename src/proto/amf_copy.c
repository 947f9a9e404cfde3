/* SPDX-License-Identifier: MIT */
/* Copying decoded values into a writer: an explicit stack (the writer's), since values nest, and may hold themselves.
 */
#include "proto/amf_doc.h"
#include "proto/amf_writer.h"

#include <stdio.h>

/* A value that holds itself nests without end. */
enum { MAX_COPY_DEPTH = 4096 };

static bool is_named(const struct slu_amf_value *member)
{
	return member->name;
}

static void put_xml(struct slu_amf_writer *w, struct slu_amf_str xml)
{
	if (!slu_amf_writer_prepare(w))
		return;
	if (w->version == SLU_AMF3) {
		slu_amf_writer_u8(w, SLU_AMF3_XML_DOC);
		slu_amf_writer_text3(w, xml.s, xml.n);
	} else {
		slu_amf_writer_u8(w, SLU_AMF0_XML);
		slu_amf_writer_long_text0(w, xml.s, xml.n);
	}
	slu_amf_writer_settle(w);
}

/* AMF0 has neither byte arrays nor dictionaries. */
static bool prepare3(struct slu_amf_writer *w)
{
	if (!slu_amf_writer_begin(w))
		return false;
	if (w->version != SLU_AMF3)
		slu_amf_writer_fail(w, SLU_ERR_INVALID);
	return slu_amf_writer_prepare(w);
}

static void copy_byte_array(struct slu_amf_writer *w, const struct slu_amf_value *v)
{
	const uint8_t *data;
	size_t n;

	if (!prepare3(w) || !slu_amf_bytes(v, &data, &n))
		return;
	slu_amf_writer_u8(w, SLU_AMF3_BYTE_ARRAY);
	slu_amf_writer_text3(w, (const char *)data, n);
	slu_amf_writer_settle(w);
}

static void copy_dictionary(struct slu_amf_writer *w, const struct slu_amf_value *v)
{
	size_t n = slu_amf_count(v);

	if (!prepare3(w))
		return;
	/* Half a pair is what is left of one that was cut off. */
	if (n & 1)
		slu_amf_writer_fail(w, SLU_ERR_INVALID);
	slu_amf_writer_u8(w, SLU_AMF3_DICTIONARY);
	slu_amf_writer_count3(w, n / 2);
	slu_amf_writer_u8(w, 0); /* keys are not held weakly */
	slu_amf_writer_push(w, false, (uint32_t)n);
	slu_amf_writer_settle(w);
}

static void copy_ecma_array(struct slu_amf_writer *w, const struct slu_amf_value *v)
{
	const struct slu_amf_value *m;
	uint32_t dense = 0;

	for (m = slu_amf_first(v); m; m = slu_amf_next(m))
		dense += !is_named(m);
	slu_amf_writer_ecma_array(w, (uint32_t)slu_amf_count(v), dense);
}

static void copy_scalar(struct slu_amf_writer *w, const struct slu_amf_value *v)
{
	struct slu_amf_str text = {.s = "", .n = 0};
	double number = 0.0;
	bool boolean = false;
	int utc_offset = 0;

	switch (slu_amf_type(v)) {
	case SLU_AMF_NULL:
		slu_amf_put_null(w);
		break;
	case SLU_AMF_BOOLEAN:
		slu_amf_boolean(v, &boolean);
		slu_amf_put_boolean(w, boolean);
		break;
	case SLU_AMF_NUMBER:
		slu_amf_number(v, &number);
		slu_amf_put_number(w, number);
		break;
	case SLU_AMF_STRING:
		slu_amf_string(v, &text);
		slu_amf_put_string_n(w, text.s, text.n);
		break;
	case SLU_AMF_XML:
		slu_amf_string(v, &text);
		put_xml(w, text);
		break;
	case SLU_AMF_DATE:
		slu_amf_date(v, &number, &utc_offset);
		slu_amf_put_date(w, number, utc_offset);
		break;
	case SLU_AMF_UNSUPPORTED:
		slu_amf_writer_marker(w, SLU_AMF0_UNSUPPORTED, SLU_AMF3_UNDEFINED);
		break;
	default:
		slu_amf_put_undefined(w);
		break;
	}
}

/* Writes v, or the beginning of v when it is a container: then its frame goes on with its members. */
static void copy(struct slu_amf_writer *w, const struct slu_amf_value *v)
{
	size_t depth = w->depth;

	switch (slu_amf_type(v)) {
	case SLU_AMF_OBJECT:
		slu_amf_writer_object(w, slu_amf_class_name(v));
		break;
	case SLU_AMF_ECMA_ARRAY:
		copy_ecma_array(w, v);
		break;
	case SLU_AMF_STRICT_ARRAY:
	case SLU_AMF_VECTOR:
		slu_amf_begin_strict_array(w, (uint32_t)slu_amf_count(v));
		break;
	case SLU_AMF_DICTIONARY:
		copy_dictionary(w, v);
		break;
	case SLU_AMF_BYTE_ARRAY:
		copy_byte_array(w, v);
		break;
	default:
		copy_scalar(w, v);
		break;
	}
	if (!w->err && w->depth > depth)
		slu_amf_writer_top(w)->member = slu_amf_first(v);
}

/* The next member of the innermost container, or its end. AMF0 names the dense part of an AMF3 array by numbers. */
static void copy_member(struct slu_amf_writer *w)
{
	struct slu_amf_open *f = slu_amf_writer_top(w);
	const struct slu_amf_value *m = f->member;
	struct slu_amf_str name;
	char number[16];

	if (!m || (f->named && !is_named(m) && w->version == SLU_AMF3)) {
		slu_amf_end(w);
		return;
	}
	f->member = slu_amf_next(m);
	if (f->named) {
		name = slu_amf_name(m);
		if (!is_named(m)) {
			name.n = (size_t)snprintf(number, sizeof number, "%lu", (unsigned long)f->index++);
			name.s = number;
		}
		slu_amf_writer_name(w, name);
	}
	if (!w->err)
		copy(w, m);
}

void slu_amf_put_value(struct slu_amf_writer *w, const struct slu_amf_value *v)
{
	size_t depth;

	if (!slu_amf_writer_begin(w))
		return;
	depth = w->depth;
	copy(w, v);
	while (!w->err && w->depth > depth) {
		if (w->depth - depth > MAX_COPY_DEPTH)
			slu_amf_writer_fail(w, SLU_ERR_LIMIT);
		else
			copy_member(w);
	}
}
