/* SPDX-License-Identifier: MIT */
/* The costs, for people and as JSON. */
#include "tools/pricelist.h"

#include <cjson/cJSON.h>

/* "ECDHE-ECDSA-AES128-SHA (encrypt-then-MAC)". Returns out. */
static const char *name_of(const struct slu_way *way, char *out, size_t size)
{
	snprintf(out, size, "%s%s", way->suite, way->etm ? " (encrypt-then-MAC)" : "");
	return out;
}

/* The same suite in software: its row comes before. */
static const struct slu_price *software_of(const struct slu_pricelist *list, const struct slu_price *p)
{
	while (p > list->prices && p->engine != list->prices[0].engine)
		p--;
	return p;
}

static void print_break_even(const struct slu_pricelist *list, const struct slu_price *p, FILE *to)
{
	const struct slu_price *software = software_of(list, p);
	const size_t last = list->nsizes - 1;
	size_t s = list->nsizes;
	char name[96];

	/* From which size on it wins, up to the largest. */
	while (s > 0 && p->costs[s - 1].cpu_ms_per_mb < software->costs[s - 1].cpu_ms_per_mb)
		s--;
	fprintf(to, "  %-42s", name_of(&p->way, name, sizeof name));
	if (s > last)
		fprintf(to, "%s LOSES to software: %.1f times its cost at %zu bytes\n", p->engine,
			p->costs[last].cpu_ms_per_mb / software->costs[last].cpu_ms_per_mb, list->sizes[last]);
	else
		fprintf(to, "%s wins from %zu bytes on: %.2f of software at %zu\n", p->engine, list->sizes[s],
			p->costs[last].cpu_ms_per_mb / software->costs[last].cpu_ms_per_mb, list->sizes[last]);
}

static void print_break_evens(const struct slu_pricelist *list, FILE *to)
{
	bool first = true;

	for (size_t i = 0; i < list->nprices; i++) {
		if (list->prices[i].engine == list->prices[0].engine || list->prices[i].error[0])
			continue;
		if (first)
			fputs("Where hardware pays\n", to);
		first = false;
		print_break_even(list, &list->prices[i], to);
	}
}

/* In full records. */
static void print_streams(const struct slu_pricelist *list, FILE *to)
{
	static const int rates[] = {2, 6, 25}; /* Mb/s */
	const size_t last = list->nsizes - 1;
	char name[96];

	fprintf(to, "A stream in full records, per cent of one processor\n  %-52s", "");
	for (size_t r = 0; r < sizeof rates / sizeof *rates; r++)
		fprintf(to, "%5d Mb/s", rates[r]);
	fputs("\n", to);
	for (size_t i = 0; i < list->nprices; i++) {
		const struct slu_price *p = &list->prices[i];

		if (p->error[0])
			continue;
		fprintf(to, "  %-42s%-10s", name_of(&p->way, name, sizeof name), p->engine);
		for (size_t r = 0; r < sizeof rates / sizeof *rates; r++)
			fprintf(to, "%10.2f", p->costs[last].cpu_ms_per_mb * rates[r] / 8 / 10);
		fputs("\n", to);
	}
}

void slu_pricelist_print(const struct slu_pricelist *list, FILE *to)
{
	fprintf(to, "CPU of the whole machine, ms per MB, by record size (bytes)\n  %-52s", "");
	for (size_t s = 0; s < list->nsizes; s++)
		fprintf(to, "%9zu", list->sizes[s]);
	fputs("\n", to);
	for (size_t i = 0; i < list->nprices; i++) {
		const struct slu_price *p = &list->prices[i];
		char name[96];

		fprintf(to, "  %-42s%-10s", name_of(&p->way, name, sizeof name), p->engine);
		for (size_t s = 0; s < list->nsizes && !p->error[0]; s++)
			fprintf(to, "%9.1f", p->costs[s].cpu_ms_per_mb);
		fprintf(to, "%s\n", p->error);
	}
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
		cJSON_AddItemToArray(all, o);
	}
}
