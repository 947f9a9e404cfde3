/* SPDX-License-Identifier: MIT */
/* RTMP_Read() and RTMP_Write(): what of them outlives a call. */
#ifndef COMPAT_LIBRTMP_MEDIA_H
#define COMPAT_LIBRTMP_MEDIA_H

#include <librtmp/rtmp.h>

/* RTMP_Close() lets go of what is kept, and the next stream begins anew. What a caller lent for resuming (metaHeader,
 * initialFrame) stays the caller's, and stays where it is. */
void slu_compat_read_close(RTMP *r);
void slu_compat_write_close(RTMP *r);

#endif
