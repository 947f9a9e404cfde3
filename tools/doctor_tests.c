/* SPDX-License-Identifier: MIT */
#include "tools/doctor_tests.h"

#include <string.h>

#include <cjson/cJSON.h>

#include "tools/doctor_device.h"
#include "tools/doctor_engine.h"
#include "tools/doctor_ktls.h"
#include "tools/pricelist.h"

enum { SOAK_SECONDS = 5, KTLS_SOAK_SECONDS = 2 }; /* of many sessions at once, for each algorithm */

/* ---- /dev/crypto ---- */

/* How far all n things are when the i-th is so far. */
static double part(unsigned i, unsigned n, double done)
{
	return ((double)i + done) / (double)n;
}

static double share(uint32_t done, uint32_t total)
{
	return total ? (double)done / (double)total : 0;
}

static void show_test(void *arg, enum slu_dc_algorithm a, const struct slu_selftest_note *note)
{
	const struct slu_doctor_tests *t = arg;
	char what[200];

	snprintf(what, sizeof what, "%s of %s: %s", slu_dc_algorithm_name(a), t->now,
		 slu_selftest_step_name(note->step));
	t->progress(part(a, SLU_DC_ALGORITHMS, part(note->step, slu_selftest_steps(), share(note->done, note->total))),
		    what);
}

_Static_assert((1 + SLU_PRICE_ENGINES) * (int)SLU_DC_ALGORITHMS + 2 * (int)SLU_KTLS_CIPHERS <= (int)SLU_TESTED_MOST,
	       "there is room for all that can be asked for");
static struct slu_tested *next(struct slu_doctor_tests *t)
{
	return &t->all[t->n++];
}

static void keep(struct slu_doctor_tests *t, const char *door, const struct slu_verdict *v)
{
	struct slu_tested *one = next(t);

	*one = (struct slu_tested){.verdict = slu_verdict_kind_name(v->kind),
				   .lacking = v->kind == SLU_LACKING,
				   .usable = slu_verdict_usable(v),
				   .operations = v->operations,
				   .largest = v->largest};
	snprintf(one->door, sizeof one->door, "%s", door);
	snprintf(one->algorithm, sizeof one->algorithm, "%s", slu_dc_algorithm_name(v->algorithm));
	snprintf(one->cipher, sizeof one->cipher, "%s", slu_dc_algorithm_name(v->algorithm));
	snprintf(one->driver, sizeof one->driver, "%s", v->driver);
	slu_verdict_sentence(v, one->text, sizeof one->text);
}

static struct slu_doctor_device settings(struct slu_doctor_tests *t, const char *now)
{
	t->now = now;
	return (struct slu_doctor_device){.path = t->inventory->device,
					  .quick = t->quick,
					  .soak_seconds = t->quick ? 0 : SOAK_SECONDS,
					  .progress = show_test,
					  .arg = t};
}

void slu_doctor_test_device(struct slu_doctor_tests *t)
{
	const struct slu_doctor_device device = settings(t, t->inventory->device);

	for (int a = 0; a < SLU_DC_ALGORITHMS && !t->inventory->device_error; a++) {
		struct slu_verdict v;

		slu_doctor_device_test(&device, (enum slu_dc_algorithm)a, &v);
		keep(t, "devcrypto", &v);
	}
}

/* ---- engines ---- */

static void keep_refusal(struct slu_doctor_tests *t, const char *door, const char *error)
{
	struct slu_tested *one = next(t);

	*one = (struct slu_tested){
		.algorithm = "its start", .cipher = "", .driver = "?", .verdict = slu_verdict_kind_name(SLU_GONE)};
	snprintf(one->door, sizeof one->door, "%s", door);
	snprintf(one->text, sizeof one->text, "%s.", error);
}

void slu_doctor_test_engine(struct slu_doctor_tests *t, const char *what)
{
	const struct slu_doctor_device device = settings(t, what);
	struct slu_engine_facts facts;
	char door[sizeof t->all[0].door];

	snprintf(door, sizeof door, "engine:%s", what);
	slu_doctor_engine_ask(what, 0, &facts);
	if (facts.error[0])
		keep_refusal(t, door, facts.error);
	for (int a = 0; a < SLU_DC_ALGORITHMS && !facts.error[0]; a++) {
		struct slu_verdict v;

		if (!facts.has[a])
			continue;
		slu_doctor_engine_test(&device, what, (enum slu_dc_algorithm)a, &v);
		keep(t, door, &v);
	}
}

/* ---- the kernel's TLS ---- */

static void ktls_name(enum slu_ktls_cipher c, bool tls13, char *out, size_t size)
{
	snprintf(out, size, "%s with TLS 1.%d", slu_ktls_cipher_name(c), tls13 ? 3 : 2);
}

