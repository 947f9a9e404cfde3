/* SPDX-License-Identifier: MIT */
/*
 * AMF0 and what is needed of AMF3, as librtmp.so.1 has always offered them (Adobe, "Action Message Format -- AMF 0",
 * 2007, and "-- AMF 3", 2013).
 *
 * Ownership. Decoders copy nothing: names and strings of a decoded property point into the caller's bytes, which must
 * outlive it. Only the table of an object's members is allocated, and AMF_Reset() frees it, with the tables of the
 * objects within. Copying an AMFObject or AMFObjectProperty copies the pointer to that table: one of the two may be
 * reset. AMF_AddProp() copies a property in this sense, so the table of an object in it then belongs to the new owner.
 *
 * Encoders write to output and never past outend. They return the byte behind what they wrote, or NULL when there is no
 * room; the bytes at output are then unspecified. NULL may be passed on as the next output: the result is NULL again.
 *
 * Differs from the library that this one replaces: it writes into exact room (that one wanted up to 4 bytes more); an
 * object whose members do not fit or have no AMF0 form is NULL (that one ended it before the first such member); a NULL
 * value keeps its name within an object. It never reads past the nSize bytes that it was given, and gives up on objects
 * that are nested more than 64 deep or where memory runs out.
 *
 * Thread safety: distinct objects may be used by distinct threads.
 */
#ifndef LIBRTMP_AMF_H
#define LIBRTMP_AMF_H

#include <stdint.h>
#include <string.h>

#ifndef TRUE
#define TRUE  1
#define FALSE 0
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* What a property holds: AMF0's markers (AMF 0, 2.1). */
typedef enum {
	AMF_NUMBER = 0,
	AMF_BOOLEAN = 1,
	AMF_STRING = 2, /* long strings are strings too, once decoded */
	AMF_OBJECT = 3,
	AMF_MOVIECLIP = 4, /* reserved: refused */
	AMF_NULL = 5,      /* once decoded also what was undefined or unsupported */
	AMF_UNDEFINED = 6,
	AMF_REFERENCE = 7, /* refused */
	AMF_ECMA_ARRAY = 8,
	AMF_OBJECT_END = 9, /* no value */
	AMF_STRICT_ARRAY = 10,
	AMF_DATE = 11,
	AMF_LONG_STRING = 12,
	AMF_UNSUPPORTED = 13,
	AMF_RECORDSET = 14, /* reserved: refused */
	AMF_XML_DOC = 15,
	AMF_TYPED_OBJECT = 16, /* refused */
	AMF_AVMPLUS = 17,      /* one AMF3 object follows: an AMF_OBJECT once decoded */
	AMF_INVALID = 0xff     /* no value: what AMF_GetProp() finds where there is nothing */
} AMFDataType;

/* AMF 3, 3.1 */
typedef enum {
	AMF3_UNDEFINED = 0,
	AMF3_NULL = 1,
	AMF3_FALSE = 2,
	AMF3_TRUE = 3,
	AMF3_INTEGER = 4,
	AMF3_DOUBLE = 5,
	AMF3_STRING = 6,
	AMF3_XML_DOC = 7,
	AMF3_DATE = 8,
	AMF3_ARRAY = 9, /* refused */
	AMF3_OBJECT = 10,
	AMF3_XML = 11,
	AMF3_BYTE_ARRAY = 12 /* refused */
} AMF3DataType;

/* Bytes with a length. They need not end with a NUL. */
typedef struct AVal {
	char *av_val;
	int av_len;
} AVal;

/* An initialiser for an AVal from a string literal, and whether two (by address) hold the same bytes. */
#define AVC(literal)                                                                                                   \
	{                                                                                                              \
		literal, sizeof(literal) - 1                                                                           \
	}
#define AVMATCH(a, b) ((a)->av_len == (b)->av_len && !memcmp((a)->av_val, (b)->av_val, (size_t)(a)->av_len))

struct AMFObjectProperty;

/* Members in order. {0, NULL} is an empty one. The table grows 16 members at a time. */
typedef struct AMFObject {
	int o_num;
	struct AMFObjectProperty *o_props;
} AMFObject;

/* A value, and its name where it is a member: p_name.av_len is 0 where it has none. */
typedef struct AMFObjectProperty {
	AVal p_name;
	AMFDataType p_type;
	union {
		double p_number;    /* AMF_NUMBER; AMF_BOOLEAN: 0 or 1; AMF_DATE: milliseconds since 1970 */
		AVal p_aval;        /* AMF_STRING, AMF_XML_DOC */
		AMFObject p_object; /* AMF_OBJECT, AMF_ECMA_ARRAY, AMF_STRICT_ARRAY */
	} p_vu;
	int16_t p_UTCoffset; /* AMF_DATE: minutes */
} AMFObjectProperty;

/* One value each, with its marker: AMF_EncodeString() makes a long string of 65,536 bytes and more. The integers are
 * the bare bytes, the most significant first. */
char *AMF_EncodeString(char *output, char *outend, const AVal *str);
char *AMF_EncodeNumber(char *output, char *outend, double dVal);
char *AMF_EncodeInt16(char *output, char *outend, short nVal);
char *AMF_EncodeInt24(char *output, char *outend, int nVal);
char *AMF_EncodeInt32(char *output, char *outend, int nVal);
char *AMF_EncodeBoolean(char *output, char *outend, int bVal);

/* A member: name (at most 65,535 bytes), then value. */
char *AMF_EncodeNamedString(char *output, char *outend, const AVal *name, const AVal *value);
char *AMF_EncodeNamedNumber(char *output, char *outend, const AVal *name, double dVal);
char *AMF_EncodeNamedBoolean(char *output, char *outend, const AVal *name, int bVal);

