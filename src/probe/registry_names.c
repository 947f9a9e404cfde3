/* SPDX-License-Identifier: MIT */
/* Groups, signature schemes, alerts and versions. */
#include "probe/registry.h"

#include <stdio.h>

#include <sluice/tls.h>

/* Where a number means something. */
enum where { OLD = 1 /* TLS 1.2 and below */, NEW = 2 /* TLS 1.3 */, BOTH = 3, NOWHERE = 0 };

struct number {
	uint16_t id;
	uint8_t where;
	const char *name;
};

/* In the order of slu_reg_groups(). */
#define GROUPS(X)                                                                                                      \
	X(0x11EC, NEW, "X25519MLKEM768")                                                                               \
	X(0x001D, BOTH, "x25519")                                                                                      \
	X(0x0017, BOTH, "secp256r1")                                                                                   \
	X(0x0018, BOTH, "secp384r1")                                                                                   \
	X(0x0019, BOTH, "secp521r1")                                                                                   \
	X(0x001E, BOTH, "x448")                                                                                        \
	X(0x11EB, NEW, "SecP256r1MLKEM768")                                                                            \
	X(0x11ED, NEW, "SecP384r1MLKEM1024")                                                                           \
	X(0x6399, NEW, "X25519Kyber768Draft00")                                                                        \
	X(0x639A, NEW, "SecP256r1Kyber768Draft00")                                                                     \
	X(0x0100, BOTH, "ffdhe2048")                                                                                   \
	X(0x0101, BOTH, "ffdhe3072")                                                                                   \
	X(0x0102, BOTH, "ffdhe4096")                                                                                   \
	X(0x0103, BOTH, "ffdhe6144")                                                                                   \
	X(0x0104, BOTH, "ffdhe8192")                                                                                   \
	X(0x001A, OLD, "brainpoolP256r1")                                                                              \
	X(0x001B, OLD, "brainpoolP384r1")                                                                              \
	X(0x001C, OLD, "brainpoolP512r1")                                                                              \
	X(0x001F, NEW, "brainpoolP256r1tls13")                                                                         \
	X(0x0020, NEW, "brainpoolP384r1tls13")                                                                         \
	X(0x0021, NEW, "brainpoolP512r1tls13")                                                                         \
	X(0x0200, NEW, "MLKEM512")                                                                                     \
	X(0x0201, NEW, "MLKEM768")                                                                                     \
	X(0x0202, NEW, "MLKEM1024")                                                                                    \
	X(0x0029, NEW, "curveSM2")                                                                                     \
	X(0x11EE, NEW, "curveSM2MLKEM768")                                                                             \
	X(0x0022, BOTH, "GC256A")                                                                                      \
	X(0x0023, BOTH, "GC256B")                                                                                      \
	X(0x0024, BOTH, "GC256C")                                                                                      \
	X(0x0025, BOTH, "GC256D")                                                                                      \
	X(0x0026, BOTH, "GC512A")                                                                                      \
	X(0x0027, BOTH, "GC512B")                                                                                      \
	X(0x0028, BOTH, "GC512C")                                                                                      \
	X(0x0016, OLD, "secp256k1")                                                                                    \
	X(0x000D, OLD, "sect571k1")                                                                                    \
	X(0x000E, OLD, "sect571r1")                                                                                    \
	X(0x000B, OLD, "sect409k1")                                                                                    \
	X(0x000C, OLD, "sect409r1")                                                                                    \
	X(0x0009, OLD, "sect283k1")                                                                                    \
	X(0x000A, OLD, "sect283r1")                                                                                    \
	X(0x0008, OLD, "sect239k1")                                                                                    \
	X(0x0006, OLD, "sect233k1")                                                                                    \
	X(0x0007, OLD, "sect233r1")                                                                                    \
	X(0x0014, OLD, "secp224k1")                                                                                    \
	X(0x0015, OLD, "secp224r1")                                                                                    \
	X(0x0004, OLD, "sect193r1")                                                                                    \
	X(0x0005, OLD, "sect193r2")                                                                                    \
	X(0x0012, OLD, "secp192k1")                                                                                    \
	X(0x0013, OLD, "secp192r1")                                                                                    \
	X(0x0001, OLD, "sect163k1")                                                                                    \
	X(0x0002, OLD, "sect163r1")                                                                                    \
	X(0x0003, OLD, "sect163r2")                                                                                    \
	X(0x000F, OLD, "secp160k1")                                                                                    \
	X(0x0010, OLD, "secp160r1")                                                                                    \
	X(0x0011, OLD, "secp160r2")

/* Curves of the server's own: nobody offers these any more (RFC 8422, 5.1.1). */
static const struct number own[] = {
	{0xFF01, OLD, "arbitrary_explicit_prime_curves"},
	{0xFF02, OLD, "arbitrary_explicit_char2_curves"},
};

