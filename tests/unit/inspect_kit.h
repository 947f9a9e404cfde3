/* SPDX-License-Identifier: MIT */
/* For the tests of inspections: a server that is OpenSSL's own, in memory. */
#ifndef SLU_TESTS_UNIT_INSPECT_KIT_H
#define SLU_TESTS_UNIT_INSPECT_KIT_H

#include <openssl/ssl.h>

#include "crypto/inspect.h"

/* At security level 0, all versions and suites, with kit_server's certificate. */
SSL_CTX *inspect_server(void);

/* In its place, one with an RSA key of 2048 bits. */
void inspect_use_rsa(SSL_CTX *server);

/* Both talk until neither has anything more to say, portion bytes at a time; the server then hangs up if it failed. 0,
 * or what the inspection said. */
int inspect_talk(struct slu_inspect *i, SSL *server, size_t portion);

/* A server's end in memory. */
SSL *inspect_accept(SSL_CTX *server);

/* From beginning to end. To be freed. */
struct slu_inspect *inspect(SSL_CTX *server, const struct slu_inspect_config *config);

#endif
