/* SPDX-License-Identifier: MIT */
/*
 * Decides, for each operation of one cipher context, whether the device is asked and whether its answer is checked, and
 * keeps the books. One gate a context; a copy of a context starts with a fresh one.
 */
#ifndef SLU_PROVIDER_GATE_H
#define SLU_PROVIDER_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "device.h"

struct slu_dc_gate {
	struct slu_dc_device *device;
	const struct slu_dc_settings *settings;
	uint64_t operations; /* that were sent to the device */
	unsigned failures;   /* in a row, of this context */
	long owner;          /* the process that made the context */
};

enum slu_dc_way {
	SLU_DC_SOFTWARE,      /* too small or not asked for; device off, lacking, forked, unless settings.fallback is
			       * off: then it is tried, and fails. Not counted as fallback */
	SLU_DC_DEVICE,        /* and give the result out */
	SLU_DC_DEVICE_CHECKED /* and compare with software first */
};

void slu_dc_gate_init(struct slu_dc_gate *g, struct slu_dc_device *d, const struct slu_dc_settings *s);

/* The first operations under a new key are checked again. */
void slu_dc_gate_rekey(struct slu_dc_gate *g);

enum slu_dc_way slu_dc_gate_way(struct slu_dc_gate *g, enum slu_dc_algorithm a, bool encrypt, size_t size);

/*
 * After a failed operation: counts the fallback, logs the first of its kind (driver, algorithm, size, error), and turns
 * the device off after too many in a row. True: do the operation in software. False: settings.fallback is off, so the
 * cipher's call must fail.
 */
bool slu_dc_gate_failed(struct slu_dc_gate *g, enum slu_dc_algorithm a, size_t size, int error);

void slu_dc_gate_done(struct slu_dc_gate *g); /* an operation was right, or was not checked */

/* Of n bytes the one at at is wrong: turns the device off for the process and logs driver, algorithm and shape. */
void slu_dc_gate_wrong(struct slu_dc_gate *g, enum slu_dc_algorithm a, size_t n, size_t at);

/* Compares n bytes; on a difference calls slu_dc_gate_wrong(). True: equal. */
bool slu_dc_gate_check(struct slu_dc_gate *g, enum slu_dc_algorithm a, const uint8_t *device, const uint8_t *software,
		       size_t n);

#endif
