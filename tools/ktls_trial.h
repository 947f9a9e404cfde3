/* SPDX-License-Identifier: MIT */
/* Carries a shape out on the kernel's TLS, and compares what comes out with software. */
#ifndef SLU_TOOLS_KTLS_TRIAL_H
#define SLU_TOOLS_KTLS_TRIAL_H

#include "crypto/selftest/record.h"
#include "net/ktls_link.h"
#include "tools/ktls_shape.h"

/* A connection, and where its keys are. */
struct slu_ktls_line {
	bool open;
	int ends[2];
	struct slu_record_keys keys; /* of the next record */
	uint32_t records;            /* that were made */
	size_t due;                  /* bytes that are to come out, in: */
	uint8_t *expected;
};

enum { SLU_KTLS_LINES = 4 };

struct slu_ktls_trial {
	const struct slu_ktls_layer *layer;
	enum slu_ktls_cipher cipher;
	bool tls13;
	struct slu_record *software;
	struct slu_ktls_line lines[SLU_KTLS_LINES];
	uint8_t *memory; /* what is sent from: an area of pages for each piece */
	uint8_t *payload, *got;
	int file;
	uint64_t operations; /* calls whose records were right */
	uint64_t seed;       /* of payload and keys */
};

struct slu_ktls_outcome {
	enum { SLU_KTLS_RIGHT, SLU_KTLS_DIFFERS, SLU_KTLS_FAILS, SLU_KTLS_CANNOT } what; /* CANNOT: software failed */
	int error;                                                                       /* FAILS: errno */
};

/* No connection yet. process: a number that no other process has that does the same. False: no memory, or OpenSSL lacks
 * the cipher. Cleared in any case. */
bool slu_ktls_trial_init(struct slu_ktls_trial *t, const struct slu_ktls_layer *layer, enum slu_ktls_cipher cipher,
			 bool tls13, unsigned process);
void slu_ktls_trial_clear(struct slu_ktls_trial *t);

/* On lines[0], which is opened when it is not, or when the shape says how its connection begins; alone: on a new one
 * that has carried nothing but what the shape says. After what is not right, it is closed. */
struct slu_ktls_outcome slu_ktls_try(struct slu_ktls_trial *t, const struct slu_ktls_shape *shape, bool alone);

/* Sends on all lines before any is read, lengths[i] bytes each; opens those that are not. */
struct slu_ktls_outcome slu_ktls_try_all(struct slu_ktls_trial *t, const uint32_t lengths[SLU_KTLS_LINES]);

#endif
