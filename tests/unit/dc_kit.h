/* SPDX-License-Identifier: MIT */
/* For the tests of the provider: loaded into a library context of its own, over a device in the same process. */
#ifndef SLU_TESTS_UNIT_DC_KIT_H
#define SLU_TESTS_UNIT_DC_KIT_H

#include <openssl/types.h>

#include "provider/cipher.h"
#include "tests/lab/device.h"

struct dc_kit {
	OSSL_LIB_CTX *libctx; /* default and devcrypto */
	OSSL_PROVIDER *ours, *theirs;
	struct slu_dc_provider *provider;
	struct lab_device *device;
	unsigned lines; /* logged */
	char log[2048];
};

/* Everything goes to the device (no least size), nothing is checked, no thread. */
void dc_kit_open(struct dc_kit *k);
void dc_kit_close(struct dc_kit *k);

/* A new device for contexts made from now on, with these faults ("" or "no-gcm eio=every:3"), and an empty log. */
void dc_kit_device(struct dc_kit *k, const char *faults);
void dc_kit_fault(struct dc_kit *k, const char *fault); /* one more */

struct lab_counters dc_kit_counters(const struct dc_kit *k);
struct slu_dc_counters dc_kit_books(const struct dc_kit *k);

/* The same bytes on every machine. */
void dc_kit_fill(uint8_t *out, size_t n, uint32_t seed);

#endif
