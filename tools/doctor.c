/* SPDX-License-Identifier: MIT */
/* sluice doctor: what this device has for TLS, and what each way of encrypting costs it. */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "tools/bar.h"
#include "tools/doctor_device.h"
#include "tools/doctor_keep.h"
#include "tools/doctor_tests.h"
#include "tools/exit.h"
#include "tools/inventory.h"
#include "tools/options.h"
#include "tools/plot.h"
#include "tools/pricelist.h"
#include "tools/say.h"
#include "tools/verbs.h"

/* A measurement of one suite at one record size. */
#define SECONDS       0.3
#define SECONDS_QUICK 0.1

struct doctor_options {
	const char *device, *keep, *plot;
	struct slu_opt_list engines;
	bool quick, list, json, no_keep;
};

struct doctor {
	struct doctor_options options;
	struct slu_inventory inventory;
	struct slu_doctor_tests tests;
	struct slu_pricelist prices;
	const char *engines[SLU_PRICE_ENGINES]; /* to be tested */
	size_t nengines;
	bool keeps; /* the result is to be kept */
	struct slu_doctor_keep kept;
};

#define DOCTOR(field) offsetof(struct doctor_options, field)
static const struct slu_opt doctor_opts[] = {
	{"quick", 0, SLU_OPT_FLAG, false, NULL, "fewer record sizes, and less time for each", DOCTOR(quick), 0, 0},
	{"list", 0, SLU_OPT_FLAG, false, NULL, "test and measure nothing: what there is, at once", DOCTOR(list), 0, 0},
	{"device", 0, SLU_OPT_TEXT, false, "PATH", "the crypto device (/dev/crypto)", DOCTOR(device), 0, 0},
	{"engine", 0, SLU_OPT_LIST, false, "ID", "test and measure this engine of OpenSSL's, too", DOCTOR(engines), 0,
	 0},
	{"keep", 0, SLU_OPT_TEXT, false, "FILE", "where the result is kept, instead of the usual place", DOCTOR(keep),
	 0, 0},
	{"no-keep", 0, SLU_OPT_FLAG, false, NULL, "do not keep the result", DOCTOR(no_keep), 0, 0},
	{"plot", 0, SLU_OPT_TEXT, false, "FILE", "the costs as a picture, too: SVG", DOCTOR(plot), 0, 0},
	{"json", 0, SLU_OPT_FLAG, false, NULL, "one JSON object instead of tables", DOCTOR(json), 0, 0},
};

/* ---- how far it is ---- */

/* Seconds that a test takes, more or less: of an algorithm of the device, and of a cipher of the kernel's TLS. */
#define DEVICE_TEST       8
#define DEVICE_TEST_QUICK 1
#define KTLS_TEST         4
#define KTLS_TEST_QUICK   0.5

/* Above this share of a processor for something else, no other program is to choose by what was measured. */
#define NOISY 0.25

/* Ways that there are more or less, in software, by the device and by an engine, and record sizes. */
enum { WAYS = 10, DEVICE_WAYS = 7, ENGINE_WAYS = 3, ENGINE_ALGORITHMS = 3, SIZES_QUICK = 2 };

static struct slu_bar bar;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void show_progress(double done, const char *what)
{
	const size_t columns = slu_say_columns();
	char line[120];

	if (!isatty(STDERR_FILENO))
		return;
	slu_say_until_killed();
	slu_say_status(slu_bar_text(&bar, done, now(), what, line, columns < sizeof line ? columns : sizeof line));
}

static double device_expected(const struct doctor *d)
{
	const double each = d->options.quick ? DEVICE_TEST_QUICK : DEVICE_TEST;

	return d->inventory.device_error ? 0 : each * SLU_DC_ALGORITHMS;
}

static double ktls_expected(const struct doctor *d)
{
	return (d->options.quick ? KTLS_TEST_QUICK : KTLS_TEST) * slu_doctor_ktls_count(&d->inventory);
}

static double engine_expected(const struct doctor *d)
{
	return (d->options.quick ? DEVICE_TEST_QUICK : DEVICE_TEST) * ENGINE_ALGORITHMS;
}

static double measuring_expected(const struct doctor *d)
{
	unsigned ways = WAYS + 2 * slu_doctor_ktls_count(&d->inventory); /* which is measured by turns with TCP */

	if (!d->inventory.device_error)
		ways += DEVICE_WAYS;
	ways += ENGINE_WAYS * (unsigned)d->nengines;
	return ways * (d->options.quick ? SECONDS_QUICK * SIZES_QUICK : SECONDS * SLU_PRICE_SIZES);
}

/* ---- costs ---- */

static int measure(struct doctor *d)
{
	const struct doctor_options *o = &d->options;
	const bool device = d->inventory.openssl.providers && slu_doctor_door_usable(&d->tests, "devcrypto");
	struct slu_price_doors doors = {.device = device ? o->device : NULL};
	int err, reason;

	/* An OpenSSL that gives the kernel no keys cannot use what it has. */
	for (int c = 0; c < SLU_KTLS_CIPHERS && d->inventory.openssl.ktls; c++) {
		doors.ktls12[c] = slu_doctor_ktls_usable(&d->tests, (enum slu_ktls_cipher)c, false);
		doors.ktls13[c] = slu_doctor_ktls_usable(&d->tests, (enum slu_ktls_cipher)c, true);
	}
	for (size_t i = 0; i < d->nengines; i++) {
		char door[SLU_PRICE_DOOR];

		snprintf(door, sizeof door, "engine:%s", d->engines[i]);
		if (slu_doctor_door_usable(&d->tests, door))
			doors.engines[doors.nengines++] = d->engines[i];
	}
	err = slu_pricelist_measure(&d->prices, &doors, o->quick ? SECONDS_QUICK : SECONDS, o->quick, show_progress);
	reason = errno;

	if (isatty(STDERR_FILENO))
		slu_say_status(NULL);
	if (err)
		slu_say("nothing can be measured: %s; it takes a thread on each processor, so end other programs or "
			"raise the limits of threads and memory (ulimit -u, -v), or take --list",
			strerror(reason));
	return err ? SLU_EXIT_OTHER : SLU_EXIT_OK;
}

