/* SPDX-License-Identifier: MIT */
/* The recommendation: as text with lines that are ready to paste, and as what a connection of ours needs for it. */
#ifndef SLU_TOOLS_PROBE_ADVICE_H
#define SLU_TOOLS_PROBE_ADVICE_H

#include <stdbool.h>
#include <stdint.h>

#include <sluice/tls.h>

#include "probe/advise.h"

#include "tools/probe_page.h"

struct cJSON;

/* What this machine has and what that costs it, found out once, the first time that somebody asks. */
struct slu_probe_costs;

/* measured: of `sluice doctor`, NULL: where it usually is. NULL: the sentence is in error. */
struct slu_probe_costs *slu_probe_costs_new(const char *measured, uint64_t bit_rate, char *error, size_t size);
void slu_probe_costs_free(struct slu_probe_costs *costs); /* NULL is fine */
const struct slu_have *slu_probe_costs_have(const struct slu_probe_costs *costs);

void slu_probe_advise(const struct slu_probe_costs *costs, const struct slu_report *report, struct slu_advice *out);

/* There is a setting, and it is not weak, unless that is allowed. */
bool slu_probe_advice_usable(const struct slu_advice *advice, bool allow_weak);

/* Versions and suites, which advice keeps. */
void slu_probe_advice_to_tls(const struct slu_advice *advice, struct slu_tls_config *to);

/* "6M": bits a second, with k, M or G for thousands, millions and thousands of them. False: it is none above 0. */
bool slu_probe_bit_rate(const char *text, uint64_t *out);

void slu_probe_advice_print(const struct slu_page *page, const struct slu_advice *advice, bool allow_weak);
void slu_probe_advice_add_json(const struct slu_advice *advice, bool allow_weak, struct cJSON *to);

#endif
