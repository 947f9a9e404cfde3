/* SPDX-License-Identifier: MIT */
/* AMF3 (Adobe, "Action Message Format -- AMF 3", 2013). */
#include "proto/amf_doc.h"

/* 1.3.1: 7 bits a byte, the high bit says that more follow; the fourth byte gives all its 8. */
static uint32_t read_u29(struct slu_cursor *c)
{
	uint32_t v = 0;
	uint8_t byte;

	for (int i = 0; i < 3; i++) {
		byte = slu_cursor_u8(c);
		v = v << 7 | (byte & 0x7fU);
		if (!(byte & 0x80))
			return v;
	}
	return v << 8 | slu_cursor_u8(c);
}

static int cut_off(struct slu_amf_doc *doc)
{
	return slu_amf_fail(doc, "the value is cut off by the end of the message");
}

/* 1.3.2: text, or a reference to one sent before. The empty string is never referred to. */
static int read_text(struct slu_amf_doc *doc, struct slu_amf_str *out)
{
	uint32_t u = read_u29(&doc->c);
	int err;

	if (doc->c.bad)
		return cut_off(doc);
	if (!(u & 1)) {
		if (u >> 1 >= doc->strings.n)
			return slu_amf_fail(doc, "a reference to a string that was not sent before it");
		*out = ((const struct slu_amf_str *)doc->strings.items)[u >> 1];
		return 0;
	}
	out->n = u >> 1;
	out->s = (const char *)slu_cursor_take(&doc->c, out->n);
	if (doc->c.bad)
		return cut_off(doc);
	if (!out->n)
		return 0;
	err = slu_amf_list_add(&doc->strings, out, sizeof *out, doc->max_values * 2 + 2);
	return err ? slu_amf_fail_list(doc, err) : 0;
}

/* The number that complex values begin with: bit 0 clear is a reference, which item then is; else the rest is in
 * *u. */
static int read_header(struct slu_amf_doc *doc, struct slu_amf_item *item, bool *inlined, uint32_t *u)
{
	*u = read_u29(&doc->c);
	*inlined = false;
	if (doc->c.bad)
		return cut_off(doc);
	if (!(*u & 1))
		return slu_amf_refer(doc, &doc->objects3, *u >> 1, item);
	*inlined = true;
	*u >>= 1;
	item->table = &doc->objects3;
	return 0;
}

static int read_undefined(struct slu_amf_doc *doc, struct slu_amf_item *item)
{
	(void)doc;
	item->v.type = SLU_AMF_UNDEFINED;
	return 0;
}

static int read_null(struct slu_amf_doc *doc, struct slu_amf_item *item)
{
	(void)doc;
	item->v.type = SLU_AMF_NULL;
	return 0;
}

static int read_false(struct slu_amf_doc *doc, struct slu_amf_item *item)
{
	(void)doc;
	item->v.type = SLU_AMF_BOOLEAN;
	return 0;
}

static int read_true(struct slu_amf_doc *doc, struct slu_amf_item *item)
{
	(void)doc;
	item->v.type = SLU_AMF_BOOLEAN;
	item->v.n = 1;
	return 0;
}

/* 3.6: 29 bits, two's complement. */
static int read_integer(struct slu_amf_doc *doc, struct slu_amf_item *item)
{
	uint32_t u = read_u29(&doc->c);

	item->v.type = SLU_AMF_NUMBER;
	item->v.integer = true;
	item->v.u.number = u & 0x10000000 ? (double)u - 536870912.0 : (double)u;
	return 0;
}

static int read_double(struct slu_amf_doc *doc, struct slu_amf_item *item)
{
	item->v.type = SLU_AMF_NUMBER;
	item->v.u.number = slu_cursor_double(&doc->c);
	return 0;
}

static int read_string(struct slu_amf_doc *doc, struct slu_amf_item *item)
{
	struct slu_amf_str text;
	int err = read_text(doc, &text);

	if (err)
		return err;
	item->v.type = SLU_AMF_STRING;
	item->v.n = (uint32_t)text.n;
	item->v.u.bytes = text.s;
	return 0;
}

/* 3.10: the time zone is not sent. */
static int read_date(struct slu_amf_doc *doc, struct slu_amf_item *item)
{
	bool inlined;
	uint32_t u;
	int err = read_header(doc, item, &inlined, &u);

	if (err || !inlined)
		return err;
	item->v.type = SLU_AMF_DATE;
	item->v.u.number = slu_cursor_double(&doc->c);
	return 0;
}

static int read_run(struct slu_amf_doc *doc, struct slu_amf_item *item, enum slu_amf_type type)
{
	bool inlined;
	uint32_t n;
	int err = read_header(doc, item, &inlined, &n);

	if (err || !inlined)
		return err;
	item->v.type = (uint8_t)type;
	item->v.n = n;
	item->v.u.bytes = (const char *)slu_cursor_take(&doc->c, n);
	return 0;
}

