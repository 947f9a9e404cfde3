/* SPDX-License-Identifier: MIT */
/* crypto/selftest.h's tests of one algorithm, in processes of their own, which may hang or crash. */
#ifndef SLU_TOOLS_DOCTOR_DEVICE_H
#define SLU_TOOLS_DOCTOR_DEVICE_H

#include "crypto/selftest.h"

struct slu_doctor_device {
	const struct slu_dc_kernel *kernel; /* NULL: this machine's */
	const char *path;                   /* NULL: /dev/crypto */
	bool engine;                        /* kernel is selftest/engine_device.h's, and path says which engine */
	bool quick;
	unsigned soak_seconds; /* of many sessions at once, in two processes; 0: one round */
	unsigned deadline_ms;  /* after which a request hangs; 0: 10 seconds */
	/* What goes on, some thousand times a second at most; done starts again with many sessions at once. NULL:
	 * nobody wants to know. note->driver is valid during the call. */
	void (*progress)(void *arg, enum slu_dc_algorithm a, const struct slu_selftest_note *note);
	void *arg;
};

/* Comes back, whatever the device does. */
void slu_doctor_device_test(const struct slu_doctor_device *d, enum slu_dc_algorithm a, struct slu_verdict *out);

#endif
