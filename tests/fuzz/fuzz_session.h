/* SPDX-License-Identifier: MIT */
/*
 * What both session targets share. The first byte of an input says how the session is driven, the rest is what its
 * peer sends: after a handshake that is supplied here, unless the byte says otherwise.
 */
#ifndef SLU_FUZZ_SESSION_H
#define SLU_FUZZ_SESSION_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <sluice/sluice.h>

#include "base/cryptops.h"
#include "proto/rc4.h"

enum {
	FUZZ_OTHER = 1,         /* client: play, not publish; server: refuse, not accept */
	FUZZ_RAW_HANDSHAKE = 2, /* the input has the handshake too */
	FUZZ_SMALL_PIECES = 4,
	FUZZ_DEAF = 8, /* the peer never reads */
	FUZZ_TICKS = 16,
	FUZZ_STOP = 32,    /* client: stop in the middle; server: end what plays */
	FUZZ_RTMPE = 64,   /* encrypted, the input too */
	FUZZ_BY_HAND = 128 /* each message is handled by the caller */
};

enum { FUZZ_MEMORY = 1 << 20, FUZZ_QUEUE = 1 << 20 };

struct fuzz {
	struct slu_session *s;
	uint8_t how;
	unsigned events;
	uint64_t now;
	void (*act)(struct fuzz *f, const struct slu_event *ev);
};

static void fuzz_require(int ok)
{
	if (!ok)
		abort();
}

/* ---- crypto in which all is zero, so that a handshake of zeros is a good one, and keys are known ---- */

static int fuzz_mac(const void *key, size_t key_size, const void *a, size_t a_size, const void *b, size_t b_size,
		    uint8_t out[SLU_SHA256_SIZE])
{
	(void)key, (void)key_size, (void)a, (void)a_size, (void)b, (void)b_size;
	memset(out, 0, SLU_SHA256_SIZE);
	return 0;
}

static int fuzz_random(void *out, size_t n)
{
	memset(out, 0, n);
	return 0;
}

static int fuzz_dh_public(const uint8_t secret[SLU_DH_SIZE], uint8_t out[SLU_DH_SIZE])
{
	memcpy(out, secret, SLU_DH_SIZE);
	return 0;
}

static int fuzz_dh_shared(const uint8_t secret[SLU_DH_SIZE], const uint8_t peer[SLU_DH_SIZE], uint8_t out[SLU_DH_SIZE])
{
	(void)peer;
	memcpy(out, secret, SLU_DH_SIZE);
	return 0;
}

static const struct slu_cryptops fuzz_crypto = {
	.hmac_sha256 = fuzz_mac, .random = fuzz_random, .dh_public = fuzz_dh_public, .dh_shared = fuzz_dh_shared};

/* What the other end of such a handshake makes of n bytes, to be freed. */
static uint8_t *fuzz_encrypt(const uint8_t *data, size_t n)
{
	static const uint8_t key[16];
	uint8_t *out = malloc(n + 1);
	struct slu_rc4 rc4;

	fuzz_require(out != NULL);
	slu_rc4_init(&rc4, key, sizeof key);
	slu_rc4_skip(&rc4, 1536);
	slu_rc4_apply(&rc4, data, out, n);
	return out;
}

static void fuzz_touch(const struct slu_event *ev)
{
	size_t n =
		strlen(ev->name) + strlen(ev->tc_url) + strlen(ev->level) + strlen(ev->code) + strlen(ev->description);
	volatile uint8_t sum = (uint8_t)n;

	fuzz_require(ev->type > SLU_EVENT_NONE && ev->type <= SLU_EVENT_MESSAGE);
	for (size_t i = 0; i < ev->msg.size; i++)
		sum = (uint8_t)(sum + ev->msg.data[i]);
	for (const struct slu_amf_value *v = slu_amf_first(ev->amf); v; v = slu_amf_next(v))
		fuzz_require(slu_amf_type(v) != SLU_AMF_ABSENT);
}

static void fuzz_drain(struct fuzz *f)
{
	struct slu_vec vec[8];
	size_t n, bytes = 0;

	if (f->how & FUZZ_DEAF)
		return;
	n = slu_session_out(f->s, vec, 8);
	for (size_t i = 0; i < n; i++)
		bytes += vec[i].size;
	slu_session_sent(f->s, bytes);
}

static void fuzz_pull(struct fuzz *f)
{
	struct slu_event ev;

	while (slu_session_event(f->s, &ev)) {
		f->events++;
		fuzz_touch(&ev);
		if (ev.type == SLU_EVENT_MESSAGE)
			slu_session_handle(f->s, &ev.msg);
		else
			f->act(f, &ev);
	}
}

static void fuzz_check(struct fuzz *f, long got, size_t n)
{
	struct slu_session_stats stats;

	slu_session_stats(f->s, &stats);
	fuzz_require(stats.memory <= FUZZ_MEMORY + 65536);
	fuzz_require(slu_session_queued(f->s) <= FUZZ_QUEUE + (1 << 18));
	fuzz_require(got <= (long)n);
	if (got < 0) {
		fuzz_require(slu_session_error(f->s)[0] != '\0');
		fuzz_require(slu_session_in(f->s, "", 1) == got);
		fuzz_require(slu_session_tick(f->s, f->now) == got);
	}
}

static void fuzz_feed(struct fuzz *f, const uint8_t *data, size_t n)
{
	size_t most = f->how & FUZZ_SMALL_PIECES ? 7 : n;

	while (n) {
		size_t piece = n < most ? n : most;
		long got = slu_session_in(f->s, data, piece);

		fuzz_check(f, got, piece);
		if (got < 0)
			return;
		data += got;
		n -= (size_t)got;
		fuzz_pull(f);
		fuzz_drain(f);
		if (f->how & FUZZ_TICKS)
			slu_session_tick(f->s, f->now += 10);
	}
}

static void fuzz_handshake(struct fuzz *f)
{
	static uint8_t bytes[1 + 2 * 1536];

	bytes[0] = f->how & FUZZ_RTMPE ? 6 : 3;
	if (!(f->how & FUZZ_RAW_HANDSHAKE))
		fuzz_feed(f, bytes, sizeof bytes);
}

static struct slu_session_config fuzz_config(enum slu_role role, uint8_t how)
{
	return (struct slu_session_config){.role = role,
					   .crypto = how & FUZZ_RTMPE ? &fuzz_crypto : NULL,
					   .handshake = how & FUZZ_RTMPE ? SLU_HANDSHAKE_RTMPE6 : SLU_HANDSHAKE_PLAIN,
					   .max_message = 1 << 18,
					   .max_memory = FUZZ_MEMORY,
					   .max_queue = FUZZ_QUEUE,
					   .max_chunk_streams = 16,
					   .by_hand = (how & FUZZ_BY_HAND) != 0,
					   .connect = {.app = "live?token=1", .tc_url = "rtmp://h/live"}};
}

static void fuzz_end(struct fuzz *f)
{
	slu_session_in_end(f->s);
	slu_session_tick(f->s, f->now + 100000);
	slu_session_free(f->s);
}

static int fuzz_run(struct fuzz *f, const uint8_t *data, size_t size)
{
	uint8_t *encrypted = f->how & FUZZ_RTMPE ? fuzz_encrypt(data, size) : NULL;

	if (f->s) {
		fuzz_handshake(f);
		fuzz_feed(f, encrypted ? encrypted : data, size);
		fuzz_end(f);
	}
	free(encrypted);
	return 0;
}

#endif
