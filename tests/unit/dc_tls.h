/* SPDX-License-Identifier: MIT */
/* For the tests of the provider under TLS: both ends of a connection in one process, joined in memory, where one or
 * both take their ciphers from the provider. */
#ifndef SLU_TESTS_UNIT_DC_TLS_H
#define SLU_TESTS_UNIT_DC_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <openssl/ssl.h>

#include "dc_kit.h"

enum { DC_TLS_FULL = 16384 };

/* CLIENT and SERVER are indices too. */
enum dc_end { DC_CLIENT, DC_SERVER };
/* Who has the provider. */
enum { DC_CLIENT_OURS = 1, DC_SERVER_OURS = 2, DC_BOTH_OURS = 3 };

enum dc_key { DC_EC, DC_RSA };

struct dc_suite {
	int version;
	const char *name;
	enum dc_key key; /* the certificate's */
};

/* For a group of tests: the kit, and what the server is to be, a key and a certificate of each kind. */
extern struct dc_kit kit;

int dc_tls_setup(void **state);
int dc_tls_teardown(void **state);

struct dc_tls {
	SSL_CTX *ctx[2];
	SSL *ssl[2];
	SSL_SESSION *session; /* the client's last */
	uint32_t serial;      /* so that no two records are alike */
};

/* Contexts alone; options are SSL_OP_..., for both. */
void dc_tls_init(struct dc_tls *t, const struct dc_suite *suite, int ours, uint64_t options);
void dc_tls_clear(struct dc_tls *t);

/* A connection with them, handshake done, session resumed if there is one. */
void dc_tls_join(struct dc_tls *t);
void dc_tls_part(struct dc_tls *t);

/* All of that: a connection of its own, once. */
void dc_tls_open(struct dc_tls *t, const struct dc_suite *suite, int ours, uint64_t options);
void dc_tls_close(struct dc_tls *t);

/* Records of n bytes from one end to the other, compared. */
void dc_tls_send(struct dc_tls *t, enum dc_end from, unsigned records, size_t n);

#endif
