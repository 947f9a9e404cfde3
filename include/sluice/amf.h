/* SPDX-License-Identifier: MIT */
/*
 * AMF0 and AMF3 (Adobe, "Action Message Format -- AMF 0", 2007, and "-- AMF 3", 2013).
 *
 * Decoding makes a tree of values in a document. The tree's nodes lie in one growable array, so nothing here recurses
 * and a hostile peer's nesting costs no stack. Strings and byte arrays are not copied: they point into the decoded
 * bytes, which must outlive the document's use or be decoded again.
 *
 * Both versions share one model. AMF0's switch marker (0x11, "avmplus") is followed by one AMF3 value, in place.
 * References (AMF0 0x07, AMF3's object, string and traits tables) are resolved: a referenced value reads as the value
 * itself, so a cyclic input is a cyclic graph. Walk it with a bound (slu_amf_doc_limits.max_values is one). AMF3
 * externalizable objects have no self-describing form and are refused with SLU_ERR_AMF.
 *
 * Thread safety: a document or writer belongs to one thread at a time; values of a document may be read by many
 * threads while none decodes into it.
 */
#ifndef SLUICE_AMF_H
#define SLUICE_AMF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum slu_amf_version { SLU_AMF0 = 0, SLU_AMF3 = 3 };

enum slu_amf_type {
	SLU_AMF_ABSENT, /* what a NULL value reads as */
	SLU_AMF_UNDEFINED,
	SLU_AMF_NULL,
	SLU_AMF_BOOLEAN,
	SLU_AMF_NUMBER,       /* double; AMF3 integers too, see slu_amf_is_integer() */
	SLU_AMF_STRING,       /* string and long string */
	SLU_AMF_OBJECT,       /* anonymous or typed (slu_amf_class_name()); members have names */
	SLU_AMF_ECMA_ARRAY,   /* members have names; AMF3 arrays with an associative part, whose dense part has no names
			       */
	SLU_AMF_STRICT_ARRAY, /* members have no names; AMF3 dense arrays */
	SLU_AMF_DATE,         /* milliseconds since 1970-01-01 UTC */
	SLU_AMF_XML,          /* XMLDocument and XML: a string */
	SLU_AMF_BYTE_ARRAY,   /* AMF3 */
	SLU_AMF_VECTOR,       /* AMF3 vectors of int, uint, double, object: members have no names */
	SLU_AMF_DICTIONARY,   /* AMF3: members alternate key, value, and have no names */
	SLU_AMF_UNSUPPORTED   /* AMF0 0x0D */
};

/* Bytes that are not NUL-terminated and may contain NUL; UTF-8 if the peer kept to the specification. */
struct slu_amf_str {
	const char *s;
	size_t n;
};

struct slu_amf_doc;
struct slu_amf_value;

/* 0 in a field stands for its default. */
struct slu_amf_limits {
	unsigned max_depth;  /* of nested containers; default 64 */
	unsigned max_values; /* nodes in one document, including traits members; default 16384 */
};

/* An empty document. limits may be NULL. NULL when out of memory. The caller calls slu_amf_doc_free(). */
struct slu_amf_doc *slu_amf_doc_new(const struct slu_amf_limits *limits);
void slu_amf_doc_free(struct slu_amf_doc *doc);

/* Drops what doc holds and decodes all n bytes at data: a sequence of values, which become the members of the root.
 * 0, SLU_ERR_AMF (malformed, cut off, too deep, too many values), or SLU_ERR_NOMEM. After a failure the root has what
 * was whole, so that a refusal with a broken tail can still be read: a container that was cut off is there with those
 * of its members that were whole. slu_amf_doc_error() says in a sentence what is wrong and at which byte. */
int slu_amf_decode(struct slu_amf_doc *doc, enum slu_amf_version version, const void *data, size_t n);

/* Like slu_amf_decode(), but stops after one value and says in *used how many bytes it took. */
int slu_amf_decode_one(struct slu_amf_doc *doc, enum slu_amf_version version, const void *data, size_t n, size_t *used);

/* "" after a success. */
const char *slu_amf_doc_error(const struct slu_amf_doc *doc);

/* The root: a strict array of the decoded values. Never NULL. Valid until the next decode or free. */
const struct slu_amf_value *slu_amf_root(const struct slu_amf_doc *doc);

/* Reading values. v may be NULL everywhere: it reads as SLU_AMF_ABSENT and yields nothing. Functions that return bool
 * leave *out alone when they return false. */
