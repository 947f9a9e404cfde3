/* SPDX-License-Identifier: MIT */
/* Objects and properties, told to the log. */
#include <stdio.h>

#include <librtmp/amf.h>
#include <librtmp/log.h>

enum { NAME_WIDTH = 18, TEXT_MAX = 255 };

void AMF_Dump(AMFObject *obj)
{
	RTMP_Log(RTMP_LOGDEBUG, "(object begin)");
	for (int i = 0; i < obj->o_num; i++)
		AMFProp_Dump(&obj->o_props[i]);
	RTMP_Log(RTMP_LOGDEBUG, "(object end)");
}

static const char *container(AMFDataType type)
{
	switch (type) {
	case AMF_OBJECT:
		return "OBJECT";
	case AMF_ECMA_ARRAY:
		return "ECMA_ARRAY";
	case AMF_STRICT_ARRAY:
		return "STRICT_ARRAY";
	default:
		return NULL;
	}
}

static void value_text(const AMFObjectProperty *prop, char *out, size_t size)
{
	switch (prop->p_type) {
	case AMF_NUMBER:
		snprintf(out, size, "NUMBER:\t%.2f", prop->p_vu.p_number);
		break;
	case AMF_BOOLEAN:
		snprintf(out, size, "BOOLEAN:\t%s", prop->p_vu.p_number != 0 ? "TRUE" : "FALSE");
		break;
	case AMF_STRING:
		snprintf(out, size, "STRING:\t%.*s", prop->p_vu.p_aval.av_len, prop->p_vu.p_aval.av_val);
		break;
	case AMF_DATE:
		snprintf(out, size, "DATE:\ttimestamp: %.2f, UTC offset: %d", prop->p_vu.p_number, prop->p_UTCoffset);
		break;
	default:
		snprintf(out, size, "INVALID TYPE 0x%02x", (unsigned char)prop->p_type);
	}
}

/* "no-name" is a word that the log looks for: see log.c. */
static void dump_named(AMFObjectProperty *prop)
{
	const char *name = prop->p_name.av_len ? prop->p_name.av_val : "no-name.";
	int width = prop->p_name.av_len && prop->p_name.av_len < NAME_WIDTH ? prop->p_name.av_len : NAME_WIDTH;
	const char *kind = container(prop->p_type);
	char text[TEXT_MAX] = "";

	if (!kind) {
		value_text(prop, text, sizeof text);
		kind = text;
	}
	RTMP_Log(RTMP_LOGDEBUG, "Property: <Name: %18.*s, %s>", width, name, kind);
	if (kind != text)
		AMF_Dump(&prop->p_vu.p_object);
}

void AMFProp_Dump(AMFObjectProperty *prop)
{
	if (prop->p_type == AMF_INVALID)
		RTMP_Log(RTMP_LOGDEBUG, "Property: INVALID");
	else if (prop->p_type == AMF_NULL)
		RTMP_Log(RTMP_LOGDEBUG, "Property: NULL");
	else
		dump_named(prop);
}
