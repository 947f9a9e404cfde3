/* SPDX-License-Identifier: MIT */
/*
 * What sealing costs, to be measured: a TLS connection of this process with itself, in memory. After the handshake the
 * client makes records of any size, as a publisher does, and they are dropped. No I/O but what an offload does.
 */
#ifndef SLU_CRYPTO_WORKLOAD_H
#define SLU_CRYPTO_WORKLOAD_H

#include <stddef.h>
#include <stdint.h>

#include <sluice/tls.h>

struct slu_workload;

/* suite: OpenSSL's name of one of TLS 1.3, or of TLS 1.2 with ECDSA certificates or any. offload: as in struct
 * slu_tls_config, whose lines go to log. etm: encrypt-then-MAC where the suite has CBC. NULL, and the sentence in
 * error: this OpenSSL lacks it, for instance. */
struct slu_workload *slu_workload_new(enum slu_tls_version version, const char *suite, bool etm, const char *offload,
				      const struct slu_log *log, char *error, size_t size);

/* One record of n bytes, at most 16384. 0, or SLU_ERR_TLS. */
int slu_workload_seal(struct slu_workload *w, size_t n);

/* Of the records made so far, headers included. */
uint64_t slu_workload_wire_bytes(const struct slu_workload *w);

/* NULL, or why the offload has no part in these records although it was to: static. Only of an engine, which keeps no
 * counters. */
const char *slu_workload_passed_over(const struct slu_workload *w);

/* What the offload did for it. */
void slu_workload_offload(const struct slu_workload *w, struct slu_tls_offload_stats *out);

void slu_workload_free(struct slu_workload *w); /* NULL is fine */

#endif
