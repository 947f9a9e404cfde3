/* SPDX-License-Identifier: MIT */
/* Looking for a property at any depth. */
#include <stdbool.h>

#include <librtmp/rtmp.h>

int RTMP_FindPrefixProperty(AMFObject *obj, const AVal *name, AMFObjectProperty *p); /* exported, and in no header */

static bool has_name(const AMFObjectProperty *prop, const AVal *name)
{
	return AVMATCH(&prop->p_name, name);
}

static bool has_prefix(const AMFObjectProperty *prop, const AVal *name)
{
	return prop->p_name.av_len > name->av_len &&
	       memcmp(prop->p_name.av_val, name->av_val, (size_t)name->av_len) == 0;
}

static bool holds_members(const AMFObjectProperty *prop)
{
	return prop->p_type == AMF_OBJECT || prop->p_type == AMF_ECMA_ARRAY;
}

static int find(AMFObject *obj, const AVal *name, AMFObjectProperty *p,
		bool (*is)(const AMFObjectProperty *, const AVal *))
{
	for (int i = 0; i < obj->o_num; i++) {
		AMFObjectProperty *prop = &obj->o_props[i];

		if (is(prop, name)) {
			*p = *prop;
			return TRUE;
		}
		if (holds_members(prop) && find(&prop->p_vu.p_object, name, p, is))
			return TRUE;
	}
	return FALSE;
}

int RTMP_FindFirstMatchingProperty(AMFObject *obj, const AVal *name, AMFObjectProperty *p)
{
	return find(obj, name, p, has_name);
}

int RTMP_FindPrefixProperty(AMFObject *obj, const AVal *name, AMFObjectProperty *p)
{
	return find(obj, name, p, has_prefix);
}
