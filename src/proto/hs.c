/* SPDX-License-Identifier: MIT */
#include "proto/hs_impl.h"

#include <sluice/error.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/log.h"

/* A peer that begins with something else than version 3 is recognised by this many bytes. */
enum { PROBE_SIZE = 5, BANNER_MAX = 40 };

/* After the version, each end reads two packets, and does this with each: 0 or an error. */
enum { PACKETS = 2 };

static int client_take_s1(struct slu_hs *hs);
static int client_take_s2(struct slu_hs *hs);
static int server_take_c1(struct slu_hs *hs);
static int server_take_c2(struct slu_hs *hs);

static int (*const take_packet[][PACKETS])(struct slu_hs *hs) = {
	[SLU_CLIENT] = {client_take_s1, client_take_s2},
	[SLU_SERVER] = {server_take_c1, server_take_c2},
};

uint8_t *slu_hs_put(struct slu_hs *hs, size_t n)
{
	uint8_t *p = hs->out + hs->out_size;

	hs->out_size += n;
	return p;
}

void slu_hs_noise(const struct slu_hs *hs, uint8_t *out, size_t n)
{
	if (!hs->config.random || hs->config.random(hs->config.random_arg, out, n))
		memset(out, 0, n);
}

int slu_hs_fail(struct slu_hs *hs, int err, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(hs->error, sizeof hs->error, format, ap);
	va_end(ap);
	hs->err = err;
	hs->out_size = 0;
	return err;
}

static int fail_crypto(struct slu_hs *hs, int err)
{
	return slu_hs_fail(hs, err, "the digests of the RTMP handshake could not be computed: %s", slu_err_text(err));
}

struct slu_hs *slu_hs_new(const struct slu_handshake_config *config)
{
	struct slu_hs *hs = calloc(1, sizeof *hs);
	int err;

	if (!hs)
		return NULL;
	hs->config = *config;
	if (config->role == SLU_SERVER)
		return hs;
	*slu_hs_put(hs, 1) = SLU_HS_VERSION;
	if (config->kind == SLU_HANDSHAKE_DIGEST && config->crypto) {
		hs->kind = SLU_HANDSHAKE_DIGEST;
		err = slu_hs_digest_hello(hs, slu_hs_put(hs, SLU_HS_SIZE));
		if (err)
			fail_crypto(hs, err);
	} else {
		slu_hs_plain_hello(hs, slu_hs_put(hs, SLU_HS_SIZE));
	}
	return hs;
}

void slu_hs_free(struct slu_hs *hs)
{
	free(hs);
}

/* ---- what answered instead ---- */

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
	char banner[4 * BANNER_MAX + 1];
	size_t line = 0;

	while (line < n && line < BANNER_MAX && data[line] != '\r' && data[line] != '\n')
		line++;
	return slu_hs_fail(hs, SLU_ERR_HANDSHAKE, "the peer speaks no RTMP but began with the text \"%s\": %s",
			   slu_escape(banner, sizeof banner, (const char *)data, line), "check host and port");
}

/* data begins with another version than 3. */
static int fail_version(struct slu_hs *hs, const uint8_t *data, size_t n)
{
	static const char *const http[] = {"HTTP/", "GET /", "POST ", "HEAD ", "OPTIO", "PUT /"};

	if (n >= 2 && (data[0] == 0x15 || data[0] == 0x16) && data[1] == 3)
		return fail_tls(hs, data);
	for (size_t i = 0; i < sizeof http / sizeof *http; i++) {
		if (begins(data, n, http[i]))
			return fail_http(hs);
	}
	if (n >= PROBE_SIZE && is_text(data, n < BANNER_MAX ? n : BANNER_MAX))
		return fail_banner(hs, data, n);
	if (data[0] == 6 || data[0] == 8 || data[0] == 9)
		return slu_hs_fail(
			hs, SLU_ERR_HANDSHAKE,
			"the peer asks for RTMPE (version %u), which is not supported: use rtmp:// or rtmps://",
			data[0]);
	return slu_hs_fail(hs, SLU_ERR_HANDSHAKE,
			   "the peer began with version %u instead of 3: it speaks no RTMP, check host and port",
			   data[0]);
}

/* ---- the steps ---- */

