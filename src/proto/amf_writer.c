/* SPDX-License-Identifier: MIT */
/* Encoding AMF0 and AMF3. AMF3 is written without references: strings and classes stand inline each time, which every
 * reader takes and which needs no tables. */
#include "proto/amf_writer.h"

#include <math.h>
#include <stdlib.h>

#include "base/bytes.h"

enum { MAX_DEFAULT = 65536, U29_MOST = 0x1fffffff, SHORT_MOST = 0xffff };

struct slu_amf_writer *slu_amf_writer_new(enum slu_amf_version version, size_t max)
{
	struct slu_amf_writer *w = calloc(1, sizeof *w);

	if (!w)
		return NULL;
	w->version = version;
	slu_buf_init(&w->out, max ? max : MAX_DEFAULT);
	return w;
}

void slu_amf_writer_free(struct slu_amf_writer *w)
{
	if (!w)
		return;
	slu_buf_clear(&w->out);
	free(w->stack);
	free(w);
}

int slu_amf_writer_end(struct slu_amf_writer *w, const uint8_t **data, size_t *n)
{
	static const uint8_t nothing[1];

	if (!w)
		return SLU_ERR_NOMEM;
	if (!w->err && (w->depth || w->name))
		w->err = SLU_ERR_INVALID;
	w->done = true;
	if (w->err)
		return w->err;
	*data = w->out.len ? w->out.data : nothing;
	*n = w->out.len;
	return 0;
}

void slu_amf_writer_fail(struct slu_amf_writer *w, int err)
{
	if (!w->err)
		w->err = err;
}

static void put(struct slu_amf_writer *w, const void *data, size_t n)
{
	int err;

	if (w->err)
		return;
	err = slu_buf_append(&w->out, data, n);
	if (err)
		slu_amf_writer_fail(w, err);
}

void slu_amf_writer_u8(struct slu_amf_writer *w, unsigned v)
{
	uint8_t byte = (uint8_t)v;

	put(w, &byte, 1);
}

static void put_u16(struct slu_amf_writer *w, uint32_t v)
{
	uint8_t bytes[2];

	slu_put_be16(bytes, v);
	put(w, bytes, sizeof bytes);
}

static void put_u32(struct slu_amf_writer *w, uint32_t v)
{
	uint8_t bytes[4];

	slu_put_be32(bytes, v);
	put(w, bytes, sizeof bytes);
}

static void put_double(struct slu_amf_writer *w, double v)
{
	uint8_t bytes[8];

	slu_put_be_double(bytes, v);
	put(w, bytes, sizeof bytes);
}

/* AMF 3, 1.3.1. */
static void put_u29(struct slu_amf_writer *w, uint32_t v)
{
	uint8_t bytes[4];
	size_t n = 0;

	if (v > 0x1fffff) {
		bytes[n++] = (uint8_t)(0x80 | v >> 22);
		bytes[n++] = (uint8_t)(0x80 | v >> 15);
		bytes[n++] = (uint8_t)(0x80 | v >> 8);
		bytes[n++] = (uint8_t)v;
	} else {
		if (v > 0x3fff)
			bytes[n++] = (uint8_t)(0x80 | v >> 14);
		if (v > 0x7f)
			bytes[n++] = (uint8_t)(0x80 | v >> 7);
		bytes[n++] = (uint8_t)(v & 0x7f);
	}
	put(w, bytes, n);
}

/* AMF3's form of a count or length that is no reference, and the bytes that follow a length. */
void slu_amf_writer_count3(struct slu_amf_writer *w, size_t n)
{
	if (n > U29_MOST >> 1)
		slu_amf_writer_fail(w, SLU_ERR_INVALID);
	else
		put_u29(w, (uint32_t)n << 1 | 1);
}

void slu_amf_writer_text3(struct slu_amf_writer *w, const char *s, size_t n)
{
	slu_amf_writer_count3(w, n);
	put(w, s, n);
}

void slu_amf_writer_text0(struct slu_amf_writer *w, const char *s, size_t n)
{
	if (n > SHORT_MOST)
		slu_amf_writer_fail(w, SLU_ERR_INVALID);
	put_u16(w, (uint32_t)n);
	put(w, s, n);
}

void slu_amf_writer_long_text0(struct slu_amf_writer *w, const char *s, size_t n)
{
	uint64_t length = n; /* wide enough for the comparison to mean something on every machine */

	if (length > UINT32_MAX)
		slu_amf_writer_fail(w, SLU_ERR_INVALID);
	put_u32(w, (uint32_t)n);
	put(w, s, n);
}

struct slu_amf_open *slu_amf_writer_top(struct slu_amf_writer *w)
{
	return w->depth ? w->stack + w->depth - 1 : NULL;
}

