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
int dc_kit_teardown(void **state); /* of a group of tests, whose state the kit is */

/* A new device for contexts made from now on, with these faults ("" or "no-gcm eio=every:3"), and an empty log. */
void dc_kit_device(struct dc_kit *k, const char *faults);
void dc_kit_fault(struct dc_kit *k, const char *fault); /* one more */

/* Ends what hangs on it, and waits for that: a thread that outlives OpenSSL's own end has something of its left. */
void dc_kit_release(struct dc_kit *k);

/* What a fault in mid-stream leads to. */
struct dc_fault {
	const char *fault;
	int said; /* in the log: an errno, in the C library's words, or one of the below; 0: nothing */
	bool off; /* the device, from then on */
};

enum { DC_SAID_WRONG = -1, DC_SAID_LATE = -2 };

/* Those that are alike for all ciphers, when everything is checked; the first of them are for whole connections too. */
enum { DC_TLS_FAULTS = 7, DC_FAULTS = 11 };
extern const struct dc_fault dc_faults[DC_FAULTS];

/* It did, on the device with these other faults. Each thing is said once: what failed, and that the device is off. */
void dc_kit_expect(const struct dc_kit *k, const struct dc_fault *f, const char *device);

struct lab_counters dc_kit_counters(const struct dc_kit *k);
struct slu_dc_counters dc_kit_books(const struct dc_kit *k);

/* A context of a cipher, not begun with. NULL: there is no such cipher. */
EVP_CIPHER_CTX *dc_kit_cipher(const struct dc_kit *k, const char *name, const char *properties);
/* It is to have records of TLS, as libssl says it. */
void dc_kit_records(EVP_CIPHER_CTX *ctx, unsigned version, size_t mac_size);

/* The same bytes on every machine. */
void dc_kit_fill(uint8_t *out, size_t n, uint32_t seed);

#endif
