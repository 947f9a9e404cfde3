/* SPDX-License-Identifier: MIT */
/* RTMP_READ_RESUME: which of the server's messages go on with the caller's file. */
#ifndef COMPAT_LIBRTMP_READ_RESUME_H
#define COMPAT_LIBRTMP_READ_RESUME_H

#include "read_flv.h"

/* 1: flv is to be taken, and has been told its timestamps; RTMP_READ_IGNORE: the file has it, or it comes before what
 * the file has; RTMP_READ_ERROR: this is not how the file goes on, which is logged. */
int slu_compat_resume(RTMP *r, struct slu_compat_flv *flv);

#endif
