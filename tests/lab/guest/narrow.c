/* SPDX-License-Identifier: MIT */
/* A 32-bit program of the device, without a C library, so that any compiler for PCs makes it. Exit status: 0, or which
 * step went wrong. */
#include <stdint.h>

#include "provider/cryptodev.h"

static const uint8_t key[16] = {0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6,
				0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c};
static const uint8_t plain[16] = {0x6b, 0xc1, 0xbe, 0xe2, 0x2e, 0x40, 0x9f, 0x96,
				  0xe9, 0x3d, 0x7e, 0x11, 0x73, 0x93, 0x17, 0x2a};
static const uint8_t sealed[16] = {0x76, 0x49, 0xab, 0xac, 0x81, 0x19, 0xb2, 0x46,
				   0xce, 0xe9, 0x8e, 0x9b, 0x12, 0xe9, 0x19, 0x7d};

static int same(const volatile uint8_t *a, const uint8_t *b, int n)
{
	for (int i = 0; i < n; i++)
		if (a[i] != b[i])
			return 0;
	return 1;
}

enum { EXIT = 1, OPEN = 5, IOCTL = 54, EINVAL_ = 22 };

static int call(int number, uint32_t a, uint32_t b, uint32_t c)
{
	int result;

	__asm__ volatile("int $0x80" : "=a"(result) : "a"(number), "b"(a), "c"(b), "d"(c) : "memory");
	return result;
}

static uint32_t at(const void *p)
{
	return (uint32_t)(uintptr_t)p;
}

static int steps(void)
{
	static uint8_t buffer[64], iv[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
	static struct slu_dc_session_info info;
	struct slu_dc_session_op s = {.cipher = SLU_DC_AES_CBC, .keylen = 16, .key = (uint8_t *)at(key)};
	struct slu_dc_crypt_op c = {
		.flags = SLU_DC_FLAG_WRITE_IV, .len = 16, .src = (uint8_t *)at(plain), .dst = buffer, .iv = iv};
	struct slu_dc_auth_op a = {.flags = SLU_DC_FLAG_AEAD_TLS, .len = 16, .src = buffer, .dst = buffer, .iv = iv};
	int fd = call(OPEN, at("/dev/crypto"), 2, 0);

	if (fd < 0)
		return 1;
	if (call(IOCTL, (uint32_t)fd, SLU_DC_CIOCGSESSION, at(&s)) != 0)
		return 2;
	c.ses = info.ses = a.ses = s.ses;
	if (call(IOCTL, (uint32_t)fd, SLU_DC_CIOCCRYPT, at(&c)) != 0)
		return 3;
	if (!same(buffer, sealed, 16) || !same(iv, sealed, 16))
		return 4;
	if (call(IOCTL, (uint32_t)fd, SLU_DC_CIOCGSESSINFO, at(&info)) != 0 ||
	    !same((uint8_t *)info.cipher.name, (const uint8_t *)"cbc(aes)", 9))
		return 5;
	s = (struct slu_dc_session_op){.cipher = SLU_DC_AES_CBC,
				       .mac = SLU_DC_SHA1_HMAC,
				       .keylen = 16,
				       .key = (uint8_t *)at(key),
				       .mackeylen = 16,
				       .mackey = (uint8_t *)at(key)};
	if (call(IOCTL, (uint32_t)fd, SLU_DC_CIOCGSESSION, at(&s)) != 0)
		return 6;
	a.ses = s.ses;
	if (call(IOCTL, (uint32_t)fd, SLU_DC_CIOCAUTHCRYPT, at(&a)) != -EINVAL_)
		return 7;
	return call(IOCTL, (uint32_t)fd, SLU_DC_CIOCFSESSION, at(&s.ses)) != 0 ? 8 : 0;
}

void _start(void);

__attribute__((force_align_arg_pointer)) void _start(void)
{
	call(EXIT, (uint32_t)steps(), 0, 0);
	for (;;)
		;
}
