/* SPDX-License-Identifier: MIT */
/* Heads that are sent. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <sluice/error.h>

#include "net/http1.h"

static bool one_line(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return false;
	return true;
}

int slu_http1_line(struct slu_buf *out, const char *format, ...)
{
	char *at;
	va_list ap;
	int n, err;

	va_start(ap, format);
	n = vsnprintf(NULL, 0, format, ap);
	va_end(ap);
	err = n < 0 ? SLU_ERR_INVALID : slu_buf_reserve(out, (size_t)n + 2);
	if (err)
		return err;
	at = (char *)out->data + out->len;
	va_start(ap, format);
	vsnprintf(at, (size_t)n + 1, format, ap);
	va_end(ap);
	if (!one_line(at))
		return SLU_ERR_INVALID;
	memcpy(at + n, "\r\n", 2);
	out->len += (size_t)n + 2;
	return 0;
}

int slu_http1_end_head(struct slu_buf *out)
{
	return slu_buf_append(out, "\r\n", 2);
}

char *slu_http1_host(char *out, size_t size, const char *host, unsigned port, unsigned standard)
{
	bool ipv6 = strchr(host, ':');
	int n = snprintf(out, size, ipv6 ? "[%s]" : "%s", host);

	if (port != standard && n >= 0 && (size_t)n < size)
		snprintf(out + n, size - (size_t)n, ":%u", port);
	return out;
}
