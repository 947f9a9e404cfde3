/* SPDX-License-Identifier: MIT */
/*
 * Tests of one algorithm of a crypto device, by its ioctls and nothing between, compared with OpenSSL's software: known
 * answers first, then shapes of requests by the thousand (sweep.c has the table), until all were right or the smallest
 * that fails is known. A request of a bad driver may never return, and may write where it was not asked to: run each
 * test in a process of its own, which somebody else watches (tools/doctor_child.h).
 *
 * The device's word is not taken for anything: neither its flags nor the kernel's "selftest: passed".
 */
#ifndef SLU_CRYPTO_SELFTEST_H
#define SLU_CRYPTO_SELFTEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "provider/algorithm.h"
#include "provider/kernel.h"

/* A request, or some that belong together, as numbers: what can be varied, and made simpler again. */
enum slu_shape_field {
	SLU_SHAPE_LENGTH,     /* bytes of payload */
	SLU_SHAPE_KEY,        /* bytes: 16, 24, 32 */
	SLU_SHAPE_DECRYPT,    /* 0, 1 */
	SLU_SHAPE_SESSION,    /* 0, 1: of two that are open, with different keys */
	SLU_SHAPE_AAD,        /* GCM: bytes */
	SLU_SHAPE_TAMPERED,   /* 1: GCM decryption of a wrong tag, which must be refused */
	SLU_SHAPE_IV,         /* CTR: enum slu_shape_iv */
	SLU_SHAPE_OFFSET,     /* where the source begins in its page */
	SLU_SHAPE_APART,      /* 0: in place, 1: from one buffer to another */
	SLU_SHAPE_OUT_OFFSET, /* of that other one */
	SLU_SHAPE_PIECES,     /* requests, each of which goes on where the one before it ended */
	SLU_SHAPE_WRITTEN,    /* 1: with the IV that the kernel wrote back; 0: with one that the program works out */
	SLU_SHAPE_FIELDS
};

/* The end of the counter that comes in: how far its carry has to go in the request, or soon. */
enum slu_shape_iv {
	SLU_IV_NONE, /* ...00000001 */
	SLU_IV_8,    /* ......000000ff */
	SLU_IV_16,   /* ......0000ffff */
	SLU_IV_32,   /* ......ffffffff */
	SLU_IV_64,
	SLU_IV_128,   /* all bits set */
	SLU_IV_LATER, /* ......ffffff00: as SLU_IV_32, 256 blocks later */
	SLU_IVS
};

struct slu_shape {
	uint32_t at[SLU_SHAPE_FIELDS];
};

/* "decrypting 240 bytes, in place, with a key of 16 bytes". Returns out. */
const char *slu_shape_describe(enum slu_dc_algorithm a, const struct slu_shape *shape, char *out, size_t size);

enum slu_verdict_kind {
	SLU_PASSED,
	SLU_LIMITED, /* right, but refused above a size */
	SLU_LACKING, /* the device does not have it */
	SLU_WRONG,
	SLU_ERROR,
	SLU_HANGS,
	SLU_GONE,    /* there is no device (any more) */
	SLU_CRASHED, /* the tests themselves ended before their time: by a signal, or without a verdict */
	SLU_UNTESTED /* for want of memory or processes, or since OpenSSL itself is wrong */
};

/* What is wrong where SLU_WRONG. */
enum slu_flaw {
	SLU_FLAW_BYTES,  /* other bytes than software's */
	SLU_FLAW_AROUND, /* bytes before or behind the result were changed */
	SLU_FLAW_SOURCE, /* the source of a request that is not in place was changed */
	SLU_FLAW_IV,     /* the IV was changed without WRITE_IV */
	SLU_FLAW_TAG     /* a wrong tag was taken for a right one */
};

struct slu_verdict {
	enum slu_dc_algorithm algorithm;
	enum slu_verdict_kind kind;
	bool engine;         /* not a device, but one of OpenSSL's engines (selftest/engine_device.h) */
	char driver[64];     /* CIOCGSESSINFO's, or the engine's ID; "?" if it did not say */
	bool accelerated;    /* its flag, which says little */
	unsigned keys;       /* those it takes: 1 of 16 bytes, 2 of 24, 4 of 32 */
	uint32_t largest;    /* bytes of the largest request that was right */
	uint64_t operations; /* requests carried out and compared */
	unsigned step;       /* where it failed: slu_selftest_step_name() */
	enum slu_flaw flaw;  /* WRONG */
	int error;           /* ERROR, LIMITED, LACKING, GONE: errno. CRASHED: the signal, or 0 */
	bool has_shape;      /* the smallest that fails. HANGS: the one under way */
	bool has_previous;   /* and it fails only after this one */
	bool crowded;        /* other sessions were at work too; and alone it did not fail */
	bool avoided;        /* WRONG, ERROR: the provider and the library never ask for such a thing */
	bool left;           /* HANGS: the process is still there, and cannot be ended */
	struct slu_shape shape, previous;
	uint32_t failed, tries; /* it fails only so many times of so many; 0 of 0: each time */
};

/* Whether it is sound for TLS. A device: PASSED, LIMITED, and WRONG or ERROR of shapes that the provider avoids. An
 * engine has nobody between it and OpenSSL: PASSED, LIMITED when records are below that, and WRONG or ERROR of what
 * OpenSSL itself never asks for. */
bool slu_verdict_usable(const struct slu_verdict *v);

/* "wrong bytes", "refused above a size": static. */
const char *slu_verdict_kind_name(enum slu_verdict_kind kind);

/* One sentence, or two: what was found, and what to do about it. Returns out. */
const char *slu_verdict_sentence(const struct slu_verdict *v, char *out, size_t size);

/* What is to be asked for next. */
struct slu_selftest_note {
	unsigned lane; /* of those working at once, below SLU_SELFTEST_LANES */
	bool ended;    /* this lane's part: nothing more is said of it, but by lane 0 as the sessions are closed */
	unsigned step;
	const char *driver;   /* "?" until it is known */
	uint64_t operations;  /* of this lane, that were right */
	uint32_t done, total; /* shapes; total 0: nobody knows yet, or seconds count */
	bool has_shape;       /* none before the first request, and after the last */
	struct slu_shape shape;
};

enum { SLU_SELFTEST_LANES = 4 };

struct slu_selftest {
	const struct slu_dc_kernel *kernel; /* NULL: this machine's */
	const char *path;                   /* NULL: /dev/crypto */
	bool engine;                        /* kernel is an engine's stand-in for one, and nothing is avoided */
	bool quick;
	/* Before each shape, whose session may have to be opened, and before the sessions are closed: what comes to no
	 * end is the last that was said. From several threads at once in slu_selftest_load(). */
	void (*note)(void *arg, const struct slu_selftest_note *note);
	void *arg;
};

/* "key sizes": static. Steps are counted from 0; how many there are. */
const char *slu_selftest_step_name(unsigned step);
unsigned slu_selftest_steps(void);

/* Whether there is a crypto device: 0, or an errno; ENOTTY: path is something else. */
int slu_selftest_device(const char *path);

/* One request at a time. */
void slu_selftest_run(const struct slu_selftest *t, enum slu_dc_algorithm a, struct slu_verdict *out);

/*
 * Many sessions at once, in SLU_SELFTEST_LANES threads, for so many seconds, and at least one round. v is the verdict
 * so far, which says what may be asked for, and is changed when something fails. process: a number that no other
 * process has that does the same at the same time.
 */
void slu_selftest_load(const struct slu_selftest *t, unsigned process, unsigned seconds, struct slu_verdict *v);

#endif
