/* SPDX-License-Identifier: MIT */
/* What of the doctor's findings is kept. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include "net/tls.h"
#include "tools/doctor_keep.h"

static struct slu_inventory inventory;
static struct slu_doctor_tests tests;
static struct slu_pricelist prices;
static struct slu_kept kept;

static int setup(void **state)
{
	(void)state;
	memset(&prices, 0, sizeof prices);
	prices.nsizes = 2;
	prices.sizes[0] = 64;
	prices.sizes[1] = 16384;
	memset(&tests, 0, sizeof tests);
	inventory.device = "/dev/crypto";
	tests.inventory = &inventory;
	return 0;
}

static struct slu_price *measured(const char *door, const char *suite, double small, double large)
{
	struct slu_price *p = &prices.prices[prices.nprices++];

	p->way.suite = suite;
	p->way.version = SLU_TLS_1_2;
	snprintf(p->door, sizeof p->door, "%s", door);
	p->costs[0].cpu_ms_per_mb = small;
	p->costs[1].cpu_ms_per_mb = large;
	return p;
}

static struct slu_tested *tested(const char *door, const char *cipher, const char *driver, bool usable)
{
	struct slu_tested *t = &tests.all[tests.n++];

	snprintf(t->door, sizeof t->door, "%s", door);
	snprintf(t->cipher, sizeof t->cipher, "%s", cipher);
	snprintf(t->driver, sizeof t->driver, "%s", driver);
	t->usable = usable;
	return t;
}

/* "door suite; door suite; ": those that are kept. */
static void keeps(const char *expected, unsigned left_out)
{
	char ways[300] = "";

	assert_int_equal(slu_doctor_kept(&prices, &tests, true, &kept), left_out);
	for (size_t i = 0; i < kept.nways; i++)
		snprintf(ways + strlen(ways), sizeof ways - strlen(ways), "%s %s; ", kept.ways[i].door,
			 kept.ways[i].suite);
	assert_string_equal(ways, expected);
}

/* "door algorithm driver; " */
static void drivers_are(const char *expected)
{
	char text[400] = "";

	for (size_t i = 0; i < kept.ndrivers; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), "%s %s %s; ", kept.drivers[i].door,
			 kept.drivers[i].algorithm, kept.drivers[i].driver);
	assert_string_equal(text, expected);
}

static void software_always_is(void **state)
{
	struct slu_price *p;
	struct slu_kept_device now;

	(void)state;
	measured("off", "A", 2, 1)->way.etm = true;
	p = measured("off", "B", 4, 3);
	p->way.version = SLU_TLS_1_3;
	snprintf(measured("off", "C", 1, 1)->error, sizeof p->error, "this OpenSSL lacks it");
	keeps("off A; off B; ", 0);
	assert_true(kept.ways[0].etm && !kept.ways[1].etm);
	assert_int_equal(kept.ways[1].version, SLU_TLS_1_3);
	assert_true(kept.ways[1].ms_per_mb[0] == 4 && kept.ways[1].ms_per_mb[1] == 3);
	assert_int_equal(kept.nsizes, 2);
	assert_int_equal(kept.sizes[1], 16384);
	assert_true(kept.quick && kept.made > 1000000000);
	assert_string_equal(kept.path, "/dev/crypto");
	slu_kept_device(&now);
	assert_memory_equal(&kept.device, &now, sizeof now);
	drivers_are("");
}

static void a_device_that_passed_is(void **state)
{
	(void)state;
	measured("off", "A", 2, 1);
	measured("devcrypto", "A", 4, 0.5);
	keeps("off A; ", 0); /* not tested */
	tested("devcrypto", "AES-CBC", "chip", true);
	tested("devcrypto", "AES-ECB", "?", true);
	tested("devcrypto", "AES-GCM", "?", false)->lacking = true;
	keeps("off A; devcrypto A; ", 0);
	drivers_are("devcrypto AES-CBC chip; devcrypto AES-ECB ?; ");
	tested("devcrypto", "AES-CTR", "chip-ctr", false);
	keeps("off A; ", 0);
	drivers_are("devcrypto AES-CBC chip; devcrypto AES-ECB ?; ");
}

static struct slu_tested *tested_kernel(const char *algorithm, const char *cipher, const char *driver)
{
	struct slu_tested *t = tested("ktls", cipher, driver, true);

	snprintf(t->algorithm, sizeof t->algorithm, "%s", algorithm);
	return t;
}

static void the_kernels_tls_by_cipher(void **state)
{
	struct slu_price *p;

	(void)state;
	measured("off", "A", 2, 1);
	p = measured("ktls", "A", 4, 0.5);
	p->way.cipher = SLU_KTLS_AES_256_GCM;
	keeps("off A; ", 0);
	tested_kernel("AES-256-GCM with TLS 1.2", "gcm(aes)", "gcm-chip")->usable = false;
	keeps("off A; ", 0);
	tests.n = 0;
	tested_kernel("AES-128-GCM with TLS 1.2", "gcm(aes)", "gcm-chip");
	keeps("off A; ", 0);
	tested_kernel("AES-256-GCM with TLS 1.2", "gcm(aes)", "gcm-chip");
	tested_kernel("ChaCha20-Poly1305 with TLS 1.2", "rfc7539(chacha20,poly1305)", "?");
	keeps(slu_tls_gives_keys(false) ? "off A; ktls A; " : "off A; ", 0); /* OpenSSL 1.1.1 has none to give */
	drivers_are("ktls gcm(aes) gcm-chip; ");
	/* A driver without a name. */
	p->way.cipher = SLU_KTLS_CHACHA20_POLY1305;
	keeps("off A; ", 0);
}

