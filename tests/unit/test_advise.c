/* SPDX-License-Identifier: MIT */
/* What is suggested, by model reports and model costs; and what is suggested is taken by this OpenSSL. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include <sluice/tls.h>

#include "crypto/chain.h"
#include "probe/advise.h"

enum {
	CHACHA13 = 0x1303,
	AES128GCM13 = 0x1301,
	AES256GCM13 = 0x1302,
	CCM13 = 0x1304,
	RSA_CHACHA = 0xCCA8,
	RSA_AES128GCM = 0xC02F,
	RSA_AES256GCM = 0xC030,
	RSA_AES128CBC = 0xC013,
	ECDSA_AES128GCM = 0xC02B,
	AES128GCM_NOFS = 0x009C,
	AES128CBC_NOFS = 0x002F,
	RC4 = 0x0005,
	NOTHING = 0x0002, /* TLS_RSA_WITH_NULL_SHA */
	ARIA = 0xC052,
};

static struct slu_report report;
static struct slu_kept kept;
static struct slu_have have;
static struct slu_advise_config config;
static struct slu_advice advice;

static void cost(const char *door, const char *suite, bool etm, double ms)
{
	struct slu_kept_way *w = &kept.ways[kept.nways++];

	*w = (struct slu_kept_way){.etm = etm, .version = strncmp(suite, "TLS_", 4) == 0 ? SLU_TLS_1_3 : SLU_TLS_1_2};
	w->ms_per_mb[0] = ms;
	snprintf(w->door, sizeof w->door, "%s", door);
	snprintf(w->suite, sizeof w->suite, "%s", suite);
}

/* A device without AES instructions. */
static int setup(void **state)
{
	(void)state;
	memset(&report, 0, sizeof report);
	for (size_t i = 0; i < SLU_REPORT_VERSIONS; i++)
		report.versions[i].version = (uint16_t)(0x0300 + i);
	memset(&kept, 0, sizeof kept);
	kept.sizes[0] = 16384;
	kept.nsizes = 1;
	cost("off", "ECDHE-ECDSA-CHACHA20-POLY1305", false, 8);
	cost("off", "TLS_CHACHA20_POLY1305_SHA256", false, 8);
	cost("off", "ECDHE-ECDSA-AES128-GCM-SHA256", false, 28);
	cost("off", "TLS_AES_128_GCM_SHA256", false, 28);
	cost("off", "ECDHE-ECDSA-AES256-GCM-SHA384", false, 40);
	cost("off", "TLS_AES_256_GCM_SHA384", false, 40);
	cost("off", "ECDHE-ECDSA-AES128-SHA", true, 30);
	cost("off", "ECDHE-ECDSA-AES128-SHA", false, 24);
	config = (struct slu_advise_config){.have = &have, .kept = &kept, .bit_rate = 8000000};
	return 0;
}

static void accept_(uint16_t version, enum slu_order order, const uint16_t *suites)
{
	struct slu_report_version *v = &report.versions[version - 0x0300];

	v->accepted = SLU_YES;
	v->order = order;
	v->complete = true;
	for (v->nsuites = 0; suites[v->nsuites]; v->nsuites++)
		v->suites[v->nsuites] = suites[v->nsuites];
}

#define ACCEPT(version, order, ...) accept_(version, order, (const uint16_t[]){__VA_ARGS__, 0})

static void has(const char *sentence, const char *part)
{
	if (!strstr(sentence, part))
		fail_msg("\"%s\" lacks \"%s\"", sentence, part);
}

/* All that is suggested is taken by the library. */
static void advise(void)
{
	struct slu_tls_config c = {.insecure = true};
	struct slu_tls_ctx *ctx;
	char error[500] = "";

	slu_advise(&report, &config, &advice);
	assert_int_equal(advice.end == SLU_ADVICE_NONE, !*advice.push);
	assert_int_equal(advice.end == SLU_ADVICE_WEAK, *advice.weak != '\0');
	assert_true(*advice.sentence && *advice.beside);
	if (advice.end == SLU_ADVICE_NONE)
		return;
	c.min_version = advice.min;
	c.max_version = advice.max;
	c.cipher_list = advice.offer.cipher_list;
	c.ciphersuites = advice.offer.ciphersuites;
	ctx = slu_tls_ctx_new(&c, error, sizeof error);
	assert_string_equal(error, "");
	slu_tls_ctx_free(ctx);
}

