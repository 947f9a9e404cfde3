/* SPDX-License-Identifier: MIT */
/* What is chosen of which costs. */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include <openssl/ssl.h>

#include "crypto/choice.h"

#define ECDSA "ECDHE-ECDSA-"

static struct slu_kept kept;
static struct slu_choice_rules rules;
static struct slu_choice choice;

/* Costs at 1,024 and at 16,384 bytes. */
static void add(const char *door, const char *suite, bool etm, double small, double full)
{
	struct slu_kept_way *w = &kept.ways[kept.nways++];

	*w = (struct slu_kept_way){.etm = etm, .version = strncmp(suite, "TLS_", 4) == 0 ? SLU_TLS_1_3 : SLU_TLS_1_2};
	w->ms_per_mb[0] = small;
	w->ms_per_mb[1] = full;
	snprintf(w->door, sizeof w->door, "%s", door);
	snprintf(w->suite, sizeof w->suite, "%s", suite);
}

/* A device without AES instructions, whose crypto hardware has CBC. */
static void add_software(void)
{
	add("off", ECDSA "CHACHA20-POLY1305", false, 60, 38);
	add("off", "TLS_CHACHA20_POLY1305_SHA256", false, 61, 38.5);
	add("off", ECDSA "AES128-GCM-SHA256", false, 120, 100);
	add("off", "TLS_AES_128_GCM_SHA256", false, 121, 101);
	add("off", ECDSA "AES256-GCM-SHA384", false, 150, 130);
	add("off", ECDSA "AES128-SHA", true, 210, 190);
	add("off", ECDSA "AES128-SHA", false, 205, 180);
}

static int setup(void **state)
{
	(void)state;
	memset(&kept, 0, sizeof kept);
	memset(&rules, 0, sizeof rules);
	kept.sizes[0] = 1024;
	kept.sizes[1] = 16384;
	kept.nsizes = 2;
	add_software();
	return 0;
}

/* Of what an OpenSSL with this list would offer. */
static void choose_up_to(int version, const char *list)
{
	struct slu_suite suites[SLU_SUITES_MOST];
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	int n;

	assert_non_null(ctx);
	assert_int_equal(SSL_CTX_set_max_proto_version(ctx, version), 1);
	if (list)
		assert_int_equal(SSL_CTX_set_cipher_list(ctx, list), 1);
	n = slu_suites_of(ctx, suites);
	assert_true(n > 0);
	slu_choose(&kept, suites, (size_t)n, &rules, &choice);
	SSL_CTX_free(ctx);
}

static void choose(const char *list)
{
	choose_up_to(0, list);
}

static void assert_begins(const char *text, const char *with)
{
	if (strncmp(text, with, strlen(with)) != 0)
		fail_msg("\"%s\" does not begin with \"%s\"", text, with);
}

static void assert_before(const char *list, const char *first, const char *second)
{
	const char *a = strstr(list, first), *b = strstr(list, second);

	if (!a || !b || a > b)
		fail_msg("%s comes not before %s in \"%s\"", first, second, list);
}

static void assert_says(const char *text)
{
	if (!strstr(choice.sentence, text))
		fail_msg("\"%s\" is not in \"%s\"", text, choice.sentence);
}

#define CHACHAS "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"

static void test_cheapest_alone(void **state)
{
	(void)state;
	choose(NULL);
	assert_true(choice.chosen && choice.alone);
	assert_false(choice.etm);
	assert_begins(choice.first.cipher_list, CHACHAS);
	assert_null(strstr(choice.first.cipher_list, "AES"));
	assert_string_equal(choice.first.ciphersuites, "TLS_CHACHA20_POLY1305_SHA256");
	assert_string_equal(choice.offload, "off");
	assert_string_equal(
		choice.sentence,
		"TLS: ChaCha20-Poly1305 in software takes 38.0 ms of CPU per MB, the least by this device's "
		"measurements (AES-128-GCM in software 100.0)");
}

