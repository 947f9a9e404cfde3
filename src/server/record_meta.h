/* SPDX-License-Identifier: MIT */
/* The script tag that a recording begins with: the publisher's metadata, and room for duration and file size. */
#ifndef SLU_SERVER_RECORD_META_H
#define SLU_SERVER_RECORD_META_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

/* Where in the body the doubles of "duration" and "filesize" are, which come first. */
enum { SLU_RECORD_META_DURATION = 29, SLU_RECORD_META_FILESIZE = 48 };

/*
 * Appends the body of an onMetaData script tag (E.5) to out, with the members of the one at data (n bytes, AMF0), but
 * for those that the recorder knows better. data may be NULL: then it has only those. 0, or SLU_ERR_AMF when data is
 * not understood, SLU_ERR_LIMIT or SLU_ERR_NOMEM.
 */
int slu_record_meta(struct slu_buf *out, const uint8_t *data, size_t n);

#endif
