/* SPDX-License-Identifier: MIT */
/* Published test vectors, put through one cipher implementation in every way that OpenSSL's own tests do. */
#ifndef SLU_TESTS_VECTORS_H
#define SLU_TESTS_VECTORS_H

#include <stdbool.h>
#include <stddef.h>

#include <openssl/evp.h>

#include "stanza.h"

/* One of the ways to do the same operation. */
struct variant {
	bool encrypt;
	bool in_place;
	bool parts;                 /* one byte, all but two, one byte: for AAD as for payload */
	size_t in_shift, out_shift; /* off the alignment of malloc() */
};

/* Called when the first of the parts has gone through. */
struct watch {
	void (*first_part)(void *arg);
	void *arg;
};

/* How far an operation came: not beyond the first step that failed. */
enum step { STEP_DONE, STEP_SETUP, STEP_KEY, STEP_AAD, STEP_UPDATE, STEP_FINAL, STEP_VALUE, STEP_TAG, STEP_NEXT_IV };
extern const char *const step_names[];

/* The step where the stanza says that it ends, STEP_DONE for a stanza that succeeds; -1: nothing known by that name. */
int vector_expected(const struct stanza *s);

/* The n-th variant that applies to the stanza with this cipher; false beyond the last. */
bool vector_variant(const struct stanza *s, const EVP_CIPHER *cipher, unsigned n, struct variant *v);

/* STEP_DONE: all that was published came out: bytes, tag, next IV. */
enum step vector_attempt(const struct stanza *s, const EVP_CIPHER *cipher, const struct variant *v,
			 const struct watch *watch);

/* Bytes that the operation encrypts or decrypts as payload. */
size_t vector_payload(const struct stanza *s, const struct variant *v);

#endif