static void test_all_in_order(void **state)
{
	const char *all = choice.all.cipher_list;

	(void)state;
	choose("ECDHE+AESGCM:AES256-SHA:ECDHE-RSA-AES128-SHA:ECDHE-RSA-AES256-SHA:ECDHE+CHACHA20");
	assert_before(all, CHACHAS, "ECDHE-ECDSA-AES128-GCM-SHA256");
	assert_before(all, "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384");
	assert_before(all, "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-AES128-SHA");
	assert_before(all, "ECDHE-RSA-AES128-SHA", "ECDHE-RSA-AES256-SHA"); /* whose cost is not known */
	assert_before(all, "ECDHE-RSA-AES256-SHA", ":AES256-SHA");
	assert_begins(choice.all.ciphersuites, "TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256:");
	assert_non_null(strstr(choice.all.ciphersuites, "TLS_AES_256_GCM_SHA384"));
}

/* A version in which the same is dearer is left out. */
static void test_versions(void **state)
{
	(void)state;
	kept.ways[1].ms_per_mb[1] = 38 * 1.11;
	choose(NULL);
	assert_begins(choice.first.cipher_list, CHACHAS);
	assert_string_equal(choice.first.ciphersuites, "");
	kept.ways[1].ms_per_mb[1] = 34;
	choose(NULL);
	assert_string_equal(choice.first.cipher_list, "");
	assert_string_equal(choice.first.ciphersuites, "TLS_CHACHA20_POLY1305_SHA256");
	assert_says("takes 34.0 ms");
}

static void test_hardware(void **state)
{
	(void)state;
	add("devcrypto", ECDSA "AES128-SHA", true, 220, 30);
	add("devcrypto", ECDSA "AES128-GCM-SHA256", false, 300, 110);
	choose(NULL);
	assert_true(choice.alone && choice.etm);
	assert_begins(choice.first.cipher_list, "ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA");
	assert_null(strstr(choice.first.cipher_list, "SHA256"));
	assert_string_equal(choice.first.ciphersuites, "");
	/* It pays at the larger size only, and for GCM not at all. */
	assert_string_equal(choice.offload, "devcrypto:min_size=16384,gcm=off");
	assert_says("AES-128-CBC with HMAC-SHA1 (encrypt-then-MAC) by the crypto device takes 30.0 ms");
	snprintf(kept.path, sizeof kept.path, "/dev/other");
	kept.ways[kept.nways - 1].ms_per_mb[1] = 99;
	kept.ways[kept.nways - 2].ms_per_mb[0] = 209;
	choose(NULL);
	assert_string_equal(choice.offload, "devcrypto:min_size=1024,device=/dev/other");
}

/* Software is the cheapest; for what a server may take instead, hardware is. */
static void test_hardware_for_the_rest(void **state)
{
	(void)state;
	add("devcrypto", ECDSA "AES128-SHA", true, 220, 45);
	add("engine:padlock", ECDSA "AES128-SHA", true, 220, 44);
	choose(NULL);
	assert_begins(choice.first.cipher_list, CHACHAS);
	assert_string_equal(choice.offload, "off"); /* an engine takes what it has for the whole process */
	kept.nways--;
	choose(NULL);
	assert_string_equal(choice.offload, "devcrypto:min_size=16384,gcm=off");
	rules.receives = true;
	choose(NULL);
	assert_string_equal(choice.offload, "off");
}

static void test_weak(void **state)
{
	(void)state;
	add("devcrypto", ECDSA "AES128-SHA", false, 220, 19);
	choose(NULL);
	assert_begins(choice.first.cipher_list, CHACHAS);
	assert_null(strstr(choice.sentence, "weak"));
	assert_false(choice.mte);
	rules.allow_weak = true;
	choose(NULL);
	assert_true(choice.mte && !choice.etm);
	assert_begins(choice.first.cipher_list, "ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES128-SHA:");
	assert_before(choice.first.cipher_list, "ECDHE-RSA-AES128-SHA", ":AES128-SHA"); /* no forward secrecy */
	assert_says("AES-128-CBC with HMAC-SHA1 (MAC-then-encrypt) by the crypto device takes 19.0 ms");
	assert_says(
		"it is weak, and saves 50 % of what the cheapest does that is not, ChaCha20-Poly1305 in software with "
		"38.0");
}

