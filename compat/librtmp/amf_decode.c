/* SPDX-License-Identifier: MIT */
/* Reading AMF0. */
#include <librtmp/log.h>

#include "amf_impl.h"

enum { MAX_DEPTH = 64, MAX_VALUES = 1000000, END_SIZE = 3, NAMED_MIN = 4, ANY_NUMBER = -1 };

static bool read_value(struct slu_compat_amf *a, AMFObjectProperty *prop);

struct slu_compat_amf slu_compat_amf_begin(const char *data, int n)
{
	return (struct slu_compat_amf){.c = slu_cursor(data, data && n > 0 ? (size_t)n : 0), .values = MAX_VALUES};
}

AVal slu_compat_amf_text(struct slu_compat_amf *a, size_t n)
{
	const uint8_t *p = slu_cursor_take(&a->c, n);

	return p && n ? (AVal){(char *)p, (int)n} : (AVal){NULL, 0};
}

bool slu_compat_amf_enter(struct slu_compat_amf *a)
{
	if (a->depth == MAX_DEPTH)
		return false;
	a->depth++;
	return true;
}

void slu_compat_amf_leave(struct slu_compat_amf *a)
{
	a->depth--;
}

bool slu_compat_amf_member(struct slu_compat_amf *a, AMFObject *obj, AMFObjectProperty *prop)
{
	if (a->values > 0 && slu_compat_amf_add(obj, prop)) {
		a->values--;
		return true;
	}
	AMFProp_Reset(prop);
	return false;
}

/* A name (AMF 0, 1.3.1) with a value behind it. */
static bool read_property(struct slu_compat_amf *a, AMFObjectProperty *prop, bool named)
{
	*prop = slu_compat_amf_nothing;
	if (named && slu_cursor_left(&a->c) < NAMED_MIN)
		return false;
	if (named)
		prop->p_name = slu_compat_amf_text(a, slu_cursor_u16(&a->c));
	return read_value(a, prop);
}

/* 2.5. Without an end, the members end with the bytes: so do the values of a message. */
static bool at_end(struct slu_compat_amf *a)
{
	if (slu_cursor_left(&a->c) >= END_SIZE && slu_be24(a->c.p) == AMF_OBJECT_END) {
		a->c.p += END_SIZE;
		return true;
	}
	return slu_cursor_left(&a->c) == 0;
}

/* Members up to the end, or a number of them; with an empty obj at first. */
static bool read_members(struct slu_compat_amf *a, AMFObject *obj, bool named, int number)
{
	AMFObjectProperty prop;

	*obj = (AMFObject){0, NULL};
	while (number == ANY_NUMBER ? !at_end(a) : number-- > 0)
		if (!read_property(a, &prop, named) || !slu_compat_amf_member(a, obj, &prop))
			return false;
	return true;
}

static bool read_container(struct slu_compat_amf *a, AMFObjectProperty *prop, bool named, int number)
{
	bool ok = slu_compat_amf_enter(a);

	if (!ok)
		return false;
	ok = read_members(a, &prop->p_vu.p_object, named, number);
	slu_compat_amf_leave(a);
	if (!ok)
		AMF_Reset(&prop->p_vu.p_object);
	return ok;
}

static bool read_number(struct slu_compat_amf *a, AMFObjectProperty *prop)
{
	prop->p_vu.p_number = slu_cursor_double(&a->c);
	return true;
}

static bool read_boolean(struct slu_compat_amf *a, AMFObjectProperty *prop)
{
	prop->p_vu.p_number = slu_cursor_u8(&a->c) != 0;
	return true;
}

static bool read_string(struct slu_compat_amf *a, AMFObjectProperty *prop)
{
	prop->p_vu.p_aval = slu_compat_amf_text(a, slu_cursor_u16(&a->c));
	return true;
}

static bool read_object(struct slu_compat_amf *a, AMFObjectProperty *prop)
{
	return read_container(a, prop, true, ANY_NUMBER);
}

/* 2.7, 2.8, 2.15 */
static bool read_null(struct slu_compat_amf *a, AMFObjectProperty *prop)
{
	(void)a;
	prop->p_type = AMF_NULL;
	return true;
}

/* 2.10: the count is a hint that many get wrong. */
static bool read_ecma_array(struct slu_compat_amf *a, AMFObjectProperty *prop)
{
	slu_cursor_u32(&a->c);
	return !a->c.bad && read_container(a, prop, true, ANY_NUMBER);
}

