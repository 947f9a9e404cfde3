/* SPDX-License-Identifier: MIT */
#ifndef COMPAT_LIBRTMP_LINES_H
#define COMPAT_LIBRTMP_LINES_H

#include <sluice/log.h>

/* The core's log lines become lines of RTMP_Log(). level: what is not even to be formatted is above it. */
struct slu_log slu_compat_lines(enum slu_log_level level);

/* What RTMP_Log() shows now. */
enum slu_log_level slu_compat_lines_level(void);

#endif
