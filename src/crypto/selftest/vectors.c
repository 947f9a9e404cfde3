/* SPDX-License-Identifier: MIT */
#include "crypto/selftest/vectors.h"

#include <string.h>

/* NIST SP 800-38A, appendix F: keys, IVs, and the text that all are about. */
#define KEY_128 "2b7e151628aed2a6abf7158809cf4f3c"
#define KEY_192 "8e73b0f7da0e6452c810f32b809079e562f8ead2522c6b7b"
#define KEY_256 "603deb1015ca71be2b73aef0857d77811f352c073b6108d72d9810a30914dff4"
#define CBC_IV  "000102030405060708090a0b0c0d0e0f"
#define CTR_IV  "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff"
#define TEXT                                                                                                           \
	"6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"                                             \
	"30c81c46a35ce411e5fbc1191a0a52eff69f2445df4f9b17ad2b417be66c3710"

/* McGrew and Viega, The Galois/Counter Mode of Operation, appendix B: test cases 2, 4, 10 and 16. */
#define GCM_KEY "feffe9928665731c6d6a8f9467308308"
#define GCM_IV  "cafebabefacedbaddecaf888"
#define GCM_AAD "feedfacedeadbeeffeedfacedeadbeefabaddad2"
#define GCM_TEXT                                                                                                       \
	"d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"                                             \
	"1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"

/* 45 bytes of that text as a record of TLS 1.2 (RFC 5246, 6.2.3.2), which no document has an example of: MAC by
 * Python's hmac, CBC by `openssl enc -nopad`. */
#define RECORD_TEXT                                                                                                    \
	"6bc1bee22e409f96e93d7e117393172aae2d8a571e03ac9c9eb76fac45af8e51"                                             \
	"30c81c46a35ce411e5fbc1191a"
#define RECORD_HEADER "0000000000000001170303002d"
#define MAC_KEY_20    "808182838485868788898a8b8c8d8e8f90919293"
#define MAC_KEY_32    MAC_KEY_20 "9495969798999a9b9c9d9e9f"

