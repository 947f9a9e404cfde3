/* SPDX-License-Identifier: MIT */
/* sluice doctor: what this device has for TLS, and what each way of encrypting costs it. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "tools/doctor_tests.h"
#include "tools/exit.h"
#include "tools/inventory.h"
#include "tools/options.h"
#include "tools/pricelist.h"
#include "tools/say.h"
#include "tools/verbs.h"

/* A measurement of one suite at one record size. */
#define SECONDS       0.3
#define SECONDS_QUICK 0.1

struct doctor_options {
	const char *device;
	bool quick, list, json;
};

struct doctor {
	struct doctor_options options;
	struct slu_inventory inventory;
	struct slu_doctor_tests tests;
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

/* ---- costs ---- */

static int measure(struct doctor *d)
{
	const struct doctor_options *o = &d->options;
	const char *device = slu_doctor_door_usable(&d->tests, "devcrypto") ? o->device : NULL;
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
	if (d->tests.n)
		slu_doctor_tests_add_json(&d->tests, o);
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

static void test(struct doctor *d)
{
	d->tests = (struct slu_doctor_tests){
		.inventory = &d->inventory, .quick = d->options.quick, .progress = show_progress};
	slu_doctor_test_device(&d->tests);
	slu_doctor_test_ktls(&d->tests);
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
	if (!d.options.list)
		test(&d);
	if (!d.options.json)
		slu_doctor_tests_print(&d.tests, stdout);
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
