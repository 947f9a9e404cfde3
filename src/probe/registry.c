/* SPDX-License-Identifier: MIT */
/* The suites' names and properties, out of what they are composed of. */
#include "probe/registry.h"

#include <stdio.h>

#include <sluice/tls.h>

#include "probe/registry_impl.h"

static const struct {
	const char *name;
	uint8_t exchange, auth;
	bool certificate, export;
} keys[] = {
	[SLU_KEYS_ANY] = {NULL, SLU_KX_ANY, SLU_AUTH_ANY, false, false},
	[SLU_KEYS_GOST13] = {"GOSTR341112_256", SLU_KX_ANY, SLU_AUTH_ANY, false, false},
	[SLU_KEYS_NULL] = {"NULL", SLU_KX_NONE, SLU_AUTH_NONE, false, false},
	[SLU_KEYS_RSA] = {"RSA", SLU_KX_RSA, SLU_AUTH_RSA, true, false},
	[SLU_KEYS_RSA_EXPORT] = {"RSA_EXPORT", SLU_KX_RSA, SLU_AUTH_RSA, true, true},
	[SLU_KEYS_RSA_EXPORT1024] = {"RSA_EXPORT1024", SLU_KX_RSA, SLU_AUTH_RSA, true, true},
	[SLU_KEYS_DH_DSS] = {"DH_DSS", SLU_KX_DH, SLU_AUTH_DSS, true, false},
	[SLU_KEYS_DH_DSS_EXPORT] = {"DH_DSS_EXPORT", SLU_KX_DH, SLU_AUTH_DSS, true, true},
	[SLU_KEYS_DH_RSA] = {"DH_RSA", SLU_KX_DH, SLU_AUTH_RSA, true, false},
	[SLU_KEYS_DH_RSA_EXPORT] = {"DH_RSA_EXPORT", SLU_KX_DH, SLU_AUTH_RSA, true, true},
	[SLU_KEYS_DHE_DSS] = {"DHE_DSS", SLU_KX_DHE, SLU_AUTH_DSS, true, false},
	[SLU_KEYS_DHE_DSS_EXPORT] = {"DHE_DSS_EXPORT", SLU_KX_DHE, SLU_AUTH_DSS, true, true},
	[SLU_KEYS_DHE_DSS_EXPORT1024] = {"DHE_DSS_EXPORT1024", SLU_KX_DHE, SLU_AUTH_DSS, true, true},
	[SLU_KEYS_DHE_RSA] = {"DHE_RSA", SLU_KX_DHE, SLU_AUTH_RSA, true, false},
	[SLU_KEYS_DHE_RSA_EXPORT] = {"DHE_RSA_EXPORT", SLU_KX_DHE, SLU_AUTH_RSA, true, true},
	[SLU_KEYS_DH_ANON] = {"DH_anon", SLU_KX_DHE, SLU_AUTH_NONE, false, false},
	[SLU_KEYS_DH_ANON_EXPORT] = {"DH_anon_EXPORT", SLU_KX_DHE, SLU_AUTH_NONE, false, true},
	[SLU_KEYS_ECDH_ECDSA] = {"ECDH_ECDSA", SLU_KX_ECDH, SLU_AUTH_ECDSA, true, false},
	[SLU_KEYS_ECDH_RSA] = {"ECDH_RSA", SLU_KX_ECDH, SLU_AUTH_RSA, true, false},
	[SLU_KEYS_ECDHE_ECDSA] = {"ECDHE_ECDSA", SLU_KX_ECDHE, SLU_AUTH_ECDSA, true, false},
	[SLU_KEYS_ECDHE_RSA] = {"ECDHE_RSA", SLU_KX_ECDHE, SLU_AUTH_RSA, true, false},
	[SLU_KEYS_ECDH_ANON] = {"ECDH_anon", SLU_KX_ECDHE, SLU_AUTH_NONE, false, false},
	[SLU_KEYS_PSK] = {"PSK", SLU_KX_PSK, SLU_AUTH_PSK, false, false},
	[SLU_KEYS_RSA_PSK] = {"RSA_PSK", SLU_KX_RSA, SLU_AUTH_PSK, true, false},
	[SLU_KEYS_DHE_PSK] = {"DHE_PSK", SLU_KX_DHE, SLU_AUTH_PSK, false, false},
	[SLU_KEYS_ECDHE_PSK] = {"ECDHE_PSK", SLU_KX_ECDHE, SLU_AUTH_PSK, false, false},
	[SLU_KEYS_SRP_SHA] = {"SRP_SHA", SLU_KX_SRP, SLU_AUTH_PASSWORD, false, false},
	[SLU_KEYS_SRP_SHA_RSA] = {"SRP_SHA_RSA", SLU_KX_SRP, SLU_AUTH_RSA, true, false},
	[SLU_KEYS_SRP_SHA_DSS] = {"SRP_SHA_DSS", SLU_KX_SRP, SLU_AUTH_DSS, true, false},
	[SLU_KEYS_KRB5] = {"KRB5", SLU_KX_KRB5, SLU_AUTH_KRB5, false, false},
	[SLU_KEYS_KRB5_EXPORT] = {"KRB5_EXPORT", SLU_KX_KRB5, SLU_AUTH_KRB5, false, true},
	[SLU_KEYS_ECCPWD] = {"ECCPWD", SLU_KX_PAKE, SLU_AUTH_PASSWORD, false, false},
	[SLU_KEYS_ECJPAKE] = {"ECJPAKE", SLU_KX_PAKE, SLU_AUTH_PASSWORD, false, false},
	[SLU_KEYS_GOST94] = {"GOSTR341094", SLU_KX_GOST, SLU_AUTH_GOST, true, false},
	[SLU_KEYS_GOST01] = {"GOSTR341001", SLU_KX_GOST, SLU_AUTH_GOST, true, false},
	[SLU_KEYS_GOST12] = {"GOSTR341112_256", SLU_KX_GOST, SLU_AUTH_GOST, true, false},
};