enum slu_amf_type slu_amf_type(const struct slu_amf_value *v);
const char *slu_amf_type_name(enum slu_amf_type type);
bool slu_amf_number(const struct slu_amf_value *v, double *out);
bool slu_amf_is_integer(const struct slu_amf_value *v); /* it came as an AMF3 integer, or in a vector of them */
bool slu_amf_boolean(const struct slu_amf_value *v, bool *out);
bool slu_amf_string(const struct slu_amf_value *v, struct slu_amf_str *out); /* STRING and XML */
bool slu_amf_bytes(const struct slu_amf_value *v, const uint8_t **data, size_t *n);
bool slu_amf_date(const struct slu_amf_value *v, double *ms, int *utc_offset_minutes); /* the offset is 0 in AMF3 */

/* Containers: members in wire order. slu_amf_name() is {"", 0} for a member without a name. */
size_t slu_amf_count(const struct slu_amf_value *v);
const struct slu_amf_value *slu_amf_first(const struct slu_amf_value *v);
const struct slu_amf_value *slu_amf_next(const struct slu_amf_value *member);
struct slu_amf_str slu_amf_name(const struct slu_amf_value *member);
struct slu_amf_str slu_amf_class_name(const struct slu_amf_value *v);
const struct slu_amf_value *slu_amf_at(const struct slu_amf_value *v, size_t index);      /* NULL when absent */
const struct slu_amf_value *slu_amf_get(const struct slu_amf_value *v, const char *name); /* the last so named */

/* True when s equals the NUL-terminated text. */
bool slu_amf_str_is(struct slu_amf_str s, const char *text);

/* Encoding. A writer appends values to a buffer of its own, which grows to max bytes (0: 65536). Its errors are
 * sticky, so that only slu_amf_writer_end() need be checked: SLU_ERR_NOMEM, SLU_ERR_LIMIT when max is exceeded,
 * SLU_ERR_INVALID for ends without begins, members without a name (or names where there are none, or empty ones in
 * AMF3), strings over the version's length. Everywhere w may be NULL: it reads as one that ran out of memory. */
struct slu_amf_writer;

struct slu_amf_writer *slu_amf_writer_new(enum slu_amf_version version, size_t max);
void slu_amf_writer_free(struct slu_amf_writer *w);

void slu_amf_put_number(struct slu_amf_writer *w, double value); /* AMF3: as integer where it is one of 29 bits */
void slu_amf_put_boolean(struct slu_amf_writer *w, bool value);
void slu_amf_put_string(struct slu_amf_writer *w, const char *text);
void slu_amf_put_string_n(struct slu_amf_writer *w, const char *s, size_t n); /* long string when over 65535 */
void slu_amf_put_null(struct slu_amf_writer *w);
void slu_amf_put_undefined(struct slu_amf_writer *w);
void slu_amf_put_date(struct slu_amf_writer *w, double ms, int utc_offset_minutes);
/* Containers. Between begin and end of an object or ECMA array, each member is slu_amf_put_name() and one value. */
void slu_amf_begin_object(struct slu_amf_writer *w, const char *class_name); /* NULL: anonymous */
void slu_amf_begin_ecma_array(struct slu_amf_writer *w, uint32_t count);
void slu_amf_begin_strict_array(struct slu_amf_writer *w, uint32_t count); /* ends by itself after count values */
void slu_amf_put_name(struct slu_amf_writer *w, const char *name);
void slu_amf_end(struct slu_amf_writer *w); /* of the innermost object or ECMA array */
/* Copies v, a decoded value (with all that is in it), in the writer's version. References are written as what they
 * stand for. What holds itself, or is nested more than 4096 deep, ends with SLU_ERR_LIMIT. What a version has no form
 * for: vectors become strict arrays; AMF0 names an AMF3 array's dense part "0", "1"...; AMF3 has undefined for
 * unsupported; byte arrays and dictionaries are SLU_ERR_INVALID in AMF0. NULL is written as undefined. */
void slu_amf_put_value(struct slu_amf_writer *w, const struct slu_amf_value *v);

/* 0 and the encoded bytes, owned by w and valid until its next call; or the sticky error. The writer is empty again
 * with the next put. */
int slu_amf_writer_end(struct slu_amf_writer *w, const uint8_t **data, size_t *n);

#ifdef __cplusplus
}
#endif
#endif
