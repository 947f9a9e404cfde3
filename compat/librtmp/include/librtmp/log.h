/* SPDX-License-Identifier: MIT */
/*
 * What the library has to say. Levels, callback and output are the process's: set them before threads begin.
 *
 * Differs from the library that this one replaces: a line is formatted before the callback gets it, and is under 2,048
 * bytes whatever a peer sent; the callback's format is "%s", with one argument.
 */
#ifndef LIBRTMP_LOG_H
#define LIBRTMP_LOG_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum {
	RTMP_LOGCRIT = 0,
	RTMP_LOGERROR = 1, /* the level at first */
	RTMP_LOGWARNING = 2,
	RTMP_LOGINFO = 3,
	RTMP_LOGDEBUG = 4,
	RTMP_LOGDEBUG2 = 5,
	RTMP_LOGALL = 6
} RTMP_LogLevel;

/* Programs read and write it: the same as RTMP_LogGetLevel() and RTMP_LogSetLevel(). */
extern RTMP_LogLevel RTMP_debuglevel;

/* Called with each line that the level lets through, without a newline. It may use args once. */
typedef void(RTMP_LogCallback)(int level, const char *fmt, va_list args);

/* Without one, lines go to the output as "LEVEL: line". NULL takes the callback away. */
void RTMP_LogSetCallback(RTMP_LogCallback *cb);

/* Where lines go when there is no callback: stderr at first, and again after NULL. The caller closes it, later. */
void RTMP_LogSetOutput(FILE *file);

#ifdef __GNUC__
#define LIBRTMP_PRINTF(format, first) __attribute__((__format__(__printf__, format, first)))
#else
#define LIBRTMP_PRINTF(format, first)
#endif

/* For programs, not affected by the callback: text as it is, unless the level is RTMP_LOGCRIT. A status is a line that
 * the next one is to overwrite, so what comes after it, and is no status, begins a new line first. */
void RTMP_LogPrintf(const char *format, ...) LIBRTMP_PRINTF(1, 2);
void RTMP_LogStatus(const char *format, ...) LIBRTMP_PRINTF(1, 2);

void RTMP_Log(int level, const char *format, ...) LIBRTMP_PRINTF(2, 3);

/* Lines of 16 bytes: as hexadecimal digits, and as an offset, digits and what is printable. */
void RTMP_LogHex(int level, const uint8_t *data, unsigned long len);
void RTMP_LogHexString(int level, const uint8_t *data, unsigned long len);

void RTMP_LogSetLevel(RTMP_LogLevel lvl);
RTMP_LogLevel RTMP_LogGetLevel(void);

#ifdef __cplusplus
}
#endif
#endif
