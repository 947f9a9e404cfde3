/* SPDX-License-Identifier: MIT */
#include "crypto/proc_text.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/buf.h"

enum { PROC_MOST = 1 << 20 };

char *slu_proc_text(const char *path)
{
	struct slu_buf buf;
	char piece[4096];
	ssize_t n = -1;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	slu_buf_init(&buf, PROC_MOST);
	while (fd >= 0 && (n = read(fd, piece, sizeof piece)) > 0)
		if (slu_buf_append(&buf, piece, (size_t)n) != 0)
			break;
	if (fd >= 0)
		close(fd);
	if (n < 0 || slu_buf_append(&buf, "", 1) != 0) {
		slu_buf_clear(&buf);
		return NULL;
	}
	return (char *)buf.data;
}
