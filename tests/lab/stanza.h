/* SPDX-License-Identifier: MIT */
/* Reads the test vectors that OpenSSL publishes with its source: lines "Keyword = value", a blank line after each. */
#ifndef SLU_TESTS_STANZA_H
#define SLU_TESTS_STANZA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum { STANZA_AADS = 4, STANZA_NAME = 64 };

struct stanza_bytes {
	uint8_t *data; /* NULL: the keyword is not there; of an empty value it is not NULL */
	size_t size;
};

/* One stanza that begins with Cipher. */
struct stanza {
	unsigned line; /* of Cipher */
	char cipher[STANZA_NAME];
	struct stanza_bytes key, mac_key, iv, next_iv, plaintext, ciphertext, tag;
	struct stanza_bytes aad[STANZA_AADS];
	size_t aads;
	bool tls_aad;          /* aad[0] is the header of a TLS record */
	unsigned tls_version;  /* 0: none */
	bool encrypt, decrypt; /* Operation; both without it */
	bool tag_late;
	char result[STANZA_NAME];  /* the error that is expected: empty for none */
	char unknown[STANZA_NAME]; /* a keyword or value that this reader does not know: empty for none */
};

struct stanza_reader {
	FILE *file;
	unsigned line;
	char *text; /* of getline() */
	size_t room;
};

/* True with a stanza, which stanza_clear() frees; false at the end of the file. Stanzas without Cipher are passed
 * over. */
bool stanza_read(struct stanza_reader *r, struct stanza *s);
void stanza_clear(struct stanza *s);

#endif
