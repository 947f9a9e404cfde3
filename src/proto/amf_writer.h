/* SPDX-License-Identifier: MIT */
/* The inside of an AMF writer, shared by its puts (amf_writer.c) and the copying of values (amf_copy.c). */
#ifndef SLU_PROTO_AMF_WRITER_H
#define SLU_PROTO_AMF_WRITER_H

#include <stdbool.h>

#include <sluice/amf.h>
#include <sluice/error.h>

#include "base/buf.h"

/* AMF 0, 2.1 */
enum slu_amf0_marker {
	SLU_AMF0_NUMBER = 0x00,
	SLU_AMF0_BOOLEAN = 0x01,
	SLU_AMF0_STRING = 0x02,
	SLU_AMF0_OBJECT = 0x03,
	SLU_AMF0_NULL = 0x05,
	SLU_AMF0_UNDEFINED = 0x06,
	SLU_AMF0_ECMA_ARRAY = 0x08,
	SLU_AMF0_OBJECT_END = 0x09,
	SLU_AMF0_STRICT_ARRAY = 0x0a,
	SLU_AMF0_DATE = 0x0b,
	SLU_AMF0_LONG_STRING = 0x0c,
	SLU_AMF0_UNSUPPORTED = 0x0d,
	SLU_AMF0_XML = 0x0f,
	SLU_AMF0_TYPED_OBJECT = 0x10
};

/* AMF 3, 3.1 */
enum slu_amf3_marker {
	SLU_AMF3_UNDEFINED = 0x00,
	SLU_AMF3_NULL = 0x01,
	SLU_AMF3_FALSE = 0x02,
	SLU_AMF3_TRUE = 0x03,
	SLU_AMF3_INTEGER = 0x04,
	SLU_AMF3_DOUBLE = 0x05,
	SLU_AMF3_STRING = 0x06,
	SLU_AMF3_XML_DOC = 0x07,
	SLU_AMF3_DATE = 0x08,
	SLU_AMF3_ARRAY = 0x09,
	SLU_AMF3_OBJECT = 0x0a,
	SLU_AMF3_BYTE_ARRAY = 0x0c,
	SLU_AMF3_DICTIONARY = 0x11
};

/* An open container. */
struct slu_amf_open {
	bool named;                         /* members need names, and slu_amf_end() */
	uint32_t left;                      /* members still to come without names: after the named ones, if any */
	uint32_t index;                     /* copying: how many members without a name got a number for one */
	const struct slu_amf_value *member; /* copying: the next one */
};

struct slu_amf_writer {
	enum slu_amf_version version;
	struct slu_buf out;
	struct slu_amf_open *stack;
	size_t depth, room;
	int err;
	bool name; /* a name waits for its value */
	bool done; /* slu_amf_writer_end() was called: the next put begins anew */
};

/* Each put first asks prepare whether a value may stand here, then appends bytes, then lets settle close the strict
 * arrays that are full. begin is prepare for what is no value; both are false when there is nothing to be done. */
bool slu_amf_writer_begin(struct slu_amf_writer *w);
bool slu_amf_writer_prepare(struct slu_amf_writer *w);
void slu_amf_writer_settle(struct slu_amf_writer *w);

/* The sticky error: the first one stays. */
void slu_amf_writer_fail(struct slu_amf_writer *w, int err);

/* The innermost open container, or NULL. */
struct slu_amf_open *slu_amf_writer_top(struct slu_amf_writer *w);
void slu_amf_writer_push(struct slu_amf_writer *w, bool named, uint32_t left);

void slu_amf_writer_u8(struct slu_amf_writer *w, unsigned v);
void slu_amf_writer_text0(struct slu_amf_writer *w, const char *s, size_t n);      /* AMF0: 16-bit length, bytes */
void slu_amf_writer_long_text0(struct slu_amf_writer *w, const char *s, size_t n); /* AMF0: 32-bit length, bytes */
void slu_amf_writer_count3(struct slu_amf_writer *w, size_t n);                    /* AMF3: a count, no reference */
void slu_amf_writer_text3(struct slu_amf_writer *w, const char *s, size_t n);      /* AMF3: count3, bytes */

/* One byte that stands for a value by itself. */
void slu_amf_writer_marker(struct slu_amf_writer *w, enum slu_amf0_marker marker0, enum slu_amf3_marker marker3);

/* The puts that take lengths. class may be empty; dense counts the members without names that follow in AMF3. */
void slu_amf_writer_object(struct slu_amf_writer *w, struct slu_amf_str class);
void slu_amf_writer_ecma_array(struct slu_amf_writer *w, uint32_t count, uint32_t dense);
void slu_amf_writer_name(struct slu_amf_writer *w, struct slu_amf_str name);

#endif
