/* SPDX-License-Identifier: MIT */
/* The log. Its state is the process's, as the interface has it. */
#include <librtmp/log.h>

#include <ctype.h>
#include <string.h>

#include "copied.h"

/* What callbacks have room for, those that do not ask included. */
enum { LINE_MAX_SIZE = 2048 };

enum { BYTES_PER_LINE = 16, DIGITS_AT = 9, GRAPH_AT = 60, HEX_LINE_SIZE = 79 };

LIBRTMP_COPIED RTMP_LogLevel RTMP_debuglevel = RTMP_LOGERROR;

static RTMP_LogCallback *callback;
static FILE *output;
static int line_is_open; /* a status was the last thing written */

static const char digits[] = "0123456789abcdef";

void RTMP_LogSetLevel(RTMP_LogLevel lvl)
{
	RTMP_debuglevel = lvl;
}

RTMP_LogLevel RTMP_LogGetLevel(void)
{
	return RTMP_debuglevel;
}

void RTMP_LogSetOutput(FILE *file)
{
	output = file;
}

void RTMP_LogSetCallback(RTMP_LogCallback *cb)
{
	callback = cb;
}

static FILE *where(void)
{
	return output ? output : stderr;
}

static void end_status(void)
{
	if (line_is_open)
		putc('\n', where());
	line_is_open = 0;
}

/* Members of arrays, which have no name, are for RTMP_LOGALL only. */
static void write_line(int level, const char *line)
{
	static const char *const names[] = {"CRIT", "ERROR", "WARNING", "INFO", "DEBUG", "DEBUG2"};
	int last = (int)(sizeof names / sizeof names[0]) - 1;

	if (RTMP_debuglevel < RTMP_LOGALL && strstr(line, "no-name"))
		return;
	end_status();
	fprintf(where(), "%s: %s\n", names[level < 0 ? 0 : level > last ? last : level], line);
}

/* A va_list is made by a call. */
static void call_back(int level, const char *format, ...) LIBRTMP_PRINTF(2, 3);

static void call_back(int level, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	callback(level, format, args);
	va_end(args);
}

void RTMP_Log(int level, const char *format, ...)
{
	char line[LINE_MAX_SIZE - 1];
	va_list args;

	if (level > (int)RTMP_debuglevel)
		return;
	va_start(args, format);
	vsnprintf(line, sizeof line, format, args);
	va_end(args);
	if (callback)
		call_back(level, "%s", line);
	else
		write_line(level, line);
}

/* For programs' own words. Returns whether they end a line. */
static int print(const char *format, va_list args)
{
	char text[LINE_MAX_SIZE - 1] = "";
	size_t n;

	vsnprintf(text, sizeof text, format, args);
	end_status();
	fputs(text, where());
	n = strlen(text);
	return n && text[n - 1] == '\n';
}

void RTMP_LogPrintf(const char *format, ...)
{
	va_list args;

	if (RTMP_debuglevel == RTMP_LOGCRIT)
		return;
	va_start(args, format);
	if (print(format, args))
		fflush(where());
	va_end(args);
}

/* One status follows another on the same line: they begin with '\r' for that. */
void RTMP_LogStatus(const char *format, ...)
{
	va_list args;

	if (RTMP_debuglevel == RTMP_LOGCRIT)
		return;
	line_is_open = 0;
	va_start(args, format);
	print(format, args);
	va_end(args);
	fflush(where());
	line_is_open = 1;
}

static void put_digits(char *out, uint8_t byte)
{
	out[0] = digits[byte >> 4];
	out[1] = digits[byte & 15];
}

/* Sixteen bytes a line, with a blank between two, and behind the last when it is not the sixteenth. */
void RTMP_LogHex(int level, const uint8_t *data, unsigned long len)
{
	char line[3 * BYTES_PER_LINE + 1];

	if (level > (int)RTMP_debuglevel)
		return;
	for (unsigned long at = 0; at < len; at += BYTES_PER_LINE) {
		unsigned long n = len - at < BYTES_PER_LINE ? len - at : BYTES_PER_LINE;

		for (unsigned long i = 0; i < n; i++) {
			put_digits(line + 3 * i, data[at + i]);
			line[3 * i + 2] = ' ';
		}
		line[n == BYTES_PER_LINE ? 3 * n - 1 : 3 * n] = '\0';
		RTMP_Log(level, "%s", line);
	}
}

/* "  0000:  00 01 ..  08 09 ..  ........ ........", all columns there even when bytes are not. */
static void hex_line(char *line, const uint8_t *data, unsigned long n, unsigned long at)
{
	memset(line, ' ', HEX_LINE_SIZE - 1);
	line[HEX_LINE_SIZE - 1] = '\0';
	put_digits(line + 2, (uint8_t)(at >> 8));
	put_digits(line + 4, (uint8_t)at);
	line[6] = ':';
	for (unsigned long i = 0; i < n; i++) {
		put_digits(line + DIGITS_AT + 3 * i + (i >= BYTES_PER_LINE / 2), data[i]);
		line[GRAPH_AT + i] = (char)(isprint(data[i]) ? data[i] : '.');
	}
}

void RTMP_LogHexString(int level, const uint8_t *data, unsigned long len)
{
	char line[HEX_LINE_SIZE] = "";

	if (!data || level > (int)RTMP_debuglevel)
		return;
	if (!len)
		RTMP_Log(level, "%s", line);
	for (unsigned long at = 0; at < len; at += BYTES_PER_LINE) {
		hex_line(line, data + at, len - at < BYTES_PER_LINE ? len - at : BYTES_PER_LINE, at % 0xffff);
		RTMP_Log(level, "%s", line);
	}
}
