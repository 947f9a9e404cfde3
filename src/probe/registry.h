/* SPDX-License-Identifier: MIT */
/*
 * The numbers of TLS, as IANA registers them: cipher suites, groups, signature schemes, alerts and versions. All of the
 * registry, not what the linked library knows, and a few suites that were never registered and yet are met. No I/O, no
 * OpenSSL. All functions are pure; the tables are constant.
 */
#ifndef SLU_PROBE_REGISTRY_H
#define SLU_PROBE_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	SLU_SSL_3_0 = 0x0300,            /* the other versions: enum slu_tls_version of sluice/tls.h */
	SLU_SCSV_RENEGOTIATION = 0x00FF, /* RFC 5746, 3.3: no suite, a signal in their list */
	SLU_SCSV_FALLBACK = 0x5600,      /* RFC 7507 */
};

/* What stands before _WITH_: how keys are agreed upon, and by what the server is known. */
enum slu_reg_keys {
	SLU_KEYS_ANY, /* TLS 1.3: the suite says nothing of it */
	SLU_KEYS_GOST13,
	SLU_KEYS_NULL,
	SLU_KEYS_RSA,
	SLU_KEYS_RSA_EXPORT,
	SLU_KEYS_RSA_EXPORT1024,
	SLU_KEYS_DH_DSS,
	SLU_KEYS_DH_DSS_EXPORT,
	SLU_KEYS_DH_RSA,
	SLU_KEYS_DH_RSA_EXPORT,
	SLU_KEYS_DHE_DSS,
	SLU_KEYS_DHE_DSS_EXPORT,
	SLU_KEYS_DHE_DSS_EXPORT1024,
	SLU_KEYS_DHE_RSA,
	SLU_KEYS_DHE_RSA_EXPORT,
	SLU_KEYS_DH_ANON,
	SLU_KEYS_DH_ANON_EXPORT,
	SLU_KEYS_ECDH_ECDSA,
	SLU_KEYS_ECDH_RSA,
	SLU_KEYS_ECDHE_ECDSA,
	SLU_KEYS_ECDHE_RSA,
	SLU_KEYS_ECDH_ANON,
	SLU_KEYS_PSK,
	SLU_KEYS_RSA_PSK,
	SLU_KEYS_DHE_PSK,
	SLU_KEYS_ECDHE_PSK,
	SLU_KEYS_SRP_SHA,
	SLU_KEYS_SRP_SHA_RSA,
	SLU_KEYS_SRP_SHA_DSS,
	SLU_KEYS_KRB5,
	SLU_KEYS_KRB5_EXPORT,
	SLU_KEYS_ECCPWD,
	SLU_KEYS_ECJPAKE,
	SLU_KEYS_GOST94,
	SLU_KEYS_GOST01,
	SLU_KEYS_GOST12,
};

/* The two halves of that. DH and ECDH: with the key of the certificate. DH_anon and ECDH_anon count as DHE and ECDHE.
 */
enum slu_reg_exchange {
	SLU_KX_ANY,
	SLU_KX_NONE,
	SLU_KX_RSA,
	SLU_KX_DH,
	SLU_KX_DHE,
	SLU_KX_ECDH,
	SLU_KX_ECDHE,
	SLU_KX_PSK,
	SLU_KX_SRP,
	SLU_KX_KRB5,
	SLU_KX_PAKE, /* ECCPWD, ECJPAKE */
	SLU_KX_GOST,
};

enum slu_reg_auth {
	SLU_AUTH_ANY,  /* TLS 1.3 */
	SLU_AUTH_NONE, /* anonymous */
	SLU_AUTH_RSA,  /* these four by a certificate */
	SLU_AUTH_DSS,
	SLU_AUTH_ECDSA, /* Ed25519 and Ed448 too (RFC 8422) */
	SLU_AUTH_GOST,
	SLU_AUTH_PSK, /* RSA_PSK has a certificate besides: slu_reg_certificate() */
	SLU_AUTH_PASSWORD,
	SLU_AUTH_KRB5,
};

enum slu_reg_cipher {
	SLU_CIPHER_NULL,
	SLU_CIPHER_RC4_40,
	SLU_CIPHER_RC4_56,
	SLU_CIPHER_RC4_128,
	SLU_CIPHER_RC2_CBC_40,
	SLU_CIPHER_RC2_CBC_56,
	SLU_CIPHER_DES40_CBC,
	SLU_CIPHER_DES_CBC_40,
	SLU_CIPHER_DES_CBC,
	SLU_CIPHER_TDES_CBC, /* 3DES_EDE_CBC */
	SLU_CIPHER_IDEA_CBC,
	SLU_CIPHER_SEED_CBC,
	SLU_CIPHER_AES_128_CBC,
	SLU_CIPHER_AES_256_CBC,
	SLU_CIPHER_CAMELLIA_128_CBC,
	SLU_CIPHER_CAMELLIA_256_CBC,
	SLU_CIPHER_ARIA_128_CBC,
	SLU_CIPHER_ARIA_256_CBC,
	SLU_CIPHER_AES_128_GCM,
	SLU_CIPHER_AES_256_GCM,
	SLU_CIPHER_AES_128_CCM,
	SLU_CIPHER_AES_256_CCM,
	SLU_CIPHER_AES_128_CCM_8, /* a tag of 8 bytes */
	SLU_CIPHER_AES_256_CCM_8,
	SLU_CIPHER_CAMELLIA_128_GCM,
	SLU_CIPHER_CAMELLIA_256_GCM,
	SLU_CIPHER_ARIA_128_GCM,
	SLU_CIPHER_ARIA_256_GCM,
	SLU_CIPHER_CHACHA20_POLY1305,
	SLU_CIPHER_AEGIS_256,
	SLU_CIPHER_AEGIS_128L,
	SLU_CIPHER_SM4_GCM,
	SLU_CIPHER_SM4_CCM,
	SLU_CIPHER_GOST_CNT, /* 28147_CNT */
	SLU_CIPHER_KUZNYECHIK_CTR,
	SLU_CIPHER_MAGMA_CTR,
	SLU_CIPHER_KUZNYECHIK_MGM_L,
	SLU_CIPHER_KUZNYECHIK_MGM_S,
	SLU_CIPHER_MAGMA_MGM_L,
	SLU_CIPHER_MAGMA_MGM_S,
};

