/* SPDX-License-Identifier: MIT */
/* The plot as a picture: SVG 1.1, https://www.w3.org/TR/SVG11/. */
#include "tools/plot.h"

#include <string.h>

#include "tools/break_even.h"

/* Of the picture, in its units: the legend is on the right. */
enum {
	LEFT = 80,
	TOP = 70,
	PLOT_WIDTH = 620,
	PLOT_HEIGHT = 480,
	LEGEND_LEFT = LEFT + PLOT_WIDTH + 30,
	LEGEND_LINE = 19,
	WIDTH = LEGEND_LEFT + 680,
	BOTTOM = 60
};

/* A suite has one colour, whoever does its work; who does it is the kind of the line. */
static const char *const colours[] = {"#1f77b4", "#d62728", "#2ca02c", "#9467bd", "#ff7f0e", "#8c564b",
				      "#e377c2", "#17becf", "#bcbd22", "#555555", "#000080", "#808000"};

static const struct {
	const char *door, *dashes;
} lines[] = {{"off", "none"}, {"devcrypto", "8 4"}, {"ktls", "2 4"}};

static const char *dashes_of(const struct slu_price *p)
{
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		if (strcmp(lines[i].door, p->door) == 0)
			return lines[i].dashes;
	return "10 4 2 4"; /* an engine */
}

/* As many suites as there were in software before this one. */
static const char *colour_of(const struct slu_pricelist *list, const struct slu_price *p)
{
	const struct slu_price *of = slu_price_software(list, p);
	size_t n = 0;

	for (const struct slu_price *q = list->prices; q < (of ? of : p); q++)
		n += slu_price_is_software(q);
	return colours[n % (sizeof colours / sizeof *colours)];
}

/* Text between tags or in quotes; what is no character of XML 1.0 becomes a question mark, and so does what is not
 * ASCII, which might be no UTF-8. */
static void put_escaped(FILE *to, const char *text)
{
	for (; *text; text++) {
		const unsigned char c = (unsigned char)*text;

		if (c == '&')
			fputs("&amp;", to);
		else if (c == '<')
			fputs("&lt;", to);
		else if (c == '>')
			fputs("&gt;", to);
		else if (c == '"')
			fputs("&quot;", to);
		else
			fputc(c < ' ' || c > '~' ? '?' : c, to);
	}
}

struct picture {
	const struct slu_pricelist *list;
	struct slu_plot_axis x, y;
	FILE *to;
};

static double x_of(const struct picture *p, double size)
{
	return LEFT + PLOT_WIDTH * slu_plot_at(&p->x, size);
}

static double y_of(const struct picture *p, double cost)
{
	return TOP + PLOT_HEIGHT * (1 - slu_plot_at(&p->y, cost));
}

static void put_line(const struct picture *p, double x1, double y1, double x2, double y2, const char *colour)
{
	fprintf(p->to, "<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" stroke=\"%s\"/>\n", x1, y1, x2, y2,
		colour);
}

