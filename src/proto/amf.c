/* SPDX-License-Identifier: MIT */
/* Reading the values of an AMF document. */
#include "proto/amf_doc.h"

static const char *const type_names[] = {
	[SLU_AMF_ABSENT] = "absent",
	[SLU_AMF_UNDEFINED] = "undefined",
	[SLU_AMF_NULL] = "null",
	[SLU_AMF_BOOLEAN] = "boolean",
	[SLU_AMF_NUMBER] = "number",
	[SLU_AMF_STRING] = "string",
	[SLU_AMF_OBJECT] = "object",
	[SLU_AMF_ECMA_ARRAY] = "ECMA array",
	[SLU_AMF_STRICT_ARRAY] = "strict array",
	[SLU_AMF_DATE] = "date",
	[SLU_AMF_XML] = "XML",
	[SLU_AMF_BYTE_ARRAY] = "byte array",
	[SLU_AMF_VECTOR] = "vector",
	[SLU_AMF_DICTIONARY] = "dictionary",
	[SLU_AMF_UNSUPPORTED] = "unsupported",
};

/* The node at an index of the array that v is in. */
static const struct slu_amf_value *node(const struct slu_amf_value *v, uint32_t index)
{
	return v - v->self + index;
}

/* The value that v stands for. A reference never leads to another: the tables hold no references. */
static const struct slu_amf_value *resolve(const struct slu_amf_value *v)
{
	return v && v->type == SLU_AMF_REFERENCE ? node(v, v->n) : v;
}

/* The value itself if it is of that type, else NULL. */
static const struct slu_amf_value *as(const struct slu_amf_value *v, enum slu_amf_type type)
{
	v = resolve(v);
	return v && v->type == type ? v : NULL;
}

static bool is_container(const struct slu_amf_value *v)
{
	switch (v->type) {
	case SLU_AMF_OBJECT:
	case SLU_AMF_ECMA_ARRAY:
	case SLU_AMF_STRICT_ARRAY:
	case SLU_AMF_VECTOR:
	case SLU_AMF_DICTIONARY:
		return true;
	default:
		return false;
	}
}

enum slu_amf_type slu_amf_type(const struct slu_amf_value *v)
{
	v = resolve(v);
	return v ? (enum slu_amf_type)v->type : SLU_AMF_ABSENT;
}

const char *slu_amf_type_name(enum slu_amf_type type)
{
	return (size_t)type < sizeof type_names / sizeof type_names[0] ? type_names[type] : "?";
}

bool slu_amf_number(const struct slu_amf_value *v, double *out)
{
	v = as(v, SLU_AMF_NUMBER);
	if (!v)
		return false;
	*out = v->u.number;
	return true;
}

bool slu_amf_is_integer(const struct slu_amf_value *v)
{
	v = as(v, SLU_AMF_NUMBER);
	return v && v->integer;
}

bool slu_amf_boolean(const struct slu_amf_value *v, bool *out)
{
	v = as(v, SLU_AMF_BOOLEAN);
	if (!v)
		return false;
	*out = v->n != 0;
	return true;
}

bool slu_amf_string(const struct slu_amf_value *v, struct slu_amf_str *out)
{
	v = resolve(v);
	if (!v || (v->type != SLU_AMF_STRING && v->type != SLU_AMF_XML))
		return false;
	*out = (struct slu_amf_str){.s = v->u.bytes, .n = v->n};
	return true;
}

bool slu_amf_bytes(const struct slu_amf_value *v, const uint8_t **data, size_t *n)
{
	v = as(v, SLU_AMF_BYTE_ARRAY);
	if (!v)
		return false;
	*data = (const uint8_t *)v->u.bytes;
	*n = v->n;
	return true;
}

bool slu_amf_date(const struct slu_amf_value *v, double *ms, int *utc_offset_minutes)
{
	v = as(v, SLU_AMF_DATE);
	if (!v)
		return false;
	*ms = v->u.number;
	*utc_offset_minutes = v->utc_offset;
	return true;
}

size_t slu_amf_count(const struct slu_amf_value *v)
{
	v = resolve(v);
	return v && is_container(v) ? v->n : 0;
}

const struct slu_amf_value *slu_amf_first(const struct slu_amf_value *v)
{
	v = resolve(v);
	return v && is_container(v) && v->n ? v + 1 : NULL;
}

const struct slu_amf_value *slu_amf_next(const struct slu_amf_value *member)
{
	return member && member->next ? node(member, member->next) : NULL;
}

struct slu_amf_str slu_amf_name(const struct slu_amf_value *member)
{
	if (!member || !member->name)
		return (struct slu_amf_str){.s = "", .n = 0};
	return (struct slu_amf_str){.s = member->name, .n = member->name_n};
}

struct slu_amf_str slu_amf_class_name(const struct slu_amf_value *v)
{
	v = resolve(v);
	if (!v || (v->type != SLU_AMF_OBJECT && v->type != SLU_AMF_VECTOR) || !v->u.class)
		return (struct slu_amf_str){.s = "", .n = 0};
	return (struct slu_amf_str){.s = v->u.class, .n = v->class_n};
}

const struct slu_amf_value *slu_amf_at(const struct slu_amf_value *v, size_t index)
{
	const struct slu_amf_value *m;

	if (index >= slu_amf_count(v))
		return NULL;
	for (m = slu_amf_first(v); m && index; index--)
		m = slu_amf_next(m);
	return m;
}

const struct slu_amf_value *slu_amf_get(const struct slu_amf_value *v, const char *name)
{
	const struct slu_amf_value *m, *found = NULL;

	if (!name)
		return NULL;
	/* A member without a name is not one whose name is empty. */
	for (m = slu_amf_first(v); m; m = slu_amf_next(m))
		if (m->name && slu_amf_str_is(slu_amf_name(m), name))
			found = m;
	return found;
}

bool slu_amf_str_is(struct slu_amf_str s, const char *text)
{
	return s.n == strlen(text) && memcmp(s.s, text, s.n) == 0;
}