/* 3.9 and 3.13: the text is no string of the string table. */
static int read_xml(struct slu_amf_doc *doc, struct slu_amf_item *item)
{
	return read_run(doc, item, SLU_AMF_XML);
}

/* 3.14 */
static int read_byte_array(struct slu_amf_doc *doc, struct slu_amf_item *item)
{
	return read_run(doc, item, SLU_AMF_BYTE_ARRAY);
}

/* 3.11: the count is of the dense part, which comes last. */
static int read_array(struct slu_amf_doc *doc, struct slu_amf_item *item)
{
	bool inlined;
	uint32_t n;
	int err = read_header(doc, item, &inlined, &n);

	if (err || !inlined)
		return err;
	item->v.type = SLU_AMF_STRICT_ARRAY;
	item->frame.kind = SLU_AMF3_FRAME_ASSOCIATIVE;
	item->frame.left = n;
	return 0;
}

/* The names of a class's sealed members go to the end of doc->sealed, as they arrive. */
static int read_sealed_names(struct slu_amf_doc *doc, struct slu_amf_traits *traits)
{
	struct slu_amf_str name;
	int err;

	for (uint32_t i = 0; i < traits->count; i++) {
		err = read_text(doc, &name);
		if (err)
			return err;
		/* Names and values have one limit together; at least the root is there already. */
		err = slu_amf_list_add(&doc->sealed, &name, sizeof name, doc->max_values + 1 - doc->nodes.n);
		if (err)
			return slu_amf_fail_list(doc, err);
	}
	return 0;
}

/* 3.12: u is U29O without its lowest bit: then bit 0 clear is a reference to traits, bit 1 says externalizable, bit 2
 * dynamic, the rest counts sealed members. */
static int read_traits(struct slu_amf_doc *doc, uint32_t u, uint32_t *index)
{
	struct slu_amf_traits traits = {.first = doc->sealed.n, .count = u >> 3, .dynamic = u & 4};
	int err;

	*index = u >> 1;
	if (!(u & 1))
		return *index < doc->traits.n ? 0
					      : slu_amf_fail(doc, "a reference to a class that was not sent before it");
	if (u & 2)
		return slu_amf_fail(doc, "an externalizable object, whose form only its sender's program knows");
	*index = doc->traits.n;
	err = read_text(doc, &traits.class);
	if (!err)
		err = read_sealed_names(doc, &traits);
	if (err)
		return err;
	err = slu_amf_list_add(&doc->traits, &traits, sizeof traits, doc->max_values + 1);
	return err ? slu_amf_fail_list(doc, err) : 0;
}

static int read_object(struct slu_amf_doc *doc, struct slu_amf_item *item)
{
	const struct slu_amf_traits *traits;
	bool inlined;
	uint32_t u;
	int err = read_header(doc, item, &inlined, &u);

	if (err || !inlined)
		return err;
	err = read_traits(doc, u, &item->frame.traits);
	if (err)
		return err;
	traits = (const struct slu_amf_traits *)doc->traits.items + item->frame.traits;
	item->v.type = SLU_AMF_OBJECT;
	item->v.u.class = traits->class.s;
	item->v.class_n = (uint32_t)traits->class.n;
	item->frame.kind = SLU_AMF3_FRAME_SEALED;
	item->frame.left = traits->count;
	return 0;
}

/* 3.15. The byte after the count says that the vector's length is fixed: of no use to a reader. */
static int read_vector(struct slu_amf_doc *doc, struct slu_amf_item *item, enum slu_amf_frame_kind kind)
{
	bool inlined;
	uint32_t n;
	int err = read_header(doc, item, &inlined, &n);

	if (err || !inlined)
		return err;
	slu_cursor_u8(&doc->c);
	item->v.type = SLU_AMF_VECTOR;
	item->frame.kind = kind;
	item->frame.left = n;
	return 0;
}

static int read_vector_int(struct slu_amf_doc *doc, struct slu_amf_item *item)
{
	return read_vector(doc, item, SLU_AMF3_FRAME_INT);
}

static int read_vector_uint(struct slu_amf_doc *doc, struct slu_amf_item *item)
{
	return read_vector(doc, item, SLU_AMF3_FRAME_UINT);
}

static int read_vector_double(struct slu_amf_doc *doc, struct slu_amf_item *item)
{
	return read_vector(doc, item, SLU_AMF3_FRAME_DOUBLE);
}

static int read_vector_object(struct slu_amf_doc *doc, struct slu_amf_item *item)
{
	struct slu_amf_str class;
	int err = read_vector(doc, item, SLU_AMF3_FRAME_COUNTED);

	if (err || item->v.type != SLU_AMF_VECTOR)
		return err;
	err = read_text(doc, &class);
	if (err)
		return err;
	item->v.u.class = class.s;
	item->v.class_n = (uint32_t) class.n;
	return 0;
}

