/* SPDX-License-Identifier: MIT */
#include "crypto/selftest.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "provider/cryptodev.h"
#include "provider/kernel.h"

int slu_selftest_device(const char *path)
{
	struct slu_dc_session_info none = {0};
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK), error;

	if (fd < 0)
		return errno;
	/* Of no session, which a crypto device knows to be EINVAL. */
	error = slu_dc_kernel_linux.ioctl(NULL, fd, SLU_DC_CIOCGSESSINFO, &none) == -ENOTTY ? ENOTTY : 0;
	close(fd);
	return error;
}
