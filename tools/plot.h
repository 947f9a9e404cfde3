/* SPDX-License-Identifier: MIT */
/* CPU for each MB against the size of records, both on logarithmic scales, a curve for each way. */
#ifndef SLU_TOOLS_PLOT_H
#define SLU_TOOLS_PLOT_H

#include <stdbool.h>
#include <stdio.h>

#include "tools/pricelist.h"

enum { SLU_PLOT_LABEL = 128 };

struct slu_plot_axis {
	double low, high;
};

/* The axes: sizes as they are, costs to the next 1, 2 or 5. False: there is nothing that a logarithmic scale can show,
 * for want of a cost above nothing. */
bool slu_plot_axes(const struct slu_pricelist *list, struct slu_plot_axis *x, struct slu_plot_axis *y);

/* Where v lies: 0 at the low end, 1 at the high one. */
double slu_plot_at(const struct slu_plot_axis *axis, double v);

/* The ticks of an axis of costs: the next one above v, of 1, 2 and 5 and their decades; v itself is one. */
double slu_plot_next_tick(double v);

/* The cost of a way at any size between two that were measured, as it is drawn. 0 or less: it cannot be drawn there. */
double slu_plot_cost(const struct slu_pricelist *list, const struct slu_price *p, double size);

/* "ECDHE-ECDSA-AES128-SHA (encrypt-then-MAC)". Returns out. */
const char *slu_way_name(const struct slu_way *way, char *out, size_t size);

/* The letter of the i-th way: a to z, A to Z, and '+' for all others. */
char slu_plot_mark(size_t i);

/* Of at most width columns (at least 40), plain ASCII: each way's mark at the sizes that were measured, and '*' where
 * another door breaks even with software. */
void slu_plot_text(const struct slu_pricelist *list, int width, FILE *to);

/* As SVG 1.1: cpu and kernel are in its title. */
void slu_plot_svg(const struct slu_pricelist *list, const char *cpu, const char *kernel, FILE *to);

#endif
