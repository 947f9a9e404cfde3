/* SPDX-License-Identifier: MIT */
/*
 * What the process knows of one device: what it has, what it does right, whether it is trusted. One object a path and
 * kernel, for all provider contexts of the process, never freed. Thread-safe. And the settings and counters.
 */
#ifndef SLU_PROVIDER_DEVICE_H
#define SLU_PROVIDER_DEVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "algorithm.h"
#include "kernel.h"

/* Of one provider context: openssl.cnf's section or the library's options. Constant once connections use them. */
struct slu_dc_settings {
	char path[108];       /* "/dev/crypto" */
	uint32_t min_size;    /* bytes: smaller records and updates are done in software */
	uint32_t largest;     /* bytes of one request at most; 0: found out by checked trials */
	uint32_t check_first; /* operations at the start of a cipher context checked against software before their
				 result is given out */
	uint32_t check_every; /* and one in so many after; 1: each, 0: none */
	uint32_t ahead;       /* TLS records whose key stream is asked for in one request at most; 0: none ahead */
	uint32_t deadline_ms; /* after which an operation is abandoned; 0: run in the caller's thread, without a
				 deadline */
	bool decrypt;         /* also decrypt by the device. TLS CBC decryption with its MAC stays in software */
	bool fallback;        /* false, for tests: what the device cannot do fails */
	bool cbc, gcm;        /* false: AES-CBC with what goes with it, or AES-GCM, stays in software */
	/* A line without a newline, from any thread that uses the provider, under no lock. NULL: none. */
	void (*log)(void *arg, const char *line);
	void *log_arg;
};

void slu_dc_settings_init(struct slu_dc_settings *s); /* the defaults; logs to stderr */

/* One "name=value" of openssl.cnf and of the library's options: 0, or -1 with the reason in error. */
int slu_dc_settings_set(struct slu_dc_settings *s, const char *name, const char *value, char *error, size_t size);

/* What was counted, since the process began, for one device. */
struct slu_dc_counters {
	uint64_t operations; /* crypt requests that the device carried out (not sessions opened and closed) */
	uint64_t bytes;      /* their payload */
	uint64_t fallbacks;  /* operations that were to go to the device and were done in software */
	uint64_t checks;     /* operations compared with software */
	uint64_t mismatches; /* of these, differing */
	uint64_t abandoned;  /* operations that passed their deadline */
	uint64_t sessions;   /* opened */
};

struct slu_dc_device;

/* NULL: no memory. */
struct slu_dc_device *slu_dc_device_get(const struct slu_dc_kernel *kernel, const char *path);

/* It was turned off for the rest of the process: wrong bytes, a hang, or gone. */
bool slu_dc_device_off(const struct slu_dc_device *d);

/* Turns it off and logs the sentence, the first time only. */
__attribute__((format(printf, 3, 4))) void
slu_dc_device_turn_off(struct slu_dc_device *d, const struct slu_dc_settings *s, const char *format, ...);

/* False once opening a session for a was refused as unknown: then nobody tries again. */
bool slu_dc_device_may_have(const struct slu_dc_device *d, enum slu_dc_algorithm a);
void slu_dc_device_lacks(struct slu_dc_device *d, enum slu_dc_algorithm a);

/* The driver that serves a, "virtio_crypto_aes_cbc", or "?" before the first session. */
const char *slu_dc_device_driver(const struct slu_dc_device *d, enum slu_dc_algorithm a);

/*
 * The largest request, in bytes, that a is known to do right, and the smallest that is known to fail (SIZE_MAX: none).
 * Requests that grow beyond good are trials: checked against software whatever the settings say, and neither their
 * error nor their wrong bytes turn the device off when smaller ones were right.
 */
struct slu_dc_limit {
	size_t good, bad;
};
struct slu_dc_limit slu_dc_device_limit(const struct slu_dc_device *d, enum slu_dc_algorithm a);
void slu_dc_device_learn(struct slu_dc_device *d, enum slu_dc_algorithm a, size_t size, bool good);

/* An operation ended so, 0 or -errno: what was done is right as far as anybody knows, and EINVAL is how drivers refuse
 * what is too long for them, unless it was right before. */
void slu_dc_device_learn_from(struct slu_dc_device *d, enum slu_dc_algorithm a, size_t size, int error);

/* A trial failed: of EINVAL, EMSGSIZE and wrong bytes (EBADMSG) the size is the reason; of other errors, which may
 * pass, when the same trial fails again. */
void slu_dc_device_trial_failed(struct slu_dc_device *d, enum slu_dc_algorithm a, size_t size, int error);

void slu_dc_device_counters(const struct slu_dc_device *d, struct slu_dc_counters *out);

#endif
