/* SPDX-License-Identifier: MIT */
#include "tools/doctor_keep.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "net/tls.h"

#define OFF             "off"
#define DEVCRYPTO       "devcrypto"
#define KTLS            "ktls"
#define DEVICE_STANDARD "/dev/crypto" /* what that engine opens */

static bool has_driver(const struct slu_kept *out, const char *door, const char *algorithm)
{
	for (size_t i = 0; i < out->ndrivers; i++)
		if (strcmp(out->drivers[i].door, door) == 0 && strcmp(out->drivers[i].algorithm, algorithm) == 0)
			return true;
	return false;
}

/* The kernel's TLS with another version has the same driver; what nobody says cannot be compared there. */
static void add_drivers(struct slu_kept *out, const struct slu_doctor_tests *tests)
{
	for (size_t i = 0; i < tests->n && out->ndrivers < SLU_KEPT_DRIVERS; i++) {
		const struct slu_tested *t = &tests->all[i];
		struct slu_kept_driver *d = &out->drivers[out->ndrivers];
		const bool device = strcmp(t->door, DEVCRYPTO) == 0;

		if (!t->usable || has_driver(out, t->door, t->cipher) ||
		    (!device && (strcmp(t->door, KTLS) != 0 || strcmp(t->driver, "?") == 0)))
			continue;
		snprintf(d->door, sizeof d->door, "%.*s", (int)sizeof d->door - 1, t->door);
		snprintf(d->algorithm, sizeof d->algorithm, "%s", t->cipher);
		snprintf(d->driver, sizeof d->driver, "%s", t->driver);
		out->ndrivers++;
	}
}

/* The kernel's TLS has each cipher for itself. A connection whose keys cannot be changed would not go there, and a
 * driver that nobody names could not be told from another one. */
static bool kernel_passed(const struct slu_kept *out, const struct slu_doctor_tests *tests, const struct slu_way *way)
{
	const bool tls13 = way->version == SLU_TLS_1_3;

	return slu_doctor_ktls_usable(tests, way->cipher, tls13) && slu_tls_gives_keys(tls13) &&
	       (!tls13 || tests->inventory->ktls.rekeys) && has_driver(out, KTLS, slu_doctor_ktls_cipher(way->cipher));
}

/* An engine cannot be asked for its driver; where it goes through the device that was tested, that can. */
static bool is_kept(const struct slu_kept *out, const struct slu_doctor_tests *tests, const struct slu_price *p)
{
	if (p->error[0] || strlen(p->door) >= sizeof out->ways->door)
		return false;
	if (strcmp(p->door, OFF) == 0)
		return true;
	if (slu_kept_is_device_engine(p->door) &&
	    (strcmp(out->drivers[0].door, DEVCRYPTO) != 0 || strcmp(out->path, DEVICE_STANDARD) != 0))
		return false;
	return strcmp(p->door, KTLS) == 0 ? kernel_passed(out, tests, &p->way) : slu_doctor_door_usable(tests, p->door);
}

/* False: there is a cost that cannot be. */
static bool add_way(struct slu_kept *out, const struct slu_price *p)
{
	struct slu_kept_way *way = &out->ways[out->nways];

	for (size_t s = 0; s < out->nsizes; s++) {
		way->ms_per_mb[s] = p->costs[s].cpu_ms_per_mb;
		if (!(way->ms_per_mb[s] > 0 && way->ms_per_mb[s] < SLU_KEPT_COST_MOST))
			return false;
	}
	snprintf(way->door, sizeof way->door, "%s", p->door);
	snprintf(way->suite, sizeof way->suite, "%s", p->way.suite);
	way->version = p->way.version;
	way->etm = p->way.etm;
	out->nways++;
	return true;
}

unsigned slu_doctor_kept(const struct slu_pricelist *prices, const struct slu_doctor_tests *tests, bool quick,
			 struct slu_kept *out)
{
	unsigned left_out = 0;

	memset(out, 0, sizeof *out);
	slu_kept_device(&out->device);
	out->made = time(NULL);
	out->quick = quick;
	snprintf(out->path, sizeof out->path, "%s", tests->inventory->device);
	out->nsizes = prices->nsizes;
	memcpy(out->sizes, prices->sizes, prices->nsizes * sizeof *prices->sizes);
	add_drivers(out, tests);
	for (size_t i = 0; i < prices->nprices && out->nways < SLU_KEPT_WAYS; i++)
		if (is_kept(out, tests, &prices->prices[i]))
			left_out += !add_way(out, &prices->prices[i]);
	return left_out;
}

/* What is there now may be of another kernel, or broken. */
static void look_before(const char *file, struct slu_doctor_keep *out)
{
	static struct slu_kept before;
	const int r = slu_kept_read(&before, file, out->before, sizeof out->before);

	if (r == 1 && slu_kept_fits(&before, out->before, sizeof out->before))
		out->before[0] = '\0';
}

bool slu_doctor_keep(const struct slu_pricelist *prices, const struct slu_doctor_tests *tests, bool quick,
		     const char *file, struct slu_doctor_keep *out)
{
	static struct slu_kept kept;

	memset(out, 0, sizeof *out);
	out->given = file != NULL;
	if (slu_kept_place(file, true, out->file, sizeof out->file) && access(out->file, F_OK) == 0)
		look_before(out->file, out);
	out->left_out = slu_doctor_kept(prices, tests, quick, &kept);
	return slu_kept_write(&kept, file, out->file, sizeof out->file, out->error, sizeof out->error) == 0;
}

void slu_doctor_keep_print(const struct slu_doctor_keep *k, FILE *to)
{
	if (k->before[0])
		fprintf(to, "What was kept before was of no use: %s.\n", k->before);
	if (k->left_out)
		fprintf(to,
			"%u ways are not kept, for they seem to cost nothing: the machine was not quiet. Run it "
			"again.\n",
			k->left_out);
	if (!k->error[0] && k->given)
		fprintf(to, "Kept in %s, by which \"auto\" chooses with --tls-measured %s.\n", k->file, k->file);
	else if (!k->error[0])
		fprintf(to, "Kept in %s, by which \"auto\" chooses.\n", k->file);
}

void slu_doctor_keep_add_json(const struct slu_doctor_keep *k, struct cJSON *to)
{
	cJSON *o = cJSON_AddObjectToObject(to, "kept");

	cJSON_AddStringToObject(o, "file", k->file);
	if (k->before[0])
		cJSON_AddStringToObject(o, "before", k->before);
	if (k->error[0])
		cJSON_AddStringToObject(o, "error", k->error);
	cJSON_AddNumberToObject(o, "left_out", k->left_out);
}
