/* SPDX-License-Identifier: MIT */
/* The table of suites. Only registry.c needs this. */
#ifndef SLU_PROBE_REGISTRY_IMPL_H
#define SLU_PROBE_REGISTRY_IMPL_H

#include "probe/registry.h"

extern const struct slu_reg_suite slu_reg_all[]; /* rising by id */
extern const size_t slu_reg_nall;

#endif
