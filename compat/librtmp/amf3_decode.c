/* SPDX-License-Identifier: MIT */
/*
 * Reading AMF3, as far as Flash servers have sent it to players: values that stand by themselves, and objects of them.
 * References to what came before are not resolved: a string or object of that kind is empty, and a class or a member's
 * name of that kind cannot be read, for nothing says what follows.
 */
#include <librtmp/log.h>

#include "amf_impl.h"

int AMF3ReadInteger(const char *data, int32_t *valp);
int AMF3ReadString(const char *data, AVal *str);

enum { U29_SIGN = 1 << 28, U29_RANGE = 1 << 29 };

/* 1.3.1: three bytes of seven bits as long as their first bit says that more follow, and a fourth of eight. */
static uint32_t read_u29(struct slu_cursor *c)
{
	uint32_t v = 0;
	uint8_t byte;

	for (int i = 0; i < 3; i++) {
		byte = slu_cursor_u8(c);
		v = v << 7 | (byte & 0x7f);
		if (!(byte & 0x80))
			return v;
	}
	return v << 8 | slu_cursor_u8(c);
}

static int32_t signed_u29(uint32_t v)
{
	return (int32_t)v - (v & U29_SIGN ? U29_RANGE : 0);
}

/* 1.3.2. False: a reference, and *text is empty. */
static bool read_text(struct slu_compat_amf *a, AVal *text)
{
	uint32_t header = read_u29(&a->c);

	*text = (AVal){NULL, 0};
	if (!(header & 1))
		return false;
	*text = slu_compat_amf_text(a, header >> 1);
	return true;
}

/* A value without a name, as a member called name. */
static bool read_member(struct slu_compat_amf *a, AMFObject *obj, const AVal *name)
{
	AMFObjectProperty prop = slu_compat_amf_nothing;

	if (!slu_compat_amf3_value(a, &prop))
		return false;
	prop.p_name = *name;
	return slu_compat_amf_member(a, obj, &prop);
}

/* 3.12: the names of all members come before the first value, so the names are read twice. */
static bool read_sealed(struct slu_compat_amf *a, AMFObject *obj, uint32_t n)
{
	struct slu_compat_amf names = *a;
	AVal name;

	for (uint32_t i = 0; i < n; i++)
		if (!read_text(a, &name) || a->c.bad)
			return false;
	for (uint32_t i = 0; i < n; i++)
		if (!read_text(&names, &name) || !read_member(a, obj, &name))
			return false;
	return true;
}

/* Members with a name each, up to an empty one. */
static bool read_dynamic(struct slu_compat_amf *a, AMFObject *obj)
{
	AVal name;

	for (;;) {
		if (!read_text(a, &name) || a->c.bad)
			return false;
		if (!name.av_len)
			return true;
		if (!read_member(a, obj, &name))
			return false;
	}
}

/* What a class writes in a form of its own is one value where Flash's own classes do it (ArrayCollection). */
static bool read_externalizable(struct slu_compat_amf *a, AMFObject *obj)
{
	static char text[] = "DEFAULT_ATTRIBUTE";
	static const AVal name = AVC(text);

	return read_member(a, obj, &name);
}

/* The bits of the header, from the lowest: no reference, no reference to a class, externalizable, dynamic, and how many
 * members the class has. */
bool slu_compat_amf3_object(struct slu_compat_amf *a, AMFObject *obj)
{
	uint32_t header = read_u29(&a->c);
	AVal class;

	*obj = (AMFObject){0, NULL};
	if (!(header & 1))
		return !a->c.bad;
	if (!(header & 2) || !read_text(a, &class) || a->c.bad)
		return false;
	if (header & 4)
		return read_externalizable(a, obj);
	return read_sealed(a, obj, header >> 4) && (!(header & 8) || read_dynamic(a, obj));
}

static bool read_object(struct slu_compat_amf *a, AMFObjectProperty *prop)
{
	bool ok = slu_compat_amf_enter(a);

	if (!ok)
		return false;
	ok = slu_compat_amf3_object(a, &prop->p_vu.p_object);
	slu_compat_amf_leave(a);
	if (!ok)
		AMF_Reset(&prop->p_vu.p_object);
	return ok;
}

static bool read_null(struct slu_compat_amf *a, AMFObjectProperty *prop)
{
	(void)a;
	(void)prop;
	return true;
}

static bool read_true(struct slu_compat_amf *a, AMFObjectProperty *prop)
{
	(void)a;
	prop->p_vu.p_number = 1;
	return true;
}

