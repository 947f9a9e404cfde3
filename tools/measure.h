/* SPDX-License-Identifier: MIT */
/* What the records of a suite cost on this device: time, and CPU of the whole machine. */
#ifndef SLU_TOOLS_MEASURE_H
#define SLU_TOOLS_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sluice/tls.h>

#include "tools/spinner.h"

/* A suite, and who does its cipher. */
struct slu_way {
	const char *suite; /* OpenSSL's name */
	enum slu_tls_version version;
	bool etm;            /* CBC: encrypt-then-MAC */
	const char *offload; /* as in struct slu_tls_config; NULL: software */
};

/* At one record size. */
struct slu_cost {
	uint64_t records;
	double mb_per_s;            /* 10^6 bytes of payload, one record after the other */
	double median_us, p99_us;   /* of a record */
	double cpu_ms_per_mb;       /* of the whole machine, by the spinner */
	double stat_ms_per_mb;      /* the same by /proc/stat, to be compared; -1: not to be had */
	uint64_t device_operations; /* of the offload's device */
};

/* Makes records of size bytes for about so many seconds, after some that warm up: every setting of the offload is in
 * force, checks included. 0, or an error with the sentence in error. */
int slu_measure(struct slu_spinner *spinner, const struct slu_way *way, size_t record, double seconds,
		const struct slu_log *log, struct slu_cost *out, char *error, size_t size);

#endif
