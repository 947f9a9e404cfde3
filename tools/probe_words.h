/* SPDX-License-Identifier: MIT */
/* What a report says, in the words that the table and the JSON share. */
#ifndef SLU_TOOLS_PROBE_WORDS_H
#define SLU_TOOLS_PROBE_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "probe/report.h"

#include "tools/exit.h"

struct slu_have;

/* "not_tls", static. */
const char *slu_probe_end_word(enum slu_probe_end end);
enum slu_exit slu_probe_end_exit(enum slu_probe_end end);

/* "server", "client", "mixed"; NULL: not known. */
const char *slu_probe_order_word(enum slu_order order);

/* Why a version is not to be used; NULL: it may. Static. */
const char *slu_probe_version_weak(uint16_t version);

/* Why a suite is not to be used with this server, static clauses: how many. */
enum { SLU_PROBE_REASONS = 4 };
size_t slu_probe_weak(const struct slu_report *report, uint16_t suite, const char *out[SLU_PROBE_REASONS]);

/* NULL: the OpenSSL that runs has none, or the same. */
const char *slu_probe_openssl_name(const struct slu_have *have, uint16_t suite);

#endif
