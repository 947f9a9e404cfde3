/* SPDX-License-Identifier: MIT */
#include "proto/hs_impl.h"

#include <sluice/error.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "base/wipe.h"

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

static const uint8_t versions[] = {
	[SLU_HANDSHAKE_PLAIN] = SLU_HS_VERSION,
	[SLU_HANDSHAKE_DIGEST] = SLU_HS_VERSION,
	[SLU_HANDSHAKE_RTMPE6] = 6,
	[SLU_HANDSHAKE_RTMPE8] = 8,
	[SLU_HANDSHAKE_RTMPE9] = 9,
};

enum slu_handshake slu_hs_version_kind(unsigned version)
{
	for (int kind = SLU_HANDSHAKE_RTMPE6; kind <= SLU_HANDSHAKE_RTMPE9; kind++) {
		if (versions[kind] == version)
			return (enum slu_handshake)kind;
	}
	return SLU_HANDSHAKE_PLAIN;
}

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
	struct slu_hs *hs;
	int err;

	if (slu_hs_encrypts(config->kind) && !config->crypto)
		return NULL;
	hs = calloc(1, sizeof *hs);
	if (!hs)
		return NULL;
	hs->config = *config;
	if (config->role == SLU_SERVER)
		return hs;
	hs->kind = config->crypto ? config->kind : SLU_HANDSHAKE_PLAIN;
	hs->scheme = slu_hs_encrypts(hs->kind); /* the second, as other clients' */
	*slu_hs_put(hs, 1) = versions[hs->kind];
	if (hs->kind == SLU_HANDSHAKE_PLAIN) {
		slu_hs_plain_hello(hs, slu_hs_put(hs, SLU_HS_SIZE));
		return hs;
	}
	err = slu_hs_digest_hello(hs, slu_hs_put(hs, SLU_HS_SIZE));
	if (err)
		fail_crypto(hs, err);
	return hs;
}

void slu_hs_free(struct slu_hs *hs)
{
	if (hs)
		slu_wipe_bytes(&hs->rtmpe, sizeof hs->rtmpe);
	free(hs);
}

/* ---- the steps ---- */

/* The peer's hello is in hs->in, and its digest, when it was found, in that scheme. */
static int agree(struct slu_hs *hs, bool found, unsigned scheme)
{
	const char *who = hs->config.role == SLU_CLIENT ? "server" : "client";
	int err;

	if (!found)
		return slu_hs_fail(hs, SLU_ERR_HANDSHAKE,
				   "the %s's half of the RTMPE handshake carries no digest where one belongs: it is no "
				   "RTMPE that is known here, use rtmp://",
				   who);
	err = slu_hs_rtmpe_agree(hs, hs->in, scheme);
	if (err == SLU_ERR_HANDSHAKE)
		return slu_hs_fail(hs, err,
				   "the %s's Diffie-Hellman key of the RTMPE handshake is none that keeps a secret: "
				   "somebody may be in between, or its software is broken",
				   who);
	return err ? fail_crypto(hs, err) : 0;
}

static void keep_tail(struct slu_hs *hs, const uint8_t s1[SLU_HS_SIZE])
{
	memcpy(hs->s1_tail, s1 + SLU_HS_SIZE - sizeof hs->s1_tail, sizeof hs->s1_tail);
}

static int client_take_s1(struct slu_hs *hs)
{
	int found = 0, err;

	keep_tail(hs, hs->in);
	if (hs->kind != SLU_HANDSHAKE_PLAIN)
		found = slu_hs_digest_find(hs, SLU_SERVER, hs->in);
	if (found < 0)
		return fail_crypto(hs, found);
	if (slu_hs_encrypts(hs->kind)) {
		err = agree(hs, found, hs->scheme);
		if (err)
			return err;
	}
	if (found) {
		err = slu_hs_digest_answer(hs, slu_hs_put(hs, SLU_HS_SIZE));
		return err ? fail_crypto(hs, err) : 0;
	}
	hs->kind = SLU_HANDSHAKE_PLAIN;
	slu_hs_plain_echo(hs->in, slu_hs_put(hs, SLU_HS_SIZE));
	return 0;
}

static int client_take_s2(struct slu_hs *hs)
{
	int verified = 1;

	if (hs->kind != SLU_HANDSHAKE_PLAIN)
		verified = slu_hs_digest_verify(hs, SLU_SERVER, hs->in);
	if (verified < 0)
		return fail_crypto(hs, verified);
	if (verified)
		return 0;
	return slu_hs_fail(hs, SLU_ERR_HANDSHAKE,
			   "the server's answer to the %s handshake is not signed as it should be: try %s",
			   slu_hs_encrypts(hs->kind) ? "RTMPE" : "digest",
			   slu_hs_encrypts(hs->kind) ? "another type of RTMPE, or rtmp://" : "the plain one");
}