/* Forward secrecy decides, not the records, which are the same. */
static void test_no_forward_secrecy(void **state)
{
	(void)state;
	kept.nways = 0;
	add("off", ECDSA "AES128-GCM-SHA256", false, 120, 100);
	choose("AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256");
	assert_string_equal(choice.first.cipher_list, "ECDHE-RSA-AES128-GCM-SHA256");
	assert_string_equal(choice.all.cipher_list, "ECDHE-RSA-AES128-GCM-SHA256:AES128-GCM-SHA256");
	kept.ways[0].version = SLU_TLS_1_2;
	rules.allow_weak = true;
	choose("AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256");
	assert_string_equal(choice.first.cipher_list, "ECDHE-RSA-AES128-GCM-SHA256"); /* it saves nothing */
	assert_null(strstr(choice.sentence, "weak"));
	choose("AES128-GCM-SHA256");
	assert_string_equal(choice.first.cipher_list, "AES128-GCM-SHA256");
	assert_says("; it is weak, and there is nothing else");
}

/* Of what costs the same, nothing at all included, what is not weak. */
static void test_equal_costs(void **state)
{
	(void)state;
	rules.allow_weak = true;
	for (size_t i = 0; i < kept.nways; i++)
		kept.ways[i].ms_per_mb[1] = 0;
	choose("AES128-GCM-SHA256:AES128-SHA:ECDHE-RSA-AES128-SHA:ECDHE-RSA-AES128-GCM-SHA256");
	assert_null(strstr(choice.sentence, "weak"));
	assert_null(strstr(choice.sentence, "nan"));
	assert_string_equal(choice.first.ciphersuites, "TLS_CHACHA20_POLY1305_SHA256");
}

static void test_fixed_list(void **state)
{
	(void)state;
	add("devcrypto", ECDSA "AES128-SHA", true, 220, 45);
	rules.fixed = true;
	choose("ECDHE-RSA-AES256-SHA:ECDHE-RSA-AES128-SHA:ECDHE-RSA-CHACHA20-POLY1305");
	assert_false(choice.alone);
	assert_string_equal(choice.all.cipher_list,
			    "ECDHE-RSA-AES256-SHA:ECDHE-RSA-AES128-SHA:ECDHE-RSA-CHACHA20-POLY1305");
	assert_begins(choice.all.ciphersuites, "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256");
	/* TLS 1.3's come first in any list: ChaCha20 is the first that is known there. */
	assert_string_equal(choice.offload, "off");
	kept.ways[1] = kept.ways[3] = kept.ways[0];
	choose("ECDHE-RSA-AES256-SHA:ECDHE-RSA-AES128-SHA:ECDHE-RSA-CHACHA20-POLY1305");
	assert_string_equal(choice.offload, "devcrypto:min_size=16384,gcm=off");
	assert_says("the least for the first suite of the list (in software 190.0)");
}

/* A door that was given has what it has, dearer or not. */
static void test_given_door(void **state)
{
	(void)state;
	add("devcrypto", ECDSA "AES128-SHA", true, 220, 30);
	add("engine:other", ECDSA "AES128-SHA", true, 220, 20);
	rules.door = "off";
	choose(NULL);
	assert_begins(choice.first.cipher_list, CHACHAS);
	assert_string_equal(choice.offload, ""); /* as it was given */
	rules.door = "devcrypto:check_every=9";
	choose(NULL);
	assert_begins(choice.first.cipher_list, "ECDHE-ECDSA-AES128-SHA");
	assert_says("takes 30.0 ms");
	rules.door = "engine:other,digests=on";
	choose(NULL);
	assert_says("by the engine other takes 20.0 ms");
	rules.door = "engine:another";
	choose(NULL);
	assert_begins(choice.first.cipher_list, CHACHAS);
	rules.door = "devcrypto";
	kept.ways[kept.nways - 2].ms_per_mb[1] = 400;
	add("devcrypto", ECDSA "AES128-GCM-SHA256", false, 220, 390);
	choose(NULL);
	assert_begins(choice.first.cipher_list, CHACHAS);
}