/* In the order of slu_reg_schemes(). Those of RSA with PKCS#1 sign only certificates in TLS 1.3; those called
 * legacy, only clients' handshakes. */
#define SCHEMES(X)                                                                                                     \
	X(0x0403, BOTH, "ecdsa_secp256r1_sha256")                                                                      \
	X(0x0804, BOTH, "rsa_pss_rsae_sha256")                                                                         \
	X(0x0401, OLD, "rsa_pkcs1_sha256")                                                                             \
	X(0x0503, BOTH, "ecdsa_secp384r1_sha384")                                                                      \
	X(0x0805, BOTH, "rsa_pss_rsae_sha384")                                                                         \
	X(0x0501, OLD, "rsa_pkcs1_sha384")                                                                             \
	X(0x0806, BOTH, "rsa_pss_rsae_sha512")                                                                         \
	X(0x0601, OLD, "rsa_pkcs1_sha512")                                                                             \
	X(0x0603, BOTH, "ecdsa_secp521r1_sha512")                                                                      \
	X(0x0807, BOTH, "ed25519")                                                                                     \
	X(0x0808, BOTH, "ed448")                                                                                       \
	X(0x0809, BOTH, "rsa_pss_pss_sha256")                                                                          \
	X(0x080A, BOTH, "rsa_pss_pss_sha384")                                                                          \
	X(0x080B, BOTH, "rsa_pss_pss_sha512")                                                                          \
	X(0x0904, NEW, "mldsa44")                                                                                      \
	X(0x0905, NEW, "mldsa65")                                                                                      \
	X(0x0906, NEW, "mldsa87")                                                                                      \
	X(0x081A, NEW, "ecdsa_brainpoolP256r1tls13_sha256")                                                            \
	X(0x081B, NEW, "ecdsa_brainpoolP384r1tls13_sha384")                                                            \
	X(0x081C, NEW, "ecdsa_brainpoolP512r1tls13_sha512")                                                            \
	X(0x0708, NEW, "sm2sig_sm3")                                                                                   \
	X(0x0709, NEW, "gostr34102012_256a")                                                                           \
	X(0x070A, NEW, "gostr34102012_256b")                                                                           \
	X(0x070B, NEW, "gostr34102012_256c")                                                                           \
	X(0x070C, NEW, "gostr34102012_256d")                                                                           \
	X(0x070D, NEW, "gostr34102012_512a")                                                                           \
	X(0x070E, NEW, "gostr34102012_512b")                                                                           \
	X(0x070F, NEW, "gostr34102012_512c")                                                                           \
	X(0x0840, OLD, "gostr34102012_256_intrinsic")                                                                  \
	X(0x0841, OLD, "gostr34102012_512_intrinsic")                                                                  \
	X(0x0911, NEW, "slhdsa_sha2_128s")                                                                             \
	X(0x0912, NEW, "slhdsa_sha2_128f")                                                                             \
	X(0x0913, NEW, "slhdsa_sha2_192s")                                                                             \
	X(0x0914, NEW, "slhdsa_sha2_192f")                                                                             \
	X(0x0915, NEW, "slhdsa_sha2_256s")                                                                             \
	X(0x0916, NEW, "slhdsa_sha2_256f")                                                                             \
	X(0x0917, NEW, "slhdsa_shake_128s")                                                                            \
	X(0x0918, NEW, "slhdsa_shake_128f")                                                                            \
	X(0x0919, NEW, "slhdsa_shake_192s")                                                                            \
	X(0x091A, NEW, "slhdsa_shake_192f")                                                                            \
	X(0x091B, NEW, "slhdsa_shake_256s")                                                                            \
	X(0x091C, NEW, "slhdsa_shake_256f")                                                                            \
	X(0x0704, NEW, "eccsi_sha256")                                                                                 \
	X(0x0705, NEW, "iso_ibs1")                                                                                     \
	X(0x0706, NEW, "iso_ibs2")                                                                                     \
	X(0x0707, NEW, "iso_chinese_ibs")                                                                              \
	X(0x0420, NOWHERE, "rsa_pkcs1_sha256_legacy")                                                                  \
	X(0x0520, NOWHERE, "rsa_pkcs1_sha384_legacy")                                                                  \
	X(0x0620, NOWHERE, "rsa_pkcs1_sha512_legacy")                                                                  \
	X(0x0303, OLD, "ecdsa_sha224")                                                                                 \
	X(0x0301, OLD, "rsa_sha224")                                                                                   \
	X(0x0203, OLD, "ecdsa_sha1")                                                                                   \
	X(0x0201, OLD, "rsa_pkcs1_sha1")                                                                               \
	X(0x0602, OLD, "dsa_sha512")                                                                                   \
	X(0x0502, OLD, "dsa_sha384")                                                                                   \
	X(0x0402, OLD, "dsa_sha256")                                                                                   \
	X(0x0302, OLD, "dsa_sha224")                                                                                   \
	X(0x0202, OLD, "dsa_sha1")                                                                                     \
	X(0x0101, OLD, "rsa_md5")