/* A report without it is worth something, too; but a file that was asked for is not to be missed. */
static int keep(struct doctor *d)
{
	const struct doctor_options *o = &d->options;

	if (!o->keep && d->prices.unevenness > NOISY)
		snprintf(d->kept.error, sizeof d->kept.error,
			 "%.0f %% of a processor went to something else while costs were measured; run it again when "
			 "nothing else runs, or name a file with --keep",
			 d->prices.unevenness * 100);
	else if (slu_doctor_keep(&d->prices, &d->tests, o->quick, o->keep, &d->kept))
		return SLU_EXIT_OK;
	slu_say("the result is not kept: %s", d->kept.error);
	return o->keep ? SLU_EXIT_OUTPUT : SLU_EXIT_OK;
}

static int plot(const struct doctor *d)
{
	const char *path = d->options.plot;
	FILE *to = fopen(path, "we");
	bool written = to != NULL;

	if (to) {
		slu_plot_svg(&d->prices, d->inventory.cpu.model, d->inventory.kernel, to);
		written = fflush(to) == 0 && !ferror(to);
		written = fclose(to) == 0 && written;
	}
	if (!written)
		slu_say("the plot %s cannot be written: %s", path, strerror(errno));
	return written ? SLU_EXIT_OK : SLU_EXIT_OUTPUT;
}

/* False: no memory. */
static bool print_json(const struct doctor *d)
{
	cJSON *o = cJSON_CreateObject();
	char *text;

	slu_inventory_add_json(&d->inventory, o);
	if (!d->options.list)
		slu_doctor_tests_add_json(&d->tests, o);
	if (d->prices.nprices)
		slu_pricelist_add_json(&d->prices, o);
	if (d->keeps)
		slu_doctor_keep_add_json(&d->kept, o);
	text = cJSON_PrintUnformatted(o);
	cJSON_Delete(o);
	if (!text)
		return false;
	puts(text);
	cJSON_free(text);
	return true;
}

/* Those that were asked for; else the one over the crypto device, where there are both. False: that is no list. */
static bool choose_engines(struct doctor *d)
{
	const struct slu_opt_list *asked = &d->options.engines;

	if (asked->n > SLU_PRICE_ENGINES) {
		slu_say("--engine can be given %d times at most", SLU_PRICE_ENGINES);
		return false;
	}
	memcpy(d->engines, asked->items, asked->n * sizeof *d->engines);
	d->nengines = asked->n;
	if (!asked->n && !d->inventory.device_error && slu_engine_list_has(&d->inventory.engines, "devcrypto"))
		d->engines[d->nengines++] = "devcrypto";
	return true;
}

/* The bar goes on as costs are measured. */
static void test(struct doctor *d)
{
	d->tests = (struct slu_doctor_tests){
		.inventory = &d->inventory, .quick = d->options.quick, .progress = show_progress};
	slu_bar_begin(&bar,
		      device_expected(d) + ktls_expected(d) + engine_expected(d) * (double)d->nengines +
			      measuring_expected(d),
		      now());
	slu_bar_stage(&bar, device_expected(d));
	slu_doctor_test_device(&d->tests);
	slu_bar_stage(&bar, ktls_expected(d));
	slu_doctor_test_ktls(&d->tests);
	for (size_t i = 0; i < d->nengines; i++) {
		slu_bar_stage(&bar, engine_expected(d));
		slu_doctor_test_engine(&d->tests, d->engines[i]);
	}
	slu_bar_stage(&bar, measuring_expected(d));
}

static bool contradicts_itself(const struct doctor_options *o)
{
	const char *wants = o->keep ? "keep" : "plot";

	if (o->list && (o->keep || o->plot))
		slu_say("--list measures nothing, so there is nothing for --%s: take one of them", wants);
	else if (o->keep && o->no_keep)
		slu_say("--keep and --no-keep contradict each other: take one of them");
	else
		return false;
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
	if (contradicts_itself(&d.options))
		return SLU_EXIT_USAGE;
	slu_inventory_take(&d.inventory, d.options.device);
	if (!choose_engines(&d))
		return SLU_EXIT_USAGE;
	if (!d.options.json)
		slu_inventory_print(&d.inventory, stdout);
	fflush(stdout);
	if (!d.options.list)
		test(&d);
	if (!d.options.json)
		slu_doctor_tests_print(&d.tests, stdout);
	fflush(stdout);
	status = d.options.list ? SLU_EXIT_OK : measure(&d);
	d.keeps = !d.options.list && !d.options.no_keep && status == SLU_EXIT_OK;
	if (d.keeps)
		status = keep(&d);
	if (d.options.plot && d.prices.nprices && plot(&d) != SLU_EXIT_OK)
		status = SLU_EXIT_OUTPUT;
	written = !d.options.json || print_json(&d);
	if (!d.options.json && d.prices.nprices)
		slu_pricelist_print(&d.prices, stdout);
	if (!d.options.json && d.keeps)
		slu_doctor_keep_print(&d.kept, stdout);
	if (written && fflush(stdout) == 0 && !ferror(stdout))
		return status;
	slu_say("the report cannot be written");
	return SLU_EXIT_OUTPUT;
}
