/* SPDX-License-Identifier: MIT */
/*
 * Where a file can be gone on with. The first byte says how many frames to skip. What is found lies within the file, is
 * what was read from there, and ends a file that is sound up to there: cut off behind it, or anywhere in what follows,
 * the same is found.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tools/flv_tail.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct slu_flv_tail *t, const uint8_t *data, size_t size)
{
	if (t->duration_at && t->duration_at + 8 > size)
		abort();
	if (!t->type)
		return;
	if (t->end > size || t->body + t->size + 4 != t->end || memcmp(data + t->body, t->frame, t->size) != 0)
		abort();
}

/* The file alone up to the frame that was found has it as its last. */
static void check_cut(int fd, const struct slu_flv_tail *t)
{
	struct slu_flv_tail again;
	char why[256];

	if (ftruncate(fd, (off_t)t->end) != 0)
		abort();
	if (!slu_flv_tail(fd, 0, &again, why, sizeof why) || again.end != t->end || again.timestamp != t->timestamp)
		abort();
	slu_flv_tail_clear(&again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("flv", MFD_CLOEXEC);
	struct slu_flv_tail tail;
	char why[256];
	bool good;

	if (fd < 0 || size < 1 || write(fd, data + 1, size - 1) != (ssize_t)(size - 1))
		goto done;
	good = slu_flv_tail(fd, data[0], &tail, why, sizeof why);
	if (good != !why[0] || (!good && tail.type))
		abort();
	check(&tail, data + 1, size - 1);
	if (good && tail.type)
		check_cut(fd, &tail);
	slu_flv_tail_clear(&tail);
done:
	if (fd >= 0)
		close(fd);
	return 0;
}