/* 2.12. A value takes a byte at least. */
static bool read_strict_array(struct slu_compat_amf *a, AMFObjectProperty *prop)
{
	uint32_t n = slu_cursor_u32(&a->c);

	return n <= slu_cursor_left(&a->c) && read_container(a, prop, false, (int)n);
}

/* 2.13 */
static bool read_date(struct slu_compat_amf *a, AMFObjectProperty *prop)
{
	prop->p_vu.p_number = slu_cursor_double(&a->c);
	prop->p_UTCoffset = (int16_t)slu_cursor_u16(&a->c);
	return true;
}

/* 2.14 and 2.17 */
static bool read_long_string(struct slu_compat_amf *a, AMFObjectProperty *prop)
{
	prop->p_vu.p_aval = slu_compat_amf_text(a, slu_cursor_u32(&a->c));
	if (prop->p_type == AMF_LONG_STRING)
		prop->p_type = AMF_STRING;
	return true;
}

/* 3.1 */
static bool read_avmplus(struct slu_compat_amf *a, AMFObjectProperty *prop)
{
	return slu_compat_amf3_value(a, prop);
}

static bool (*const readers[])(struct slu_compat_amf *a, AMFObjectProperty *prop) = {
	[AMF_NUMBER] = read_number,
	[AMF_BOOLEAN] = read_boolean,
	[AMF_STRING] = read_string,
	[AMF_OBJECT] = read_object,
	[AMF_NULL] = read_null,
	[AMF_UNDEFINED] = read_null,
	[AMF_ECMA_ARRAY] = read_ecma_array,
	[AMF_STRICT_ARRAY] = read_strict_array,
	[AMF_DATE] = read_date,
	[AMF_LONG_STRING] = read_long_string,
	[AMF_UNSUPPORTED] = read_null,
	[AMF_XML_DOC] = read_long_string,
	[AMF_AVMPLUS] = read_avmplus,
};

/* A value's marker and what belongs to it. */
static bool read_value(struct slu_compat_amf *a, AMFObjectProperty *prop)
{
	uint8_t marker = slu_cursor_u8(&a->c);

	if (a->c.bad)
		return false;
	if (marker >= sizeof readers / sizeof readers[0] || !readers[marker]) {
		RTMP_Log(RTMP_LOGDEBUG, "AMF: a value of type %d, which this library does not read", marker);
		return false;
	}
	prop->p_type = (AMFDataType)marker;
	if (readers[marker](a, prop) && !a->c.bad)
		return true;
	*prop = slu_compat_amf_nothing;
	return false;
}

static int taken(const struct slu_compat_amf *a, const char *data, bool ok)
{
	return ok ? (int)(a->c.p - (const uint8_t *)data) : -1;
}

int AMFProp_Decode(AMFObjectProperty *prop, const char *pBuffer, int nSize, int bDecodeName)
{
	struct slu_compat_amf a = slu_compat_amf_begin(pBuffer, nSize);

	return taken(&a, pBuffer, read_property(&a, prop, bDecodeName));
}

int AMF_Decode(AMFObject *obj, const char *pBuffer, int nSize, int bDecodeName)
{
	struct slu_compat_amf a = slu_compat_amf_begin(pBuffer, nSize);

	return taken(&a, pBuffer, read_members(&a, obj, bDecodeName, ANY_NUMBER));
}

int AMF_DecodeArray(AMFObject *obj, const char *pBuffer, int nSize, int nArrayLen, int bDecodeName)
{
	struct slu_compat_amf a = slu_compat_amf_begin(pBuffer, nSize);

	return taken(&a, pBuffer, read_members(&a, obj, bDecodeName, nArrayLen > 0 ? nArrayLen : 0));
}

unsigned short AMF_DecodeInt16(const char *data)
{
	return slu_be16((const uint8_t *)data);
}

unsigned int AMF_DecodeInt24(const char *data)
{
	return slu_be24((const uint8_t *)data);
}

unsigned int AMF_DecodeInt32(const char *data)
{
	return slu_be32((const uint8_t *)data);
}

void AMF_DecodeString(const char *data, AVal *str)
{
	str->av_len = AMF_DecodeInt16(data);
	str->av_val = str->av_len > 0 ? (char *)data + 2 : NULL;
}

void AMF_DecodeLongString(const char *data, AVal *str)
{
	str->av_len = (int)AMF_DecodeInt32(data);
	str->av_val = str->av_len > 0 ? (char *)data + 4 : NULL;
}

int AMF_DecodeBoolean(const char *data)
{
	return *data != 0;
}

double AMF_DecodeNumber(const char *data)
{
	return slu_be_double((const uint8_t *)data);
}
