/* SPDX-License-Identifier: MIT */
#include "tools/break_even.h"

#include <math.h>
#include <string.h>

bool slu_price_is_software(const struct slu_price *p)
{
	return strcmp(p->door, "off") == 0;
}

const struct slu_price *slu_price_software(const struct slu_pricelist *list, const struct slu_price *p)
{
	for (size_t i = 0; i < list->nprices; i++) {
		const struct slu_price *s = &list->prices[i];

		if (slu_price_is_software(s) && !s->error[0] && s->way.version == p->way.version &&
		    s->way.etm == p->way.etm && strcmp(s->way.suite, p->way.suite) == 0)
			return s;
	}
	return NULL;
}

/* How far p is above software at a size: as a ratio on the scale of the plot, which has no place for a cost of nothing
 * or less. */
static double above(const struct slu_price *p, const struct slu_price *software, size_t s, bool ratios)
{
	const double a = p->costs[s].cpu_ms_per_mb, b = software->costs[s].cpu_ms_per_mb;

	return ratios ? log(a / b) : a - b;
}

/* Between size s - 1, where p costs as much or more, and size s, where it costs less. */
static double crossing(const struct slu_pricelist *list, const struct slu_price *p, const struct slu_price *software,
		       size_t s)
{
	const bool ratios = p->costs[s].cpu_ms_per_mb > 0 && software->costs[s - 1].cpu_ms_per_mb > 0;
	const double before = above(p, software, s - 1, ratios), behind = above(p, software, s, ratios);
	const double small = log((double)list->sizes[s - 1]), large = log((double)list->sizes[s]);

	return exp(small + (large - small) * before / (before - behind));
}

double slu_price_break_even(const struct slu_pricelist *list, const struct slu_price *p)
{
	const struct slu_price *software = slu_price_software(list, p);
	size_t s = list->nsizes;

	if (!software || p->error[0])
		return 0;
	while (s > 0 && above(p, software, s - 1, false) < 0)
		s--;
	if (s == list->nsizes)
		return 0;
	return s ? crossing(list, p, software, s) : (double)list->sizes[0];
}
