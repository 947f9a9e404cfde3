/* SPDX-License-Identifier: MIT */
/* librtmp's AMF decoders: what they return lies within the input, and what can be encoded decodes to the same again. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <librtmp/log.h>
#include <librtmp/rtmp.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { MAX_INPUT = 1 << 16 };

static void must(int truth)
{
	if (!truth)
		abort();
}

static void within(const AVal *v, const char *data, int n)
{
	static const char own[] = "DEFAULT_ATTRIBUTE"; /* what an externalizable object's value is called */

	must(v->av_len >= 0);
	if (v->av_len == 0 || (v->av_len == sizeof own - 1 && memcmp(v->av_val, own, sizeof own - 1) == 0))
		return;
	must(v->av_val >= data && v->av_val + v->av_len <= data + n);
}

static void see(AMFObject *obj, const char *data, int n, unsigned depth);

static void see_prop(AMFObjectProperty *p, const char *data, int n, unsigned depth)
{
	must(depth <= 65 && AMFProp_IsValid(p));
	within(&p->p_name, data, n);
	switch (p->p_type) {
	case AMF_STRING:
	case AMF_XML_DOC:
		within(&p->p_vu.p_aval, data, n);
		break;
	case AMF_OBJECT:
	case AMF_ECMA_ARRAY:
	case AMF_STRICT_ARRAY:
		see(&p->p_vu.p_object, data, n, depth + 1);
		break;
	default:
		must(p->p_type == AMF_NUMBER || p->p_type == AMF_BOOLEAN || p->p_type == AMF_NULL ||
		     p->p_type == AMF_DATE);
	}
}

static void see(AMFObject *obj, const char *data, int n, unsigned depth)
{
	for (int i = 0; i < AMF_CountProp(obj); i++)
		see_prop(AMF_GetProp(obj, NULL, i), data, n, depth);
}

/* AMF3 becomes AMF0, which takes up to ten times the room. Dates and XML have no form there. */
static void again(AMFObject *obj, int n)
{
	size_t room = (size_t)n * 10 + 100;
	char *block = malloc(room), *second = malloc(room), *end;
	const int head = 5; /* marker and count */
	AMFObject copy;
	int taken;

	must(block && second);
	end = AMF_EncodeEcmaArray(obj, block, block + room);
	if (end) {
		taken = AMF_Decode(&copy, block + head, (int)(end - block) - head, TRUE);
		must(taken == end - block - head && copy.o_num == obj->o_num);
		must(AMF_EncodeEcmaArray(&copy, second, second + room) == second + (end - block));
		must(memcmp(block, second, (size_t)(end - block)) == 0);
		AMF_Reset(&copy);
	}
	free(block);
	free(second);
}

static void objects(const char *data, int n, int way)
{
	AMFObject obj;
	int taken = way < 2 ? AMF_Decode(&obj, data, n, way) : AMF3_Decode(&obj, data, n, way == 3);

	must(taken >= -1 && taken <= n);
	see(&obj, data, n, 0);
	if (taken >= 0 && way != 0)
		again(&obj, n);
	AMF_Reset(&obj);
}

static void props(const char *data, int n, int way)
{
	AMFObjectProperty prop;
	int taken = way < 2 ? AMFProp_Decode(&prop, data, n, way) : AMF3Prop_Decode(&prop, data, n, way == 3);

	must(taken >= -1 && taken <= n);
	must(taken >= 0 || !AMFProp_IsValid(&prop));
	if (AMFProp_IsValid(&prop))
		see_prop(&prop, data, n, 0);
	AMFProp_Dump(&prop);
	AMFProp_Reset(&prop);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AMFObject obj;
	int n = (int)size, taken;

	if (size > MAX_INPUT)
		return 0;
	RTMP_LogSetLevel(RTMP_LOGCRIT);
	for (int way = 0; way < 4; way++) {
		objects((const char *)data, n, way);
		props((const char *)data, n, way);
	}
	taken = AMF_DecodeArray(&obj, (const char *)data, n, 5, FALSE);
	must(taken >= -1 && taken <= n && obj.o_num <= 5);
	AMF_Reset(&obj);
	return 0;
}
