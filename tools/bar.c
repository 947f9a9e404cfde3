/* SPDX-License-Identifier: MIT */
#include "tools/bar.h"

#include <stdio.h>
#include <string.h>

/* Before so much is done, and so much time is over, nobody can tell what is left. */
#define SOME      0.05
#define SOME_TIME 2.0

void slu_bar_begin(struct slu_bar *b, double whole, double now)
{
	*b = (struct slu_bar){.whole = whole, .begun = now};
}

void slu_bar_stage(struct slu_bar *b, double expected)
{
	b->done += b->stage;
	b->stage = expected;
}

static double between(double low, double v, double high)
{
	return v < low ? low : v > high ? high : v;
}

const char *slu_bar_text(struct slu_bar *b, double done, double now, const char *what, char *out, size_t size)
{
	enum { WIDTH = 30 };
	const double at = b->whole > 0 ? (b->done + b->stage * between(0, done, 1)) / b->whole : 0;
	const double elapsed = now - b->begun;
	char bar[WIDTH + 1], left[40] = "";

	b->at = between(b->at, at, 1);
	memset(bar, '-', WIDTH);
	memset(bar, '#', (size_t)(b->at * WIDTH));
	bar[WIDTH] = '\0';
	if (b->at >= SOME && elapsed >= SOME_TIME)
		snprintf(left, sizeof left, ", about %.0f s left", elapsed * (1 - b->at) / b->at);
	snprintf(out, size, "[%s] %.0f %%%s: %s", bar, b->at * 100, left, what);
	return out;
}