enum kind { NOTHING, STREAM, CBC, AEAD };

/* What is wrong with some. */
static const char rc4[] = "encrypts with RC4, which is broken (RFC 7465)";
static const char des[] = "encrypts with DES, whose keys of 56 bits can be searched";
static const char sweet32[] = "encrypts in blocks of 64 bits, which repeat (Sweet32)";

static const struct {
	const char *name;
	enum kind kind;
	const char *broken;
} ciphers[] = {
	[SLU_CIPHER_NULL] = {"NULL", NOTHING, "encrypts nothing"},
	[SLU_CIPHER_RC4_40] = {"RC4_40", STREAM, rc4},
	[SLU_CIPHER_RC4_56] = {"RC4_56", STREAM, rc4},
	[SLU_CIPHER_RC4_128] = {"RC4_128", STREAM, rc4},
	[SLU_CIPHER_RC2_CBC_40] = {"RC2_CBC_40", CBC, "encrypts with RC2 and keys of 40 bits"},
	[SLU_CIPHER_RC2_CBC_56] = {"RC2_CBC_56", CBC, "encrypts with RC2 and keys of 56 bits"},
	[SLU_CIPHER_DES40_CBC] = {"DES40_CBC", CBC, des},
	[SLU_CIPHER_DES_CBC_40] = {"DES_CBC_40", CBC, des},
	[SLU_CIPHER_DES_CBC] = {"DES_CBC", CBC, des},
	[SLU_CIPHER_TDES_CBC] = {"3DES_EDE_CBC", CBC, sweet32},
	[SLU_CIPHER_IDEA_CBC] = {"IDEA_CBC", CBC, sweet32},
	[SLU_CIPHER_SEED_CBC] = {"SEED_CBC", CBC, NULL},
	[SLU_CIPHER_AES_128_CBC] = {"AES_128_CBC", CBC, NULL},
	[SLU_CIPHER_AES_256_CBC] = {"AES_256_CBC", CBC, NULL},
	[SLU_CIPHER_CAMELLIA_128_CBC] = {"CAMELLIA_128_CBC", CBC, NULL},
	[SLU_CIPHER_CAMELLIA_256_CBC] = {"CAMELLIA_256_CBC", CBC, NULL},
	[SLU_CIPHER_ARIA_128_CBC] = {"ARIA_128_CBC", CBC, NULL},
	[SLU_CIPHER_ARIA_256_CBC] = {"ARIA_256_CBC", CBC, NULL},
	[SLU_CIPHER_AES_128_GCM] = {"AES_128_GCM", AEAD, NULL},
	[SLU_CIPHER_AES_256_GCM] = {"AES_256_GCM", AEAD, NULL},
	[SLU_CIPHER_AES_128_CCM] = {"AES_128_CCM", AEAD, NULL},
	[SLU_CIPHER_AES_256_CCM] = {"AES_256_CCM", AEAD, NULL},
	[SLU_CIPHER_AES_128_CCM_8] = {"AES_128_CCM_8", AEAD, NULL},
	[SLU_CIPHER_AES_256_CCM_8] = {"AES_256_CCM_8", AEAD, NULL},
	[SLU_CIPHER_CAMELLIA_128_GCM] = {"CAMELLIA_128_GCM", AEAD, NULL},
	[SLU_CIPHER_CAMELLIA_256_GCM] = {"CAMELLIA_256_GCM", AEAD, NULL},
	[SLU_CIPHER_ARIA_128_GCM] = {"ARIA_128_GCM", AEAD, NULL},
	[SLU_CIPHER_ARIA_256_GCM] = {"ARIA_256_GCM", AEAD, NULL},
	[SLU_CIPHER_CHACHA20_POLY1305] = {"CHACHA20_POLY1305", AEAD, NULL},
	[SLU_CIPHER_AEGIS_256] = {"AEGIS_256", AEAD, NULL},
	[SLU_CIPHER_AEGIS_128L] = {"AEGIS_128L", AEAD, NULL},
	[SLU_CIPHER_SM4_GCM] = {"SM4_GCM", AEAD, NULL},
	[SLU_CIPHER_SM4_CCM] = {"SM4_CCM", AEAD, NULL},
	[SLU_CIPHER_GOST_CNT] = {"28147_CNT", STREAM, NULL},
	[SLU_CIPHER_KUZNYECHIK_CTR] = {"KUZNYECHIK_CTR", STREAM, NULL},
	[SLU_CIPHER_MAGMA_CTR] = {"MAGMA_CTR", STREAM, NULL},
	[SLU_CIPHER_KUZNYECHIK_MGM_L] = {"KUZNYECHIK_MGM_L", AEAD, NULL},
	[SLU_CIPHER_KUZNYECHIK_MGM_S] = {"KUZNYECHIK_MGM_S", AEAD, NULL},
	[SLU_CIPHER_MAGMA_MGM_L] = {"MAGMA_MGM_L", AEAD, NULL},
	[SLU_CIPHER_MAGMA_MGM_S] = {"MAGMA_MGM_S", AEAD, NULL},
};

