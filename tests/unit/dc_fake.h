/* SPDX-License-Identifier: MIT */
/*
 * A device without cryptography, for what session.c, gate.c and device.c do around it: it counts, keeps what it was
 * asked, fails and hangs where it is told to. "Encryption" is a XOR with FAKE_XOR; a tag is sixteen times FAKE_TAG.
 * Descriptors are real ones, so that leaks show.
 */
#ifndef SLU_TESTS_UNIT_DC_FAKE_H
#define SLU_TESTS_UNIT_DC_FAKE_H

#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "provider/cryptodev.h"
#include "provider/device.h"

enum { FAKE_XOR = 0x5a, FAKE_TAG = 0xc3, FAKE_SES = 77, FAKE_LATE = 0xee };

enum fake_call { FAKE_OPEN, FAKE_SESSION, FAKE_INFO, FAKE_CRYPT, FAKE_AUTH, FAKE_CLOSE, FAKE_CALLS };

struct fake {
	struct slu_dc_kernel kernel;
	char path[32];                 /* one of its own: devices are kept for the process's life */
	atomic_int calls[FAKE_CALLS];  /* made, those that failed too */
	atomic_int errors[FAKE_CALLS]; /* to return, -errno; for FAKE_CLOSE nothing */
	atomic_int hang;               /* the call that hangs once, or FAKE_CALLS */
	sem_t inside, go, end;         /* it hangs; end it; it has ended, after a late write */
	/* What was asked last, pointers followed; under the lock when several threads ask. */
	pthread_mutex_t lock;
	struct slu_dc_session_op session;
	uint8_t key[SLU_DC_HMAC_KEY_MAX], mac_key[SLU_DC_HMAC_KEY_MAX];
	struct slu_dc_crypt_op crypt;
	struct slu_dc_auth_op auth;
	uint8_t iv[16], aad[4096];
	sigset_t mask; /* of the thread that asked */
	/* What was said. */
	int lines;
	char line[500]; /* the last */
};

/* With settings whose lines go to fake.lines; min_size 0. Never freed: operations may come back. */
struct fake *fake_new(struct slu_dc_settings *s);
struct slu_dc_device *fake_device(struct fake *f);
void fake_end_hang(struct fake *f); /* and waits until it has ended */

int fake_descriptors(void); /* open now, in this process */
int fake_threads(void);     /* of the pool, those that hang too */

/* Sanitizers keep what is freed for a while. gcc says so by a macro, clang as a feature. */
#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__ || __has_feature(address_sanitizer) ||                 \
	__has_feature(thread_sanitizer)
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif

#endif
