/* SPDX-License-Identifier: MIT */
/*
 * Tests of one cipher of the kernel's TLS, compared with OpenSSL's software: shapes of calls by the thousand
 * (ktls_shape.c has the table), until all were right or the smallest that fails is known; then many connections at
 * once. A call over a bad driver may never return: run each test in a process of its own, which somebody else watches
 * (tools/doctor_ktls.h).
 */
#ifndef SLU_TOOLS_KTLS_TESTS_H
#define SLU_TOOLS_KTLS_TESTS_H

#include "crypto/selftest.h"
#include "net/ktls_link.h"
#include "tools/ktls_shape.h"

/* What is to be asked for next. */
struct slu_ktls_note {
	unsigned step;       /* slu_ktls_step_name() */
	uint64_t operations; /* calls that were right */
	uint32_t done, total;
	bool has_shape;
	struct slu_ktls_shape shape;
};

struct slu_ktls_test {
	const struct slu_ktls_layer *layer;
	enum slu_ktls_cipher cipher; /* of AES-GCM or ChaCha20-Poly1305 */
	bool tls13;
	bool rekeys; /* it can change keys */
	bool quick;
	void (*note)(void *arg, const struct slu_ktls_note *note); /* before each shape */
	void *arg;
};

struct slu_ktls_verdict {
	enum slu_ktls_cipher cipher;
	bool tls13;
	enum slu_verdict_kind kind; /* not LIMITED, GONE */
	int error;                  /* ERROR, LACKING, UNTESTED: errno. CRASHED: the signal, or 0 */
	uint64_t operations;        /* calls whose records were compared */
	uint32_t largest;           /* payload of the largest */
	unsigned step;
	bool has_shape; /* the smallest that fails. HANGS, CRASHED: the one under way */
	bool seldom;    /* it did not fail again */
	bool crowded;   /* other connections were at work too */
	bool left;      /* HANGS: the process is still there, and cannot be ended */
	struct slu_ktls_shape shape;
};

/* "lengths": static. */
const char *slu_ktls_step_name(unsigned step);
unsigned slu_ktls_steps(void); /* how many there are, counted from 0 */

/* One call at a time. */
void slu_ktls_test_run(const struct slu_ktls_test *t, struct slu_ktls_verdict *out);

/* Several connections by turns, for so many seconds, and at least one round. v is the verdict so far, and is changed
 * when something fails. process: a number, not 0, that no other process has that does the same at the same time. */
void slu_ktls_test_load(const struct slu_ktls_test *t, unsigned process, unsigned seconds, struct slu_ktls_verdict *v);

/* One sentence, or two: what was found, and what to do about it. driver: by /proc/crypto, or "". Returns out. */
const char *slu_ktls_sentence(const struct slu_ktls_verdict *v, const char *driver, char *out, size_t size);

#endif
