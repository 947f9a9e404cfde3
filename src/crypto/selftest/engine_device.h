/* SPDX-License-Identifier: MIT */
/*
 * One of OpenSSL's engines in the place of a crypto device, so that it gets the same tests (crypto/selftest.h): a
 * session is a pair of EVP contexts, one for each direction, that name the engine, and a request what is done in them.
 * Where the IV that was written back comes in again, the context goes on as it is, without being told one.
 *
 * Engines are code of others in this process, and OpenSSL's devcrypto does not outlive a fork: all of this is for a
 * process of its own, in which nothing of it has been called before.
 */
#ifndef SLU_CRYPTO_SELFTEST_ENGINE_DEVICE_H
#define SLU_CRYPTO_SELFTEST_ENGINE_DEVICE_H

#include <stdbool.h>

#include "provider/algorithm.h"
#include "provider/kernel.h"

/* The path is an engine's, as in slu_engine_get(). In this process it serves nobody but these sessions. */
extern const struct slu_dc_kernel slu_engine_device;

struct slu_engine_facts {
	char id[64], name[128];
	bool has[SLU_DC_ALGORITHMS]; /* with keys of 128 bits */
	char error[300];             /* why it cannot be had, a sentence, or "" */
};

/* what: as in slu_engine_get(). */
void slu_engine_ask(const char *what, struct slu_engine_facts *out);

#endif