static const struct {
	const char *name;
	bool since_tls12;
} macs[] = {
	[SLU_MAC_NONE] = {NULL, false},
	[SLU_MAC_NULL] = {"NULL", false},
	[SLU_MAC_MD5] = {"MD5", false},
	[SLU_MAC_SHA] = {"SHA", false},
	[SLU_MAC_SHA256] = {"SHA256", true},
	[SLU_MAC_SHA384] = {"SHA384", true},
	[SLU_MAC_SHA512] = {"SHA512", true},
	[SLU_MAC_SM3] = {"SM3", true},
	[SLU_MAC_IMIT] = {"IMIT", false},
	[SLU_MAC_OMAC] = {"OMAC", true},
	[SLU_MAC_GOSTR3411] = {"GOSTR3411", false},
};

/* What is not called as it is composed. */
static const struct {
	uint16_t id;
	const char *name;
} exceptions[] = {
	{SLU_SCSV_RENEGOTIATION, "TLS_EMPTY_RENEGOTIATION_INFO_SCSV"},
	{SLU_SCSV_FALLBACK, "TLS_FALLBACK_SCSV"},
	{0xC0AA, "TLS_PSK_DHE_WITH_AES_128_CCM_8"},
	{0xC0AB, "TLS_PSK_DHE_WITH_AES_256_CCM_8"},
	{0xC0B4, "TLS_SHA256_SHA256"},
	{0xC0B5, "TLS_SHA384_SHA384"},
	{0xCC13, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256_OLD"},
	{0xCC14, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256_OLD"},
	{0xCC15, "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256_OLD"},
	{0xFEFE, "SSL_RSA_FIPS_WITH_DES_CBC_SHA"},
	{0xFEFF, "SSL_RSA_FIPS_WITH_3DES_EDE_CBC_SHA"},
	{0xFF85, "TLS_GOSTR341112_256_WITH_28147_CNT_IMIT_OLD"},
	{0xFFE0, "SSL_RSA_OLDFIPS_WITH_3DES_EDE_CBC_SHA"},
	{0xFFE1, "SSL_RSA_OLDFIPS_WITH_DES_CBC_SHA"},
};

const struct slu_reg_suite *slu_reg_suites(size_t *n)
{
	*n = slu_reg_nall;
	return slu_reg_all;
}

const struct slu_reg_suite *slu_reg_suite(uint16_t id)
{
	size_t low = 0, high = slu_reg_nall;

	while (low < high) {
		const size_t middle = low + (high - low) / 2;

		if (slu_reg_all[middle].id == id)
			return &slu_reg_all[middle];
		if (slu_reg_all[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

const char *slu_reg_suite_name(uint16_t id, char *out, size_t size)
{
	const struct slu_reg_suite *s = slu_reg_suite(id);
	const char *agreed, *mac;

	for (size_t i = 0; i < sizeof exceptions / sizeof *exceptions; i++) {
		if (exceptions[i].id == id) {
			snprintf(out, size, "%s", exceptions[i].name);
			return out;
		}
	}
	if (!s) {
		snprintf(out, size, "0x%04X", id);
		return out;
	}
	agreed = keys[s->keys].name;
	mac = macs[s->mac].name;
	snprintf(out, size, "TLS_%s%s%s%s%s", agreed ? agreed : "", agreed ? "_WITH_" : "", ciphers[s->cipher].name,
		 mac ? "_" : "", mac ? mac : "");
	return out;
}

enum slu_reg_exchange slu_reg_exchange(const struct slu_reg_suite *s)
{
	return (enum slu_reg_exchange)keys[s->keys].exchange;
}

enum slu_reg_auth slu_reg_auth(const struct slu_reg_suite *s)
{
	return (enum slu_reg_auth)keys[s->keys].auth;
}

bool slu_reg_certificate(const struct slu_reg_suite *s)
{
	return keys[s->keys].certificate;
}

bool slu_reg_suite_in(const struct slu_reg_suite *s, uint16_t version)
{
	if (slu_reg_exchange(s) == SLU_KX_ANY || version >= SLU_TLS_1_3)
		return slu_reg_exchange(s) == SLU_KX_ANY && version == SLU_TLS_1_3;
	if (version == SLU_TLS_1_2)
		return true;
	if (slu_reg_aead(s))
		return false;
	return !macs[s->mac].since_tls12 || slu_reg_auth(s) == SLU_AUTH_PSK;
}

bool slu_reg_forward_secret(const struct slu_reg_suite *s)
{
	switch (slu_reg_exchange(s)) {
	case SLU_KX_ANY:
	case SLU_KX_DHE:
	case SLU_KX_ECDHE:
	case SLU_KX_SRP:
	case SLU_KX_PAKE:
		return true;
	default:
		return false;
	}
}

bool slu_reg_aead(const struct slu_reg_suite *s)
{
	return ciphers[s->cipher].kind == AEAD;
}

bool slu_reg_cbc(const struct slu_reg_suite *s)
{
	return ciphers[s->cipher].kind == CBC;
}

bool slu_reg_chacha(const struct slu_reg_suite *s)
{
	return s->cipher == SLU_CIPHER_CHACHA20_POLY1305;
}

bool slu_reg_anonymous(const struct slu_reg_suite *s)
{
	return slu_reg_auth(s) == SLU_AUTH_NONE;
}

const char *slu_reg_insecure(const struct slu_reg_suite *s)
{
	if (s->cipher == SLU_CIPHER_NULL)
		return ciphers[s->cipher].broken;
	if (slu_reg_anonymous(s))
		return "does not tell who the server is";
	if (keys[s->keys].export)
		return "has keys that were weakened for export";
	return ciphers[s->cipher].broken;
}
