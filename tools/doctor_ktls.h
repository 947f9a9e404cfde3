/* SPDX-License-Identifier: MIT */
/* tools/ktls_tests.h's tests of one cipher, in processes of their own, which may hang or crash. */
#ifndef SLU_TOOLS_DOCTOR_KTLS_H
#define SLU_TOOLS_DOCTOR_KTLS_H

#include "tools/ktls_tests.h"

struct slu_doctor_ktls {
	const struct slu_ktls_layer *layer; /* NULL: this machine's kernel */
	bool rekeys;                        /* it can change keys */
	bool quick;
	unsigned soak_seconds; /* of many connections at once, in two processes; 0: one round */
	unsigned deadline_ms;  /* after which a call hangs; 0: 10 seconds */
	void (*progress)(void *arg, const struct slu_ktls_note *note); /* NULL: nobody wants to know */
	void *arg;
};

/* Comes back, whatever the kernel does. */
void slu_doctor_ktls_test(const struct slu_doctor_ktls *d, enum slu_ktls_cipher cipher, bool tls13,
			  struct slu_ktls_verdict *out);

#endif
