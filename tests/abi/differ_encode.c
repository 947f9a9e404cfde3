/* SPDX-License-Identifier: MIT */
/* Encoding AMF, and properties in memory, on Debian's librtmp.so.1 and on ours. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "differ.h"

enum { ROOM = 200000, TREES = 150, LONG = 70000 };

static void print_hex(const char *data, long n, FILE *out)
{
	fprintf(out, "%ld:", n);
	for (long i = 0; i < n; i++)
		fprintf(out, " %02x", (unsigned char)data[i]);
	fprintf(out, "\n");
}

/* Single values. number is the room. */

static char *encode_one(const struct api *lib, int which, char *p, char *end, const AVal *text)
{
	static const AVal name = AVC("name");

	switch (which) {
	case 0:
		return lib->AMF_EncodeInt16(p, end, -2);
	case 1:
		return lib->AMF_EncodeInt24(p, end, 0x123456);
	case 2:
		return lib->AMF_EncodeInt32(p, end, -3);
	case 3:
		return lib->AMF_EncodeBoolean(p, end, 7);
	case 4:
		return lib->AMF_EncodeNumber(p, end, -0.1);
	case 5:
		return lib->AMF_EncodeString(p, end, text);
	case 6:
		return lib->AMF_EncodeNamedNumber(p, end, &name, 1e300);
	case 7:
		return lib->AMF_EncodeNamedBoolean(p, end, &name, FALSE);
	default:
		return lib->AMF_EncodeNamedString(p, end, &name, text);
	}
}

static void print_result(const char *start, const char *end, FILE *out)
{
	if (end)
		print_hex(start, end - start, out);
	else
		fprintf(out, "NULL\n");
}

/* Not beyond the room, either. */
static void values(const struct api *lib, const struct input *in, FILE *out)
{
	AVal text = {(char *)in->data, in->n};
	char *block = calloc(1, ROOM);

	for (int which = 0; block && which < 9; which++) {
		int room = in->number < 0 ? ROOM - 1 : in->number;

		block[room] = 0x55;
		print_result(block, encode_one(lib, which, block, block + room, &text), out);
		if (block[room] != 0x55)
			fprintf(out, "beyond the room\n");
	}
	free(block);
}

/* What a caller makes: number is the seed; data has the bytes that names and strings are of. */

static void fill_object(const struct api *lib, const struct input *in, AMFObject *obj, uint32_t *seed, int depth,
			bool named);

static AVal some_text(const struct input *in, uint32_t *seed, uint32_t min)
{
	uint32_t n = min + differ_random(seed, 12);

	return (AVal){(char *)in->data + differ_random(seed, 20), (int)n};
}

static void fill_value(const struct api *lib, const struct input *in, AMFObjectProperty *p, uint32_t *seed, int depth)
{
	static const AMFDataType types[] = {AMF_NUMBER, AMF_BOOLEAN,    AMF_STRING,
					    AMF_OBJECT, AMF_ECMA_ARRAY, AMF_STRICT_ARRAY};

	p->p_type = types[differ_random(seed, depth ? 6 : 3)];
	switch (p->p_type) {
	case AMF_NUMBER:
		p->p_vu.p_number = differ_random(seed, 1000000) / 16.0;
		break;
	case AMF_BOOLEAN:
		p->p_vu.p_number = differ_random(seed, 2);
		break;
	case AMF_STRING:
		p->p_vu.p_aval = some_text(in, seed, 0);
		break;
	default:
		fill_object(lib, in, &p->p_vu.p_object, seed, depth - 1, p->p_type != AMF_STRICT_ARRAY);
	}
}

static void fill_object(const struct api *lib, const struct input *in, AMFObject *obj, uint32_t *seed, int depth,
			bool named)
{
	for (uint32_t n = differ_random(seed, depth == 3 ? 40 : 6); n; n--) {
		AMFObjectProperty p = {.p_type = AMF_INVALID};

		fill_value(lib, in, &p, seed, depth);
		if (named)
			p.p_name = some_text(in, seed, 1);
		lib->AMF_AddProp(obj, &p);
	}
}

static char *encode_tree(const struct api *lib, AMFObject *obj, uint32_t how, char *p, char *end)
{
	AMFObjectProperty prop = {.p_name = AVC("tree"), .p_type = AMF_OBJECT, .p_vu.p_object = *obj};

	switch (how % 3) {
	case 0:
		return lib->AMF_Encode(obj, p, end);
	case 1:
		return lib->AMF_EncodeEcmaArray(obj, p, end);
	default:
		return lib->AMFProp_Encode(&prop, p, end);
	}
}

