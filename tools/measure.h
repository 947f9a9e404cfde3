/* SPDX-License-Identifier: MIT */
/* What the records of a suite cost on this device: time, and CPU of the whole machine. */
#ifndef SLU_TOOLS_MEASURE_H
#define SLU_TOOLS_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sluice/tls.h>

#include "net/ktls_link.h"
#include "tools/spinner.h"

/* A suite, and who does its cipher. */
struct slu_way {
	const char *suite; /* OpenSSL's name */
	enum slu_tls_version version;
	bool etm;            /* CBC: encrypt-then-MAC */
	const char *offload; /* as in struct slu_tls_config; NULL: software */
	bool kernel;         /* by the kernel's TLS: not in memory, but over a connection */
	enum slu_ktls_cipher cipher;
};

/* At one record size. */
struct slu_cost {
	uint64_t records;
	double mb_per_s;            /* 10^6 bytes of payload, one record after the other */
	double median_us, p99_us;   /* of a record; the kernel's TLS: of the call that sends it */
	double cpu_ms_per_mb;       /* of the whole machine, by the spinner */
	double stat_ms_per_mb;      /* the same by /proc/stat, to be compared; -1: not to be had */
	double tcp_ms_per_mb;       /* the kernel's TLS: what TCP cost beside, which is not in the others; else 0 */
	uint64_t device_operations; /* of the offload's device, or the kernel's TLS */
};

/* Makes records of size bytes for about so many seconds, after some that warm up: every setting of the offload is in
 * force, checks included. In memory they are up to a quarter shorter and longer in turn, but for full ones. 0, or an
 * error with the sentence in error; SLU_ERR_IO: the device failed. */
int slu_measure(struct slu_spinner *spinner, const struct slu_way *way, size_t record, double seconds,
		const struct slu_log *log, struct slu_cost *out, char *error, size_t size);

/* The same in a process of its own, since a driver may hang: that is not waited for. error is "" when all went well.
 * False: it hung, failed, or ended the process, and is not to be measured again. */
bool slu_measure_apart(struct slu_spinner *spinner, const struct slu_way *way, size_t record, double seconds,
		       struct slu_cost *out, char *error, size_t size);

/* The same of anything that makes records. settle waits until what make left to others is done; NULL: it leaves
 * nothing. Both 0 or an error. */
struct slu_work {
	int (*make)(void *arg, size_t n);
	void (*settle)(void *arg);
	void *arg;
};
int slu_measure_work(struct slu_spinner *spinner, const struct slu_work *work, size_t record, double seconds,
		     struct slu_cost *out);

/* What the kernel's TLS takes for records that are sent over a connection of this process with itself, less what the
 * same bytes take over plain TCP: their costs, measured by turns. What is left is never less than a share of TCP's,
 * since no smaller difference can be told. layer NULL: this machine's. */
#define SLU_TCP_TOLD 0.01
int slu_measure_ktls(struct slu_spinner *spinner, const struct slu_ktls_layer *layer, enum slu_ktls_cipher cipher,
		     bool tls13, size_t record, double seconds, struct slu_cost *out, char *error, size_t size);

#endif