static void is_cost(const struct slu_advice_use *use, double ms, double percent)
{
	assert_true(use->ms_per_mb > ms - 0.001 && use->ms_per_mb < ms + 0.001);
	assert_true(use->percent > percent - 0.001 && use->percent < percent + 0.001);
}

/* ---- the usual ---- */

static void the_cheapest_alone(void **state)
{
	(void)state;
	ACCEPT(SLU_TLS_1_3, SLU_ORDER_SERVER, AES256GCM13, CHACHA13, AES128GCM13);
	ACCEPT(SLU_TLS_1_2, SLU_ORDER_SERVER, RSA_AES256GCM, RSA_CHACHA, AES128GCM_NOFS);
	advise();
	assert_int_equal(advice.end, SLU_ADVICE_GOOD);
	assert_int_equal(advice.suggested.version, SLU_TLS_1_3);
	assert_int_equal(advice.suggested.suite, CHACHA13);
	assert_true(advice.suggested.sure);
	is_cost(&advice.suggested, 8, 0.8); /* 8 ms/MB at 1 MB/s */
	assert_int_equal(advice.standard.suite, AES256GCM13);
	is_cost(&advice.standard, 40, 4);
	assert_string_equal(
		advice.sentence,
		"TLS 1.3 with TLS_CHACHA20_POLY1305_SHA256: 0.8 % of one core at 8 Mbit/s (8 ms for each MB)");
	assert_string_equal(advice.beside, "a client with OpenSSL's own settings: TLS 1.3 with TLS_AES_256_GCM_SHA384: "
					   "4 % of one core at 8 Mbit/s (40 ms for each MB)");
	has(advice.why, "ChaCha20-Poly1305 in software takes 8.0 ms of CPU per MB, the least by this device's");
	config.bit_rate = 1500000000;
	advise();
	has(advice.sentence, ": 150 % of one core at 1500 Mbit/s (8 ms for");
	has(advice.beside, ": 750 % of");
	config.bit_rate = 1000000000000;
	advise();
	has(advice.sentence, " of one core at 1000000 Mbit/s (8 ms for");
	config.bit_rate = 1000;
	advise();
	has(advice.sentence, ": under 0.001 % of one core at 0.001 Mbit/s (8 ms for");
	assert_string_equal(advice.push, "--ciphers ECDHE-RSA-CHACHA20-POLY1305 --ciphersuites "
					 "TLS_CHACHA20_POLY1305_SHA256");
	assert_string_equal(advice.url, "tlsCiphers=ECDHE-RSA-CHACHA20-POLY1305 "
					"tlsCiphersuites=TLS_CHACHA20_POLY1305_SHA256");
	assert_string_equal(advice.file, "openssl_conf = openssl_init\n\n[openssl_init]\nssl_conf = ssl_settings\n\n"
					 "[ssl_settings]\nsystem_default = tls_settings\n\n[tls_settings]\n"
					 "MinProtocol = TLSv1.2\nCipherString = ECDHE-RSA-CHACHA20-POLY1305\n"
					 "Ciphersuites = TLS_CHACHA20_POLY1305_SHA256\n");
}

static void one_version_alone(void **state)
{
	(void)state;
	ACCEPT(SLU_TLS_1_3, SLU_ORDER_SERVER, AES256GCM13, AES128GCM13);
	advise();
	assert_int_equal(advice.suggested.suite, AES128GCM13);
	assert_string_equal(advice.push, "--tls-min 1.3 --ciphersuites TLS_AES_128_GCM_SHA256");
	assert_string_equal(advice.url, "tlsMin=1.3 tlsCiphersuites=TLS_AES_128_GCM_SHA256");
	has(advice.file, "MinProtocol = TLSv1.3\nCiphersuites = TLS_AES_128_GCM_SHA256\n");
	/* The cheaper one is in the older version: the newer is not to be taken. */
	ACCEPT(SLU_TLS_1_2, SLU_ORDER_SERVER, RSA_CHACHA);
	advise();
	assert_int_equal(advice.suggested.version, SLU_TLS_1_2);
	assert_int_equal(advice.suggested.suite, RSA_CHACHA);
	assert_string_equal(advice.push, "--tls-max 1.2 --ciphers ECDHE-RSA-CHACHA20-POLY1305");
	has(advice.file, "MinProtocol = TLSv1.2\nMaxProtocol = TLSv1.2\nCipherString = ECDHE-RSA-CHACHA20-POLY1305\n");
	assert_int_equal(advice.standard.suite, AES256GCM13);
}

