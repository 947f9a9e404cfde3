/* SPDX-License-Identifier: MIT */
/* The kernel's part, replaceable: the same code runs over a device in the same process, without a kernel that has
 * /dev/crypto. All functions may be called from any thread, and may block for ever. */
#ifndef SLU_PROVIDER_KERNEL_H
#define SLU_PROVIDER_KERNEL_H

struct slu_dc_kernel {
	/* A descriptor, close-on-exec, or -errno. */
	int (*open)(void *user, const char *path);
	/* 0 or -errno. arg is one of the structures of cryptodev.h, which request names. */
	int (*ioctl)(void *user, int fd, unsigned long request, void *arg);
	void (*close)(void *user, int fd);
	void *user;
};

extern const struct slu_dc_kernel slu_dc_kernel_linux;

#endif
