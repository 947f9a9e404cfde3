/* SPDX-License-Identifier: MIT */
#ifndef SLU_PROBE_ADVISE_IMPL_H
#define SLU_PROBE_ADVISE_IMPL_H

#include <stddef.h>

#include "probe/advise.h"

/* Appends, cut to size. */
void slu_advise_add(char *text, size_t size, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Writes the forms of the setting in out. ktls: a configuration file may have it. */
void slu_advise_forms(struct slu_advice *out, bool ktls);

#endif