static void tree(const struct api *lib, const struct input *in, FILE *out)
{
	uint32_t seed = (uint32_t)in->number + 1;
	char *block = calloc(1, ROOM), *end;
	AMFObject obj = {0, NULL};

	if (!block)
		abort();
	fill_object(lib, in, &obj, &seed, 3, true);
	end = encode_tree(lib, &obj, (uint32_t)in->number, block, block + ROOM);
	print_result(block, end, out);
	if (end) /* one byte too little; what is written before is nobody's */
		print_result(block, encode_tree(lib, &obj, (uint32_t)in->number, block, end - 1), out);
	fprintf(out, "%d %d\n", lib->AMF_CountProp(&obj), obj.o_num);
	lib->AMF_Reset(&obj);
	fprintf(out, "%d %d\n", obj.o_num, obj.o_props == NULL);
	free(block);
}

static void members(AMFObject *obj, const struct api *lib, const AMFObjectProperty *props, int n)
{
	for (int i = 0; i < n; i++)
		lib->AMF_AddProp(obj, &props[i]);
}

/* An object with a null in it, and one with what has no form; number chooses. */
static void odd_member(const struct api *lib, const struct input *in, FILE *out)
{
	const AMFObjectProperty props[] = {
		{.p_name = AVC("a"), .p_type = AMF_NUMBER, .p_vu.p_number = 1},
		{.p_name = AVC("b"), .p_type = (AMFDataType)in->number},
		{.p_name = AVC("c"), .p_type = AMF_BOOLEAN, .p_vu.p_number = 1},
	};
	AMFObject obj = {0, NULL};
	char block[200];

	members(&obj, lib, props, 3);
	print_result(block, lib->AMF_Encode(&obj, block, block + sizeof block), out);
	lib->AMF_Reset(&obj);
}

static void lone_null(const struct api *lib, const struct input *in, FILE *out)
{
	AMFObjectProperty null = {.p_name = {(char *)1, 100}, .p_type = AMF_NULL}, none = {.p_type = AMF_INVALID};
	char block[200];

	(void)in;
	print_result(block, lib->AMFProp_Encode(&null, block, block + sizeof block), out);
	print_result(block, lib->AMFProp_Encode(&none, block, block + sizeof block), out);
}

/* Properties in memory. */

static void print_bits(double d, FILE *out)
{
	uint64_t bits;

	memcpy(&bits, &d, sizeof bits);
	fprintf(out, "%" PRIx64 " ", bits);
}

static void read_prop(const struct api *lib, AMFObjectProperty *p, FILE *out)
{
	AMFObject obj;
	AVal text;

	lib->AMFProp_GetName(p, &text);
	fprintf(out, "%.*s %d %d ", text.av_len, text.av_val, lib->AMFProp_GetType(p), lib->AMFProp_IsValid(p));
	if (p->p_type == AMF_NUMBER || p->p_type == AMF_BOOLEAN) {
		print_bits(lib->AMFProp_GetNumber(p), out);
		fprintf(out, "%d ", lib->AMFProp_GetBoolean(p));
	}
	lib->AMFProp_GetString(p, &text);
	lib->AMFProp_GetObject(p, &obj);
	fprintf(out, "%d %.*s, %d\n", text.av_len, text.av_len, text.av_val, obj.o_num);
}

static void accessors(const struct api *lib, const struct input *in, FILE *out)
{
	AMFObject inner = {0, NULL}, obj = {0, NULL};
	AVal new_name = AVC("new name"), b = AVC("b"), missing = AVC("missing"), du = AVC("du");
	AMFObjectProperty props[] =
		{
			{.p_name = AVC("a"), .p_type = AMF_NUMBER, .p_vu.p_number = 2.5},
			{.p_name = AVC("b"), .p_type = AMF_STRING, .p_vu.p_aval = AVC("text")},
			{.p_name = AVC("duration"), .p_type = AMF_BOOLEAN, .p_vu.p_number = 1},
			{.p_name = AVC("b"), .p_type = AMF_NULL},
		},
			  found;

	members(&inner, lib, props, 4);
	props[1] = (AMFObjectProperty){.p_name = AVC("o"), .p_type = (AMFDataType)in->number, .p_vu.p_object = inner};
	members(&obj, lib, props, 2);
	for (int i = -1; i < 4; i++)
		read_prop(lib, lib->AMF_GetProp(&obj, &b, i), out);
	read_prop(lib, lib->AMF_GetProp(&inner, &b, -1), out);
	read_prop(lib, lib->AMF_GetProp(&inner, &missing, -1), out);
	lib->AMFProp_SetName(lib->AMF_GetProp(&inner, &b, -1), &new_name);
	if (lib->RTMP_FindFirstMatchingProperty(&obj, &new_name, &found))
		read_prop(lib, &found, out);
	fprintf(out, "%d\n", lib->RTMP_FindFirstMatchingProperty(&obj, &missing, &found));
	if (lib->RTMP_FindPrefixProperty(&obj, &du, &found))
		read_prop(lib, &found, out);
	fprintf(out, "%d\n", lib->RTMP_FindPrefixProperty(&obj, &missing, &found));
	lib->AMFProp_Reset(lib->AMF_GetProp(&obj, NULL, 1));
	read_prop(lib, lib->AMF_GetProp(&obj, NULL, 1), out);
	lib->AMF_Reset(&obj);
}

