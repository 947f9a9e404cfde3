/* SPDX-License-Identifier: MIT */
#include "options.h"

#include <stdlib.h>

#include <librtmp/log.h>

#include "run.h"

/* The object that is open, depth objects down: each is the last member of the one around it. */
static AMFObject *innermost(AMFObject *obj, int depth)
{
	while (depth-- > 0) {
		AMFObjectProperty *last = AMF_GetProp(obj, NULL, obj->o_num - 1);

		if (last->p_type != AMF_OBJECT)
			return NULL;
		obj = &last->p_vu.p_object;
	}
	return obj;
}

/* The value of that type. It ends with a NUL. */
static int parse_value(char type, struct run value, AMFObjectProperty *prop)
{
	switch (type) {
	case 'B':
		prop->p_type = AMF_BOOLEAN;
		prop->p_vu.p_number = atoi(value.s);
		return TRUE;
	case 'S':
		prop->p_type = AMF_STRING;
		prop->p_vu.p_aval = (AVal){(char *)value.s, (int)value.n};
		return TRUE;
	case 'N':
		prop->p_type = AMF_NUMBER;
		prop->p_vu.p_number = strtod(value.s, NULL);
		return TRUE;
	case 'O':
		prop->p_type = AMF_OBJECT;
		return TRUE;
	default:
		return FALSE;
	}
}

static int add(AMFObject *extras, const AMFObjectProperty *prop, int *depth)
{
	AMFObject *obj = innermost(extras, *depth);
	int before;

	if (!obj)
		return FALSE;
	before = obj->o_num;
	AMF_AddProp(obj, prop);
	if (obj->o_num == before)
		return FALSE;
	if (prop->p_type == AMF_OBJECT)
		++*depth;
	return TRUE;
}

/* TYPE:VALUE. O:0 ends the innermost object. */
static int add_plain(AMFObject *extras, struct run arg, int *depth)
{
	AMFObjectProperty prop = {.p_type = AMF_NULL};
	struct run value = slu_compat_from(arg, arg.s + 2);

	if (*arg.s == 'O' && !atoi(value.s))
		return *depth > 0 ? --*depth, TRUE : FALSE;
	if (*arg.s != 'Z' && !parse_value(*arg.s, value, &prop))
		return FALSE;
	return add(extras, &prop, depth);
}

/* NTYPE:NAME:VALUE, in an object. */
static int add_named(AMFObject *extras, struct run arg, int *depth)
{
	struct run name = slu_compat_from(arg, arg.s + 3);
	const char *colon = slu_compat_find(name, ':');
	AMFObjectProperty prop = {.p_type = AMF_NULL};

	if (!colon || *depth <= 0 || !parse_value(arg.s[1], slu_compat_from(name, colon + 1), &prop))
		return FALSE;
	prop.p_name = (AVal){(char *)name.s, (int)(colon - name.s)};
	return add(extras, &prop, depth);
}

int slu_compat_add_extra(AMFObject *extras, const AVal *arg, int *depth)
{
	struct run text = {arg->av_val, arg->av_len > 0 ? (size_t)arg->av_len : 0};
	int ok = FALSE;

	if (text.n >= 2 && text.s[1] == ':')
		ok = add_plain(extras, text, depth);
	else if (text.n >= 3 && text.s[0] == 'N' && text.s[2] == ':')
		ok = add_named(extras, text, depth);
	if (!ok)
		RTMP_Log(RTMP_LOGERROR,
			 "Option conn wants B:0, N:1.5, S:text, O:1, O:0 or Z:, and in an object NB:name:0 and "
			 "the like");
	return ok;
}
