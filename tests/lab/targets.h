/* SPDX-License-Identifier: MIT */
/* What published test vectors are run through: one provider, required by name, and who counts what it does. */
#ifndef SLU_TESTS_TARGETS_H
#define SLU_TESTS_TARGETS_H

#include <stdbool.h>
#include <stdint.h>

#include <openssl/provider.h>
#include <openssl/types.h>

struct lab_device;

struct target_counts {
	uint64_t operations, bytes; /* that the device did, by the device's own books where it is in this process */
	uint64_t fallbacks;         /* by the provider's */
};

struct target {
	OSSL_LIB_CTX *libctx; /* NULL: the default one */
	const char *query;
	OSSL_PROVIDER *provider; /* devcrypto; NULL: software, which has no counts */
	struct lab_device *device;
	unsigned mended;
};

/* Each returns false with the reason on stderr. */
bool target_software(struct target *t);
/* faults: "ecb-only,flip"; "complete" is a device without one. The settings are those that leave all to it. */
bool target_device(struct target *t, const char *faults);
/* As the OpenSSL configuration loads and sets it. */
bool target_module(struct target *t);

/* A device in this process whose mistake was noticed is off for the process: from now on it counts as another one. */
void target_mend(struct target *t);

void target_count(const struct target *t, struct target_counts *now);
void target_clear(struct target *t);

#endif