#define NUMBER(id, where, name) {id, where, name},
#define ID(id, where, name)     id,

static const struct number groups[] = {GROUPS(NUMBER)};
static const uint16_t group_ids[] = {GROUPS(ID)};
static const struct number schemes[] = {SCHEMES(NUMBER)};
static const uint16_t scheme_ids[] = {SCHEMES(ID)};

_Static_assert(sizeof groups / sizeof *groups <= SLU_REG_GROUPS, "SLU_REG_GROUPS");
_Static_assert(sizeof schemes / sizeof *schemes <= SLU_REG_SCHEMES, "SLU_REG_SCHEMES");

static const char *const alerts[] = {
	[0] = "close_notify",
	[10] = "unexpected_message",
	[20] = "bad_record_mac",
	[21] = "decryption_failed",
	[22] = "record_overflow",
	[30] = "decompression_failure",
	[40] = "handshake_failure",
	[41] = "no_certificate",
	[42] = "bad_certificate",
	[43] = "unsupported_certificate",
	[44] = "certificate_revoked",
	[45] = "certificate_expired",
	[46] = "certificate_unknown",
	[47] = "illegal_parameter",
	[48] = "unknown_ca",
	[49] = "access_denied",
	[50] = "decode_error",
	[51] = "decrypt_error",
	[52] = "too_many_cids_requested",
	[60] = "export_restriction",
	[70] = "protocol_version",
	[71] = "insufficient_security",
	[80] = "internal_error",
	[86] = "inappropriate_fallback",
	[90] = "user_canceled",
	[100] = "no_renegotiation",
	[109] = "missing_extension",
	[110] = "unsupported_extension",
	[111] = "certificate_unobtainable",
	[112] = "unrecognized_name",
	[113] = "bad_certificate_status_response",
	[114] = "bad_certificate_hash_value",
	[115] = "unknown_psk_identity",
	[116] = "certificate_required",
	[117] = "general_error",
	[120] = "no_application_protocol",
	[121] = "ech_required",
};

static const struct number *find(const struct number *list, size_t n, uint16_t id)
{
	for (size_t i = 0; i < n; i++)
		if (list[i].id == id)
			return &list[i];
	return NULL;
}

static const struct number *group(uint16_t id)
{
	const struct number *found = find(groups, sizeof groups / sizeof *groups, id);

	return found ? found : find(own, sizeof own / sizeof *own, id);
}

static const struct number *scheme(uint16_t id)
{
	return find(schemes, sizeof schemes / sizeof *schemes, id);
}

static const char *name_of(const struct number *number, uint16_t id, char *out, size_t size)
{
	if (number)
		snprintf(out, size, "%s", number->name);
	else
		snprintf(out, size, "0x%04X", id);
	return out;
}

static bool usable(const struct number *number, uint16_t version)
{
	return number && (number->where & (version >= SLU_TLS_1_3 ? NEW : OLD)) != 0;
}

const uint16_t *slu_reg_groups(size_t *n)
{
	*n = sizeof group_ids / sizeof *group_ids;
	return group_ids;
}

const char *slu_reg_group_name(uint16_t id, char *out, size_t size)
{
	return name_of(group(id), id, out, size);
}

bool slu_reg_group_in(uint16_t id, uint16_t version)
{
	return usable(group(id), version);
}

bool slu_reg_group_ffdhe(uint16_t id)
{
	return id >= 0x0100 && id <= 0x0104;
}

const uint16_t *slu_reg_schemes(size_t *n)
{
	*n = sizeof scheme_ids / sizeof *scheme_ids;
	return scheme_ids;
}

const char *slu_reg_scheme_name(uint16_t id, char *out, size_t size)
{
	return name_of(scheme(id), id, out, size);
}

bool slu_reg_scheme_in(uint16_t id, uint16_t version)
{
	return version >= SLU_TLS_1_2 && usable(scheme(id), version);
}

const char *slu_reg_alert_name(uint8_t alert)
{
	return alert < sizeof alerts / sizeof *alerts ? alerts[alert] : NULL;
}

const char *slu_reg_version_name(uint16_t version)
{
	static const char *const versions[] = {"SSL 3.0", "TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3"};

	return version >= SLU_SSL_3_0 && version <= SLU_TLS_1_3 ? versions[version - SLU_SSL_3_0] : NULL;
}
