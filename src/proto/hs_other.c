/* SPDX-License-Identifier: MIT */
/* What it is that begins with another version than the one awaited. */
#include "proto/hs_impl.h"

#include <sluice/error.h>

#include <string.h>

#include "base/log.h"

static bool begins(const uint8_t *data, size_t n, const char *text)
{
	return n >= strlen(text) && memcmp(data, text, strlen(text)) == 0;
}

static bool is_text(const uint8_t *data, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if ((data[i] < 0x20 || data[i] > 0x7e) && data[i] != '\r' && data[i] != '\n' && data[i] != '\t')
			return false;
	}
	return true;
}

static int fail_tls(struct slu_hs *hs, const uint8_t *data)
{
	if (hs->config.role == SLU_SERVER)
		return slu_hs_fail(hs, SLU_ERR_HANDSHAKE,
				   "the client began TLS on a port that speaks plain RTMP: its URL should begin with "
				   "rtmp:// here, or name the port for rtmps://");
	return slu_hs_fail(hs, SLU_ERR_HANDSHAKE,
			   "the server answered with a TLS %s: this is a TLS port, use rtmps:// instead of rtmp://",
			   data[0] == 0x15 ? "alert" : "record");
}

static int fail_http(struct slu_hs *hs)
{
	if (hs->config.role == SLU_SERVER)
		return slu_hs_fail(hs, SLU_ERR_HANDSHAKE,
				   "the client sent an HTTP request: this port speaks RTMP, and no RTMPT");
	return slu_hs_fail(hs, SLU_ERR_HANDSHAKE,
			   "the server answered with HTTP: this is a web server's port, RTMP usually has port 1935");
}

static int fail_banner(struct slu_hs *hs, const uint8_t *data, size_t n)
{
	char banner[4 * SLU_HS_BANNER_MAX + 1];
	size_t line = 0;

	while (line < n && line < SLU_HS_BANNER_MAX && data[line] != '\r' && data[line] != '\n')
		line++;
	return slu_hs_fail(hs, SLU_ERR_HANDSHAKE, "the peer speaks no RTMP but began with the text \"%s\": %s",
			   slu_escape(banner, sizeof banner, (const char *)data, line), "check host and port");
}

static int fail_rtmpe(struct slu_hs *hs, unsigned version)
{
	if (hs->config.role == SLU_SERVER)
		return slu_hs_fail(hs, SLU_ERR_HANDSHAKE,
				   "the client asks for RTMPE (version %u), which takes crypto that this server does "
				   "without: use rtmp://",
				   version);
	return slu_hs_fail(hs, SLU_ERR_HANDSHAKE,
			   "the server answered with RTMPE (version %u), which it was not asked for: use rtmpe://",
			   version);
}

int slu_hs_other(struct slu_hs *hs, const uint8_t *data, size_t n)
{
	static const char *const http[] = {"HTTP/", "GET /", "POST ", "HEAD ", "OPTIO", "PUT /"};

	if (n >= 2 && (data[0] == 0x15 || data[0] == 0x16) && data[1] == 3)
		return fail_tls(hs, data);
	for (size_t i = 0; i < sizeof http / sizeof *http; i++) {
		if (begins(data, n, http[i]))
			return fail_http(hs);
	}
	if (n >= SLU_HS_PROBE_SIZE && is_text(data, n < SLU_HS_BANNER_MAX ? n : SLU_HS_BANNER_MAX))
		return fail_banner(hs, data, n);
	if (slu_hs_version_kind(data[0]) != SLU_HANDSHAKE_PLAIN)
		return fail_rtmpe(hs, data[0]);
	if (data[0] == SLU_HS_VERSION)
		return slu_hs_fail(hs, SLU_ERR_HANDSHAKE,
				   "the server does not encrypt: it answered RTMPE with plain RTMP (version 3); "
				   "use rtmps:// if it has that, or rtmp://");
	return slu_hs_fail(hs, SLU_ERR_HANDSHAKE,
			   "the peer began with version %u instead of 3: it speaks no RTMP, check host and port",
			   data[0]);
}