static void class_members(const struct api *lib, const struct input *in, FILE *out)
{
	AMF3ClassDef cd = {.cd_num = 0};
	AVal name;

	for (int i = 0; i < 40; i++) {
		name = (AVal){(char *)in->data + i % 20, 1 + i % 3};
		lib->AMF3CD_AddProp(&cd, &name);
	}
	for (int i = 0; i < 42; i++) {
		AVal *v = lib->AMF3CD_GetProp(&cd, i);

		fprintf(out, "%d %.*s\n", v->av_len, v->av_len, v->av_val);
	}
	free(cd.cd_props);
}

/* The readers of bare bytes, from each place of data. */
static void bare(const struct api *lib, const struct input *in, FILE *out)
{
	for (int i = 0; i + 16 <= in->n; i++) {
		const char *p = in->data + i;
		AVal text, more;
		int32_t v;
		int n;

		lib->AMF_DecodeString(p, &text);
		lib->AMF_DecodeLongString(p, &more);
		fprintf(out, "%d %u %u %d %td %d %td %d ", lib->AMF_DecodeInt16(p), lib->AMF_DecodeInt24(p),
			lib->AMF_DecodeInt32(p), lib->AMF_DecodeBoolean(p), text.av_val ? text.av_val - p : -1,
			text.av_len, more.av_val ? more.av_val - p : -1, more.av_len);
		print_bits(lib->AMF_DecodeNumber(p), out);
		n = lib->AMF3ReadInteger(p, &v);
		fprintf(out, "%d %d ", n, v);
		n = lib->AMF3ReadString(p, &text);
		fprintf(out, "%d %d %td\n", n, text.av_len, text.av_val ? text.av_val - p : -1);
	}
}

int main(void)
{
	static const char letters[] = "the quick brown fox jumps over the lazy dog";
	static const char numbers[] =
		"\x00\x00\x05\x01\x00\x02\x7f\x03\x00\x80\x01\x81\x02\x82\x83\x04\x00\x00\x00\x09\x3f\xf0"
		"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00";
	static const char wide[] = "\xff\xff\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00";
	static char text[LONG];

	if (!differ_begin())
		return 0;
	memset(text, 'x', sizeof text);
	differ("single values", values, letters, 9, -1, NULL);
	differ("an empty string", values, letters, 0, -1, NULL);
	differ("a string of 65,535 bytes", values, text, 65535, -1, NULL);
	differ("a long string", values, text, 65536, -1, NULL);
	differ("no room", values, letters, 9, 0, NULL);
	differ("room for a byte", values, letters, 9, 1, NULL);
	differ("room for small ones", values, letters, 9, 4, NULL);
	differ("room for a string and no byte more", values, letters, 9, 12, "Debian's wants two bytes more");
	differ("room for a string and two bytes more", values, letters, 9, 14, NULL);
	for (int i = 0; i < TREES; i++)
		differ_many(tree, letters, sizeof letters, i, NULL);
	differ_many_end("objects and arrays");
	differ("a NULL in an object", odd_member, "", 0, AMF_NULL, "Debian's loses its name");
	differ("a date in an object", odd_member, "", 0, AMF_DATE, "Debian's ends the object before it");
	differ("NULL alone and no value", lone_null, "", 0, 0, NULL);
	differ("properties in memory", accessors, "", 0, AMF_OBJECT, NULL);
	differ("ECMA arrays in memory", accessors, "", 0, AMF_ECMA_ARRAY, "Debian's looks for no prefix in them");
	differ("strict arrays in memory", accessors, "", 0, AMF_STRICT_ARRAY, NULL);
	differ("members of a class", class_members, letters, sizeof letters, 0, NULL);
	differ("bare bytes", bare, numbers, sizeof numbers - 1, 0, NULL);
	differ("AMF3 integers of four bytes", bare, wide, sizeof wide, 0,
	       "Debian's sign gets into the fourth byte's bits");
	return differ_end();
}
