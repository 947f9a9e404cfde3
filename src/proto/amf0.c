/* SPDX-License-Identifier: MIT */
/* AMF0 (Adobe, "Action Message Format -- AMF 0", 2007). */
#include "proto/amf_doc.h"

enum { OBJECT_END = 0x09 };

/* n more bytes, as the value's bytes. */
static int take_bytes(struct slu_amf_doc *doc, struct slu_amf_item *item, enum slu_amf_type type, uint32_t n)
{
	item->v.type = (uint8_t)type;
	item->v.n = n;
	item->v.u.bytes = (const char *)slu_cursor_take(&doc->c, n);
	return 0;
}

static int open_frame(struct slu_amf_doc *doc, struct slu_amf_item *item, enum slu_amf_type type,
		      enum slu_amf_frame_kind kind)
{
	item->v.type = (uint8_t)type;
	item->frame.kind = kind;
	item->table = &doc->objects0;
	return 0;
}

/* 2.2 */
static int read_number(struct slu_amf_doc *doc, struct slu_amf_item *item)
{
	item->v.type = SLU_AMF_NUMBER;
	item->v.u.number = slu_cursor_double(&doc->c);
	return 0;
}

/* 2.3 */
static int read_boolean(struct slu_amf_doc *doc, struct slu_amf_item *item)
{
	item->v.type = SLU_AMF_BOOLEAN;
	item->v.n = slu_cursor_u8(&doc->c) != 0;
	return 0;
}

/* 2.4 */
static int read_string(struct slu_amf_doc *doc, struct slu_amf_item *item)
{
	return take_bytes(doc, item, SLU_AMF_STRING, slu_cursor_u16(&doc->c));
}

/* 2.5 */
static int read_object(struct slu_amf_doc *doc, struct slu_amf_item *item)
{
	return open_frame(doc, item, SLU_AMF_OBJECT, SLU_AMF0_FRAME_NAMED);
}

/* 2.6 and 2.16 reserve these two markers and give them no form. */
static int read_reserved(struct slu_amf_doc *doc, struct slu_amf_item *item)
{
	(void)item;
	return slu_amf_fail(doc, "a movie clip or record set, which the specification reserves and nobody can read");
}

/* 2.7 */
static int read_null(struct slu_amf_doc *doc, struct slu_amf_item *item)
{
	(void)doc;
	item->v.type = SLU_AMF_NULL;
	return 0;
}

/* 2.8 */
static int read_undefined(struct slu_amf_doc *doc, struct slu_amf_item *item)
{
	(void)doc;
	item->v.type = SLU_AMF_UNDEFINED;
	return 0;
}

/* 2.9 */
static int read_reference(struct slu_amf_doc *doc, struct slu_amf_item *item)
{
	uint16_t index = slu_cursor_u16(&doc->c);

	if (doc->c.bad)
		return 0;
	return slu_amf_refer(doc, &doc->objects0, index, item);
}

/* 2.10. The count is a hint that many peers get wrong: the end marker ends the array. */
static int read_ecma_array(struct slu_amf_doc *doc, struct slu_amf_item *item)
{
	slu_cursor_u32(&doc->c);
	return open_frame(doc, item, SLU_AMF_ECMA_ARRAY, SLU_AMF0_FRAME_NAMED);
}

/* 2.11 */
static int read_object_end(struct slu_amf_doc *doc, struct slu_amf_item *item)
{
	(void)item;
	return slu_amf_fail(doc, "the end of an object where a value must be");
}

/* 2.12 */
static int read_strict_array(struct slu_amf_doc *doc, struct slu_amf_item *item)
{
	item->frame.left = slu_cursor_u32(&doc->c);
	return open_frame(doc, item, SLU_AMF_STRICT_ARRAY, SLU_AMF0_FRAME_COUNTED);
}

