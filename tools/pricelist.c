/* SPDX-License-Identifier: MIT */
#include "tools/pricelist.h"

#include <stdio.h>
#include <string.h>

static const size_t all_sizes[SLU_PRICE_SIZES] = {64, 256, 1024, 4096, 16384};
static const size_t quick_sizes[] = {1024, 16384};

/* hardware: the provider serves it. way.kernel: the kernel's TLS has it, too. */
static const struct {
	struct slu_way way;
	bool hardware;
} ways[] = {
	{{"ECDHE-ECDSA-CHACHA20-POLY1305", SLU_TLS_1_2, false, NULL, true, SLU_KTLS_CHACHA20_POLY1305}, false},
	{{"ECDHE-ECDSA-AES128-GCM-SHA256", SLU_TLS_1_2, false, NULL, true, SLU_KTLS_AES_128_GCM}, true},
	{{"ECDHE-ECDSA-AES256-GCM-SHA384", SLU_TLS_1_2, false, NULL, true, SLU_KTLS_AES_256_GCM}, true},
	{{.suite = "ECDHE-ECDSA-AES128-SHA", .version = SLU_TLS_1_2, .etm = true}, true},
	{{.suite = "ECDHE-ECDSA-AES128-SHA", .version = SLU_TLS_1_2}, true},
	{{.suite = "ECDHE-ECDSA-AES128-SHA256", .version = SLU_TLS_1_2}, true},
	{{.suite = "ECDHE-ECDSA-AES256-SHA", .version = SLU_TLS_1_2}, true},
	{{"TLS_CHACHA20_POLY1305_SHA256", SLU_TLS_1_3, false, NULL, true, SLU_KTLS_CHACHA20_POLY1305}, false},
	{{"TLS_AES_128_GCM_SHA256", SLU_TLS_1_3, false, NULL, true, SLU_KTLS_AES_128_GCM}, true},
	{{"TLS_AES_256_GCM_SHA384", SLU_TLS_1_3, false, NULL, true, SLU_KTLS_AES_256_GCM}, true},
};

static const char software[] = "software"; /* one pointer: rows of other doors are told apart by it */

static void add(struct slu_pricelist *list, const struct slu_way *way, const char *door, const char *offload)
{
	struct slu_price *p = &list->prices[list->nprices++];

	*p = (struct slu_price){.way = *way};
	snprintf(p->door, sizeof p->door, "%s", door);
	p->engine = strcmp(door, "off") == 0 ? software : p->door;
	p->way.offload = offload;
	p->way.kernel = strcmp(door, "ktls") == 0;
}

static void add_engine(struct slu_pricelist *list, const struct slu_way *way, const char *what)
{
	char door[SLU_PRICE_DOOR];

	snprintf(door, sizeof door, "engine:%s", what);
	add(list, way, door, NULL);
	list->prices[list->nprices - 1].way.offload = list->prices[list->nprices - 1].door;
}

static bool is_engine(const struct slu_price *p)
{
	return strncmp(p->door, "engine:", strlen("engine:")) == 0;
}

static bool kernel_has(const struct slu_price_doors *doors, const struct slu_way *way)
{
	return way->kernel && (way->version == SLU_TLS_1_3 ? doors->ktls13 : doors->ktls12)[way->cipher];
}

/* Records of every size go to the device, whatever it costs: that is what is asked. */
static void list_ways(struct slu_pricelist *list, const struct slu_price_doors *doors, const char *device_offload)
{
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		const struct slu_way *way = &ways[i].way;

		add(list, way, "off", NULL);
		if (ways[i].hardware && doors->device)
			add(list, way, "devcrypto", device_offload);
		if (kernel_has(doors, way))
			add(list, way, "ktls", NULL);
		for (size_t e = 0; ways[i].hardware && e < doors->nengines; e++)
			add_engine(list, way, doors->engines[e]);
	}
}

/* What the provider leaves to software whatever is asked is no way of its own. */
static void check_used(struct slu_price *p, size_t last)
{
	if (p->way.offload && !is_engine(p) && !p->error[0] && !p->costs[last].device_operations)
		snprintf(p->error, sizeof p->error, "the device has nothing for it");
}

/* No cipher is for nothing, nor is TCP: what the machine did beside has been taken for one of them. */
static void check_told(struct slu_price *p, size_t nsizes)
{
	bool told = p->costs[nsizes - 1].cpu_ms_per_mb > p->costs[nsizes - 1].tcp_ms_per_mb * SLU_TCP_TOLD;

	for (size_t s = 0; s < nsizes; s++)
		told = told && p->costs[s].tcp_ms_per_mb > 0;
	if (p->way.kernel && !p->error[0] && !told)
		snprintf(p->error, sizeof p->error,
			 "lost in what TCP costs: measure again when nothing else is running");
}

/* What its door did now says something of all that it does. */
static void give_up(struct slu_pricelist *list, const struct slu_price *of)
{
	for (size_t i = 0; i < list->nprices; i++) {
		struct slu_price *p = &list->prices[i];

		if (p != of && strcmp(p->door, of->door) == 0)
			snprintf(p->error, sizeof p->error, "not to be used: %s %s", of->way.suite, of->error);
	}
}

static void measure_size(struct slu_pricelist *list, struct slu_spinner *spinner, struct slu_price *p, size_t s,
			 double seconds)
{
	const struct slu_log quiet = {0};

	if (p->way.offload || p->way.kernel) {
		if (!slu_measure_apart(spinner, &p->way, list->sizes[s], seconds, &p->costs[s], p->error,
				       sizeof p->error))
			give_up(list, p);
	} else if (slu_measure(spinner, &p->way, list->sizes[s], seconds, &quiet, &p->costs[s], p->error,
			       sizeof p->error) != 0 &&
		   !p->error[0]) {
		snprintf(p->error, sizeof p->error, "records cannot be made");
	}
}

static void measure_way(struct slu_pricelist *list, struct slu_spinner *spinner, struct slu_price *p, double seconds)
{
	for (size_t s = 0; s < list->nsizes && !p->error[0]; s++)
		measure_size(list, spinner, p, s, seconds);
	check_used(p, list->nsizes - 1);
	check_told(p, list->nsizes);
}

static void measure_rows(struct slu_pricelist *list, struct slu_spinner *spinner, double seconds,
			 void (*progress)(double done, const char *what))
{
	for (size_t i = 0; i < list->nprices; i++) {
		struct slu_price *p = &list->prices[i];

		progress((double)i / (double)list->nprices, p->way.suite);
		measure_way(list, spinner, p, seconds);
		p->way.offload = NULL; /* its text goes away */
	}
}

int slu_pricelist_measure(struct slu_pricelist *list, const struct slu_price_doors *doors, double seconds, bool quick,
			  void (*progress)(double done, const char *what))
{
	char offload[160];
	struct slu_spinner *spinner = slu_spinner_start(seconds * 4, &list->unevenness);

	if (!spinner)
		return -1;
	list->nsizes = quick ? sizeof quick_sizes / sizeof *quick_sizes : SLU_PRICE_SIZES;
	memcpy(list->sizes, quick ? quick_sizes : all_sizes, list->nsizes * sizeof *list->sizes);
	list->nprices = 0;
	if (doors->device)
		snprintf(offload, sizeof offload, "devcrypto:device=%s,min_size=0", doors->device);
	list_ways(list, doors, offload);
	measure_rows(list, spinner, seconds, progress);
	slu_spinner_stop(spinner);
	return 0;
}