/* Bare bytes, without a marker and without a limit: the caller knows that they are all there, up to 4 + length bytes
 * for AMF_DecodeLongString(). The strings point to where their bytes are. */
unsigned short AMF_DecodeInt16(const char *data);
unsigned int AMF_DecodeInt24(const char *data);
unsigned int AMF_DecodeInt32(const char *data);
void AMF_DecodeString(const char *data, AVal *str);
void AMF_DecodeLongString(const char *data, AVal *str);
int AMF_DecodeBoolean(const char *data);
double AMF_DecodeNumber(const char *data);

/* Objects and arrays, with marker and end. An ECMA array's members have names, those of AMF_EncodeArray(), a strict
 * array, have none. */
char *AMF_Encode(AMFObject *obj, char *pBuffer, char *pBufEnd);
char *AMF_EncodeEcmaArray(AMFObject *obj, char *pBuffer, char *pBufEnd);
char *AMF_EncodeArray(AMFObject *obj, char *pBuffer, char *pBufEnd);

/* AMF_Decode() reads values into obj, whose former contents are forgotten without being freed, until the end of an
 * object or of the bytes: with bDecodeName the inside of an object, without it the values of a message.
 * AMF_DecodeArray() reads nArrayLen values. AMF3_Decode() reads one AMF3 object, with bDecodeName from its marker on,
 * else from behind it; its references to earlier strings, objects and classes are not resolved, and read as nothing.
 *
 * They return how many bytes they took, or -1 when what is there is malformed, cut off within a value, or of a type
 * that is refused; obj then has the members before that. AMF_Reset() is called in either case. */
int AMF_Decode(AMFObject *obj, const char *pBuffer, int nSize, int bDecodeName);
int AMF_DecodeArray(AMFObject *obj, const char *pBuffer, int nSize, int nArrayLen, int bDecodeName);
int AMF3_Decode(AMFObject *obj, const char *pBuffer, int nSize, int bDecodeName);

/* Tells the log what is in obj, at RTMP_LOGDEBUG: strings included, so it is not for what holds a secret. */
void AMF_Dump(AMFObject *obj);

/* Frees the table, and those of the objects within. obj is empty, and usable again. */
void AMF_Reset(AMFObject *obj);

/* Appends a copy of prop. Where memory runs out, obj stays what it was. */
void AMF_AddProp(AMFObject *obj, const AMFObjectProperty *prop);
int AMF_CountProp(AMFObject *obj);

/* Member nIndex, or with a negative nIndex the first called name. Where there is none: one of type AMF_INVALID, which
 * is not to be written to. It stays where it is until the next AMF_AddProp(). */
AMFObjectProperty *AMF_GetProp(AMFObject *obj, const AVal *name, int nIndex);

/* Reading a property. GetString and GetObject of another type give an empty one; GetNumber and GetBoolean do not ask
 * for the type. GetObject shares the table with the property. */
AMFDataType AMFProp_GetType(AMFObjectProperty *prop);
void AMFProp_GetName(AMFObjectProperty *prop, AVal *name);
void AMFProp_SetName(AMFObjectProperty *prop, AVal *name); /* shares the bytes */
double AMFProp_GetNumber(AMFObjectProperty *prop);
int AMFProp_GetBoolean(AMFObjectProperty *prop);
void AMFProp_GetString(AMFObjectProperty *prop, AVal *str);
void AMFProp_GetObject(AMFObjectProperty *prop, AMFObject *obj);

/* These have always been declared, and no librtmp.so.1 has them: a program that calls one does not link. */
void AMFProp_SetNumber(AMFObjectProperty *prop, double dval);
void AMFProp_SetBoolean(AMFObjectProperty *prop, int bflag);
void AMFProp_SetString(AMFObjectProperty *prop, AVal *str);
void AMFProp_SetObject(AMFObjectProperty *prop, AMFObject *obj);

int AMFProp_IsValid(AMFObjectProperty *prop); /* its type is not AMF_INVALID */

/* A value, after its name if it has one; the name of a value of type AMF_NULL is left out here. */
char *AMFProp_Encode(AMFObjectProperty *prop, char *pBuffer, char *pBufEnd);

/* One value, with bDecodeName after its name. prop's former contents are forgotten. They return how many bytes they
 * took, or -1 as above; prop then holds nothing to reset. AMF3Prop_Decode() returns the length of an empty name, the
 * end of an AMF3 object, with prop of type AMF_INVALID. */
int AMF3Prop_Decode(AMFObjectProperty *prop, const char *pBuffer, int nSize, int bDecodeName);
int AMFProp_Decode(AMFObjectProperty *prop, const char *pBuffer, int nSize, int bDecodeName);

void AMFProp_Dump(AMFObjectProperty *prop);  /* as AMF_Dump() */
void AMFProp_Reset(AMFObjectProperty *prop); /* as AMF_Reset(); its type is AMF_INVALID then */

/* What an AMF3 object's class is called and which members all its objects have. The caller frees cd_props, which grows
 * by 16. */
typedef struct AMF3ClassDef {
	AVal cd_name;
	char cd_externalizable;
	char cd_dynamic;
	int cd_num;
	AVal *cd_props;
} AMF3ClassDef;

void AMF3CD_AddProp(AMF3ClassDef *cd, AVal *prop);
AVal *AMF3CD_GetProp(AMF3ClassDef *cd, int idx); /* an empty one, not to be written to, where there is none */

#ifdef __cplusplus
}
#endif
#endif
