/* SPDX-License-Identifier: MIT */
/* registry_names.py holds the names against other people's lists. */
#include "test.h"

#include <stdlib.h>

#include <sluice/tls.h>

#include "probe/registry.h"

static const struct slu_reg_suite *suite(uint16_t id)
{
	const struct slu_reg_suite *s = slu_reg_suite(id);

	assert_non_null(s);
	assert_int_equal(s->id, id);
	return s;
}

static void suites_rise_and_are_found(void **state)
{
	const struct slu_reg_suite *all;
	size_t n;

	(void)state;
	all = slu_reg_suites(&n);
	assert_int_equal(n, 371);
	for (size_t i = 0; i < n; i++) {
		assert_ptr_equal(slu_reg_suite(all[i].id), &all[i]);
		if (i)
			assert_true(all[i - 1].id < all[i].id);
	}
	assert_null(slu_reg_suite(SLU_SCSV_RENEGOTIATION));
	assert_null(slu_reg_suite(SLU_SCSV_FALLBACK));
	assert_null(slu_reg_suite(0x0A0A)); /* GREASE */
	assert_null(slu_reg_suite(0xFFFF));
}

static void names_are_unlike(void **state)
{
	const struct slu_reg_suite *all;
	char a[SLU_REG_NAME], b[SLU_REG_NAME];
	size_t n;

	(void)state;
	all = slu_reg_suites(&n);
	for (size_t i = 0; i < n; i++) {
		slu_reg_suite_name(all[i].id, a, sizeof a);
		assert_true(strlen(a) < sizeof a - 1);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(a, slu_reg_suite_name(all[j].id, b, sizeof b));
	}
}

