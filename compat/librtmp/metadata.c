/* SPDX-License-Identifier: MIT */
#include "metadata.h"

#include <limits.h>
#include <stdio.h>

#include <librtmp/log.h>

int RTMP_FindPrefixProperty(AMFObject *obj, const AVal *name, AMFObjectProperty *p); /* exported, and in no header */

enum { HAS_VIDEO = 1, HAS_AUDIO = 4 }; /* FLV's TypeFlags */
enum { VALUE_SIZE = 256, NAME_WIDTH = 22, NAME_MAX_WIDTH = 256 };

static char name_text[] = "onMetaData", duration_text[] = "duration", video_text[] = "video", audio_text[] = "audio";
static const AVal av_name = AVC(name_text), av_duration = AVC(duration_text), av_video = AVC(video_text),
		  av_audio = AVC(audio_text);

/* What is said of a member's value; "" is nothing. */
static void value_text(const AMFObjectProperty *prop, char text[VALUE_SIZE])
{
	int n;

	switch (prop->p_type) {
	case AMF_NUMBER:
		snprintf(text, VALUE_SIZE, "%.2f", prop->p_vu.p_number);
		break;
	case AMF_BOOLEAN:
		snprintf(text, VALUE_SIZE, "%s", prop->p_vu.p_number != 0 ? "TRUE" : "FALSE");
		break;
	case AMF_DATE:
		snprintf(text, VALUE_SIZE, "timestamp:%.2f", prop->p_vu.p_number);
		break;
	case AMF_STRING:
		n = prop->p_vu.p_aval.av_len < VALUE_SIZE - 1 ? prop->p_vu.p_aval.av_len : VALUE_SIZE - 1;
		while (n > 0 && prop->p_vu.p_aval.av_val[n - 1] == '\n')
			n--;
		snprintf(text, VALUE_SIZE, "%.*s", n, n ? prop->p_vu.p_aval.av_val : "");
		break;
	default:
		snprintf(text, VALUE_SIZE, "INVALID TYPE 0x%02x", (unsigned)prop->p_type);
	}
}

static int holds_members(const AMFObjectProperty *prop)
{
	return prop->p_type == AMF_OBJECT || prop->p_type == AMF_ECMA_ARRAY || prop->p_type == AMF_STRICT_ARRAY;
}

/* Members in the order they come, those of inner objects among them; what has no name is not listed. The decoder bounds
 * the depth. */
static void list(const AMFObject *obj)
{
	for (int i = 0; i < obj->o_num; i++) {
		const AMFObjectProperty *prop = &obj->o_props[i];
		const AVal *name = &prop->p_name;
		int width = name->av_len < NAME_MAX_WIDTH ? name->av_len : NAME_MAX_WIDTH;
		char text[VALUE_SIZE] = "";

		if (holds_members(prop)) {
			if (name->av_len)
				RTMP_Log(RTMP_LOGINFO, "%.*s:", width, name->av_val);
			list(&prop->p_vu.p_object);
			continue;
		}
		value_text(prop, text);
		if (text[0] && name->av_len)
			RTMP_Log(RTMP_LOGINFO, "  %-*.*s%s", NAME_WIDTH, width, name->av_val, text);
	}
}

static int decode(AMFObject *obj, const char *body, unsigned size)
{
	return size <= INT_MAX && AMF_Decode(obj, body, (int)size, FALSE) >= 0;
}

static int is_metadata(AMFObject *obj)
{
	AVal name = {NULL, 0};

	if (obj->o_num)
		AMFProp_GetString(AMF_GetProp(obj, NULL, 0), &name);
	return AVMATCH(&name, &av_name);
}

int slu_compat_is_metadata(const char *body, unsigned size)
{
	AMFObject obj = {0, NULL};
	int is = decode(&obj, body, size) && is_metadata(&obj);

	AMF_Reset(&obj);
	return is;
}

int slu_compat_metadata(RTMP *r, const char *body, unsigned size)
{
	AMFObject obj = {0, NULL};
	AMFObjectProperty prop;
	int is = FALSE;

	if (!decode(&obj, body, size)) {
		RTMP_Log(RTMP_LOGERROR,
			 "The server sent a data message of %u bytes that cannot be read: nothing is known from it",
			 size);
	} else if (is_metadata(&obj)) {
		is = TRUE;
		RTMP_Log(RTMP_LOGINFO, "Metadata:");
		list(&obj);
		if (RTMP_FindFirstMatchingProperty(&obj, &av_duration, &prop) && prop.p_type == AMF_NUMBER)
			r->m_fDuration = prop.p_vu.p_number;
		if (RTMP_FindPrefixProperty(&obj, &av_video, &prop))
			r->m_read.dataType |= HAS_VIDEO;
		if (RTMP_FindPrefixProperty(&obj, &av_audio, &prop))
			r->m_read.dataType |= HAS_AUDIO;
	}
	AMF_Reset(&obj);
	return is;
}