const struct slu_vector slu_vectors[] = {
	{.algorithm = SLU_DC_ECB,
	 .key = KEY_128,
	 .plain = TEXT,
	 .sealed = "3ad77bb40d7a3660a89ecaf32466ef97f5d3d58503b9699de785895a96fdbaaf"
		   "43b1cd7f598ece23881b00e3ed0306887b0c785e27e8ad3f8223207104725dd4"},
	{.algorithm = SLU_DC_ECB,
	 .key = KEY_192,
	 .plain = TEXT,
	 .sealed = "bd334f1d6e45f25ff712a214571fa5cc974104846d0ad3ad7734ecb3ecee4eef"
		   "ef7afd2270e2e60adce0ba2face6444e9a4b41ba738d6c72fb16691603c18e0e"},
	{.algorithm = SLU_DC_ECB,
	 .key = KEY_256,
	 .plain = TEXT,
	 .sealed = "f3eed1bdb5d2a03c064b5a7e3db181f8591ccb10d410ed26dc5ba74a31362870"
		   "b6ed21b99ca6f4f9f153e7b1beafed1d23304b7a39f9f3ff067d8d8f9e24ecc7"},
	{.algorithm = SLU_DC_CBC,
	 .key = KEY_128,
	 .iv = CBC_IV,
	 .plain = TEXT,
	 .sealed = "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"
		   "73bed6b8e3c1743b7116e69e222295163ff1caa1681fac09120eca307586e1a7"},
	{.algorithm = SLU_DC_CBC,
	 .key = KEY_192,
	 .iv = CBC_IV,
	 .plain = TEXT,
	 .sealed = "4f021db243bc633d7178183a9fa071e8b4d9ada9ad7dedf4e5e738763f69145a"
		   "571b242012fb7ae07fa9baac3df102e008b0e27988598881d920a9e64f5615cd"},
	{.algorithm = SLU_DC_CBC,
	 .key = KEY_256,
	 .iv = CBC_IV,
	 .plain = TEXT,
	 .sealed = "f58c4c04d6e5f1ba779eabfb5f7bfbd69cfc4e967edb808d679f777bc6702c7d"
		   "39f23369a9d9bacfa530e26304231461b2eb05e2c39be9fcda6c19078c6a9d1b"},
	{.algorithm = SLU_DC_CTR,
	 .key = KEY_128,
	 .iv = CTR_IV,
	 .plain = TEXT,
	 .sealed = "874d6191b620e3261bef6864990db6ce9806f66b7970fdff8617187bb9fffdff"
		   "5ae4df3edbd5d35e5b4f09020db03eab1e031dda2fbe03d1792170a0f3009cee"},
	{.algorithm = SLU_DC_CTR,
	 .key = KEY_192,
	 .iv = CTR_IV,
	 .plain = TEXT,
	 .sealed = "1abc932417521ca24f2b0459fe7e6e0b090339ec0aa6faefd5ccc2c6f4ce8e94"
		   "1e36b26bd1ebc670d1bd1d665620abf74f78a7f6d29809585a97daec58c6b050"},
	{.algorithm = SLU_DC_CTR,
	 .key = KEY_256,
	 .iv = CTR_IV,
	 .plain = TEXT,
	 .sealed = "601ec313775789a5b7a7f504bbf3d228f443e3ca4d62b59aca84e990cacaf5c5"
		   "2b0930daa23de94ce87017ba2d84988ddfc9c58db67aada613c2dd08457941a6"},
	{.algorithm = SLU_DC_GCM,
	 .key = "00000000000000000000000000000000",
	 .iv = "000000000000000000000000",
	 .plain = "00000000000000000000000000000000",
	 .sealed = "0388dace60b6a392f328c2b971b2fe78ab6e47d42cec13bdf53a67b21257bddf"},
	{.algorithm = SLU_DC_GCM,
	 .key = GCM_KEY,
	 .iv = GCM_IV,
	 .aad = GCM_AAD,
	 .plain = GCM_TEXT,
	 .sealed = "42831ec2217774244b7221b784d0d49ce3aa212f2c02a4e035c17e2329aca12e"
		   "21d514b25466931c7d8f6a5aac84aa051ba30b396a0aac973d58e0915bc94fbc"
		   "3221a5db94fae95ae7121a47"},
	{.algorithm = SLU_DC_GCM,
	 .key = GCM_KEY "feffe9928665731c",
	 .iv = GCM_IV,
	 .aad = GCM_AAD,
	 .plain = GCM_TEXT,
	 .sealed = "3980ca0b3c00e841eb06fac4872a2757859e1ceaa6efd984628593b40ca1e19c"
		   "7d773d00c144c525ac619d18c84a3f4718e2448b2fe324d9ccda27102519498e"
		   "80f1478f37ba55bd6d27618c"},
	{.algorithm = SLU_DC_GCM,
	 .key = GCM_KEY GCM_KEY,
	 .iv = GCM_IV,
	 .aad = GCM_AAD,
	 .plain = GCM_TEXT,
	 .sealed = "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
		   "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f66276fc6ece"
		   "0f4e1768cddf8853bb2d551b"},
	{.algorithm = SLU_DC_CBC_SHA1,
	 .key = KEY_128,
	 .mac_key = MAC_KEY_20,
	 .iv = CBC_IV,
	 .aad = RECORD_HEADER,
	 .plain = RECORD_TEXT,
	 .sealed = "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"
		   "f8227d17c52eb20434ff5b1e3599d449d9c098926a640c15ad20fbcb057193d2"
		   "c6fb25a9e77d583b13e1537c6e175c7d"},
	{.algorithm = SLU_DC_CBC_SHA256,
	 .key = KEY_128,
	 .mac_key = MAC_KEY_32,
	 .iv = CBC_IV,
	 .aad = RECORD_HEADER,
	 .plain = RECORD_TEXT,
	 .sealed = "7649abac8119b246cee98e9b12e9197d5086cb9b507219ee95db113a917678b2"
		   "21c99c6af4e2cb77f26e9e12c726375575cdec7c8cf4d07dc9e01f56b453a9df"
		   "816adcd291ad113bedb4e7f53967c4e4"},
};

const unsigned slu_vectors_count = sizeof slu_vectors / sizeof *slu_vectors;

static uint8_t digit(char c)
{
	return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static size_t read_bytes(const char *hex, uint8_t *out)
{
	size_t n = hex ? strlen(hex) / 2 : 0;

	for (size_t i = 0; i < n; i++)
		out[i] = (uint8_t)(digit(hex[2 * i]) << 4 | digit(hex[2 * i + 1]));
	return n;
}

void slu_vector_read(const struct slu_vector *v, struct slu_known *k)
{
	k->plain = (struct slu_plain){.key = k->key,
				      .mac_key = k->mac_key,
				      .iv = v->iv ? k->iv : NULL,
				      .aad = k->aad,
				      .data = k->data,
				      .key_length = read_bytes(v->key, k->key),
				      .mac_key_length = read_bytes(v->mac_key, k->mac_key),
				      .aad_length = read_bytes(v->aad, k->aad),
				      .n = read_bytes(v->plain, k->data)};
	read_bytes(v->iv, k->iv);
	k->sealed_length = read_bytes(v->sealed, k->sealed);
}