static void names_suites(void **state)
{
	static const struct {
		uint16_t id;
		const char *name;
	} known[] = {
		{0x0000, "TLS_NULL_WITH_NULL_NULL"},
		{0x000A, "TLS_RSA_WITH_3DES_EDE_CBC_SHA"},
		{0x0017, "TLS_DH_anon_EXPORT_WITH_RC4_40_MD5"},
		{0x0026, "TLS_KRB5_EXPORT_WITH_DES_CBC_40_SHA"},
		{0x00FF, "TLS_EMPTY_RENEGOTIATION_INFO_SCSV"},
		{0x1301, "TLS_AES_128_GCM_SHA256"},
		{0x5600, "TLS_FALLBACK_SCSV"},
		{0xC02F, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256"},
		{0xC0A3, "TLS_DHE_RSA_WITH_AES_256_CCM_8"},
		{0xC0AB, "TLS_PSK_DHE_WITH_AES_256_CCM_8"},
		{0xC0B4, "TLS_SHA256_SHA256"},
		{0xC103, "TLS_GOSTR341112_256_WITH_KUZNYECHIK_MGM_L"},
		{0xCC13, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256_OLD"},
		{0xD005, "TLS_ECDHE_PSK_WITH_AES_128_CCM_SHA256"},
		{0x0A0A, "0x0A0A"},
	};
	char name[SLU_REG_NAME];

	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		assert_string_equal(slu_reg_suite_name(known[i].id, name, sizeof name), known[i].name);
}

static void versions_of_suites(void **state)
{
	/* SSL 3.0 to TLS 1.3, a digit each. */
	static const struct {
		uint16_t id;
		const char *in;
	} known[] = {
		{0x002F, "11110"}, {0xC013, "11110"}, {0x003C, "00010"}, {0xC02F, "00010"}, {0xCCA8, "00010"},
		{0xC09C, "00010"}, {0x1301, "00001"}, {0x00C6, "00001"}, {0xC0B4, "00001"}, {0xC103, "00001"},
		{0x00AE, "11110"}, {0xC037, "11110"}, {0x00A8, "00010"}, {0xC102, "11110"}, {0xC100, "00010"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		for (uint16_t v = SLU_SSL_3_0; v <= SLU_TLS_1_3; v++)
			assert_int_equal(slu_reg_suite_in(suite(known[i].id), v), known[i].in[v - SLU_SSL_3_0] == '1');
}

static void properties_of_suites(void **state)
{
	enum { FS = 1, AEAD = 2, CBC = 4, CHACHA = 8, ANON = 16, CERTIFICATE = 32, INSECURE = 64 };
	static const struct {
		uint16_t id;
		enum slu_reg_exchange exchange;
		enum slu_reg_auth auth;
		unsigned is;
	} known[] = {
		{0x1303, SLU_KX_ANY, SLU_AUTH_ANY, FS | AEAD | CHACHA},
		{0xC02F, SLU_KX_ECDHE, SLU_AUTH_RSA, FS | AEAD | CERTIFICATE},
		{0xC0AC, SLU_KX_ECDHE, SLU_AUTH_ECDSA, FS | AEAD | CERTIFICATE},
		{0x002F, SLU_KX_RSA, SLU_AUTH_RSA, CBC | CERTIFICATE},
		{0x0032, SLU_KX_DHE, SLU_AUTH_DSS, FS | CBC | CERTIFICATE},
		{0xC004, SLU_KX_ECDH, SLU_AUTH_ECDSA, CBC | CERTIFICATE},
		{0x0034, SLU_KX_DHE, SLU_AUTH_NONE, FS | CBC | ANON | INSECURE},
		{0xC015, SLU_KX_ECDHE, SLU_AUTH_NONE, FS | ANON | INSECURE},
		{0x0005, SLU_KX_RSA, SLU_AUTH_RSA, CERTIFICATE | INSECURE},
		{0x000A, SLU_KX_RSA, SLU_AUTH_RSA, CBC | CERTIFICATE | INSECURE},
		{0x0003, SLU_KX_RSA, SLU_AUTH_RSA, CERTIFICATE | INSECURE},
		{0x00AC, SLU_KX_RSA, SLU_AUTH_PSK, AEAD | CERTIFICATE},
		{0xCCAC, SLU_KX_ECDHE, SLU_AUTH_PSK, FS | AEAD | CHACHA},
		{0xC0B4, SLU_KX_ANY, SLU_AUTH_ANY, FS | INSECURE},
		{0x0000, SLU_KX_NONE, SLU_AUTH_NONE, ANON | INSECURE},
		{0xC01D, SLU_KX_SRP, SLU_AUTH_PASSWORD, FS | CBC},
		{0xC0FF, SLU_KX_PAKE, SLU_AUTH_PASSWORD, FS | AEAD},
		{0xC102, SLU_KX_GOST, SLU_AUTH_GOST, CERTIFICATE},
	};

	(void)state;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		const struct slu_reg_suite *s = suite(known[i].id);

		assert_int_equal(slu_reg_exchange(s), known[i].exchange);
		assert_int_equal(slu_reg_auth(s), known[i].auth);
		assert_int_equal(slu_reg_forward_secret(s), (known[i].is & FS) != 0);
		assert_int_equal(slu_reg_aead(s), (known[i].is & AEAD) != 0);
		assert_int_equal(slu_reg_cbc(s), (known[i].is & CBC) != 0);
		assert_int_equal(slu_reg_chacha(s), (known[i].is & CHACHA) != 0);
		assert_int_equal(slu_reg_anonymous(s), (known[i].is & ANON) != 0);
		assert_int_equal(slu_reg_certificate(s), (known[i].is & CERTIFICATE) != 0);
		assert_int_equal(slu_reg_insecure(s) != NULL, (known[i].is & INSECURE) != 0);
	}
	assert_string_equal(slu_reg_insecure(suite(0x0003)), "has keys that were weakened for export");
	assert_string_equal(slu_reg_insecure(suite(0xC015)), "encrypts nothing");
}

static void unlike(const uint16_t *list, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < i; j++)
			assert_int_not_equal(list[i], list[j]);
}

static void groups_and_their_versions(void **state)
{
	char name[SLU_REG_NAME];
	const uint16_t *list;
	size_t n;

	(void)state;
	list = slu_reg_groups(&n);
	unlike(list, n);
	for (size_t i = 0; i < n; i++) {
		assert_true(slu_reg_group_in(list[i], SLU_TLS_1_2) || slu_reg_group_in(list[i], SLU_TLS_1_3));
		assert_true(strncmp(slu_reg_group_name(list[i], name, sizeof name), "0x", 2) != 0);
		assert_true(list[i] < 0xFF01);
	}
	assert_string_equal(slu_reg_group_name(29, name, sizeof name), "x25519");
	assert_string_equal(slu_reg_group_name(4588, name, sizeof name), "X25519MLKEM768");
	assert_string_equal(slu_reg_group_name(0xFF01, name, sizeof name), "arbitrary_explicit_prime_curves");
	assert_string_equal(slu_reg_group_name(0x4242, name, sizeof name), "0x4242");
	assert_false(slu_reg_group_in(4588, SLU_TLS_1_2));
	assert_false(slu_reg_group_in(22, SLU_TLS_1_3));
	assert_false(slu_reg_group_in(0x4242, SLU_TLS_1_3));
	assert_true(slu_reg_group_ffdhe(256) && slu_reg_group_ffdhe(260));
	assert_false(slu_reg_group_ffdhe(255) || slu_reg_group_ffdhe(261));
}

static void schemes_and_their_versions(void **state)
{
	char name[SLU_REG_NAME];
	const uint16_t *list;
	size_t n;

	(void)state;
	list = slu_reg_schemes(&n);
	unlike(list, n);
	for (size_t i = 0; i < n; i++)
		assert_true(strncmp(slu_reg_scheme_name(list[i], name, sizeof name), "0x", 2) != 0);
	assert_string_equal(slu_reg_scheme_name(0x0804, name, sizeof name), "rsa_pss_rsae_sha256");
	assert_string_equal(slu_reg_scheme_name(0x0301, name, sizeof name), "rsa_sha224");
	assert_string_equal(slu_reg_scheme_name(0x4242, name, sizeof name), "0x4242");
	assert_true(slu_reg_scheme_in(0x0401, SLU_TLS_1_2));
	assert_false(slu_reg_scheme_in(0x0401, SLU_TLS_1_3));
	assert_false(slu_reg_scheme_in(0x0401, SLU_TLS_1_1));
	assert_true(slu_reg_scheme_in(0x0804, SLU_TLS_1_2) && slu_reg_scheme_in(0x0804, SLU_TLS_1_3));
	assert_false(slu_reg_scheme_in(0x0420, SLU_TLS_1_3));
}

static void alerts_and_versions(void **state)
{
	(void)state;
	assert_string_equal(slu_reg_alert_name(0), "close_notify");
	assert_string_equal(slu_reg_alert_name(40), "handshake_failure");
	assert_string_equal(slu_reg_alert_name(112), "unrecognized_name");
	assert_null(slu_reg_alert_name(1));
	assert_null(slu_reg_alert_name(122));
	assert_null(slu_reg_alert_name(255));
	assert_string_equal(slu_reg_version_name(SLU_SSL_3_0), "SSL 3.0");
	assert_string_equal(slu_reg_version_name(SLU_TLS_1_3), "TLS 1.3");
	assert_null(slu_reg_version_name(0x0002));
	assert_null(slu_reg_version_name(0x0305));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(suites_rise_and_are_found),
		cmocka_unit_test(names_are_unlike),
		cmocka_unit_test(names_suites),
		cmocka_unit_test(versions_of_suites),
		cmocka_unit_test(properties_of_suites),
		cmocka_unit_test(groups_and_their_versions),
		cmocka_unit_test(schemes_and_their_versions),
		cmocka_unit_test(alerts_and_versions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