/* Begins anew after slu_amf_writer_end(). False when there is nothing to be done: an earlier put failed. */
bool slu_amf_writer_begin(struct slu_amf_writer *w)
{
	if (!w)
		return false;
	if (w->done) {
		w->done = false;
		w->name = false;
		w->err = 0;
		w->depth = 0;
		w->out.len = 0;
	}
	return !w->err;
}

/* A value follows: counts it in the container that is open. */
bool slu_amf_writer_prepare(struct slu_amf_writer *w)
{
	struct slu_amf_open *f;

	if (!slu_amf_writer_begin(w))
		return false;
	f = slu_amf_writer_top(w);
	if (w->name != (f && f->named)) {
		slu_amf_writer_fail(w, SLU_ERR_INVALID);
		return false;
	}
	w->name = false;
	if (f && !f->named)
		f->left--;
	return true;
}

/* A value is complete. It may have been the last of a strict array, which in turn was the last of another. */
void slu_amf_writer_settle(struct slu_amf_writer *w)
{
	struct slu_amf_open *f = slu_amf_writer_top(w);

	while (f && !f->named && f->left == 0) {
		w->depth--;
		f = slu_amf_writer_top(w);
	}
}

void slu_amf_writer_push(struct slu_amf_writer *w, bool named, uint32_t left)
{
	struct slu_amf_open *stack;
	size_t room;

	if (w->err)
		return;
	if (w->depth == w->room) {
		room = w->room ? w->room * 2 : 8;
		stack = realloc(w->stack, room * sizeof *stack);
		if (!stack) {
			slu_amf_writer_fail(w, SLU_ERR_NOMEM);
			return;
		}
		w->stack = stack;
		w->room = room;
	}
	w->stack[w->depth++] = (struct slu_amf_open){.named = named, .left = left};
}

void slu_amf_writer_marker(struct slu_amf_writer *w, enum slu_amf0_marker marker0, enum slu_amf3_marker marker3)
{
	if (!slu_amf_writer_prepare(w))
		return;
	slu_amf_writer_u8(w, w->version == SLU_AMF3 ? (unsigned)marker3 : (unsigned)marker0);
	slu_amf_writer_settle(w);
}

void slu_amf_put_null(struct slu_amf_writer *w)
{
	slu_amf_writer_marker(w, SLU_AMF0_NULL, SLU_AMF3_NULL);
}

void slu_amf_put_undefined(struct slu_amf_writer *w)
{
	slu_amf_writer_marker(w, SLU_AMF0_UNDEFINED, SLU_AMF3_UNDEFINED);
}

/* True when value survives as one of AMF3's 29-bit integers. Negative zero would not. */
static bool is_int29(double value)
{
	if (!(value >= -268435456.0 && value <= 268435455.0))
		return false;
	return (double)(int32_t)value == value && !(value == 0.0 && signbit(value));
}

void slu_amf_put_number(struct slu_amf_writer *w, double value)
{
	if (!slu_amf_writer_prepare(w))
		return;
	if (w->version == SLU_AMF3 && is_int29(value)) {
		slu_amf_writer_u8(w, SLU_AMF3_INTEGER);
		put_u29(w, (uint32_t)(int32_t)value & U29_MOST);
	} else {
		slu_amf_writer_u8(w, w->version == SLU_AMF3 ? (uint8_t)SLU_AMF3_DOUBLE : (uint8_t)SLU_AMF0_NUMBER);
		put_double(w, value);
	}
	slu_amf_writer_settle(w);
}

void slu_amf_put_boolean(struct slu_amf_writer *w, bool value)
{
	if (!slu_amf_writer_prepare(w))
		return;
	if (w->version == SLU_AMF3) {
		slu_amf_writer_u8(w, value ? SLU_AMF3_TRUE : SLU_AMF3_FALSE);
	} else {
		slu_amf_writer_u8(w, SLU_AMF0_BOOLEAN);
		slu_amf_writer_u8(w, value);
	}
	slu_amf_writer_settle(w);
}

void slu_amf_put_string_n(struct slu_amf_writer *w, const char *s, size_t n)
{
	if (!slu_amf_writer_prepare(w))
		return;
	if (w->version == SLU_AMF3) {
		slu_amf_writer_u8(w, SLU_AMF3_STRING);
		slu_amf_writer_text3(w, s, n);
	} else if (n <= SHORT_MOST) {
		slu_amf_writer_u8(w, SLU_AMF0_STRING);
		slu_amf_writer_text0(w, s, n);
	} else {
		slu_amf_writer_u8(w, SLU_AMF0_LONG_STRING);
		slu_amf_writer_long_text0(w, s, n);
	}
	slu_amf_writer_settle(w);
}

void slu_amf_put_string(struct slu_amf_writer *w, const char *text)
{
	if (!text) {
		if (slu_amf_writer_begin(w))
			slu_amf_writer_fail(w, SLU_ERR_INVALID);
		return;
	}
	slu_amf_put_string_n(w, text, strlen(text));
}