const char *slu_doctor_ktls_cipher(enum slu_ktls_cipher c)
{
	return c == SLU_KTLS_CHACHA20_POLY1305 ? "rfc7539(chacha20,poly1305)" : "gcm(aes)";
}

/* The one that the kernel takes, by its own list. */
static const char *kernel_driver(const struct slu_inventory *inv, const char *cipher)
{
	for (size_t i = 0; i < SLU_KERNEL_CIPHERS; i++)
		if (inv->ciphers[i].found && strcmp(inv->ciphers[i].name, cipher) == 0)
			return inv->ciphers[i].best.driver;
	return "";
}

static void keep_ktls(struct slu_doctor_tests *t, const struct slu_ktls_verdict *v)
{
	struct slu_tested *one = next(t);
	const char *driver = kernel_driver(t->inventory, slu_doctor_ktls_cipher(v->cipher));

	*one = (struct slu_tested){.door = "ktls",
				   .verdict = slu_verdict_kind_name(v->kind),
				   .lacking = v->kind == SLU_LACKING,
				   .usable = v->kind == SLU_PASSED,
				   .operations = v->operations,
				   .largest = v->largest};
	ktls_name(v->cipher, v->tls13, one->algorithm, sizeof one->algorithm);
	snprintf(one->cipher, sizeof one->cipher, "%s", slu_doctor_ktls_cipher(v->cipher));
	snprintf(one->driver, sizeof one->driver, "%s", *driver ? driver : "?");
	slu_ktls_sentence(v, driver, one->text, sizeof one->text);
}

/* Which of them is under way. */
struct ktls_progress {
	const struct slu_doctor_tests *tests;
	unsigned n, count;
	char name[48];
};

static void show_ktls(void *arg, const struct slu_ktls_note *note)
{
	const struct ktls_progress *p = arg;
	char what[120];

	snprintf(what, sizeof what, "%s: %s", p->name, slu_ktls_step_name(note->step));
	p->tests->progress(part(p->n, p->count, part(note->step, slu_ktls_steps(), share(note->done, note->total))),
			   what);
}

unsigned slu_doctor_ktls_count(const struct slu_inventory *inv)
{
	unsigned n = 0;

	for (int c = 0; c <= SLU_KTLS_CHACHA20_POLY1305 && !inv->ktls.error; c++)
		n += (inv->ktls.tls12[c] == 0 ? 1U : 0U) + (inv->ktls.tls13[c] == 0 ? 1U : 0U);
	return n;
}

/* Of those that OpenSSL gives the kernel. */
void slu_doctor_test_ktls(struct slu_doctor_tests *t)
{
	const struct slu_ktls *have = &t->inventory->ktls;
	struct ktls_progress p = {.tests = t, .count = slu_doctor_ktls_count(t->inventory)};
	const struct slu_doctor_ktls doctor = {.rekeys = have->rekeys,
					       .quick = t->quick,
					       .soak_seconds = t->quick ? 0 : KTLS_SOAK_SECONDS,
					       .progress = show_ktls,
					       .arg = &p};

	for (int c = 0; c <= SLU_KTLS_CHACHA20_POLY1305 && !have->error; c++)
		for (int tls13 = 0; tls13 < 2; tls13++) {
			struct slu_ktls_verdict v;

			if ((tls13 ? have->tls13 : have->tls12)[c])
				continue;
			ktls_name((enum slu_ktls_cipher)c, tls13, p.name, sizeof p.name);
			slu_doctor_ktls_test(&doctor, (enum slu_ktls_cipher)c, tls13, &v);
			keep_ktls(t, &v);
			p.n++;
		}
}

bool slu_doctor_ktls_usable(const struct slu_doctor_tests *t, enum slu_ktls_cipher c, bool tls13)
{
	char name[48];

	ktls_name(c, tls13, name, sizeof name);
	for (size_t i = 0; i < t->n; i++)
		if (strcmp(t->all[i].door, "ktls") == 0 && strcmp(t->all[i].algorithm, name) == 0)
			return t->all[i].usable;
	return false;
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
	const char *door = t->all[first].door, *name = door;

	if (strcmp(door, "devcrypto") == 0)
		name = t->inventory->device;
	else if (strcmp(door, "ktls") == 0)
		name = "the kernel's TLS";
	fprintf(to, "Tests of %s\n", name);
	for (size_t i = first; i < t->n && strcmp(t->all[i].door, door) == 0; i++)
		fprintf(to, "  %s\n", t->all[i].text);
	if (strcmp(door, "ktls") != 0 && !slu_doctor_door_usable(t, door))
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
