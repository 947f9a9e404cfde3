/* SPDX-License-Identifier: MIT */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

char *slu_escape(char *out, size_t size, const char *text, size_t n)
{
	static const char hex[] = "0123456789abcdef";
	size_t o = 0;

	for (size_t i = 0; i < n; i++) {
		unsigned char c = (unsigned char)text[i];

		if (c >= 0x20 && c < 0x7f) {
			if (o + 2 > size)
				break;
			out[o++] = (char)c;
			continue;
		}
		if (o + 5 > size)
			break;
		out[o++] = '\\';
		out[o++] = 'x';
		out[o++] = hex[c >> 4];
		out[o++] = hex[c & 15];
	}
	if (size)
		out[o] = '\0';
	return out;
}

void slu_log(const struct slu_log *log, enum slu_log_level level, const char *format, ...)
{
	char raw[SLU_LOG_LINE], line[SLU_LOG_LINE];
	va_list ap;

	if (!log || !log->fn || level > log->level)
		return;
	va_start(ap, format);
	vsnprintf(raw, sizeof raw, format, ap);
	va_end(ap);
	log->fn(log->arg, level, slu_escape(line, sizeof line, raw, strlen(raw)));
}
