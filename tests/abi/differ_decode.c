/* SPDX-License-Identifier: MIT */
/* Decoding AMF on Debian's librtmp.so.1 and on ours. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "differ.h"

enum { MESSAGES = 400 };

static uint32_t seed = 20151223;

static uint32_t random_below(uint32_t n)
{
	return differ_random(&seed, n);
}

/* What is decoded. */

static void print_string(const struct input *in, const AVal *v, FILE *out)
{
	if (v->av_len <= 0)
		fprintf(out, "\"\" %d", v->av_len);
	else if (v->av_val < in->data || v->av_val + v->av_len > in->data + in->n)
		fprintf(out, "elsewhere %d", v->av_len);
	else
		fprintf(out, "at %td, %d", v->av_val - in->data, v->av_len);
}

static void print_prop(const struct input *in, const AMFObjectProperty *p, int depth, FILE *out);

static void print_object(const struct input *in, const AMFObject *obj, int depth, FILE *out)
{
	for (int i = 0; i < obj->o_num; i++)
		print_prop(in, &obj->o_props[i], depth, out);
}

static void print_prop(const struct input *in, const AMFObjectProperty *p, int depth, FILE *out)
{
	uint64_t bits;

	fprintf(out, "%*s", depth * 2, "");
	print_string(in, &p->p_name, out);
	fprintf(out, ": %d ", p->p_type);
	switch (p->p_type) {
	case AMF_NUMBER:
	case AMF_BOOLEAN:
	case AMF_DATE:
		memcpy(&bits, &p->p_vu.p_number, sizeof bits);
		fprintf(out, "%" PRIx64 " %d\n", bits, p->p_type == AMF_DATE ? p->p_UTCoffset : 0);
		break;
	case AMF_STRING:
	case AMF_XML_DOC:
		print_string(in, &p->p_vu.p_aval, out);
		fprintf(out, "\n");
		break;
	case AMF_OBJECT:
	case AMF_ECMA_ARRAY:
	case AMF_STRICT_ARRAY:
		fprintf(out, "%d members\n", p->p_vu.p_object.o_num);
		print_object(in, &p->p_vu.p_object, depth + 1, out);
		break;
	default:
		fprintf(out, "\n");
	}
}

/* number is the way to decode. */
enum { MESSAGE, INSIDE, VALUE, MEMBER, ARRAY, AMF3_MARKED, AMF3_BARE, AMF3_VALUE, AMF3_MEMBER, WAYS };

static int decode_object(const struct api *lib, const struct input *in, AMFObject *obj)
{
	switch (in->number) {
	case MESSAGE:
	case INSIDE:
		return lib->AMF_Decode(obj, in->data, in->n, in->number == INSIDE);
	case ARRAY:
		return lib->AMF_DecodeArray(obj, in->data, in->n, 3, FALSE);
	default:
		return lib->AMF3_Decode(obj, in->data, in->n, in->number == AMF3_MARKED);
	}
}

static int decode_prop(const struct api *lib, const struct input *in, AMFObjectProperty *prop)
{
	if (in->number == VALUE || in->number == MEMBER)
		return lib->AMFProp_Decode(prop, in->data, in->n, in->number == MEMBER);
	return lib->AMF3Prop_Decode(prop, in->data, in->n, in->number == AMF3_MEMBER);
}

static void decode(const struct api *lib, const struct input *in, FILE *out)
{
	bool object = in->number < VALUE || in->number == ARRAY || in->number == AMF3_MARKED || in->number == AMF3_BARE;
	AMFObjectProperty prop = {.p_type = AMF_NULL};
	AMFObject obj = {0, NULL};
	int n = object ? decode_object(lib, in, &obj) : decode_prop(lib, in, &prop);

	fprintf(out, "%d\n", n);
	if (object) {
		print_object(in, &obj, 0, out);
		lib->AMF_Reset(&obj);
	} else if (n >= 0) {
		if (in->number != AMF3_MEMBER || prop.p_name.av_len)
			print_prop(in, &prop, 0, out);
		lib->AMFProp_Reset(&prop);
	}
}

/* A random message, sound but for what is broken in it afterwards. */

struct message {
	char data[2000];
	int n;
};