static void whose_order_counts(void **state)
{
	const uint16_t first = have.standard[0].id;

	(void)state;
	assert_int_equal(first, AES256GCM13); /* of OpenSSL's own list */
	ACCEPT(SLU_TLS_1_3, SLU_ORDER_SERVER, AES128GCM13, AES256GCM13);
	advise();
	assert_int_equal(advice.standard.suite, AES128GCM13);
	assert_true(advice.standard.sure);
	ACCEPT(SLU_TLS_1_3, SLU_ORDER_CLIENT, AES128GCM13, AES256GCM13);
	advise();
	assert_int_equal(advice.standard.suite, AES256GCM13);
	assert_true(advice.standard.sure);
	ACCEPT(SLU_TLS_1_3, SLU_ORDER_MIXED, AES128GCM13, AES256GCM13);
	advise();
	assert_false(advice.standard.sure);
	assert_true(advice.suggested.sure);
	has(advice.beside, "or another");
	/* One alone is no matter of order. */
	ACCEPT(SLU_TLS_1_3, SLU_ORDER_UNKNOWN, AES128GCM13);
	advise();
	assert_true(advice.standard.sure);
}

static void by_who_encrypts(void **state)
{
	(void)state;
	ACCEPT(SLU_TLS_1_3, SLU_ORDER_SERVER, AES256GCM13, CHACHA13, AES128GCM13);
	cost("ktls", "TLS_AES_128_GCM_SHA256", false, 2);
	advise();
	assert_int_equal(advice.suggested.suite, AES128GCM13);
	is_cost(&advice.suggested, 2, 0.2);
	assert_string_equal(advice.push, "--tls-min 1.3 --ciphersuites TLS_AES_128_GCM_SHA256 --tls-offload ktls");
	assert_string_equal(advice.url, "tlsMin=1.3 tlsCiphersuites=TLS_AES_128_GCM_SHA256 tlsOffload=ktls");
	has(advice.file,
	    have.ktls ? "_SHA256\nOptions = KTLS\n" : "by the kernel, which this OpenSSL was built without");
	/* What the hardware would do for others is no matter. */
	kept.nways--;
	cost("devcrypto", "ECDHE-ECDSA-AES128-SHA", true, 3);
	advise();
	assert_int_equal(advice.suggested.suite, CHACHA13);
	assert_string_equal(advice.offload, "off");
	ACCEPT(SLU_TLS_1_2, SLU_ORDER_SERVER, RSA_AES128CBC);
	report.etm = SLU_YES;
	snprintf(kept.path, sizeof kept.path, "/dev/my crypto's");
	advise();
	assert_int_equal(advice.suggested.suite, RSA_AES128CBC);
	assert_true(advice.suggested.etm);
	is_cost(&advice.suggested, 3, 0.3);
	has(advice.push, " --tls-offload 'devcrypto:min_size=16384,gcm=off,device=/dev/my crypto'\\''s'");
	has(advice.url, " tlsOffload=devcrypto:min_size=16384,gcm=off,device=/dev/my\\20crypto\\27s");
	has(advice.file, "devcrypto(7)");
	has(advice.sentence, "TLS 1.2 with ECDHE-RSA-AES128-SHA (encrypt-then-MAC): 0.3 %");
}

static void by_an_estimate(void **state)
{
	(void)state;
	config.estimated = "nothing is kept of what this device can do";
	kept.nways -= 2; /* of CBC */
	ACCEPT(SLU_TLS_1_2, SLU_ORDER_SERVER, RSA_AES256GCM, ECDSA_AES128GCM, RSA_AES128GCM, RSA_CHACHA);
	advise();
	assert_int_equal(advice.end, SLU_ADVICE_GOOD);
	assert_string_equal(advice.push, "--tls-max 1.2 --ciphers ECDHE-RSA-CHACHA20-POLY1305");
	has(advice.why, "for nothing is kept of what this device can do; ChaCha20-Poly1305 in software takes some 8.0");
	has(advice.why, "'sluice doctor'");
}

