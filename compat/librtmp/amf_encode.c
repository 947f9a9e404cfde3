/* SPDX-License-Identifier: MIT */
/* Writing AMF0. Each writer returns where it ended, or NULL when there was no room; from NULL on nothing is written. */
#include <librtmp/amf.h>
#include <librtmp/log.h>

#include "base/bytes.h"

enum { SHORT_STRING_MAX = 65535 };

static int fits(const char *output, const char *outend, int64_t n)
{
	return output && n >= 0 && outend - output >= n;
}

static char *put_u8(char *output, char *outend, unsigned v)
{
	if (!fits(output, outend, 1))
		return NULL;
	*output = (char)(unsigned char)v;
	return output + 1;
}

static char *put_bytes(char *output, char *outend, const AVal *bytes)
{
	if (!fits(output, outend, bytes->av_len))
		return NULL;
	if (bytes->av_len)
		memcpy(output, bytes->av_val, (size_t)bytes->av_len);
	return output + bytes->av_len;
}

/* The names of members, too (AMF 0, 1.3.1). */
static char *put_text(char *output, char *outend, const AVal *text)
{
	if (text->av_len > SHORT_STRING_MAX)
		return NULL;
	return put_bytes(AMF_EncodeInt16(output, outend, (short)text->av_len), outend, text);
}

char *AMF_EncodeInt16(char *output, char *outend, short nVal)
{
	if (!fits(output, outend, 2))
		return NULL;
	slu_put_be16((uint8_t *)output, (uint16_t)nVal);
	return output + 2;
}

char *AMF_EncodeInt24(char *output, char *outend, int nVal)
{
	if (!fits(output, outend, 3))
		return NULL;
	slu_put_be24((uint8_t *)output, (uint32_t)nVal);
	return output + 3;
}

char *AMF_EncodeInt32(char *output, char *outend, int nVal)
{
	if (!fits(output, outend, 4))
		return NULL;
	slu_put_be32((uint8_t *)output, (uint32_t)nVal);
	return output + 4;
}

/* AMF 0, 2.4 and 2.14 */
char *AMF_EncodeString(char *output, char *outend, const AVal *str)
{
	if (str->av_len <= SHORT_STRING_MAX)
		return put_text(put_u8(output, outend, AMF_STRING), outend, str);
	output = put_u8(output, outend, AMF_LONG_STRING);
	return put_bytes(AMF_EncodeInt32(output, outend, str->av_len), outend, str);
}

char *AMF_EncodeNumber(char *output, char *outend, double dVal)
{
	output = put_u8(output, outend, AMF_NUMBER);
	if (!fits(output, outend, 8))
		return NULL;
	slu_put_be_double((uint8_t *)output, dVal);
	return output + 8;
}

char *AMF_EncodeBoolean(char *output, char *outend, int bVal)
{
	return put_u8(put_u8(output, outend, AMF_BOOLEAN), outend, bVal != 0);
}

char *AMF_EncodeNamedString(char *output, char *outend, const AVal *name, const AVal *value)
{
	return AMF_EncodeString(put_text(output, outend, name), outend, value);
}

char *AMF_EncodeNamedNumber(char *output, char *outend, const AVal *name, double dVal)
{
	return AMF_EncodeNumber(put_text(output, outend, name), outend, dVal);
}

char *AMF_EncodeNamedBoolean(char *output, char *outend, const AVal *name, int bVal)
{
	return AMF_EncodeBoolean(put_text(output, outend, name), outend, bVal);
}

static char *put_value(AMFObjectProperty *prop, char *output, char *outend)
{
	switch (prop->p_type) {
	case AMF_NUMBER:
		return AMF_EncodeNumber(output, outend, prop->p_vu.p_number);
	case AMF_BOOLEAN:
		return AMF_EncodeBoolean(output, outend, prop->p_vu.p_number != 0);
	case AMF_STRING:
		return AMF_EncodeString(output, outend, &prop->p_vu.p_aval);
	case AMF_NULL:
		return put_u8(output, outend, AMF_NULL);
	case AMF_OBJECT:
		return AMF_Encode(&prop->p_vu.p_object, output, outend);
	case AMF_ECMA_ARRAY:
		return AMF_EncodeEcmaArray(&prop->p_vu.p_object, output, outend);
	case AMF_STRICT_ARRAY:
		return AMF_EncodeArray(&prop->p_vu.p_object, output, outend);
	default:
		RTMP_Log(RTMP_LOGERROR, "AMF: a value of type %d cannot be encoded", prop->p_type);
		return NULL;
	}
}

/* Programs leave p_name alone in a NULL that stands by itself, so it is not looked at. */
char *AMFProp_Encode(AMFObjectProperty *prop, char *pBuffer, char *pBufEnd)
{
	if (prop->p_type != AMF_INVALID && prop->p_type != AMF_NULL && prop->p_name.av_len)
		pBuffer = put_text(pBuffer, pBufEnd, &prop->p_name);
	return put_value(prop, pBuffer, pBufEnd);
}

/* Members and the end (AMF 0, 2.5). */
static char *put_members(AMFObject *obj, char *output, char *outend)
{
	for (int i = 0; i < obj->o_num && output; i++) {
		AMFObjectProperty *member = &obj->o_props[i];

		output = put_value(member, put_text(output, outend, &member->p_name), outend);
	}
	return AMF_EncodeInt24(output, outend, AMF_OBJECT_END);
}

char *AMF_Encode(AMFObject *obj, char *pBuffer, char *pBufEnd)
{
	return put_members(obj, put_u8(pBuffer, pBufEnd, AMF_OBJECT), pBufEnd);
}

char *AMF_EncodeEcmaArray(AMFObject *obj, char *pBuffer, char *pBufEnd)
{
	pBuffer = put_u8(pBuffer, pBufEnd, AMF_ECMA_ARRAY);
	return put_members(obj, AMF_EncodeInt32(pBuffer, pBufEnd, obj->o_num), pBufEnd);
}

char *AMF_EncodeArray(AMFObject *obj, char *pBuffer, char *pBufEnd)
{
	pBuffer = put_u8(pBuffer, pBufEnd, AMF_STRICT_ARRAY);
	pBuffer = AMF_EncodeInt32(pBuffer, pBufEnd, obj->o_num);
	for (int i = 0; i < obj->o_num && pBuffer; i++)
		pBuffer = put_value(&obj->o_props[i], pBuffer, pBufEnd);
	return pBuffer;
}
