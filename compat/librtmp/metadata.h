/* SPDX-License-Identifier: MIT */
/* What a stream says about itself. */
#ifndef COMPAT_LIBRTMP_METADATA_H
#define COMPAT_LIBRTMP_METADATA_H

#include <librtmp/rtmp.h>

/* A data message, or a part of an aggregate that is one. onMetaData's duration goes to m_fDuration, the kinds of track
 * that it names go to m_read.dataType, and all of it is logged. Returns whether it was onMetaData. */
int slu_compat_metadata(RTMP *r, const char *body, unsigned size);

/* Whether it is onMetaData: nothing else is looked at. */
int slu_compat_is_metadata(const char *body, unsigned size);

#endif
