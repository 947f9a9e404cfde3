/* SPDX-License-Identifier: MIT */
/* What a server that does not speak TLS looks like. */
#include "probe/hello_impl.h"

#include <stdio.h>
#include <string.h>

enum { BINARY_SHOWN = 8 };

/* Short, for a server that waits for the client says no more than this. */
static const struct {
	const char *begins;
	const char *wrong;
} known[] = {
	{"HTTP/", "answered in HTTP, without TLS"},
	{"<html", "answered with a page of HTML, without TLS"},
	{"<HTML", "answered with a page of HTML, without TLS"},
	{"<!DOCTYPE", "answered with a page of HTML, without TLS"},
	{"<!doctype", "answered with a page of HTML, without TLS"},
	{"RTSP/", "answered in RTSP, without TLS"},
	{"SSH-", "greeted as an SSH server does"},
	{"220 ", "greeted as a mail or FTP server does, without TLS"},
	{"220-", "greeted as a mail or FTP server does, without TLS"},
	{"421 ", "greeted as a mail or FTP server does that is not available"},
	{"554 ", "greeted as a mail server does that refuses"},
	{"* OK", "greeted as an IMAP server does, without TLS"},
	{"+OK", "greeted as a POP3 server does, without TLS"},
	{"-ERR ", "answered with an error of Redis or POP3, without TLS"},
	{"RFB ", "greeted as a VNC server does"},
	{"AMQP", "answered in AMQP, without TLS"},
	{"\x03", "answered with what may be RTMP without TLS"},
};

static int not_tls(char *wrong, size_t size, const char *text)
{
	snprintf(wrong, size, "%s", text);
	return SLU_HELLO_NOT_TLS;
}

static int match(const uint8_t *p, size_t n, char *wrong, size_t size, bool *open)
{
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		const size_t len = strlen(known[i].begins);

		if (memcmp(p, known[i].begins, n < len ? n : len) != 0)
			continue;
		if (n >= len)
			return not_tls(wrong, size, known[i].wrong);
		*open = true;
	}
	return SLU_HELLO_MORE;
}

/* A header of two bytes, and the type of SERVER-HELLO, or of an error, which has three bytes. */
static int match_ssl2(const uint8_t *p, size_t n, char *wrong, size_t size, bool *open)
{
	if (!(p[0] & 0x80))
		return SLU_HELLO_MORE;
	if (n >= 3 && (p[2] == 4 || (p[2] == 0 && p[0] == 0x80 && p[1] == 3)))
		return not_tls(wrong, size, "answered in SSL 2.0");
	*open = *open || n < 3;
	return SLU_HELLO_MORE;
}

static int say_text(const uint8_t *p, size_t n, char *wrong, size_t size)
{
	snprintf(wrong, size, "answered '%.*s', which is no TLS", (int)n, (const char *)p);
	return SLU_HELLO_NOT_TLS;
}

static int say_bytes(const uint8_t *p, size_t n, char *wrong, size_t size)
{
	char hex[3 * SLU_GREETING_MOST + 1];

	for (size_t i = 0; i < n; i++)
		snprintf(hex + 3 * i, sizeof hex - 3 * i, "%02x ", p[i]);
	hex[3 * n - 1] = 0;
	snprintf(wrong, size, "answered with bytes that are no TLS: %.*s", 3 * BINARY_SHOWN - 1, hex);
	return SLU_HELLO_NOT_TLS;
}

static bool printable(uint8_t c)
{
	return c >= 0x20 && c < 0x7F;
}

/* A first line, or some bytes. */
static int match_other(const uint8_t *p, size_t n, bool ended, char *wrong, size_t size)
{
	size_t line = 0;

	while (line < n && printable(p[line]))
		line++;
	if (line == n) /* so far it is text */
		return ended || n == SLU_GREETING_MOST ? say_text(p, n, wrong, size) : SLU_HELLO_MORE;
	if (line && (p[line] == '\r' || p[line] == '\n'))
		return say_text(p, line, wrong, size);
	return ended || n >= BINARY_SHOWN ? say_bytes(p, n, wrong, size) : SLU_HELLO_MORE;
}

int slu_hello_greeting(const uint8_t *p, size_t n, bool ended, char *wrong, size_t size)
{
	bool open = false;
	int end;

	if (p[0] >= SLU_RECORD_CHANGE_CIPHER && p[0] <= SLU_RECORD_HEARTBEAT) {
		if (n >= 2 ? p[1] == 3 : ended)
			return SLU_HELLO_CHOSEN;
		open = n < 2;
	}
	end = match(p, n, wrong, size, &open);
	if (end == SLU_HELLO_MORE)
		end = match_ssl2(p, n, wrong, size, &open);
	if (end != SLU_HELLO_MORE || (open && !ended))
		return end;
	return match_other(p, n, ended, wrong, size);
}
