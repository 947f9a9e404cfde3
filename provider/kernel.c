/* SPDX-License-Identifier: MIT */
#include "kernel.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cryptodev.h"

/* The same source serves both word sizes: the kernel's structures hold pointers. */
#if UINTPTR_MAX > 0xffffffffU
#define SIZE_IS(type, wide, narrow) static_assert(sizeof(type) == (wide), "the ABI's size of " #type)
#define OFFSET_IS(type, member, wide, narrow)                                                                          \
	static_assert(offsetof(type, member) == (wide), "the ABI's offset of " #member)
#else
#define SIZE_IS(type, wide, narrow) static_assert(sizeof(type) == (narrow), "the ABI's size of " #type)
#define OFFSET_IS(type, member, wide, narrow)                                                                          \
	static_assert(offsetof(type, member) == (narrow), "the ABI's offset of " #member)
#endif

SIZE_IS(struct slu_dc_session_op, 48, 28);
OFFSET_IS(struct slu_dc_session_op, key, 16, 12);
OFFSET_IS(struct slu_dc_session_op, mackey, 32, 20);
OFFSET_IS(struct slu_dc_session_op, ses, 40, 24);
SIZE_IS(struct slu_dc_crypt_op, 48, 28);
OFFSET_IS(struct slu_dc_crypt_op, src, 16, 12);
OFFSET_IS(struct slu_dc_crypt_op, iv, 40, 24);
SIZE_IS(struct slu_dc_auth_op, 72, 44);
OFFSET_IS(struct slu_dc_auth_op, auth_src, 16, 16);
OFFSET_IS(struct slu_dc_auth_op, tag, 40, 28);
OFFSET_IS(struct slu_dc_auth_op, iv_len, 64, 40);
SIZE_IS(struct slu_dc_session_info, 268, 268);
OFFSET_IS(struct slu_dc_session_info, hash, 132, 132);
OFFSET_IS(struct slu_dc_session_info, flags, 264, 264);

static int linux_open(void *user, const char *path)
{
	int fd = open(path, O_RDWR | O_CLOEXEC);

	(void)user;
	return fd < 0 ? -errno : fd;
}

static int linux_ioctl(void *user, int fd, unsigned long request, void *arg)
{
	(void)user;
#ifdef __GLIBC__
	return ioctl(fd, request, arg) < 0 ? -errno : 0;
#else
	/* musl's takes an int, as POSIX has it. */
	return ioctl(fd, (int)request, arg) < 0 ? -errno : 0;
#endif
}

static void linux_close(void *user, int fd)
{
	(void)user;
	close(fd);
}

const struct slu_dc_kernel slu_dc_kernel_linux = {linux_open, linux_ioctl, linux_close, NULL};
