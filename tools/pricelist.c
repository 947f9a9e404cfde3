/* SPDX-License-Identifier: MIT */
#include "tools/pricelist.h"

#include <string.h>

#include <cjson/cJSON.h>

static const size_t all_sizes[SLU_PRICE_SIZES] = {64, 256, 1024, 4096, 16384};
static const size_t quick_sizes[] = {1024, 16384};

/* hardware: the provider serves it. */
static const struct {
	struct slu_way way;
	bool hardware;
} ways[] = {
	{{"ECDHE-ECDSA-CHACHA20-POLY1305", SLU_TLS_1_2, false, NULL}, false},
	{{"ECDHE-ECDSA-AES128-GCM-SHA256", SLU_TLS_1_2, false, NULL}, true},
	{{"ECDHE-ECDSA-AES256-GCM-SHA384", SLU_TLS_1_2, false, NULL}, true},
	{{"ECDHE-ECDSA-AES128-SHA", SLU_TLS_1_2, true, NULL}, true},
	{{"ECDHE-ECDSA-AES128-SHA", SLU_TLS_1_2, false, NULL}, true},
	{{"ECDHE-ECDSA-AES128-SHA256", SLU_TLS_1_2, false, NULL}, true},
	{{"ECDHE-ECDSA-AES256-SHA", SLU_TLS_1_2, false, NULL}, true},
	{{"TLS_CHACHA20_POLY1305_SHA256", SLU_TLS_1_3, false, NULL}, false},
	{{"TLS_AES_128_GCM_SHA256", SLU_TLS_1_3, false, NULL}, true},
	{{"TLS_AES_256_GCM_SHA384", SLU_TLS_1_3, false, NULL}, true},
};

static void add(struct slu_pricelist *list, const struct slu_way *way, const char *engine, const char *offload)
{
	struct slu_price *p = &list->prices[list->nprices++];

	*p = (struct slu_price){.way = *way, .engine = engine};
	p->way.offload = offload;
}

/* Records of every size go to the device, whatever it costs: that is what is asked. */
static void list_ways(struct slu_pricelist *list, const char *device_offload)
{
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		add(list, &ways[i].way, "software", NULL);
		if (ways[i].hardware && device_offload)
			add(list, &ways[i].way, "devcrypto", device_offload);
	}
}

/* What the provider leaves to software whatever is asked is no way of its own. */
static void check_used(struct slu_price *p, size_t last)
{
	if (p->way.offload && !p->error[0] && !p->costs[last].device_operations)
		snprintf(p->error, sizeof p->error, "  the device has nothing for it");
}

static void measure_way(struct slu_pricelist *list, struct slu_spinner *spinner, struct slu_price *p, double seconds)
{
	const struct slu_log quiet = {0};

	for (size_t s = 0; s < list->nsizes && !p->error[0]; s++)
		if (slu_measure(spinner, &p->way, list->sizes[s], seconds, &quiet, &p->costs[s], p->error,
				sizeof p->error) != 0 &&
		    !p->error[0])
			snprintf(p->error, sizeof p->error, "records cannot be made");
	check_used(p, list->nsizes - 1);
}

int slu_pricelist_measure(struct slu_pricelist *list, const char *device, double seconds, bool quick,
			  void (*progress)(double done, const char *what))
{
	char offload[160];
	struct slu_spinner *spinner = slu_spinner_start(seconds * 4, &list->unevenness);

	if (!spinner)
		return -1;
	list->nsizes = quick ? sizeof quick_sizes / sizeof *quick_sizes : SLU_PRICE_SIZES;
	memcpy(list->sizes, quick ? quick_sizes : all_sizes, list->nsizes * sizeof *list->sizes);
	list->nprices = 0;
	if (device)
		snprintf(offload, sizeof offload, "devcrypto:device=%s,min_size=0", device);
	list_ways(list, device ? offload : NULL);
	for (size_t i = 0; i < list->nprices; i++) {
		progress((double)i / (double)list->nprices, list->prices[i].way.suite);
		measure_way(list, spinner, &list->prices[i], seconds);
		list->prices[i].way.offload = NULL; /* its text goes away */
	}
	slu_spinner_stop(spinner);
	return 0;
}

/* ---- telling ---- */

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
		cJSON_AddStringToObject(o, "engine", p->engine);
		if (p->error[0])
			cJSON_AddStringToObject(o, "error", p->error);
		sizes = cJSON_AddArrayToObject(o, "sizes");
		for (size_t s = 0; s < list->nsizes && !p->error[0]; s++)
			add_cost(sizes, list->sizes[s], &p->costs[s]);
		cJSON_AddItemToArray(all, o);
	}
}
