/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <openssl/rsa.h>
#include <openssl/x509.h>

#include "crypto/chain.h"
#include "tls_kit.h"

enum { MOST = 40 };

static char error[500];

/* Their DER, in memory that is not read once the chain is made. */
static struct slu_chain *chain_of(const X509 *const *certs, size_t n, const struct slu_trust *trust, const char *host,
				  int64_t now)
{
	struct slu_chain_der der[MOST];
	unsigned char *made[MOST];
	struct slu_chain *chain;

	for (size_t i = 0; i < n; i++) {
		made[i] = NULL;
		der[i].len = (size_t)i2d_X509((X509 *)(uintptr_t)certs[i], &made[i]);
		der[i].der = made[i];
	}
	chain = slu_chain_new(der, n, trust, host, now);
	assert_non_null(chain);
	for (size_t i = 0; i < n; i++) {
		memset(made[i], 0xAA, der[i].len);
		OPENSSL_free(made[i]);
	}
	return chain;
}

static struct slu_chain *chain_of_one(const struct kit_cert *cert, const struct slu_trust *trust, const char *host)
{
	const X509 *certs[] = {cert->x509};

	return chain_of(certs, 1, trust, host, 0);
}

static struct slu_trust *trust_in(const struct kit_cert *ca)
{
	struct slu_trust *t = slu_trust_new(ca->cert, NULL, error, sizeof error);

	assert_non_null(t);
	return t;
}

static void has(const char *sentence, const char *part)
{
	if (!strstr(sentence, part))
		fail_msg("\"%s\" lacks \"%s\"", sentence, part);
}

static void what_is_in_it(void **state)
{
	const X509 *certs[] = {kit_server.x509, kit_ca.x509};
	struct slu_chain *c = chain_of(certs, 2, NULL, NULL, 0);
	const int64_t now = (int64_t)time(NULL);

	(void)state;
	assert_int_equal(c->n, 2);
	assert_int_equal(c->sent, 2);
	assert_string_equal(c->links[0].subject, "live.example");
	assert_string_equal(c->links[0].issuer, "Test CA");
	assert_string_equal(c->links[0].names, "live.example, 127.0.0.1, ::1");
	assert_string_equal(c->links[0].key, "EC P-256");
	assert_string_equal(c->links[0].signature, "ecdsa-with-SHA256");
	assert_string_equal(c->links[0].spki, kit_server.pin);
	assert_in_range(now - c->links[0].not_before, 3600, 3600 + 60);
	assert_in_range(c->links[0].not_after - now, 86400 - 60, 86400);
	assert_false(c->links[0].self_issued);
	assert_string_equal(c->links[1].subject, "Test CA");
	assert_string_equal(c->links[1].names, "Test CA");
	assert_string_equal(c->links[1].spki, kit_ca.pin);
	assert_true(c->links[1].self_issued);
	assert_memory_not_equal(c->links[0].digest, c->links[1].digest, 32);
	assert_false(c->looked_at || c->verified);
	assert_string_equal(c->why_not, "");
	slu_chain_free(c);
}

/* A certificate with this key and these dates, signed by itself. */
static X509 *with_key(EVP_PKEY *key, const EVP_MD *digest, const char *from, const char *to)
{
	X509 *cert = X509_new();

	assert_int_equal(X509_set_pubkey(cert, key), 1);
	assert_int_equal(ASN1_TIME_set_string_X509(X509_getm_notBefore(cert), from), 1);
	assert_int_equal(ASN1_TIME_set_string_X509(X509_getm_notAfter(cert), to), 1);
	assert_true(X509_sign(cert, key, digest) > 0);
	return cert;
}

static EVP_PKEY *generate(int type, int bits, int curve)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_id(type, NULL);
	EVP_PKEY *key = NULL;

	assert_int_equal(EVP_PKEY_keygen_init(ctx), 1);
	if (bits)
		assert_int_equal(EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, bits), 1);
	if (curve)
		assert_int_equal(EVP_PKEY_CTX_set_ec_paramgen_curve_nid(ctx, curve), 1);
	assert_int_equal(EVP_PKEY_keygen(ctx, &key), 1);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static void keys_and_dates(void **state)
{
	static const struct {
		int type, bits, curve;
		const char *key, *signature;
	} all[] = {
		{EVP_PKEY_RSA, 1024, 0, "RSA 1024 bits", "sha256WithRSAEncryption"},
		{EVP_PKEY_RSA_PSS, 1024, 0, "RSA-PSS 1024 bits", "rsassaPss"},
		{EVP_PKEY_EC, 0, NID_secp384r1, "EC P-384", "ecdsa-with-SHA256"},
		{EVP_PKEY_EC, 0, NID_secp256k1, "EC secp256k1", "ecdsa-with-SHA256"},
		{EVP_PKEY_ED25519, 0, 0, "Ed25519", "ED25519"},
		{EVP_PKEY_ED448, 0, 0, "Ed448", "ED448"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		EVP_PKEY *key = generate(all[i].type, all[i].bits, all[i].curve);
		X509 *cert = with_key(key, i < 4 ? EVP_sha256() : NULL, "700101000001Z", "21060207062816Z");
		const X509 *certs[] = {cert};
		struct slu_chain *c = chain_of(certs, 1, NULL, NULL, 0);

		assert_string_equal(c->links[0].key, all[i].key);
		assert_string_equal(c->links[0].signature, all[i].signature);
		assert_string_equal(c->links[0].subject, "(no name)");
		assert_true(c->links[0].not_before == 1);
		assert_true(c->links[0].not_after == INT64_C(0x100000000));
		slu_chain_free(c);
		X509_free(cert);
		EVP_PKEY_free(key);
	}
}

static void verified_as_a_connection_does(void **state)
{
	struct slu_trust *t = trust_in(&kit_ca);
	struct slu_chain *c;

	(void)state;
	static const struct {
		const char *host, *why_not;
	} hosts[] = {
		{"live.example", NULL},
		{"live.example.", NULL},
		{"[::1]", NULL},
		{"127.0.0.1", NULL},
		{"other.example", "the certificate is not for other.example but for live.example, 127.0.0.1, ::1"},
		{"127.0.0.2", "the certificate is not for 127.0.0.2"},
		{"", "there is no name to verify"},
	};

	for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
		c = chain_of_one(&kit_server, t, hosts[i].host);
		assert_true(c->looked_at);
		assert_int_equal(c->verified, !hosts[i].why_not);
		if (hosts[i].why_not)
			has(c->why_not, hosts[i].why_not);
		else
			assert_string_equal(c->why_not, "");
		slu_chain_free(c);
	}
	slu_trust_free(t);
}