static void test_kernel(void **state)
{
	(void)state;
	add("ktls", ECDSA "CHACHA20-POLY1305", false, 60, 30);
	add("ktls", ECDSA "AES128-GCM-SHA256", false, 60, 120);
	choose(NULL);
	assert_string_equal(choice.offload, "ktls");
	assert_int_equal(choice.ktls[0], NID_chacha20_poly1305);
	assert_int_equal(choice.ktls[1], 0);
	assert_string_equal(choice.first.ciphersuites, ""); /* in software it is dearer there */
	kept.ways[kept.nways - 1].ms_per_mb[1] = 90;
	choose(NULL);
	assert_int_equal(choice.ktls[0] + choice.ktls[1], NID_chacha20_poly1305 + NID_aes_128_gcm);
	assert_int_equal(choice.ktls[2], 0);
}

static void test_server(void **state)
{
	(void)state;
	rules.server = true;
	choose(NULL);
	assert_true(choice.chosen);
	assert_false(choice.alone);
	assert_begins(choice.all.cipher_list, CHACHAS);
}

/* Its order has those last that a client may have without encrypt-then-MAC: what it says must be what comes first. */
static void test_server_with_cbc(void **state)
{
	(void)state;
	rules.server = true;
	add("devcrypto", ECDSA "AES128-SHA", true, 220, 20);
	choose(NULL);
	assert_begins(choice.all.cipher_list, CHACHAS);
	assert_says("TLS: ChaCha20-Poly1305 in software takes 38.0 ms of CPU per MB, the least by this device's "
		    "measurements (AES-128-GCM in software 100.0)");
	assert_string_equal(choice.offload,
			    "devcrypto:min_size=16384,gcm=off"); /* for clients that have nothing else */
	rules.allow_weak = true;
	choose(NULL);
	assert_begins(choice.all.cipher_list, "ECDHE-ECDSA-AES128-SHA:");
	assert_says("TLS: AES-128-CBC with HMAC-SHA1 (encrypt-then-MAC) by the crypto device takes 20.0 ms");
	add("devcrypto", ECDSA "AES128-SHA", false, 220, 10); /* which of the two comes is the client's choice */
	choose(NULL);
	assert_says("TLS: AES-128-CBC with HMAC-SHA1 (encrypt-then-MAC) by the crypto device takes 20.0 ms");
	rules.allow_weak = false;
	choose("ECDHE-RSA-AES128-SHA");
	kept.ways[1] = kept.ways[3] = kept.ways[0]; /* nothing of TLS 1.3 */
	choose("ECDHE-RSA-AES128-SHA");
	assert_says("TLS: AES-128-CBC with HMAC-SHA1 (encrypt-then-MAC) by the crypto device takes 20.0 ms");
}

static void test_estimate(void **state)
{
	(void)state;
	kept.nsizes = 1;
	for (size_t i = 0; i < kept.nways; i++)
		kept.ways[i].ms_per_mb[0] = kept.ways[i].ms_per_mb[1];
	rules.estimated = true;
	rules.why = "nothing is kept";
	choose(NULL);
	assert_false(choice.alone);
	assert_begins(choice.all.cipher_list, CHACHAS);
	assert_string_equal(choice.offload, "off");
	assert_string_equal(
		choice.sentence,
		"TLS is done in software, for nothing is kept; first comes what is cheapest, ChaCha20-Poly1305 "
		"in software takes some 38.0 ms of CPU per MB, AES-128-GCM in software 100.0: 'sluice doctor' tests "
		"and measures the hardware too");
}