/* What stands last: the hash of HMAC, and of an AEAD the hash of the key derivation. */
enum slu_reg_mac {
	SLU_MAC_NONE, /* the name ends with the cipher: CCM of TLS 1.2 */
	SLU_MAC_NULL,
	SLU_MAC_MD5,
	SLU_MAC_SHA,
	SLU_MAC_SHA256,
	SLU_MAC_SHA384,
	SLU_MAC_SHA512,
	SLU_MAC_SM3,
	SLU_MAC_IMIT,
	SLU_MAC_OMAC,
	SLU_MAC_GOSTR3411,
};

/* No table is longer. */
enum { SLU_REG_SUITES = 384, SLU_REG_GROUPS = 64, SLU_REG_SCHEMES = 64 };

struct slu_reg_suite {
	uint16_t id;
	uint8_t keys, cipher, mac; /* of the enums above: the name is made of them, and so are the properties */
};

/* All, rising by id. The two signalling values are not among them. */
const struct slu_reg_suite *slu_reg_suites(size_t *n);

/* NULL: neither registered nor otherwise known. */
const struct slu_reg_suite *slu_reg_suite(uint16_t id);

enum { SLU_REG_NAME = 64 }; /* enough for any name */

/* "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", also of the signalling values; "0xC0FE" of an unknown number. What had
 * another number before its registration ends with _OLD under that. Returns out. */
const char *slu_reg_suite_name(uint16_t id, char *out, size_t size);

enum slu_reg_exchange slu_reg_exchange(const struct slu_reg_suite *s);
enum slu_reg_auth slu_reg_auth(const struct slu_reg_suite *s);

/* The server shows a certificate: false for TLS 1.3, where the suite does not say. */
bool slu_reg_certificate(const struct slu_reg_suite *s);

/* May a server choose it in that version? Those of TLS 1.3 there alone, AEAD and SHA-2 from TLS 1.2 on (but for those
 * with PSK of RFC 5487 and RFC 5489), the others in all below 1.3: what later versions advise against is no matter
 * here. */
bool slu_reg_suite_in(const struct slu_reg_suite *s, uint16_t version);

bool slu_reg_forward_secret(const struct slu_reg_suite *s); /* TLS 1.3's are */
bool slu_reg_aead(const struct slu_reg_suite *s);
bool slu_reg_cbc(const struct slu_reg_suite *s);
bool slu_reg_chacha(const struct slu_reg_suite *s);
bool slu_reg_anonymous(const struct slu_reg_suite *s);

/* Why nobody should use it: no encryption, no authentication, export keys, a broken cipher. A static clause whose
 * subject is the suite, "encrypts nothing"; NULL when there is no such reason. CBC and missing forward secrecy are
 * none. */
const char *slu_reg_insecure(const struct slu_reg_suite *s);

/* What to offer: all registered groups of every kind, those in use first, and Kyber's drafts. Not the two numbers that
 * stand for curves of the server's own, which have names nonetheless. */
const uint16_t *slu_reg_groups(size_t *n);

/* "x25519", "secp256r1"; "0x1234" of an unknown number. Returns out. */
const char *slu_reg_group_name(uint16_t id, char *out, size_t size);

/* Is there any use of that group in that version? False for unknown ones. */
bool slu_reg_group_in(uint16_t id, uint16_t version);
bool slu_reg_group_ffdhe(uint16_t id);

/* What to offer: all signature schemes, those in use first. */
const uint16_t *slu_reg_schemes(size_t *n);

/* "rsa_pss_rsae_sha256"; pairs of TLS 1.2 that have no such name: "rsa_sha224", "dsa_sha256". "0x1234" of an unknown
 * number. Returns out. */
const char *slu_reg_scheme_name(uint16_t id, char *out, size_t size);

/* May a handshake of that version be signed with it? False below TLS 1.2, which has no choice, and for unknown ones. */
bool slu_reg_scheme_in(uint16_t id, uint16_t version);

/* "handshake_failure", static; NULL when not registered. */
const char *slu_reg_alert_name(uint8_t alert);

/* "SSL 3.0", "TLS 1.2", static; NULL for a number that is none. */
const char *slu_reg_version_name(uint16_t version);

#endif
