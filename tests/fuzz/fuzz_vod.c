/* SPDX-License-Identifier: MIT */
/* A file that somebody recorded, and the place in it to begin at: the first four bytes are the time that is asked for.
 * Where it says that there is a key frame, there is one, and it is not later. */
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include <sluice/flv.h>

#include "base/bytes.h"
#include "server/vod_find.h"
#include "server/vod_index.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct slu_vod_find *f, int fd, uint64_t size, uint32_t ms)
{
	struct slu_vod_tag tag;

	if (!f->landed)
		return;
	if (!slu_vod_tag_at(fd, f->landing.at, size, &tag) || tag.timestamp != f->landing.timestamp)
		abort();
	if ((int32_t)(tag.timestamp - ms) > 0 || (tag.type == SLU_FLV_VIDEO && tag.kind != SLU_GOP_KEYFRAME))
		abort();
	for (size_t i = 0; i < f->setup.nconfigs; i++)
		if (f->setup.configs[i].at >= tag.at || !slu_vod_tag_at(fd, f->setup.configs[i].at, size, &tag) ||
		    tag.kind != SLU_GOP_CONFIG || !slu_vod_tag_at(fd, f->landing.at, size, &tag))
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slu_vod_find f;
	uint32_t ms;
	int fd;

	if (size < 4)
		return 0;
	ms = slu_be32(data);
	data += 4;
	size -= 4;
	slu_vod_index_find(data, size, ms, ms % 3);
	fd = memfd_create("vod", MFD_CLOEXEC);
	if (fd < 0)
		return 0;
	if (write(fd, data, size) == (ssize_t)size) {
		slu_vod_find_begin(&f, fd, SLU_FLV_HEADER_SIZE, ms);
		while (!slu_vod_find_step(&f))
			;
		check(&f, fd, size, ms);
	}
	close(fd);
	return 0;
}
