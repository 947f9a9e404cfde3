/* SPDX-License-Identifier: MIT */
/*
 * For the tests of AES-CBC with HMAC: records by EVP as libssl has them made. What is right is computed here from CBC
 * and HMAC of OpenSSL's own.
 */
#ifndef SLU_TESTS_UNIT_DC_STREAM_H
#define SLU_TESTS_UNIT_DC_STREAM_H

#include <openssl/evp.h>
#include <openssl/tls1.h>

#include "dc_kit.h"

enum { BLOCK = 16, HEADER = 13, FULL = 16384, ROOM = FULL + 512, DATA = 23 };

extern struct dc_kit kit;
extern uint8_t text[ROOM];

enum { DC_KINDS = 4 };
extern const struct dc_kind {
	const char *name, *cbc, *digest;
	size_t mac;
} dc_kinds[DC_KINDS];

/* One direction of a connection. */
struct dc_stream {
	const struct dc_kind *kind;
	unsigned version;
	uint64_t number;
	EVP_CIPHER_CTX *ctx;
};

int dc_stream_setup(void **state); /* dc_kit_teardown() goes with it */

/* False: there is no such cipher. */
bool dc_stream_open(struct dc_stream *s, const struct dc_kind *kind, unsigned version, const char *properties,
		    int encrypt);
void dc_stream_close(struct dc_stream *s);

/* The room for an explicit IV. */
size_t dc_stream_front(const struct dc_stream *s);

/* What the MAC covers before the data: of the next record. */
void dc_stream_header(const struct dc_stream *s, uint8_t type, size_t length, uint8_t header[HEADER]);

/* n bytes of data behind the room for an explicit IV, in place. Returns the record's length, 0: refused. */
size_t dc_stream_seal(struct dc_stream *s, uint8_t type, uint8_t *record, size_t n);

/* Returns the length of the data, which begins behind the explicit IV; -1: refused. */
int dc_stream_unseal(struct dc_stream *s, uint8_t type, uint8_t *record, size_t n);

/* A stream whose records are made by hand (RFC 5246, 6.2.3.2), with so many blocks of padding more than the least, and
 * with a wrong MAC where that is wanted. */
void dc_stream_open_by_hand(struct dc_stream *s, const struct dc_kind *kind, unsigned version);
size_t dc_stream_by_hand(struct dc_stream *s, uint8_t type, uint8_t *record, size_t n, unsigned more, bool wrong_mac);

/* Ours, what is right, and who reads ours. */
struct dc_trio {
	struct dc_stream ours, right, reader;
};

void dc_trio_open(struct dc_trio *t, const struct dc_kind *kind, unsigned version);
void dc_trio_close(struct dc_trio *t);

/* The next record, of n bytes of data: ours is right, and is read. */
void dc_trio_record(struct dc_trio *t, uint8_t type, size_t n);

#endif
