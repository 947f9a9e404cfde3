/* SPDX-License-Identifier: MIT */
/*
 * An engine of OpenSSL's for tests: AES-128-CBC and SHA-256 by OpenSSL's own software, and counted. Its commands:
 *
 *     OFFERS=none     it has no ciphers from now on; OFFERS=all: it has them again
 *     BROKEN=1        it cannot be initialised from now on; BROKEN=0: it can
 *     REGISTER=1      it is registered for digests, as OpenSSL 1.1.1 does when it loads an engine that is built in
 *     WRONG=240       a bit is wrong in updates of 240 to 255 bytes; WRONG=0: none is
 *     HANG=240        updates of just so many bytes never end; HANG=0: all do
 *     STALE=1         no update goes on where the one before it ended
 *     COUNTERS        a pointer to where the pointer to the counters is to go
 */
#ifndef SLU_TESTS_UNIT_ENGINE_KIT_H
#define SLU_TESTS_UNIT_ENGINE_KIT_H

#include <stddef.h>

#include <openssl/engine.h>

struct engine_counters {
	unsigned inits, finishes, destroyed;
	unsigned operations; /* updates by its cipher */
	size_t bytes;        /* in them */
	unsigned digests;    /* updates by its digest */
};

/* Gives e all that, and this ID. There is one set of counters for all. 0: it cannot. */
int engine_kit_bind(ENGINE *e, const char *id);

#endif
