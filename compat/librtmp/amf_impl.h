/* SPDX-License-Identifier: MIT */
/* The inside of AMF: what the decoders of both versions share. */
#ifndef COMPAT_LIBRTMP_AMF_IMPL_H
#define COMPAT_LIBRTMP_AMF_IMPL_H

#include <stdbool.h>

#include <librtmp/amf.h>

#include "base/cursor.h"

/* Bytes that are being decoded. A value costs up to 48 bytes of memory for one byte of a message, hence the budget. */
struct slu_compat_amf {
	struct slu_cursor c;
	unsigned depth;  /* of open containers */
	unsigned values; /* that may still come */
};

/* n below 0, or data NULL, is nothing. */
struct slu_compat_amf slu_compat_amf_begin(const char *data, int n);

/* n more bytes, as a string that points to them. */
AVal slu_compat_amf_text(struct slu_compat_amf *a, size_t n);

/* One value. False when it is malformed, cut off, refused, or memory runs out: prop then holds nothing to free. Before,
 * it is slu_compat_amf_nothing, but for a name. */
bool slu_compat_amf3_value(struct slu_compat_amf *a, AMFObjectProperty *prop);

/* An AMF3 object behind its marker. When false, obj has the members that were whole. */
bool slu_compat_amf3_object(struct slu_compat_amf *a, AMFObject *obj);

/* A container's members go between these two. Enter is false where it is nested too deep. */
bool slu_compat_amf_enter(struct slu_compat_amf *a);
void slu_compat_amf_leave(struct slu_compat_amf *a);

/* prop becomes the last member of obj; where that fails, what is in prop is freed. */
bool slu_compat_amf_member(struct slu_compat_amf *a, AMFObject *obj, AMFObjectProperty *prop);

/* AMF_AddProp(), and whether it did. */
bool slu_compat_amf_add(AMFObject *obj, const AMFObjectProperty *prop);

extern const AMFObjectProperty slu_compat_amf_nothing;

#endif