void slu_amf_put_date(struct slu_amf_writer *w, double ms, int utc_offset_minutes)
{
	if (!slu_amf_writer_prepare(w))
		return;
	if (utc_offset_minutes < INT16_MIN || utc_offset_minutes > INT16_MAX)
		slu_amf_writer_fail(w, SLU_ERR_INVALID);
	if (w->version == SLU_AMF3) {
		slu_amf_writer_u8(w, SLU_AMF3_DATE);
		slu_amf_writer_count3(w, 0);
		put_double(w, ms);
	} else {
		slu_amf_writer_u8(w, SLU_AMF0_DATE);
		put_double(w, ms);
		put_u16(w, (uint32_t)utc_offset_minutes & 0xffff);
	}
	slu_amf_writer_settle(w);
}

void slu_amf_writer_object(struct slu_amf_writer *w, struct slu_amf_str class)
{
	if (!slu_amf_writer_prepare(w))
		return;
	if (w->version == SLU_AMF3) {
		/* AMF 3, 3.12: traits inline, dynamic, no sealed members. */
		slu_amf_writer_u8(w, SLU_AMF3_OBJECT);
		put_u29(w, 0x0b);
		slu_amf_writer_text3(w, class.s, class.n);
	} else if (class.n) {
		slu_amf_writer_u8(w, SLU_AMF0_TYPED_OBJECT);
		slu_amf_writer_text0(w, class.s, class.n);
	} else {
		slu_amf_writer_u8(w, SLU_AMF0_OBJECT);
	}
	slu_amf_writer_push(w, true, 0);
}

void slu_amf_begin_object(struct slu_amf_writer *w, const char *class_name)
{
	struct slu_amf_str class = {.s = class_name, .n = class_name ? strlen(class_name) : 0};

	slu_amf_writer_object(w, class);
}

/* dense counts the members without names that follow in AMF3. */
void slu_amf_writer_ecma_array(struct slu_amf_writer *w, uint32_t count, uint32_t dense)
{
	if (!slu_amf_writer_prepare(w))
		return;
	if (w->version == SLU_AMF3) {
		slu_amf_writer_u8(w, SLU_AMF3_ARRAY);
		slu_amf_writer_count3(w, dense);
		slu_amf_writer_push(w, true, dense);
	} else {
		slu_amf_writer_u8(w, SLU_AMF0_ECMA_ARRAY);
		put_u32(w, count);
		slu_amf_writer_push(w, true, 0);
	}
}

void slu_amf_begin_ecma_array(struct slu_amf_writer *w, uint32_t count)
{
	slu_amf_writer_ecma_array(w, count, 0);
}

void slu_amf_begin_strict_array(struct slu_amf_writer *w, uint32_t count)
{
	if (!slu_amf_writer_prepare(w))
		return;
	if (w->version == SLU_AMF3) {
		slu_amf_writer_u8(w, SLU_AMF3_ARRAY);
		slu_amf_writer_count3(w, count);
		slu_amf_writer_count3(w, 0); /* no associative part */
	} else {
		slu_amf_writer_u8(w, SLU_AMF0_STRICT_ARRAY);
		put_u32(w, count);
	}
	slu_amf_writer_push(w, false, count);
	slu_amf_writer_settle(w);
}

/* An empty name would end an AMF3 object. */
void slu_amf_writer_name(struct slu_amf_writer *w, struct slu_amf_str name)
{
	struct slu_amf_open *f = slu_amf_writer_top(w);

	if (w->name || !f || !f->named || (w->version == SLU_AMF3 && !name.n)) {
		slu_amf_writer_fail(w, SLU_ERR_INVALID);
		return;
	}
	w->name = true;
	if (w->version == SLU_AMF3)
		slu_amf_writer_text3(w, name.s, name.n);
	else
		slu_amf_writer_text0(w, name.s, name.n);
}

void slu_amf_put_name(struct slu_amf_writer *w, const char *name)
{
	if (!slu_amf_writer_begin(w))
		return;
	if (name)
		slu_amf_writer_name(w, (struct slu_amf_str){.s = name, .n = strlen(name)});
	else
		slu_amf_writer_fail(w, SLU_ERR_INVALID);
}

void slu_amf_end(struct slu_amf_writer *w)
{
	struct slu_amf_open *f;

	if (!slu_amf_writer_begin(w))
		return;
	f = slu_amf_writer_top(w);
	if (w->name || !f || !f->named) {
		slu_amf_writer_fail(w, SLU_ERR_INVALID);
		return;
	}
	if (w->version == SLU_AMF3) {
		slu_amf_writer_text3(w, "", 0);
	} else {
		slu_amf_writer_text0(w, "", 0);
		slu_amf_writer_u8(w, SLU_AMF0_OBJECT_END);
	}
	f->named = false; /* what is left of it is the dense part */
	slu_amf_writer_settle(w);
}