static void test_nothing_known(void **state)
{
	(void)state;
	kept.nways = 0;
	choose("ECDHE-RSA-AES256-SHA:ECDHE-RSA-AES128-SHA");
	assert_false(choice.chosen || choice.alone);
	assert_string_equal(choice.all.cipher_list, "ECDHE-RSA-AES256-SHA:ECDHE-RSA-AES128-SHA");
	assert_string_equal(choice.offload, "off");
	assert_string_equal(choice.sentence,
			    "TLS is done in software, for what is kept of this device has no cost of these suites: "
			    "'sluice doctor' tests and measures the hardware too");
	rules.estimated = true;
	rules.why = "nothing is kept";
	choose("ECDHE-RSA-AES256-SHA");
	assert_says("TLS is done in software, for nothing is kept: 'sluice doctor'");
	rules.door = "devcrypto";
	choose("ECDHE-RSA-AES256-SHA");
	assert_says("TLS: no suite is put before another for its cost, for nothing is kept: 'sluice doctor'");
	kept.nsizes = 1;
	add_software();
	choose(NULL);
	assert_says(
		"TLS: the order of suites is that of software, for nothing is kept; first comes what is cheapest, ");
}

/* ---- what one server is known to accept ---- */

static void accepted_by_the_server(void **state)
{
	(void)state;
	rules.accepted = true;
	choose("ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-CHACHA20-POLY1305");
	assert_string_equal(choice.first.cipher_list, "ECDHE-RSA-CHACHA20-POLY1305");
	assert_true(choice.alone && !choice.weak);
	assert_true(choice.ms_per_mb > 37 && choice.ms_per_mb < 39);
	/* Also by an estimate, and hardware for something else is left alone. */
	add("devcrypto", ECDSA "AES128-SHA", true, 90, 60);
	rules.estimated = true;
	rules.why = "nothing is kept";
	choose("ECDHE-RSA-AES128-GCM-SHA256:ECDHE-RSA-CHACHA20-POLY1305:ECDHE-RSA-AES128-SHA");
	assert_string_equal(choice.first.cipher_list, "ECDHE-RSA-CHACHA20-POLY1305");
	assert_string_equal(choice.offload, "off");
}

static void encrypt_then_mac_is_known(void **state)
{
	(void)state;
	rules.accepted = true;
	rules.etm = SLU_ETM_ALWAYS;
	rules.allow_weak = true;
	choose_up_to(TLS1_2_VERSION, "ECDHE-RSA-AES128-SHA");
	assert_true(choice.ms_per_mb > 189 && choice.ms_per_mb < 191 && !choice.weak && !choice.mte);
	rules.etm = SLU_ETM_NEVER;
	choose_up_to(TLS1_2_VERSION, "ECDHE-RSA-AES128-SHA");
	assert_true(choice.ms_per_mb > 179 && choice.ms_per_mb < 181 && choice.weak && choice.mte);
	assert_string_equal(choice.all.cipher_list, "ECDHE-RSA-AES128-SHA");
	rules.allow_weak = false;
	choose_up_to(TLS1_2_VERSION, "ECDHE-RSA-AES128-SHA");
	assert_false(choice.chosen);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_cheapest_alone, setup),
		cmocka_unit_test_setup(test_all_in_order, setup),
		cmocka_unit_test_setup(test_versions, setup),
		cmocka_unit_test_setup(test_hardware, setup),
		cmocka_unit_test_setup(test_hardware_for_the_rest, setup),
		cmocka_unit_test_setup(test_weak, setup),
		cmocka_unit_test_setup(test_no_forward_secrecy, setup),
		cmocka_unit_test_setup(test_equal_costs, setup),
		cmocka_unit_test_setup(test_fixed_list, setup),
		cmocka_unit_test_setup(test_given_door, setup),
		cmocka_unit_test_setup(test_kernel, setup),
		cmocka_unit_test_setup(test_server, setup),
		cmocka_unit_test_setup(test_server_with_cbc, setup),
		cmocka_unit_test_setup(test_estimate, setup),
		cmocka_unit_test_setup(test_nothing_known, setup),
		cmocka_unit_test_setup(accepted_by_the_server, setup),
		cmocka_unit_test_setup(encrypt_then_mac_is_known, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