static int client_take_s1(struct slu_hs *hs)
{
	int found = 0;

	if (hs->kind == SLU_HANDSHAKE_DIGEST)
		found = slu_hs_digest_find(hs, SLU_SERVER, hs->in);
	if (found < 0)
		return fail_crypto(hs, found);
	if (found) {
		found = slu_hs_digest_answer(hs, slu_hs_put(hs, SLU_HS_SIZE));
		return found ? fail_crypto(hs, found) : 0;
	}
	hs->kind = SLU_HANDSHAKE_PLAIN;
	slu_hs_plain_echo(hs->in, slu_hs_put(hs, SLU_HS_SIZE));
	return 0;
}

static int client_take_s2(struct slu_hs *hs)
{
	int verified = 1;

	if (hs->kind == SLU_HANDSHAKE_DIGEST)
		verified = slu_hs_digest_verify(hs, SLU_SERVER, hs->in);
	if (verified < 0)
		return fail_crypto(hs, verified);
	if (verified)
		return 0;
	return slu_hs_fail(
		hs, SLU_ERR_HANDSHAKE,
		"the server's answer to the digest handshake is not signed as it should be: try the plain one");
}

static int server_take_c1(struct slu_hs *hs)
{
	int found = 0, err;
	uint8_t *s1, *s2;

	if (hs->config.crypto && slu_be32(hs->in + 4))
		found = slu_hs_digest_find(hs, SLU_CLIENT, hs->in);
	if (found < 0)
		return fail_crypto(hs, found);
	*slu_hs_put(hs, 1) = SLU_HS_VERSION;
	s1 = slu_hs_put(hs, SLU_HS_SIZE);
	s2 = slu_hs_put(hs, SLU_HS_SIZE);
	if (!found) {
		hs->kind = SLU_HANDSHAKE_PLAIN;
		slu_hs_plain_hello(hs, s1);
		slu_hs_plain_echo(hs->in, s2);
		return 0;
	}
	hs->kind = SLU_HANDSHAKE_DIGEST;
	err = slu_hs_digest_hello(hs, s1);
	if (!err)
		err = slu_hs_digest_answer(hs, s2);
	return err ? fail_crypto(hs, err) : 0;
}

/* Neither the echo nor the signature is checked: too many clients get them wrong, and no server minds. */
static int server_take_c2(struct slu_hs *hs)
{
	(void)hs;
	return 0;
}

/* The first bytes, which must begin with version 3. What does not is collected until it can be told what it is. */
static int read_version(struct slu_hs *hs, const uint8_t *data, size_t n, size_t *used)
{
	uint8_t begin[PROBE_SIZE + BANNER_MAX];
	size_t take = PROBE_SIZE - hs->have < n ? PROBE_SIZE - hs->have : n, more;

	if (hs->have == 0 && data[0] == SLU_HS_VERSION) {
		*used = 1;
		hs->version_seen = true;
		return 0;
	}
	memcpy(hs->in + hs->have, data, take);
	hs->have += take;
	*used = take;
	if (hs->have < PROBE_SIZE)
		return 0;
	more = n - take < BANNER_MAX ? n - take : BANNER_MAX;
	memcpy(begin, hs->in, PROBE_SIZE);
	memcpy(begin + PROBE_SIZE, data + take, more);
	return fail_version(hs, begin, PROBE_SIZE + more);
}

static int read_packet(struct slu_hs *hs, const uint8_t *data, size_t n, size_t *used)
{
	size_t take = SLU_HS_SIZE - hs->have < n ? SLU_HS_SIZE - hs->have : n;

	memcpy(hs->in + hs->have, data, take);
	hs->have += take;
	*used = take;
	if (hs->have < SLU_HS_SIZE)
		return 0;
	hs->have = 0;
	return take_packet[hs->config.role][hs->packets++](hs);
}

int slu_hs_in(struct slu_hs *hs, const uint8_t *data, size_t n, size_t *used)
{
	size_t took;

	*used = 0;
	while (!hs->err && hs->packets < PACKETS && *used < n) {
		(hs->version_seen ? read_packet : read_version)(hs, data + *used, n - *used, &took);
		*used += took;
	}
	return hs->err ? hs->err : hs->packets == PACKETS;
}

size_t slu_hs_out(struct slu_hs *hs, const uint8_t **data)
{
	size_t n = hs->out_size;

	*data = hs->out;
	hs->out_size = 0;
	return n;
}

enum slu_handshake slu_hs_kind(const struct slu_hs *hs)
{
	return hs->kind;
}

const char *slu_hs_error(const struct slu_hs *hs)
{
	return hs->error;
}
