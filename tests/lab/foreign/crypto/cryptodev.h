/* SPDX-License-Identifier: MIT */
/*
 * Stands in for <crypto/cryptodev.h> when OpenSSL's own devcrypto engine is built: the same ABI under the names that it
 * knows. Nothing is defined anew that provider/cryptodev.h has, so that a mistake there shows. Without CIOCCPHASH the
 * engine leaves digests alone.
 */
#ifndef SLU_TESTS_LAB_FOREIGN_CRYPTODEV_H
#define SLU_TESTS_LAB_FOREIGN_CRYPTODEV_H

#include "provider/cryptodev.h"

#define session_op      slu_dc_session_op
#define crypt_op        slu_dc_crypt_op
#define session_info_op slu_dc_session_info
#define cipher_info     cipher
#define hash_info       hash
#define cra_name        name
#define cra_driver_name driver

#define CIOCGSESSION  SLU_DC_CIOCGSESSION
#define CIOCFSESSION  SLU_DC_CIOCFSESSION
#define CIOCCRYPT     SLU_DC_CIOCCRYPT
#define CIOCGSESSINFO SLU_DC_CIOCGSESSINFO

#define COP_ENCRYPT       SLU_DC_ENCRYPT
#define COP_DECRYPT       SLU_DC_DECRYPT
#define COP_FLAG_WRITE_IV SLU_DC_FLAG_WRITE_IV

#define SIOP_FLAG_KERNEL_DRIVER_ONLY 1
#define CRYPTODEV_MAX_ALG_NAME       SLU_DC_NAME

#define CRYPTO_AES_CBC SLU_DC_AES_CBC
#define CRYPTO_AES_CTR SLU_DC_AES_CTR
#define CRYPTO_AES_ECB SLU_DC_AES_ECB

/* What the engine asks for and the lab's device has not. */
enum {
	CRYPTO_DES_CBC = 1,
	CRYPTO_3DES_CBC = 2,
	CRYPTO_BLF_CBC = 3,
	CRYPTO_CAST_CBC = 4,
	CRYPTO_ARC4 = 12,
	CRYPTO_MD5 = 13,
	CRYPTO_SHA1 = 14,
	CRYPTO_CAMELLIA_CBC = 101,
	CRYPTO_RIPEMD160,
	CRYPTO_SHA2_224,
	CRYPTO_SHA2_256,
	CRYPTO_SHA2_384,
	CRYPTO_SHA2_512
};

#endif
