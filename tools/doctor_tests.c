/* SPDX-License-Identifier: MIT */
#include "tools/doctor_tests.h"

#include <string.h>

#include <cjson/cJSON.h>

#include "tools/doctor_device.h"

enum { SOAK_SECONDS = 5 }; /* of many sessions at once, for each algorithm */

/* ---- /dev/crypto ---- */

static void show_test(void *arg, enum slu_dc_algorithm a, const struct slu_selftest_note *note)
{
	const struct slu_doctor_tests *t = arg;
	char what[80];

	snprintf(what, sizeof what, "%s: %s", slu_dc_algorithm_name(a), slu_selftest_step_name(note->step));
	t->progress(note->total ? (double)note->done / (double)note->total : 0, what);
}

static void keep(struct slu_doctor_tests *t, const char *door, const struct slu_verdict *v)
{
	struct slu_tested *one = &t->all[t->n++];

	*one = (struct slu_tested){.verdict = slu_verdict_kind_name(v->kind),
				   .lacking = v->kind == SLU_LACKING,
				   .usable = slu_verdict_usable(v),
				   .operations = v->operations,
				   .largest = v->largest};
	snprintf(one->door, sizeof one->door, "%s", door);
	snprintf(one->algorithm, sizeof one->algorithm, "%s", slu_dc_algorithm_name(v->algorithm));
	snprintf(one->driver, sizeof one->driver, "%s", v->driver);
	slu_verdict_sentence(v, one->text, sizeof one->text);
}

void slu_doctor_test_device(struct slu_doctor_tests *t)
{
	const struct slu_doctor_device device = {.path = t->device,
						 .quick = t->quick,
						 .soak_seconds = t->quick ? 0 : SOAK_SECONDS,
						 .progress = show_test,
						 .arg = t};

	for (int a = 0; a < SLU_DC_ALGORITHMS; a++) {
		struct slu_verdict v;

		slu_doctor_device_test(&device, (enum slu_dc_algorithm)a, &v);
		keep(t, "devcrypto", &v);
	}
}

/* ---- what it comes to ---- */

bool slu_doctor_door_usable(const struct slu_doctor_tests *t, const char *door)
{
	bool any = false;

	for (size_t i = 0; i < t->n; i++) {
		if (strcmp(t->all[i].door, door) != 0)
			continue;
		any = true;
		if (!t->all[i].lacking && !t->all[i].usable)
			return false;
	}
	return any;
}

/* The tests of one door stand together. */
static void print_door(const struct slu_doctor_tests *t, size_t first, FILE *to)
{
	const char *door = t->all[first].door;

	fprintf(to, "Tests of %s\n", strcmp(door, "devcrypto") == 0 ? t->device : door);
	for (size_t i = first; i < t->n && strcmp(t->all[i].door, door) == 0; i++)
		fprintf(to, "  %s\n", t->all[i].text);
	if (!slu_doctor_door_usable(t, door))
		fputs("  What it costs is not measured, since it is not to be used as it is.\n", to);
}

void slu_doctor_tests_print(const struct slu_doctor_tests *t, FILE *to)
{
	for (size_t i = 0; i < t->n; i++)
		if (i == 0 || strcmp(t->all[i].door, t->all[i - 1].door) != 0)
			print_door(t, i, to);
}

void slu_doctor_tests_add_json(const struct slu_doctor_tests *t, struct cJSON *to)
{
	cJSON *all = cJSON_AddArrayToObject(to, "tests");

	for (size_t i = 0; i < t->n; i++) {
		const struct slu_tested *one = &t->all[i];
		cJSON *o = cJSON_CreateObject();

		cJSON_AddStringToObject(o, "door", one->door);
		cJSON_AddStringToObject(o, "algorithm", one->algorithm);
		cJSON_AddStringToObject(o, "driver", one->driver);
		cJSON_AddStringToObject(o, "verdict", one->verdict);
		cJSON_AddBoolToObject(o, "usable", one->usable);
		cJSON_AddNumberToObject(o, "operations", (double)one->operations);
		cJSON_AddNumberToObject(o, "largest", one->largest);
		cJSON_AddStringToObject(o, "text", one->text);
		cJSON_AddItemToArray(all, o);
	}
}