static void what_was_not_measured(void **state)
{
	(void)state;
	ACCEPT(SLU_TLS_1_3, SLU_ORDER_UNKNOWN, CCM13);
	advise();
	assert_int_equal(advice.end, SLU_ADVICE_GOOD);
	assert_true(advice.suggested.percent < 0 && advice.suggested.ms_per_mb < 0);
	assert_string_equal(advice.sentence,
			    "TLS 1.3 with TLS_AES_128_CCM_SHA256; what it takes of the CPU was not measured");
	assert_string_equal(advice.push, "--tls-min 1.3 --ciphersuites TLS_AES_128_CCM_SHA256");
	has(advice.beside, "nothing in common");
	assert_int_equal(advice.standard.suite, 0);
	/* It goes before a weak one that was. */
	ACCEPT(SLU_TLS_1_2, SLU_ORDER_SERVER, AES128GCM_NOFS);
	advise();
	assert_int_equal(advice.suggested.suite, CCM13);
	assert_int_equal(advice.standard.suite, AES128GCM_NOFS);
}

/* ---- what is weak ---- */

static void encrypt_then_mac_or_not(void **state)
{
	(void)state;
	ACCEPT(SLU_TLS_1_2, SLU_ORDER_SERVER, RSA_AES128CBC);
	report.etm = SLU_YES;
	advise();
	assert_int_equal(advice.end, SLU_ADVICE_GOOD);
	is_cost(&advice.suggested, 30, 3);
	for (report.etm = SLU_UNKNOWN; report.etm <= SLU_NO; report.etm++) {
		advise();
		assert_int_equal(advice.end, SLU_ADVICE_WEAK);
		assert_false(advice.suggested.etm);
		is_cost(&advice.suggested, 24, 2.4);
		assert_string_equal(advice.weak,
				    "the server takes nothing better that OpenSSL has here: it is CBC with "
				    "MAC-then-encrypt, whose decryption tells by its time what it decrypts "
				    "in too many implementations (RFC 7366)");
		assert_string_equal(advice.push, "--tls-max 1.2 --ciphers ECDHE-RSA-AES128-SHA");
	}
	report.etm = SLU_NO;
	/* Whatever it costs, the other is suggested where there is one. */
	ACCEPT(SLU_TLS_1_2, SLU_ORDER_SERVER, RSA_AES128CBC, RSA_AES256GCM);
	advise();
	assert_int_equal(advice.end, SLU_ADVICE_GOOD);
	assert_int_equal(advice.suggested.suite, RSA_AES256GCM);
	assert_int_equal(advice.standard.suite, RSA_AES128CBC);
}

static void without_forward_secrecy(void **state)
{
	(void)state;
	ACCEPT(SLU_TLS_1_2, SLU_ORDER_SERVER, AES128GCM_NOFS, RC4, NOTHING);
	advise();
	assert_int_equal(advice.end, SLU_ADVICE_WEAK);
	assert_int_equal(advice.suggested.suite, AES128GCM_NOFS);
	has(advice.weak,
	    "nothing better that OpenSSL has here: AES128-GCM-SHA256 has no forward secrecy: whoever gets");
	assert_null(strstr(advice.weak, "CBC"));
	assert_string_equal(advice.push, "--tls-max 1.2 --ciphers AES128-GCM-SHA256");
}

