/* SPDX-License-Identifier: MIT */
/* Scans of servers in memory, configured at random, and what their reports must say. */
#ifndef SLU_TESTS_UNIT_PLAN_KIT_H
#define SLU_TESTS_UNIT_PLAN_KIT_H

#include "plan_model.h"

enum { CONFIGURATIONS = 400 };

#define COUNT(a) (sizeof(a) / sizeof *(a))

extern struct model model;
extern struct slu_report report;

extern const uint16_t rsa_suites[26]; /* of TLS 1.2 and older; the first of a common order */

int plan_setup(void **state);
int plan_teardown(void **state);

/* As the scanner does it, with answers that come in any order. name: SNI, or NULL. */
void scan_as(const char *name, bool full, uint32_t seed);
void scan(bool full, uint32_t seed);

uint32_t below(uint32_t n); /* of the model's random numbers */
void add(struct model_list *l, uint16_t id);

/* All of it at random. */
void configure(uint32_t seed);

/* As a common library has it: suites of RSA keys in TLS 1.2 and of TLS 1.3, and an order of its own. */
void configure_common(size_t old, size_t new);

/* The report says what is configured, and of suites and versions alone; where all is to be found, and where not. */
void expect_all(bool full);
void expect_versions(bool full);

unsigned newest(bool below_13); /* 0 for SSL 3.0; SLU_REPORT_VERSIONS: none */
size_t total(const struct model_list *l, size_t n);
size_t suites_of(unsigned from); /* of that version and newer */
enum slu_known known(bool yes);

#endif