static void put_axes(const struct picture *p)
{
	const double right = LEFT + PLOT_WIDTH, bottom = TOP + PLOT_HEIGHT;

	for (size_t s = 0; s < p->list->nsizes; s++) {
		const double x = x_of(p, (double)p->list->sizes[s]);

		put_line(p, x, TOP, x, bottom, "#dddddd");
		fprintf(p->to, "<text x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%zu</text>\n", x, bottom + 20,
			p->list->sizes[s]);
	}
	for (double tick = p->y.low; tick <= p->y.high * (1 + 1e-9); tick = slu_plot_next_tick(tick)) {
		const double y = y_of(p, tick);

		put_line(p, LEFT, y, right, y, "#dddddd");
		fprintf(p->to, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.9g</text>\n", LEFT - 8, y + 4, tick);
	}
	put_line(p, LEFT, TOP, LEFT, bottom, "#000000");
	put_line(p, LEFT, bottom, right, bottom, "#000000");
	fprintf(p->to, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"middle\">payload of a record, bytes</text>\n",
		LEFT + PLOT_WIDTH / 2, bottom + 44);
	fprintf(p->to,
		"<text x=\"24\" y=\"%d\" text-anchor=\"middle\" transform=\"rotate(-90 24 %d)\">CPU of the whole "
		"machine, ms per "
		"MB</text>\n",
		TOP + PLOT_HEIGHT / 2, TOP + PLOT_HEIGHT / 2);
}

/* A cost of nothing or less has no place: the curve is broken there. */
static void put_way(const struct picture *p, const struct slu_price *price)
{
	const char *colour = colour_of(p->list, price);
	char command = 'M';

	fprintf(p->to, "<path fill=\"none\" stroke=\"%s\" stroke-width=\"2\" stroke-dasharray=\"%s\" d=\"", colour,
		dashes_of(price));
	for (size_t s = 0; s < p->list->nsizes; s++) {
		const double cost = price->costs[s].cpu_ms_per_mb;

		if (cost > 0)
			fprintf(p->to, "%c%.1f %.1f ", command, x_of(p, (double)p->list->sizes[s]), y_of(p, cost));
		command = cost > 0 ? 'L' : 'M';
	}
	fputs("\"/>\n", p->to);
	for (size_t s = 0; s < p->list->nsizes; s++)
		if (price->costs[s].cpu_ms_per_mb > 0)
			fprintf(p->to, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"%s\"/>\n",
				x_of(p, (double)p->list->sizes[s]), y_of(p, price->costs[s].cpu_ms_per_mb), colour);
}

static void put_ring(const struct picture *p, double x, double y, const char *colour)
{
	fprintf(p->to, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"7\" fill=\"none\" stroke=\"%s\" stroke-width=\"2\"/>\n", x,
		y, colour);
}

/* What pays at all sizes has no such point. */
static void put_break_even(const struct picture *p, const struct slu_price *price)
{
	const double size = slu_price_break_even(p->list, price);
	const double cost = size > p->x.low ? slu_plot_cost(p->list, price, size) : 0;

	if (cost > 0)
		put_ring(p, x_of(p, size), y_of(p, cost), colour_of(p->list, price));
}

static void put_legend_line(const struct picture *p, const struct slu_price *price, int y)
{
	const double size = slu_price_break_even(p->list, price);
	char name[SLU_PLOT_LABEL];

	fprintf(p->to,
		"<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"%s\" stroke-width=\"2\" "
		"stroke-dasharray=\"%s\"/>\n"
		"<text x=\"%d\" y=\"%d\">",
		LEGEND_LEFT, y, LEGEND_LEFT + 40, y, colour_of(p->list, price), dashes_of(price), LEGEND_LEFT + 48,
		y + 4);
	put_escaped(p->to, slu_way_name(&price->way, name, sizeof name));
	fputs(", ", p->to);
	put_escaped(p->to, price->engine);
	if (size > 0)
		fprintf(p->to, ", pays from %.0f bytes on", size);
	else if (!slu_price_is_software(price))
		fputs(", does not pay", p->to);
	fputs("</text>\n", p->to);
}

static void put_legend(const struct picture *p)
{
	int y = TOP + 6;

	for (size_t i = 0; i < p->list->nprices; i++) {
		if (p->list->prices[i].error[0])
			continue;
		put_legend_line(p, &p->list->prices[i], y);
		y += LEGEND_LINE;
	}
	put_ring(p, LEGEND_LEFT + 20, y, "#000000");
	fprintf(p->to, "<text x=\"%d\" y=\"%d\">where it breaks even with software</text>\n", LEGEND_LEFT + 48, y + 4);
}

static void put_title(const struct picture *p, const char *cpu, const char *kernel)
{
	fputs("<title>What TLS records cost on ", p->to);
	put_escaped(p->to, cpu);
	fprintf(p->to, "</title>\n<text x=\"%d\" y=\"28\" font-size=\"18\">What TLS records cost on ", LEFT);
	put_escaped(p->to, cpu);
	fprintf(p->to, "</text>\n<text x=\"%d\" y=\"50\">", LEFT);
	put_escaped(p->to, kernel);
	fputs("</text>\n", p->to);
}

void slu_plot_svg(const struct slu_pricelist *list, const char *cpu, const char *kernel, FILE *to)
{
	struct picture p = {.list = list, .to = to};
	const int legend = TOP + (int)(list->nprices + 2) * LEGEND_LINE, plot = TOP + PLOT_HEIGHT + BOTTOM;
	const int height = legend > plot ? legend : plot;

	fprintf(to,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<svg xmlns=\"http://www.w3.org/2000/svg\" version=\"1.1\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d "
		"%d\" "
		"font-family=\"sans-serif\" font-size=\"13\">\n",
		WIDTH, height, WIDTH, height);
	fprintf(to, "<rect width=\"%d\" height=\"%d\" fill=\"#ffffff\"/>\n", WIDTH, height);
	put_title(&p, cpu, kernel);
	if (slu_plot_axes(list, &p.x, &p.y)) {
		put_axes(&p);
		for (size_t i = 0; i < list->nprices; i++)
			if (!list->prices[i].error[0])
				put_way(&p, &list->prices[i]);
		for (size_t i = 0; i < list->nprices; i++)
			put_break_even(&p, &list->prices[i]);
		put_legend(&p);
	}
	fputs("</svg>\n", to);
}
