/* SPDX-License-Identifier: MIT */
/*
 * The ABI of Linux's /dev/crypto (cryptodev-linux), as a program sees it: structures, numbers of the ioctls, flags and
 * identifiers. Written from the interface; sizes and offsets are asserted in kernel.c for 32 and 64 bits. A 64-bit
 * kernel serves 32-bit programs only CIOCGSESSION, CIOCFSESSION, CIOCGSESSINFO and CIOCCRYPT.
 *
 * The numbers come from <sys/ioctl.h>'s macros, since MIPS, PowerPC and others encode them in another way.
 */
#ifndef SLU_PROVIDER_CRYPTODEV_H
#define SLU_PROVIDER_CRYPTODEV_H

#include <stdint.h>
#include <sys/ioctl.h>

/* Identifiers. GCM is an AEAD cipher; the HMACs go into slu_dc_session_op.mac. */
enum {
	SLU_DC_AES_CBC = 11,
	SLU_DC_AES_CTR = 21,
	SLU_DC_AES_ECB = 23,
	SLU_DC_AES_GCM = 50,
	SLU_DC_SHA1_HMAC = 7,
	SLU_DC_SHA2_256_HMAC = 18
};

enum { SLU_DC_ENCRYPT = 0, SLU_DC_DECRYPT = 1 };

/* slu_dc_crypt_op.flags and slu_dc_auth_op.flags */
enum {
	SLU_DC_FLAG_WRITE_IV = 4,     /* the kernel writes the next IV back */
	SLU_DC_FLAG_AEAD_TLS = 1 << 4 /* MAC, pad and encrypt one TLS record, in place */
};

enum { SLU_DC_NAME = 64, SLU_DC_HMAC_KEY_MAX = 512 };

struct slu_dc_session_op { /* CIOCGSESSION */
	uint32_t cipher;
	uint32_t mac;
	uint32_t keylen;
	uint8_t *key;
	uint32_t mackeylen;
	uint8_t *mackey;
	uint32_t ses; /* out: the session */
};

struct slu_dc_crypt_op { /* CIOCCRYPT */
	uint32_t ses;
	uint16_t op;
	uint16_t flags;
	uint32_t len;
	uint8_t *src;
	uint8_t *dst;
	uint8_t *mac;
	uint8_t *iv;
};

struct slu_dc_auth_op { /* CIOCAUTHCRYPT */
	uint32_t ses;
	uint16_t op;
	uint16_t flags;
	uint32_t len;
	uint32_t auth_len; /* at most 4096 */
	uint8_t *auth_src;
	uint8_t *src;
	uint8_t *dst; /* GCM: room for the tag behind len; TLS: src, with room for MAC and padding */
	uint8_t *tag; /* GCM: unused, the tag is at dst + len */
	uint32_t tag_len;
	uint8_t *iv;
	uint32_t iv_len;
};

struct slu_dc_algorithm_info {
	char name[SLU_DC_NAME];
	char driver[SLU_DC_NAME];
};

struct slu_dc_session_info { /* CIOCGSESSINFO */
	uint32_t ses;
	struct slu_dc_algorithm_info cipher;
	struct slu_dc_algorithm_info hash;
	uint16_t alignmask;
	uint32_t flags;
};

#define SLU_DC_CIOCGSESSION  _IOWR('c', 102, struct slu_dc_session_op)
#define SLU_DC_CIOCFSESSION  _IOW('c', 103, uint32_t)
#define SLU_DC_CIOCCRYPT     _IOWR('c', 104, struct slu_dc_crypt_op)
#define SLU_DC_CIOCGSESSINFO _IOWR('c', 107, struct slu_dc_session_info)
#define SLU_DC_CIOCAUTHCRYPT _IOWR('c', 109, struct slu_dc_auth_op)

#endif