static void why_it_does_not_verify(void **state)
{
	struct kit_cert other, through;
	const X509 *both[2];
	struct slu_trust *t = trust_in(&kit_ca);
	struct slu_chain *c;

	(void)state;
	kit_make(&other, "other", &(struct kit_request){.cn = "Middle", .ca = true, .issuer = &kit_ca});
	kit_make(&through, "through", &(struct kit_request){.cn = "x", .san = "DNS:live.example", .issuer = &other});
	c = chain_of_one(&through, t, "live.example");
	assert_false(c->verified);
	has(c->why_not, "was issued by \"Middle\", which is not trusted here");
	slu_chain_free(c);
	both[0] = through.x509;
	both[1] = other.x509;
	c = chain_of(both, 2, t, "live.example", 0);
	assert_string_equal(c->why_not, "");
	assert_true(c->verified);
	slu_chain_free(c);
	c = chain_of(both, 2, t, "live.example", 731);
	has(c->why_not, "the clock of this device stands at 1970-01-01 00:12:11 UTC");
	slu_chain_free(c);
	c = chain_of(both, 2, t, "live.example", (int64_t)time(NULL) + 2 * 86400);
	has(c->why_not, " expired on 2");
	slu_chain_free(c);
	c = slu_chain_new(NULL, 0, t, "live.example", 0);
	assert_string_equal(c->why_not, "the server has sent no certificate");
	slu_chain_free(c);
	slu_trust_free(t);
	t = trust_in(&other);
	c = chain_of_one(&kit_ca, t, "live.example");
	has(c->why_not, "is signed by itself: give that certificate with --ca-file");
	slu_chain_free(c);
	slu_trust_free(t);
	kit_free(&other);
	kit_free(&through);
}

static void what_cannot_be_read(void **state)
{
	unsigned char *der = NULL;
	const size_t n = (size_t)i2d_X509(kit_server.x509, &der);
	struct slu_trust *t = trust_in(&kit_ca);
	unsigned char *longer = malloc(n + 1);
	const struct slu_chain_der some[] = {{der, n}, {der, n - 1}, {der, n}}, more[] = {{longer, n + 1}};
	struct slu_chain *c;

	(void)state;
	assert_non_null(longer);
	memcpy(longer, der, n);
	longer[n] = 0;
	c = slu_chain_new(some, 3, t, "live.example", 0);
	assert_int_equal(c->n, 1);
	assert_int_equal(c->sent, 3);
	assert_false(c->verified);
	has(c->why_not, "certificate 2 of 3 of live.example cannot be read (");
	slu_chain_free(c);
	/* Bytes behind it, which libssl does not stand either. */
	c = slu_chain_new(more, 1, t, "live.example", 0);
	assert_int_equal(c->n, 0);
	has(c->why_not, "certificate 1 of 1 of live.example cannot be read (");
	slu_chain_free(c);
	c = slu_chain_new(&(struct slu_chain_der){der, 0}, 1, NULL, NULL, 0);
	has(c->why_not, "certificate 1 of 1 cannot be read (");
	slu_chain_free(c);
	slu_trust_free(t);
	free(longer);
	OPENSSL_free(der);
}

static void too_many(void **state)
{
	const X509 *certs[MOST];
	struct slu_trust *t = trust_in(&kit_ca);
	struct slu_chain *c;

	(void)state;
	for (size_t i = 0; i < MOST; i++)
		certs[i] = i ? kit_ca.x509 : kit_server.x509;
	c = chain_of(certs, MOST, t, "live.example", 0);
	assert_int_equal(c->n, SLU_CHAIN_LINKS);
	assert_int_equal(c->sent, MOST);
	assert_true(c->verified);
	slu_chain_free(c);
	slu_trust_free(t);
}

static void no_store(void **state)
{
	(void)state;
	assert_null(slu_trust_new("/nonexistent/ca.pem", NULL, error, sizeof error));
	assert_string_equal(error, "cannot read the CA file /nonexistent/ca.pem: No such file or directory");
	assert_null(slu_trust_new(NULL, "/nonexistent", error, sizeof error));
	has(error, "the CA folder /nonexistent");
	slu_trust_free(NULL);
	slu_chain_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_in_it),
		cmocka_unit_test(keys_and_dates),
		cmocka_unit_test(verified_as_a_connection_does),
		cmocka_unit_test(why_it_does_not_verify),
		cmocka_unit_test(what_cannot_be_read),
		cmocka_unit_test(too_many),
		cmocka_unit_test(no_store),
	};

	return cmocka_run_group_tests(tests, kit_setup, kit_teardown);
}