/* 3.16. The byte after the count says that keys are held weakly. */
static int read_dictionary(struct slu_amf_doc *doc, struct slu_amf_item *item)
{
	bool inlined;
	uint32_t n;
	int err = read_header(doc, item, &inlined, &n);

	if (err || !inlined)
		return err;
	slu_cursor_u8(&doc->c);
	item->v.type = SLU_AMF_DICTIONARY;
	item->frame.kind = SLU_AMF3_FRAME_COUNTED;
	item->frame.left = n * 2;
	return 0;
}

static int (*const readers[])(struct slu_amf_doc *doc, struct slu_amf_item *item) = {
	[0x00] = read_undefined,     [0x01] = read_null,       [0x02] = read_false,       [0x03] = read_true,
	[0x04] = read_integer,       [0x05] = read_double,     [0x06] = read_string,      [0x07] = read_xml,
	[0x08] = read_date,          [0x09] = read_array,      [0x0a] = read_object,      [0x0b] = read_xml,
	[0x0c] = read_byte_array,    [0x0d] = read_vector_int, [0x0e] = read_vector_uint, [0x0f] = read_vector_double,
	[0x10] = read_vector_object, [0x11] = read_dictionary,
};

int slu_amf3_read(struct slu_amf_doc *doc, struct slu_amf_item *item)
{
	uint8_t marker = slu_cursor_u8(&doc->c);

	if (doc->c.bad)
		return 0;
	if (marker >= sizeof readers / sizeof readers[0])
		return slu_amf_fail(doc, "a marker that AMF3 does not have");
	return readers[marker](doc, item);
}

int slu_amf3_step_sealed(struct slu_amf_doc *doc, struct slu_amf_frame *f)
{
	const struct slu_amf_traits *traits = (const struct slu_amf_traits *)doc->traits.items + f->traits;
	struct slu_amf_str name;

	if (f->left == 0) {
		f->kind = SLU_AMF3_FRAME_DYNAMIC;
		return traits->dynamic ? 0 : slu_amf_pop(doc);
	}
	name = ((const struct slu_amf_str *)doc->sealed.items)[traits->first + traits->count - f->left];
	f->left--;
	return slu_amf_member(doc, SLU_AMF3, &name);
}

int slu_amf3_step_dynamic(struct slu_amf_doc *doc, struct slu_amf_frame *f)
{
	struct slu_amf_str name;
	int err;

	(void)f;
	doc->version = SLU_AMF3;
	doc->at = doc->c.p;
	err = read_text(doc, &name);
	if (err)
		return err;
	return name.n ? slu_amf_member(doc, SLU_AMF3, &name) : slu_amf_pop(doc);
}

int slu_amf3_step_associative(struct slu_amf_doc *doc, struct slu_amf_frame *f)
{
	struct slu_amf_value *nodes = doc->nodes.items;
	struct slu_amf_str name;
	int err;

	doc->version = SLU_AMF3;
	doc->at = doc->c.p;
	err = read_text(doc, &name);
	if (err)
		return err;
	if (!name.n) {
		f->kind = SLU_AMF3_FRAME_COUNTED;
		return 0;
	}
	nodes[f->node].type = SLU_AMF_ECMA_ARRAY;
	return slu_amf_member(doc, SLU_AMF3, &name);
}

int slu_amf3_step_counted(struct slu_amf_doc *doc, struct slu_amf_frame *f)
{
	if (f->left == 0)
		return slu_amf_pop(doc);
	f->left--;
	return slu_amf_member(doc, SLU_AMF3, NULL);
}

/* 3.15: elements of number vectors have no markers, and integers there are whole 32 bits. */
int slu_amf3_step_element(struct slu_amf_doc *doc, struct slu_amf_frame *f)
{
	struct slu_amf_item item = {.v = {.type = SLU_AMF_NUMBER, .integer = f->kind != SLU_AMF3_FRAME_DOUBLE}};
	uint32_t u;

	if (f->left == 0)
		return slu_amf_pop(doc);
	f->left--;
	doc->version = SLU_AMF3;
	doc->at = doc->c.p;
	if (f->kind == SLU_AMF3_FRAME_DOUBLE) {
		item.v.u.number = slu_cursor_double(&doc->c);
	} else {
		u = slu_cursor_u32(&doc->c);
		item.v.u.number = f->kind == SLU_AMF3_FRAME_INT && u > INT32_MAX ? (double)u - 4294967296.0 : (double)u;
	}
	if (doc->c.bad)
		return cut_off(doc);
	return slu_amf_attach(doc, &item, NULL);
}