/* 2.13: the time zone is reserved, "should be 0", and sent by some nevertheless. */
static int read_date(struct slu_amf_doc *doc, struct slu_amf_item *item)
{
	item->v.type = SLU_AMF_DATE;
	item->v.u.number = slu_cursor_double(&doc->c);
	item->v.utc_offset = (int16_t)slu_cursor_u16(&doc->c);
	return 0;
}

/* 2.14 */
static int read_long_string(struct slu_amf_doc *doc, struct slu_amf_item *item)
{
	return take_bytes(doc, item, SLU_AMF_STRING, slu_cursor_u32(&doc->c));
}

/* 2.15 */
static int read_unsupported(struct slu_amf_doc *doc, struct slu_amf_item *item)
{
	(void)doc;
	item->v.type = SLU_AMF_UNSUPPORTED;
	return 0;
}

/* 2.17 */
static int read_xml(struct slu_amf_doc *doc, struct slu_amf_item *item)
{
	return take_bytes(doc, item, SLU_AMF_XML, slu_cursor_u32(&doc->c));
}

/* 2.18 */
static int read_typed_object(struct slu_amf_doc *doc, struct slu_amf_item *item)
{
	item->v.class_n = slu_cursor_u16(&doc->c);
	item->v.u.class = (const char *)slu_cursor_take(&doc->c, item->v.class_n);
	return open_frame(doc, item, SLU_AMF_OBJECT, SLU_AMF0_FRAME_NAMED);
}

/* 3.1. The tables of AMF3 live as long as the message, so a later switch may refer to what an earlier one sent. */
static int read_avmplus(struct slu_amf_doc *doc, struct slu_amf_item *item)
{
	doc->version = SLU_AMF3;
	return slu_amf3_read(doc, item);
}

static int (*const readers[])(struct slu_amf_doc *doc, struct slu_amf_item *item) = {
	[0x00] = read_number,       [0x01] = read_boolean,
	[0x02] = read_string,       [0x03] = read_object,
	[0x04] = read_reserved,     [0x05] = read_null,
	[0x06] = read_undefined,    [0x07] = read_reference,
	[0x08] = read_ecma_array,   [OBJECT_END] = read_object_end,
	[0x0a] = read_strict_array, [0x0b] = read_date,
	[0x0c] = read_long_string,  [0x0d] = read_unsupported,
	[0x0e] = read_reserved,     [0x0f] = read_xml,
	[0x10] = read_typed_object, [0x11] = read_avmplus,
};

int slu_amf0_read(struct slu_amf_doc *doc, struct slu_amf_item *item)
{
	uint8_t marker = slu_cursor_u8(&doc->c);

	if (doc->c.bad)
		return 0;
	if (marker >= sizeof readers / sizeof readers[0])
		return slu_amf_fail(doc, "a marker that AMF0 does not have");
	return readers[marker](doc, item);
}

/* 2.5: an empty name followed by the end marker is the end; followed by anything else it is a name like any other. */
int slu_amf0_step_named(struct slu_amf_doc *doc, struct slu_amf_frame *f)
{
	struct slu_amf_str name;

	(void)f;
	doc->version = SLU_AMF0;
	doc->at = doc->c.p;
	name.n = slu_cursor_u16(&doc->c);
	name.s = (const char *)slu_cursor_take(&doc->c, name.n);
	if (doc->c.bad || slu_cursor_left(&doc->c) == 0)
		return slu_amf_fail(doc, "an object or array is cut off by the end of the message");
	if (name.n == 0 && *doc->c.p == OBJECT_END) {
		doc->c.p++;
		return slu_amf_pop(doc);
	}
	return slu_amf_member(doc, SLU_AMF0, &name);
}

int slu_amf0_step_counted(struct slu_amf_doc *doc, struct slu_amf_frame *f)
{
	if (f->left == 0)
		return slu_amf_pop(doc);
	f->left--;
	return slu_amf_member(doc, SLU_AMF0, NULL);
}
