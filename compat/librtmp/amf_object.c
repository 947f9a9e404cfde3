/* SPDX-License-Identifier: MIT */
/* Objects and properties in memory. */
#include <stdio.h>
#include <stdlib.h>

#include <librtmp/log.h>

#include "amf_impl.h"

enum { GROWTH = 16 }; /* programs append to tables that the library made, and the library to theirs */

const AMFObjectProperty slu_compat_amf_nothing = {.p_type = AMF_INVALID};

static bool is_container(AMFDataType type)
{
	return type == AMF_OBJECT || type == AMF_ECMA_ARRAY || type == AMF_STRICT_ARRAY;
}

/* Room for one more of size bytes behind the n that are in table; NULL when there is no memory. */
static void *with_room(void *table, int n, size_t size)
{
	if (n % GROWTH)
		return table;
	return realloc(table, ((size_t)n + GROWTH) * size);
}

bool slu_compat_amf_add(AMFObject *obj, const AMFObjectProperty *prop)
{
	AMFObjectProperty *props = with_room(obj->o_props, obj->o_num, sizeof *props);

	if (!props)
		return false;
	obj->o_props = props;
	obj->o_props[obj->o_num++] = *prop;
	return true;
}

void AMF_AddProp(AMFObject *obj, const AMFObjectProperty *prop)
{
	if (!slu_compat_amf_add(obj, prop))
		RTMP_Log(RTMP_LOGERROR, "AMF: out of memory, so a member of an object is lost");
}

int AMF_CountProp(AMFObject *obj)
{
	return obj->o_num;
}

static AMFObjectProperty *find(AMFObject *obj, const AVal *name)
{
	for (int i = 0; name && i < obj->o_num; i++)
		if (AVMATCH(&obj->o_props[i].p_name, name))
			return &obj->o_props[i];
	return NULL;
}

AMFObjectProperty *AMF_GetProp(AMFObject *obj, const AVal *name, int nIndex)
{
	AMFObjectProperty *found = NULL;

	if (nIndex < 0)
		found = find(obj, name);
	else if (nIndex < obj->o_num)
		found = &obj->o_props[nIndex];
	return found ? found : (AMFObjectProperty *)&slu_compat_amf_nothing;
}

void AMF_Reset(AMFObject *obj)
{
	for (int i = 0; i < obj->o_num; i++)
		AMFProp_Reset(&obj->o_props[i]);
	free(obj->o_props);
	obj->o_props = NULL;
	obj->o_num = 0;
}

void AMFProp_Reset(AMFObjectProperty *prop)
{
	if (is_container(prop->p_type))
		AMF_Reset(&prop->p_vu.p_object);
	else
		prop->p_vu.p_aval = (AVal){NULL, 0};
	prop->p_type = AMF_INVALID;
}

AMFDataType AMFProp_GetType(AMFObjectProperty *prop)
{
	return prop->p_type;
}

void AMFProp_GetName(AMFObjectProperty *prop, AVal *name)
{
	*name = prop->p_name;
}

void AMFProp_SetName(AMFObjectProperty *prop, AVal *name)
{
	prop->p_name = *name;
}

double AMFProp_GetNumber(AMFObjectProperty *prop)
{
	return prop->p_vu.p_number;
}

int AMFProp_GetBoolean(AMFObjectProperty *prop)
{
	return prop->p_vu.p_number != 0;
}

void AMFProp_GetString(AMFObjectProperty *prop, AVal *str)
{
	*str = prop->p_type == AMF_STRING ? prop->p_vu.p_aval : (AVal){NULL, 0};
}

void AMFProp_GetObject(AMFObjectProperty *prop, AMFObject *obj)
{
	*obj = prop->p_type == AMF_OBJECT ? prop->p_vu.p_object : (AMFObject){0, NULL};
}

int AMFProp_IsValid(AMFObjectProperty *prop)
{
	return prop->p_type != AMF_INVALID;
}

void AMF3CD_AddProp(AMF3ClassDef *cd, AVal *prop)
{
	AVal *props = with_room(cd->cd_props, cd->cd_num, sizeof *props);

	if (!props) {
		RTMP_Log(RTMP_LOGERROR, "AMF3: out of memory, so a member of a class is lost");
		return;
	}
	cd->cd_props = props;
	cd->cd_props[cd->cd_num++] = *prop;
}

AVal *AMF3CD_GetProp(AMF3ClassDef *cd, int idx)
{
	static const AVal none = {NULL, 0};

	return idx >= 0 && idx < cd->cd_num ? &cd->cd_props[idx] : (AVal *)&none;
}
