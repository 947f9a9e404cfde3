/* SPDX-License-Identifier: MIT */
/* Where another door than software begins to pay. */
#ifndef SLU_TOOLS_BREAK_EVEN_H
#define SLU_TOOLS_BREAK_EVEN_H

#include "tools/pricelist.h"

bool slu_price_is_software(const struct slu_price *p);

/* The same suite in software. NULL: it is not in the list, or was not measured. */
const struct slu_price *slu_price_software(const struct slu_pricelist *list, const struct slu_price *p);

/* The size of records, in bytes, from which on up to the largest p costs less than the same suite in software: the
 * smallest that was measured, or where their curves cross between two of those, drawn as slu_plot_svg() draws them. 0:
 * it costs as much or more at the largest, or cannot be compared. */
double slu_price_break_even(const struct slu_pricelist *list, const struct slu_price *p);

#endif