static void add_byte(struct message *m, unsigned byte)
{
	if (m->n < (int)sizeof m->data)
		m->data[m->n++] = (char)byte;
}

static void add_bytes(struct message *m, uint32_t n, int spread)
{
	while (n--)
		add_byte(m, random_below(8) ? 'a' + random_below(26) : random_below((uint32_t)spread));
}

static void add_u16(struct message *m, uint32_t v)
{
	add_byte(m, v >> 8);
	add_byte(m, v);
}

static void add_u32(struct message *m, uint32_t v)
{
	add_u16(m, v >> 16);
	add_u16(m, v);
}

static void add_name(struct message *m)
{
	uint32_t n = 1 + random_below(9);

	add_u16(m, n);
	add_bytes(m, n, 256);
}

static void add_amf3(struct message *m);

static void add_value(struct message *m, int depth)
{
	static const unsigned char types[] = {0, 0, 1, 2, 2, 3, 5, 6, 8, 10, 11, 12, 13, 15, 17};
	unsigned type = random_below(40) ? types[random_below(sizeof types)] : random_below(256);
	uint32_t n = random_below(5);

	if (depth == 0 && (type == 3 || type == 8 || type == 10 || type == 17))
		type = 5;
	add_byte(m, type);
	switch (type) {
	case 0:
		add_bytes(m, 8, 256);
		break;
	case 1:
		add_byte(m, random_below(3));
		break;
	case 2:
		add_u16(m, n);
		add_bytes(m, n, 256);
		break;
	case 8:
		add_u32(m, random_below(3) ? n : random_below(1000));
		/* fall through */
	case 3:
		while (n--) {
			add_name(m);
			add_value(m, depth - 1);
		}
		add_bytes(m, 0, 1);
		add_u16(m, 0);
		add_byte(m, 9);
		break;
	case 10:
		add_u32(m, n);
		while (n--)
			add_value(m, depth - 1);
		break;
	case 11:
		add_bytes(m, 10, 256);
		break;
	case 12:
	case 15:
		add_u32(m, n);
		add_bytes(m, n, 256);
		break;
	case 17:
		add_byte(m, AMF3_OBJECT);
		add_amf3(m);
		break;
	default:
		break;
	}
}

/* AMF3, of what both read: no references, and no objects in objects. */

static void add_text3(struct message *m, uint32_t n)
{
	add_byte(m, n << 1 | 1);
	while (n--)
		add_byte(m, 'A' + random_below(26));
}

static void add_value3(struct message *m)
{
	static const unsigned char types[] = {0, 1, 2, 3, 4, 4, 5, 6, 6, 7, 8, 11, 9, 12};
	unsigned type = types[random_below(random_below(30) ? 12 : sizeof types)];

	add_byte(m, type);
	switch (type) {
	case AMF3_INTEGER:
		for (uint32_t n = random_below(3); n; n--)
			add_byte(m, 0x80 | random_below(128));
		add_byte(m, random_below(128));
		break;
	case AMF3_DATE:
		add_byte(m, 1);
		/* fall through */
	case AMF3_DOUBLE:
		add_bytes(m, 8, 256);
		break;
	case AMF3_STRING:
	case AMF3_XML_DOC:
	case AMF3_XML:
		add_text3(m, random_below(9));
		break;
	default:
		break;
	}
}

/* An object behind its marker. */
static void add_amf3(struct message *m)
{
	uint32_t kind = random_below(10), dynamic = kind < 5, external = kind == 9,
		 sealed = external ? 0 : random_below(4);

	add_byte(m, sealed << 4 | dynamic << 3 | external << 2 | 3);
	add_text3(m, random_below(6));
	for (uint32_t i = 0; i < sealed; i++)
		add_text3(m, 1 + random_below(5));
	if (external) {
		add_value3(m);
		return;
	}
	while (sealed--)
		add_value3(m);
	if (!dynamic)
		return;
	for (uint32_t i = random_below(4); i; i--) {
		add_text3(m, 1 + random_below(5));
		add_value3(m);
	}
	add_byte(m, 1);
}

