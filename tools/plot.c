/* SPDX-License-Identifier: MIT */
/* The scales of both plots, and the one in plain text. */
#include "tools/plot.h"

#include <math.h>
#include <string.h>

#include "tools/break_even.h"

enum { HEIGHT = 21, WIDTH_LEAST = 40, WIDTH_MOST = 160, MARGIN = 9 /* columns of the labels of costs */ };

/* ---- scales ---- */

/* The largest of 1, 2 and 5 and their decades that is v or less. */
static double tick_below(double v)
{
	const double decade = pow(10, floor(log10(v) + 1e-9)), digit = v / decade * (1 + 1e-9);

	return decade * (digit >= 5 ? 5 : digit >= 2 ? 2 : 1);
}

double slu_plot_next_tick(double v)
{
	const double below = tick_below(v), decade = pow(10, floor(log10(below) + 1e-9)), digit = below / decade;

	return decade * (digit < 1.5 ? 2 : digit < 3 ? 5 : 10);
}

bool slu_plot_axes(const struct slu_pricelist *list, struct slu_plot_axis *x, struct slu_plot_axis *y)
{
	double low = INFINITY, high = 0;

	for (size_t i = 0; i < list->nprices; i++)
		for (size_t s = 0; s < list->nsizes && !list->prices[i].error[0]; s++) {
			const double cost = list->prices[i].costs[s].cpu_ms_per_mb;

			low = cost > 0 && cost < low ? cost : low;
			high = cost > high ? cost : high;
		}
	if (!(high > 0 && high < INFINITY) || !list->nsizes)
		return false;
	x->low = (double)list->sizes[0];
	x->high = (double)list->sizes[list->nsizes - 1];
	if (list->nsizes == 1)
		x->high = 2 * x->low;
	y->low = tick_below(low);
	y->high = tick_below(high);
	if (y->high < high * (1 - 1e-9) || y->high <= y->low)
		y->high = slu_plot_next_tick(high);
	return true;
}

double slu_plot_at(const struct slu_plot_axis *axis, double v)
{
	return log(v / axis->low) / log(axis->high / axis->low);
}

double slu_plot_cost(const struct slu_pricelist *list, const struct slu_price *p, double size)
{
	size_t s = 0;
	double a, b, share;

	while (s + 2 < list->nsizes && size > (double)list->sizes[s + 1])
		s++;
	a = p->costs[s].cpu_ms_per_mb;
	if (list->nsizes < 2 || size <= (double)list->sizes[s])
		return a;
	b = p->costs[s + 1].cpu_ms_per_mb;
	if (a <= 0 || b <= 0)
		return 0;
	share = log(size / (double)list->sizes[s]) / log((double)list->sizes[s + 1] / (double)list->sizes[s]);
	return a * pow(b / a, share);
}

const char *slu_way_name(const struct slu_way *way, char *out, size_t size)
{
	snprintf(out, size, "%s%s", way->suite, way->etm ? " (encrypt-then-MAC)" : "");
	return out;
}

char slu_plot_mark(size_t i)
{
	static const char marks[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

	return i < sizeof marks - 1 ? marks[i] : '+';
}

/* ---- text ---- */

struct canvas {
	struct slu_plot_axis x, y;
	int columns;
	char at[HEIGHT][WIDTH_MOST];
};

static int column_of(const struct canvas *c, double size)
{
	return (int)lround(slu_plot_at(&c->x, size) * (c->columns - 1));
}

static int row_of(const struct canvas *c, double cost)
{
	return (int)lround((1 - slu_plot_at(&c->y, cost)) * (HEIGHT - 1));
}

/* Where several ways meet their marks stand side by side, as far as there is room: to the left at the right end. */
static void put_mark(struct canvas *c, double size, double cost, char mark)
{
	const int row = row_of(c, cost), begin = column_of(c, size), step = begin < c->columns / 2 ? 1 : -1;
	int column = begin;

	while (column >= 0 && column < c->columns && c->at[row][column] != ' ')
		column += step;
	if (column >= 0 && column < c->columns)
		c->at[row][column] = mark;
}

static void put_ways(struct canvas *c, const struct slu_pricelist *list)
{
	for (size_t s = 0; s < list->nsizes; s++)
		for (size_t i = 0; i < list->nprices; i++) {
			const struct slu_price *p = &list->prices[i];

			if (!p->error[0] && p->costs[s].cpu_ms_per_mb > 0)
				put_mark(c, (double)list->sizes[s], p->costs[s].cpu_ms_per_mb, slu_plot_mark(i));
		}
}

static bool put_break_evens(struct canvas *c, const struct slu_pricelist *list)
{
	bool any = false;

	for (size_t i = 0; i < list->nprices; i++) {
		const double size = slu_price_break_even(list, &list->prices[i]);
		const double cost = size > 0 ? slu_plot_cost(list, &list->prices[i], size) : 0;

		if (cost <= 0 || size <= c->x.low)
			continue;
		put_mark(c, size, cost, '*');
		any = true;
	}
	return any;
}

/* Each tick in its row; where two would share one, the lower one. */
static void print_rows(const struct canvas *c, FILE *to)
{
	char label[HEIGHT][16];

	memset(label, 0, sizeof label);
	for (double tick = c->y.low; tick <= c->y.high * (1 + 1e-9); tick = slu_plot_next_tick(tick))
		if (!label[row_of(c, tick)][0])
			snprintf(label[row_of(c, tick)], sizeof *label, "%.9g", tick);
	for (int row = 0; row < HEIGHT; row++) {
		int end = c->columns;

		while (end > 0 && c->at[row][end - 1] == ' ')
			end--;
		fprintf(to, "%*s %c%.*s\n", MARGIN - 2, label[row], label[row][0] ? '+' : '|', end, c->at[row]);
	}
}

static void print_sizes(const struct canvas *c, const struct slu_pricelist *list, FILE *to)
{
	char line[MARGIN + WIDTH_MOST + 8], label[24];

	memset(line, '-', (size_t)(MARGIN + c->columns));
	memset(line, ' ', MARGIN - 1);
	line[MARGIN + c->columns] = '\0';
	for (size_t s = 0; s < list->nsizes; s++)
		line[MARGIN + column_of(c, (double)list->sizes[s])] = '+';
	fprintf(to, "%s\n", line);
	memset(line, ' ', sizeof line);
	for (size_t s = 0; s < list->nsizes; s++) {
		const int n = snprintf(label, sizeof label, "%zu", list->sizes[s]);
		int begin = MARGIN + column_of(c, (double)list->sizes[s]) - n / 2;

		begin = begin + n > MARGIN + c->columns ? MARGIN + c->columns - n : begin;
		memcpy(line + begin, label, (size_t)n);
		line[begin + n] = s + 1 == list->nsizes ? '\0' : ' ';
	}
	fprintf(to, "%s\n", line);
}

void slu_plot_text(const struct slu_pricelist *list, int width, FILE *to)
{
	struct canvas c;
	bool pays;

	if (!slu_plot_axes(list, &c.x, &c.y))
		return;
	width = width < WIDTH_LEAST ? WIDTH_LEAST : width;
	c.columns = width - MARGIN < WIDTH_MOST ? width - MARGIN : WIDTH_MOST;
	memset(c.at, ' ', sizeof c.at);
	put_ways(&c, list);
	pays = put_break_evens(&c, list);
	fputs("CPU, ms per MB, against record size: letters as above", to);
	fputs(pays ? ", * where a door breaks even\n" : "\n", to);
	print_rows(&c, to);
	print_sizes(&c, list, to);
}