static int server_plain(struct slu_hs *hs, uint8_t *s1, uint8_t *s2)
{
	hs->kind = SLU_HANDSHAKE_PLAIN;
	slu_hs_plain_hello(hs, s1);
	slu_hs_plain_echo(hs->in, s2);
	return 0;
}

static int server_digest(struct slu_hs *hs, uint8_t *s1, uint8_t *s2)
{
	int err = slu_hs_digest_hello(hs, s1);

	if (!err)
		err = slu_hs_digest_answer(hs, s2);
	return err ? fail_crypto(hs, err) : 0;
}

/* Whatever scheme the client has, S1 has the first: FFmpeg, when it publishes, looks for our key nowhere else. */
static int server_rtmpe(struct slu_hs *hs, bool found, uint8_t *s1, uint8_t *s2)
{
	unsigned theirs = hs->scheme;
	int err;

	hs->scheme = 0;
	if (!found) /* before the work of making a key */
		return agree(hs, false, theirs);
	err = server_digest(hs, s1, s2);
	return err ? err : agree(hs, true, theirs);
}

static int server_take_c1(struct slu_hs *hs)
{
	bool encrypts = slu_hs_encrypts(hs->kind);
	uint8_t *s1, *s2;
	int found = 0, err;

	if (hs->config.crypto && (encrypts || slu_be32(hs->in + 4)))
		found = slu_hs_digest_find(hs, SLU_CLIENT, hs->in);
	if (found < 0)
		return fail_crypto(hs, found);
	*slu_hs_put(hs, 1) = versions[hs->kind];
	s1 = slu_hs_put(hs, SLU_HS_SIZE);
	s2 = slu_hs_put(hs, SLU_HS_SIZE);
	if (!encrypts && found)
		hs->kind = SLU_HANDSHAKE_DIGEST;
	if (encrypts)
		err = server_rtmpe(hs, found, s1, s2);
	else
		err = (found ? server_digest : server_plain)(hs, s1, s2);
	keep_tail(hs, s1);
	return err;
}

/* Neither the echo nor the signature is checked: too many clients get them wrong, and no server minds. */
static int server_take_c2(struct slu_hs *hs)
{
	(void)hs;
	return 0;
}

/* Whether the version is one to go on with. A client that asks for RTMPE takes each of its types, and nothing less; a
 * server answers in the type that it was told, or that it is asked for. */
static bool take_version(struct slu_hs *hs, unsigned version)
{
	enum slu_handshake kind = slu_hs_version_kind(version);

	if (hs->config.role == SLU_CLIENT) {
		if (slu_hs_encrypts(hs->kind) != slu_hs_encrypts(kind))
			return false;
		if (slu_hs_encrypts(kind))
			hs->kind = kind;
	} else if (slu_hs_encrypts(kind)) {
		hs->kind = slu_hs_encrypts(hs->config.kind) ? hs->config.kind : kind;
		return hs->config.crypto != NULL;
	}
	return slu_hs_encrypts(kind) || version == SLU_HS_VERSION;
}

/* The first byte is the version. What does not begin with a good one is collected until it can be told what it is. */
static int read_version(struct slu_hs *hs, const uint8_t *data, size_t n, size_t *used)
{
	uint8_t begin[SLU_HS_PROBE_SIZE + SLU_HS_BANNER_MAX];
	size_t take = SLU_HS_PROBE_SIZE - hs->have < n ? SLU_HS_PROBE_SIZE - hs->have : n, more;

	if (hs->have == 0 && take_version(hs, data[0])) {
		*used = 1;
		hs->version_seen = true;
		return 0;
	}
	memcpy(hs->in + hs->have, data, take);
	hs->have += take;
	*used = take;
	if (hs->have < SLU_HS_PROBE_SIZE)
		return 0;
	more = n - take < SLU_HS_BANNER_MAX ? n - take : SLU_HS_BANNER_MAX;
	memcpy(begin, hs->in, SLU_HS_PROBE_SIZE);
	memcpy(begin + SLU_HS_PROBE_SIZE, data + take, more);
	return slu_hs_other(hs, begin, SLU_HS_PROBE_SIZE + more);
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

bool slu_hs_ciphers(const struct slu_hs *hs, struct slu_rc4 *in, struct slu_rc4 *out)
{
	if (!slu_hs_encrypts(hs->kind))
		return false;
	*in = hs->rtmpe.in;
	*out = hs->rtmpe.out;
	return true;
}

void slu_hs_s1_tail(const struct slu_hs *hs, uint8_t out[SLU_SHA256_SIZE])
{
	memcpy(out, hs->s1_tail, sizeof hs->s1_tail);
}

const char *slu_hs_error(const struct slu_hs *hs)
{
	return hs->error;
}