/* It has to change keys, and so has OpenSSL. */
static void the_kernels_tls_1_3(void **state)
{
	struct slu_price *p = measured("ktls", "A", 4, 0.5);

	p->way.version = SLU_TLS_1_3;
	tested_kernel("AES-128-GCM with TLS 1.3", "gcm(aes)", "gcm-chip");
	(void)state;
	inventory.ktls.rekeys = false;
	keeps("", 0);
	inventory.ktls.rekeys = true;
	keeps(slu_tls_gives_keys(true) ? "ktls A; " : "", 0);
	inventory.ktls.rekeys = false;
}

/* One that goes through the device is known by its drivers, and only that device's. */
static void engines(void **state)
{
	(void)state;
	measured("engine:other", "A", 2, 1);
	measured("engine:devcrypto", "A", 2, 1);
	tested("engine:other", "AES-CBC", "?", true);
	tested("engine:devcrypto", "AES-CBC", "chip", true);
	keeps("engine:other A; ", 0);
	tested("devcrypto", "AES-CBC", "chip", true);
	keeps("engine:other A; engine:devcrypto A; ", 0);
	drivers_are("devcrypto AES-CBC chip; ");
	inventory.device = "/dev/other";
	keeps("engine:other A; ", 0);
	tested("engine:other", "AES-GCM", "?", false);
	keeps("", 0);
}

static void what_costs_nothing_was_not_measured(void **state)
{
	(void)state;
	measured("off", "A", 2, 1);
	measured("off", "B", -0.1, 1);
	measured("off", "C", 1, 0);
	measured("off", "D", SLU_KEPT_COST_MOST + 1.0, 1);
	keeps("off A; ", 3);
}

static void tells(const struct slu_doctor_keep *k, const char *expected)
{
	char text[700] = "";
	FILE *f = fmemopen(text, sizeof text, "w");

	assert_non_null(f);
	slu_doctor_keep_print(k, f);
	fclose(f);
	assert_string_equal(text, expected);
}

static void put(const char *file, const char *from, const char *to)
{
	char text[2000], *at;
	FILE *f = fopen(file, "r");

	assert_non_null(f);
	text[fread(text, 1, sizeof text - 1, f)] = '\0';
	fclose(f);
	at = strstr(text, from);
	assert_non_null(at);
	f = fopen(file, "w");
	assert_non_null(f);
	fprintf(f, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
	fclose(f);
}

static void what_was_there_before_is_told_of(void **state)
{
	char folder[] = "/tmp/test_keep.XXXXXX", file[64], expected[700];
	struct slu_doctor_keep k;

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(file, sizeof file, "%s/kept", folder);
	measured("off", "A", 2, 1);
	for (int i = 0; i < 2; i++) {
		assert_true(slu_doctor_keep(&prices, &tests, false, file, &k));
		snprintf(expected, sizeof expected, "Kept in %s, by which \"auto\" chooses with --tls-measured %s.\n",
			 file, file);
		tells(&k, expected);
		k.given = false; /* as in the usual place */
		snprintf(expected, sizeof expected, "Kept in %s, by which \"auto\" chooses.\n", file);
		tells(&k, expected);
	}
	put(file, "kernel ", "kernel other-");
	assert_true(slu_doctor_keep(&prices, &tests, false, file, &k));
	assert_int_equal(strncmp(k.before, "it was made with the kernel other-", 34), 0);
	put(file, "way off A", "way off");
	assert_true(slu_doctor_keep(&prices, &tests, false, file, &k));
	assert_non_null(strstr(k.before, "cannot be used: line 9: "));
	assert_true(slu_doctor_keep(&prices, &tests, false, file, &k));
	assert_string_equal(k.before, "");
	unlink(file);
	rmdir(folder);
	assert_false(slu_doctor_keep(&prices, &tests, false, file, &k));
	assert_non_null(strstr(k.error, "No such file or directory"));
	tells(&k, "");
}

int main(void)
{
	const struct CMUnitTest all[] = {
		cmocka_unit_test_setup(software_always_is, setup),
		cmocka_unit_test_setup(a_device_that_passed_is, setup),
		cmocka_unit_test_setup(the_kernels_tls_by_cipher, setup),
		cmocka_unit_test_setup(the_kernels_tls_1_3, setup),
		cmocka_unit_test_setup(engines, setup),
		cmocka_unit_test_setup(what_costs_nothing_was_not_measured, setup),
		cmocka_unit_test_setup(what_was_there_before_is_told_of, setup),
	};

	return cmocka_run_group_tests(all, NULL, NULL);
}