static void make_message(struct message *m, int way)
{
	m->n = 0;
	switch (way) {
	case MESSAGE:
	case VALUE:
	case ARRAY:
		for (uint32_t n = way == VALUE ? 1 : 3; n; n--)
			add_value(m, 3);
		break;
	case INSIDE:
	case MEMBER:
		for (uint32_t n = way == MEMBER ? 1 : random_below(5); n; n--) {
			add_name(m);
			add_value(m, 3);
		}
		break;
	case AMF3_MARKED:
		add_byte(m, AMF3_OBJECT);
		/* fall through */
	case AMF3_BARE:
		add_amf3(m);
		break;
	case AMF3_MEMBER:
		add_text3(m, random_below(5));
		/* fall through */
	default:
		add_value3(m);
	}
}

static void break_message(struct message *m)
{
	switch (random_below(4)) {
	case 0:
		m->n = (int)random_below((uint32_t)m->n + 1);
		break;
	case 1:
		for (uint32_t i = 1 + random_below(3); i && m->n; i--)
			m->data[random_below((uint32_t)m->n)] = (char)random_below(random_below(2) ? 256 : 18);
		break;
	default:
		break;
	}
}

/* A copy of printed text without members that have no name, and without how many there are. */
static char *without_nameless(const char *text, bool top)
{
	char *copy = calloc(1, strlen(text) + 1), *out = copy;

	if (!copy)
		abort();
	while (*text) {
		size_t n = strcspn(text, "\n") + 1, blanks = strspn(text, " ");
		const char *counted = memmem(text, n, ": 3 ", 4);

		if (strncmp(text + blanks, "\"\" 0", 4) != 0 || (!blanks && !top)) {
			memcpy(out, text, n);
			if (counted && memmem(text, n, " members", 8))
				memset(out + (counted - text) + 4, '#', n - (size_t)(counted - text) - 4);
			out += n;
		}
		text += n;
	}
	return copy;
}

static bool same_names(const char *a, const char *b, bool top)
{
	char *one = without_nameless(a, top), *other = without_nameless(b, top);
	bool same = strcmp(one, other) == 0;

	free(one);
	free(other);
	return same;
}

static const char *decoding_reason(const struct input *in, const char *debians, const char *ours)
{
	bool bare = in->number == AMF3_MARKED || in->number == AMF3_BARE;
	bool amf3 = in->number >= AMF3_MARKED || memchr(in->data, AMF_AVMPLUS, (size_t)in->n);
	bool refused = strncmp(ours, "-1\n", 3) == 0, both = refused && strncmp(debians, "-1\n", 3) == 0;

	if (refused && atoi(debians) > in->n)
		return "Debian's takes more bytes than there are";
	if (both && strncmp(debians, ours, strlen(ours)) == 0)
		return "Debian's keeps part of what it refuses";
	if (!amf3)
		return NULL;
	if (same_names(debians, ours, bare))
		return "the end of an AMF3 object is a member of it in Debian's";
	if (refused)
		return both ? "Debian's keeps part of what it refuses"
			    : "Debian's goes on after an AMF3 value that it cannot read";
	if (memchr(in->data, AMF3_DATE, (size_t)in->n) && atoi(debians) == atoi(ours))
		return "an AMF3 date by reference has no type in Debian's";
	if (memchr(in->data + 1, AMF3_OBJECT, (size_t)in->n - 1))
		return "Debian's misreads an AMF3 object in an AMF3 object";
	return NULL;
}

static void decode_many(int way, const char *test)
{
	struct message m;

	for (int i = 0; i < MESSAGES; i++) {
		make_message(&m, way);
		break_message(&m);
		differ_many(decode, m.data, m.n, way, decoding_reason);
	}
	differ_many_end(test);
}

int main(void)
{
	if (!differ_begin())
		return 0;
	decode_many(MESSAGE, "AMF_Decode of messages");
	decode_many(INSIDE, "AMF_Decode of objects");
	decode_many(VALUE, "AMFProp_Decode of values");
	decode_many(MEMBER, "AMFProp_Decode of members");
	decode_many(ARRAY, "AMF_DecodeArray");
	decode_many(AMF3_MARKED, "AMF3_Decode behind a marker");
	decode_many(AMF3_BARE, "AMF3_Decode without one");
	decode_many(AMF3_VALUE, "AMF3Prop_Decode of values");
	decode_many(AMF3_MEMBER, "AMF3Prop_Decode of members");
	return differ_end();
}