static bool read_integer(struct slu_compat_amf *a, AMFObjectProperty *prop)
{
	prop->p_vu.p_number = signed_u29(read_u29(&a->c));
	return true;
}

static bool read_double(struct slu_compat_amf *a, AMFObjectProperty *prop)
{
	prop->p_vu.p_number = slu_cursor_double(&a->c);
	return true;
}

static bool read_string(struct slu_compat_amf *a, AMFObjectProperty *prop)
{
	read_text(a, &prop->p_vu.p_aval);
	return true;
}

/* 3.10 */
static bool read_date(struct slu_compat_amf *a, AMFObjectProperty *prop)
{
	if (read_u29(&a->c) & 1)
		return read_double(a, prop);
	prop->p_type = AMF_NULL;
	return true;
}

/* By marker; what is decoded has AMF0's types. */
static const struct reader {
	bool (*read)(struct slu_compat_amf *a, AMFObjectProperty *prop);
	AMFDataType type;
} readers[] = {
	[AMF3_UNDEFINED] = {read_null, AMF_NULL},    [AMF3_NULL] = {read_null, AMF_NULL},
	[AMF3_FALSE] = {read_null, AMF_BOOLEAN},     [AMF3_TRUE] = {read_true, AMF_BOOLEAN},
	[AMF3_INTEGER] = {read_integer, AMF_NUMBER}, [AMF3_DOUBLE] = {read_double, AMF_NUMBER},
	[AMF3_STRING] = {read_string, AMF_STRING},   [AMF3_XML_DOC] = {read_string, AMF_STRING},
	[AMF3_DATE] = {read_date, AMF_NUMBER},       [AMF3_OBJECT] = {read_object, AMF_OBJECT},
	[AMF3_XML] = {read_string, AMF_STRING},
};

bool slu_compat_amf3_value(struct slu_compat_amf *a, AMFObjectProperty *prop)
{
	const struct reader *r;
	uint8_t marker = slu_cursor_u8(&a->c);

	if (a->c.bad)
		return false;
	if (marker >= sizeof readers / sizeof readers[0] || !readers[marker].read) {
		RTMP_Log(RTMP_LOGDEBUG, "AMF3: a value of type %d, which this library does not read", marker);
		return false;
	}
	r = &readers[marker];
	prop->p_vu = slu_compat_amf_nothing.p_vu;
	prop->p_type = r->type;
	if (r->read(a, prop) && !a->c.bad)
		return true;
	*prop = slu_compat_amf_nothing;
	return false;
}

static int taken(const struct slu_compat_amf *a, const char *data, bool ok)
{
	return ok && !a->c.bad ? (int)(a->c.p - (const uint8_t *)data) : -1;
}

int AMF3Prop_Decode(AMFObjectProperty *prop, const char *pBuffer, int nSize, int bDecodeName)
{
	struct slu_compat_amf a = slu_compat_amf_begin(pBuffer, nSize);
	AVal name = {NULL, 0};
	bool ok;

	*prop = slu_compat_amf_nothing;
	if (bDecodeName) {
		ok = read_text(&a, &name);
		if (!ok || a.c.bad || !name.av_len)
			return taken(&a, pBuffer, ok);
	}
	ok = slu_compat_amf3_value(&a, prop);
	if (ok)
		prop->p_name = name;
	return taken(&a, pBuffer, ok);
}

int AMF3_Decode(AMFObject *obj, const char *pBuffer, int nSize, int bDecodeName)
{
	struct slu_compat_amf a = slu_compat_amf_begin(pBuffer, nSize);

	*obj = (AMFObject){0, NULL};
	if (bDecodeName && slu_cursor_u8(&a.c) != AMF3_OBJECT)
		return -1;
	return taken(&a, pBuffer, slu_compat_amf3_object(&a, obj));
}

/* These two have no header, but are exported: from bytes of which the caller knows that they are all there. */
int AMF3ReadInteger(const char *data, int32_t *valp)
{
	struct slu_cursor c = slu_cursor(data, 4);
	const uint8_t *start = c.p;

	*valp = signed_u29(read_u29(&c));
	return (int)(c.p - start);
}

int AMF3ReadString(const char *data, AVal *str)
{
	int32_t header = 0;
	int n = AMF3ReadInteger(data, &header);
	int length = (int)(((uint32_t)header & (U29_RANGE - 1)) >> 1);

	*str = (AVal){NULL, 0};
	if (!(header & 1))
		return n;
	*str = (AVal){(char *)data + n, length};
	return n + length;
}
