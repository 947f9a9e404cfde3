/* SPDX-License-Identifier: MIT */
/* sluice doctor: what this device has for TLS, and what each way of encrypting costs it. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "tools/doctor_device.h"
#include "tools/exit.h"
#include "tools/inventory.h"
#include "tools/options.h"
#include "tools/pricelist.h"
#include "tools/say.h"
#include "tools/verbs.h"

/* A measurement of one suite at one record size. */
#define SECONDS       0.3
#define SECONDS_QUICK 0.1

enum { SOAK_SECONDS = 5 }; /* of many sessions at once, for each algorithm */

struct doctor_options {
	const char *device;
	bool quick, list, json;
};

struct doctor {
	struct doctor_options options;
	struct slu_inventory inventory;
	bool tested; /* verdicts holds one of each algorithm */
	struct slu_verdict verdicts[SLU_DC_ALGORITHMS];
	struct slu_pricelist prices;
};

#define DOCTOR(field) offsetof(struct doctor_options, field)
static const struct slu_opt doctor_opts[] = {
	{"quick", 0, SLU_OPT_FLAG, false, NULL, "fewer record sizes, and less time for each", DOCTOR(quick), 0, 0},
	{"list", 0, SLU_OPT_FLAG, false, NULL, "test and measure nothing: what there is, at once", DOCTOR(list), 0, 0},
	{"device", 0, SLU_OPT_TEXT, false, "PATH", "the crypto device (/dev/crypto)", DOCTOR(device), 0, 0},
	{"json", 0, SLU_OPT_FLAG, false, NULL, "one JSON object instead of tables", DOCTOR(json), 0, 0},
};

static void show_progress(double done, const char *what)
{
	enum { WIDTH = 30 };
	char bar[WIDTH + 1], line[120];

	if (!isatty(STDERR_FILENO))
		return;
	memset(bar, '-', WIDTH);
	memset(bar, '#', (size_t)(done * WIDTH));
	bar[WIDTH] = '\0';
	snprintf(line, sizeof line, "[%s] %s", bar, what);
	slu_say_status(line);
}

/* ---- tests ---- */

static void show_test(void *arg, enum slu_dc_algorithm a, const struct slu_selftest_note *note)
{
	char what[80];

	(void)arg;
	snprintf(what, sizeof what, "%s: %s", slu_dc_algorithm_name(a), slu_selftest_step_name(note->step));
	show_progress(note->total ? (double)note->done / (double)note->total : 0, what);
}

static void test_device(struct doctor *d)
{
	const struct slu_doctor_device device = {.path = d->options.device,
						 .quick = d->options.quick,
						 .soak_seconds = d->options.quick ? 0 : SOAK_SECONDS,
						 .progress = show_test};

	for (int a = 0; a < SLU_DC_ALGORITHMS; a++)
		slu_doctor_device_test(&device, (enum slu_dc_algorithm)a, &d->verdicts[a]);
	d->tested = true;
}

/* What failed a test is not worth measuring. */
static bool is_usable(const struct doctor *d)
{
	for (int a = 0; d->tested && a < SLU_DC_ALGORITHMS; a++)
		if (d->verdicts[a].kind != SLU_LACKING && !slu_verdict_usable(&d->verdicts[a]))
			return false;
	return d->tested;
}

static void print_verdicts(const struct doctor *d, FILE *to)
{
	char sentence[600];

	fprintf(to, "Tests of %s\n", d->options.device);
	for (int a = 0; a < SLU_DC_ALGORITHMS; a++)
		fprintf(to, "  %s\n", slu_verdict_sentence(&d->verdicts[a], sentence, sizeof sentence));
	if (!is_usable(d))
		fputs("  What it costs is not measured, since it is not to be used as it is.\n", to);
}

static void add_verdicts(const struct doctor *d, cJSON *to)
{
	cJSON *all = cJSON_AddArrayToObject(to, "tests");
	char sentence[600];

	for (int a = 0; a < SLU_DC_ALGORITHMS; a++) {
		const struct slu_verdict *v = &d->verdicts[a];
		cJSON *o = cJSON_CreateObject();

		cJSON_AddStringToObject(o, "algorithm", slu_dc_algorithm_name((enum slu_dc_algorithm)a));
		cJSON_AddStringToObject(o, "driver", v->driver);
		cJSON_AddStringToObject(o, "verdict", slu_verdict_kind_name(v->kind));
		cJSON_AddBoolToObject(o, "usable", slu_verdict_usable(v));
		cJSON_AddNumberToObject(o, "operations", (double)v->operations);
		cJSON_AddNumberToObject(o, "largest", v->largest);
		cJSON_AddStringToObject(o, "text", slu_verdict_sentence(v, sentence, sizeof sentence));
		cJSON_AddItemToArray(all, o);
	}
}

/* ---- costs ---- */

static int measure(struct doctor *d)
{
	const struct doctor_options *o = &d->options;
	const char *device = is_usable(d) ? o->device : NULL;
	int err =
		slu_pricelist_measure(&d->prices, device, o->quick ? SECONDS_QUICK : SECONDS, o->quick, show_progress);

	if (isatty(STDERR_FILENO))
		slu_say_status(NULL);
	if (err)
		slu_say("nothing can be measured: %s; it takes a thread on each processor, so end other programs or "
			"raise the limits of threads and memory (ulimit -u, -v), or take --list",
			strerror(errno));
	return err ? SLU_EXIT_OTHER : SLU_EXIT_OK;
}

/* False: no memory. */
static bool print_json(const struct doctor *d)
{
	cJSON *o = cJSON_CreateObject();
	char *text;

	slu_inventory_add_json(&d->inventory, o);
	if (d->tested)
		add_verdicts(d, o);
	if (d->prices.nprices)
		slu_pricelist_add_json(&d->prices, o);
	text = cJSON_PrintUnformatted(o);
	cJSON_Delete(o);
	if (!text)
		return false;
	puts(text);
	cJSON_free(text);
	return true;
}

int slu_verb_doctor(int argc, char **argv)
{
	static struct doctor d = {.options.device = "/dev/crypto"};
	const struct slu_opt_group groups[] = {
		{"", doctor_opts, sizeof doctor_opts / sizeof doctor_opts[0], &d.options, false}};
	const struct slu_usage usage = {
		.verb = "doctor",
		.operands = "[options]",
		.what = "Tell what this device has for TLS, whether it is right, and what it costs.",
		.groups = groups,
		.ngroups = sizeof groups / sizeof groups[0],
	};
	int first, status = slu_options_parse(&usage, argc, argv, &first);
	bool written;

	if (status >= 0)
		return status;
	slu_inventory_take(&d.inventory, d.options.device);
	if (!d.options.json)
		slu_inventory_print(&d.inventory, stdout);
	fflush(stdout);
	if (!d.options.list && !d.inventory.device_error)
		test_device(&d);
	if (d.tested && !d.options.json)
		print_verdicts(&d, stdout);
	fflush(stdout);
	status = d.options.list ? SLU_EXIT_OK : measure(&d);
	written = !d.options.json || print_json(&d);
	if (!d.options.json && d.prices.nprices)
		slu_pricelist_print(&d.prices, stdout);
	if (written && fflush(stdout) == 0 && !ferror(stdout))
		return status;
	slu_say("the report cannot be written");
	return SLU_EXIT_OUTPUT;
}