static void old_versions(void **state)
{
	(void)state;
	ACCEPT(SLU_TLS_1_0, SLU_ORDER_SERVER, AES128CBC_NOFS, RC4);
	advise();
	assert_int_equal(advice.end, SLU_ADVICE_WEAK);
	assert_int_equal(advice.suggested.version, SLU_TLS_1_0);
	has(advice.weak, "here: TLS 1.0 is deprecated, for it signs with MD5 and SHA-1 (RFC 8996); AES128-SHA has no "
			 "forward secrecy: ");
	has(advice.weak, "; it is CBC with MAC-then-encrypt");
	assert_string_equal(advice.push, "--tls-min 1.0 --tls-max 1.0 --ciphers AES128-SHA");
	assert_string_equal(advice.url, "tlsMin=1.0 tlsMax=1.0 tlsCiphers=AES128-SHA");
	has(advice.file, "MinProtocol = TLSv1\nMaxProtocol = TLSv1\nCipherString = AES128-SHA:@SECLEVEL=0\n");
	ACCEPT(SLU_TLS_1_1, SLU_ORDER_SERVER, RSA_AES128CBC);
	advise();
	assert_string_equal(advice.push, "--tls-min 1.1 --tls-max 1.1 --ciphers ECDHE-RSA-AES128-SHA");
	assert_null(strstr(advice.weak, "forward"));
	/* Weak ones of TLS 1.2 go before. */
	ACCEPT(SLU_TLS_1_2, SLU_ORDER_SERVER, AES128GCM_NOFS);
	advise();
	assert_int_equal(advice.suggested.version, SLU_TLS_1_2);
	assert_null(strstr(advice.weak, "deprecated"));
}

/* ---- nothing ---- */

static void nothing_to_suggest(void **state)
{
	(void)state;
	advise();
	assert_int_equal(advice.end, SLU_ADVICE_NONE);
	assert_string_equal(advice.sentence,
			    "nothing can be suggested, for the server is not known to accept anything");
	ACCEPT(SLU_TLS_1_2, SLU_ORDER_SERVER, RC4, NOTHING);
	advise();
	assert_int_equal(advice.end, SLU_ADVICE_NONE);
	has(advice.sentence, "what the server accepts is nothing that anybody should use, and nothing is suggested: at "
			     "best it takes TLS 1.2 with TLS_RSA_WITH_RC4_128_SHA, which ");
	has(advice.sentence, "TLS_RSA_WITH_NULL_SHA, which encrypts nothing");
	ACCEPT(SLU_TLS_1_2, SLU_ORDER_SERVER, 0xC0AF, 0x1307, 0x1306, 0xC0FE);
	report.versions[3].suites[0] = 0xC08A; /* Camellia in GCM */
	advise();
	assert_int_equal(advice.end, SLU_ADVICE_NONE);
	has(advice.sentence,
	    "the server accepts nothing that OpenSSL has here, and nothing is suggested: at best it takes "
	    "TLS 1.2 with TLS_ECDHE_RSA_WITH_CAMELLIA_128_GCM_SHA256, ");
	has(advice.sentence, ", and 1 more");
	has(advice.beside, "nothing in common");
}

/* Also of an OpenSSL that still has it. */
static void nobody_should_use_it(void **state)
{
	static struct slu_have with;

	(void)state;
	with = have;
	with.usual[0] = (struct slu_suite){.name = "RC4-SHA", .id = RC4};
	config.have = &with;
	ACCEPT(SLU_TLS_1_2, SLU_ORDER_SERVER, RC4);
	slu_advise(&report, &config, &advice);
	assert_int_equal(advice.end, SLU_ADVICE_NONE);
	has(advice.sentence, "nothing that anybody should use");
}

int main(void)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(the_cheapest_alone, setup),
		cmocka_unit_test_setup(one_version_alone, setup),
		cmocka_unit_test_setup(whose_order_counts, setup),
		cmocka_unit_test_setup(by_who_encrypts, setup),
		cmocka_unit_test_setup(by_an_estimate, setup),
		cmocka_unit_test_setup(what_was_not_measured, setup),
		cmocka_unit_test_setup(encrypt_then_mac_or_not, setup),
		cmocka_unit_test_setup(without_forward_secrecy, setup),
		cmocka_unit_test_setup(old_versions, setup),
		cmocka_unit_test_setup(nothing_to_suggest, setup),
		cmocka_unit_test_setup(nobody_should_use_it, setup),
	};

	char error[300];

	if (slu_have(&have, error, sizeof error) != 0) {
		fprintf(stderr, "%s\n", error);
		return 1;
	}
	if (!have.nold)
		LEAVE_OUT(tests, old_versions, "this OpenSSL lacks them");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
