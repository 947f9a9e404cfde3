/* SPDX-License-Identifier: MIT */
/* The costs, for people and as JSON. */
#include "tools/pricelist.h"

#include <math.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "tools/break_even.h"
#include "tools/plot.h"

static void print_break_even(const struct slu_pricelist *list, const struct slu_price *p, FILE *to)
{
	const struct slu_price *software = slu_price_software(list, p);
	const double from = slu_price_break_even(list, p);
	const size_t last = list->nsizes - 1;
	char name[SLU_PLOT_LABEL];
	double ratio;

	if (!software)
		return;
	ratio = p->costs[last].cpu_ms_per_mb / software->costs[last].cpu_ms_per_mb;
	fprintf(to, "  %-42s", slu_way_name(&p->way, name, sizeof name));
	if (from <= 0)
		fprintf(to, "%s LOSES to software: %.1f times its cost at %zu bytes\n", p->engine, ratio,
			list->sizes[last]);
	else
		fprintf(to, "%s wins from %.0f bytes on: %.2f of software at %zu\n", p->engine, from, ratio,
			list->sizes[last]);
}

static void print_break_evens(const struct slu_pricelist *list, FILE *to)
{
	bool first = true;

	for (size_t i = 0; i < list->nprices; i++) {
		if (slu_price_is_software(&list->prices[i]) || list->prices[i].error[0])
			continue;
		if (first)
			fputs("Where another door than software pays\n", to);
		first = false;
		print_break_even(list, &list->prices[i], to);
	}
}

/* Of streams, in Mb/s. */
static const int rates[] = {2, 6, 25};

enum { RATES = sizeof rates / sizeof *rates };

/* In full records, per cent of one processor. */
static double stream_cost(const struct slu_pricelist *list, const struct slu_price *p, int rate)
{
	return p->costs[list->nsizes - 1].cpu_ms_per_mb * rate / 8 / 10;
}

static void print_streams(const struct slu_pricelist *list, FILE *to)
{
	char name[SLU_PLOT_LABEL];

	fprintf(to, "A stream in full records, per cent of one processor\n  %-52s", "");
	for (size_t r = 0; r < RATES; r++)
		fprintf(to, "%5d Mb/s", rates[r]);
	fputs("\n", to);
	for (size_t i = 0; i < list->nprices; i++) {
		const struct slu_price *p = &list->prices[i];

		if (p->error[0])
			continue;
		fprintf(to, "  %-42s%-10s", slu_way_name(&p->way, name, sizeof name), p->engine);
		for (size_t r = 0; r < RATES; r++)
			fprintf(to, "%10.2f", stream_cost(list, p, rates[r]));
		fputs("\n", to);
	}
}

/* Of a terminal; a file's lines are no longer than those of most terminals. */
static int columns_of(FILE *to)
{
	enum { COLUMNS = 80 };
	struct winsize size;

	if (isatty(fileno(to)) && ioctl(fileno(to), TIOCGWINSZ, &size) == 0 && size.ws_col && size.ws_col < COLUMNS)
		return size.ws_col;
	return COLUMNS;
}

void slu_pricelist_print(const struct slu_pricelist *list, FILE *to)
{
	fprintf(to, "CPU of the whole machine, ms per MB, by record size (bytes)\n  %-52s", "");
	for (size_t s = 0; s < list->nsizes; s++)
		fprintf(to, "%9zu", list->sizes[s]);
	fputs("\n", to);
	for (size_t i = 0; i < list->nprices; i++) {
		const struct slu_price *p = &list->prices[i];
		char name[SLU_PLOT_LABEL];

		fprintf(to, "%c %-42s%-10s", p->error[0] ? ' ' : slu_plot_mark(i),
			slu_way_name(&p->way, name, sizeof name), p->engine);
		for (size_t s = 0; s < list->nsizes && !p->error[0]; s++)
			fprintf(to, "%9.1f", p->costs[s].cpu_ms_per_mb);
		fprintf(to, "%s%s\n", p->error[0] ? "  " : "", p->error);
	}
	slu_plot_text(list, columns_of(to), to);
	print_break_evens(list, to);
	print_streams(list, to);
	if (list->unevenness > 0.05)
		fprintf(to, "The machine was not quiet: %.0f %% of a processor went to something else for a while.\n",
			list->unevenness * 100);
}

static void add_cost(cJSON *to, size_t size, const struct slu_cost *c)
{
	cJSON *o = cJSON_CreateObject();

	cJSON_AddNumberToObject(o, "record", (double)size);
	cJSON_AddNumberToObject(o, "records", (double)c->records);
	cJSON_AddNumberToObject(o, "mb_per_s", c->mb_per_s);
	cJSON_AddNumberToObject(o, "median_us", c->median_us);
	cJSON_AddNumberToObject(o, "p99_us", c->p99_us);
	cJSON_AddNumberToObject(o, "cpu_ms_per_mb", c->cpu_ms_per_mb);
	if (c->stat_ms_per_mb >= 0)
		cJSON_AddNumberToObject(o, "stat_ms_per_mb", c->stat_ms_per_mb);
	if (c->tcp_ms_per_mb > 0)
		cJSON_AddNumberToObject(o, "tcp_ms_per_mb", c->tcp_ms_per_mb);
	cJSON_AddNumberToObject(o, "device_operations", (double)c->device_operations);
	cJSON_AddItemToArray(to, o);
}

static void add_streams(cJSON *to, const struct slu_pricelist *list, const struct slu_price *p)
{
	cJSON *all = cJSON_AddArrayToObject(to, "streams");

	for (size_t r = 0; r < RATES; r++) {
		cJSON *o = cJSON_CreateObject();

		cJSON_AddNumberToObject(o, "mbit_per_s", rates[r]);
		cJSON_AddNumberToObject(o, "cpu_percent", stream_cost(list, p, rates[r]));
		cJSON_AddItemToArray(all, o);
	}
}

static void add_break_even(cJSON *to, const struct slu_pricelist *list, const struct slu_price *p)
{
	const double from = slu_price_break_even(list, p);

	if (from > 0)
		cJSON_AddNumberToObject(to, "break_even", round(from));
	else
		cJSON_AddNullToObject(to, "break_even");
}

void slu_pricelist_add_json(const struct slu_pricelist *list, struct cJSON *to)
{
	cJSON *all = cJSON_AddArrayToObject(to, "costs");

	cJSON_AddNumberToObject(to, "unevenness", list->unevenness);
	for (size_t i = 0; i < list->nprices; i++) {
		const struct slu_price *p = &list->prices[i];
		cJSON *o = cJSON_CreateObject(), *sizes;

		cJSON_AddStringToObject(o, "suite", p->way.suite);
		cJSON_AddBoolToObject(o, "encrypt_then_mac", p->way.etm);
		cJSON_AddStringToObject(o, "door", p->door);
		cJSON_AddStringToObject(o, "engine", p->engine);
		if (p->error[0])
			cJSON_AddStringToObject(o, "error", p->error);
		sizes = cJSON_AddArrayToObject(o, "sizes");
		for (size_t s = 0; s < list->nsizes && !p->error[0]; s++)
			add_cost(sizes, list->sizes[s], &p->costs[s]);
		if (!p->error[0])
			add_streams(o, list, p);
		if (!p->error[0] && !slu_price_is_software(p))
			add_break_even(o, list, p);
		cJSON_AddItemToArray(all, o);
	}
}
