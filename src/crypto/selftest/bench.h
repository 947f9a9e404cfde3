/* SPDX-License-Identifier: MIT */
/* Carries a shape out on the device, and compares. */
#ifndef SLU_CRYPTO_SELFTEST_BENCH_H
#define SLU_CRYPTO_SELFTEST_BENCH_H

#include "crypto/selftest/arena.h"
#include "crypto/selftest/shape.h"
#include "crypto/selftest/software.h"
#include "provider/cryptodev.h"

enum { SLU_KEYS = 3, SLU_SESSIONS = 2 };

/* What became of an attempt. */
struct slu_outcome {
	enum { SLU_RIGHT, SLU_DIFFERS, SLU_FAILS, SLU_CANNOT } what; /* CANNOT: OpenSSL's software failed */
	enum slu_flaw flaw;                                          /* DIFFERS */
	int error;                                                   /* FAILS: errno */
	bool opening;                                                /* FAILS: of a session */
};

struct slu_bench {
	const struct slu_dc_kernel *kernel;
	const char *path;
	enum slu_dc_algorithm algorithm;
	unsigned worker; /* its keys are no other's */
	struct {
		int fd; /* negative: not open */
		uint32_t id;
	} sessions[SLU_KEYS][SLU_SESSIONS];
	struct slu_software *software;
	struct slu_arena arena;
	uint64_t operations; /* that were right, each request one */
	uint64_t requests;   /* asked for: makes each one's payload another */
	char driver[SLU_DC_NAME];
	bool accelerated;
};

/* All that a request needs; opens no session. False: no memory, or OpenSSL lacks the algorithm. Cleared in any case. */
bool slu_bench_init(struct slu_bench *b, const struct slu_selftest *t, enum slu_dc_algorithm a, unsigned worker);
void slu_bench_clear(struct slu_bench *b);

/* Only opens the session that the shape wants. */
struct slu_outcome slu_bench_open(struct slu_bench *b, const struct slu_shape *shape);

struct slu_outcome slu_bench_try(struct slu_bench *b, const struct slu_shape *shape);

/* A known answer, in place, in a session of its own. in and expected as the request's payload and result. */
struct slu_outcome slu_bench_known(struct slu_bench *b, const struct slu_plain *p, bool decrypt, const uint8_t *sealed,
				   size_t sealed_length);

#endif
