/* SPDX-License-Identifier: MIT */
#include "tools/flv_walk.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sluice/error.h>
#include <sluice/flv.h>

#include "base/bytes.h"

enum { FILE_HEADER = 9, PREV_SIZE = 4 };
enum { TAG_RESERVED = 0xc0, TAG_TYPE_MASK = 0x1f }; /* E.4.1 */

ssize_t slu_flv_walk_read(const struct slu_flv_walk *w, void *out, size_t n, uint64_t at)
{
	uint8_t *to = out;
	size_t got = 0;
	ssize_t more = 1;

	while (got < n && more > 0) {
		more = pread(w->fd, to + got, n - got, (off_t)(at + got));
		if (more < 0 && errno == EINTR)
			more = 1;
		else if (more > 0)
			got += (size_t)more;
	}
	return more < 0 ? -1 : (ssize_t)got;
}

int slu_flv_walk_begin(struct slu_flv_walk *w, int fd)
{
	static const uint8_t magic[] = {'F', 'L', 'V', 1};
	uint8_t header[FILE_HEADER];
	struct stat st;
	ssize_t got;

	*w = (struct slu_flv_walk){.fd = fd};
	if (fstat(fd, &st) != 0)
		return SLU_ERR_IO;
	w->size = w->at = (uint64_t)st.st_size;
	got = slu_flv_walk_read(w, header, sizeof header, 0);
	if (got < 0)
		return SLU_ERR_IO;
	if (memcmp(header, magic, (size_t)got < sizeof magic ? (size_t)got : sizeof magic) != 0)
		return SLU_ERR_FLV;
	if (got < FILE_HEADER)
		return 0;
	w->at = slu_be32(header + 5) + (uint64_t)PREV_SIZE;
	return w->at < FILE_HEADER + PREV_SIZE ? SLU_ERR_FLV : 0;
}

static bool known_type(uint8_t type)
{
	return type == SLU_FLV_AUDIO || type == SLU_FLV_VIDEO || type == SLU_FLV_SCRIPT;
}

/* With its size in front and behind, and its stream ID, that is no coincidence. */
static bool is_whole_tag(const uint8_t *p, size_t n)
{
	size_t size = slu_be24(p + 1);

	return known_type(p[0]) && slu_be24(p + 8) == 0 && n >= SLU_FLV_TAG_OVERHEAD + size &&
	       slu_be32(p + SLU_FLV_TAG_HEADER_SIZE + size) == SLU_FLV_TAG_HEADER_SIZE + size;
}

/* A tag that is as long as the rest of the file, or longer: 0 where it is cut off, SLU_ERR_FLV where it is damaged. */
static int end_within(struct slu_flv_walk *w, uint8_t type)
{
	size_t n = (size_t)(w->size - w->at);
	uint8_t *rest = malloc(n);
	ssize_t got = rest ? slu_flv_walk_read(w, rest, n, w->at) : -1;
	int err = !rest ? SLU_ERR_NOMEM : got != (ssize_t)n ? SLU_ERR_IO : 0;

	if (!err && !known_type(type & TAG_TYPE_MASK))
		err = SLU_ERR_FLV;
	for (size_t i = 1; !err && i + SLU_FLV_TAG_OVERHEAD <= n; i++)
		if (is_whole_tag(rest + i, n - i))
			err = SLU_ERR_FLV;
	free(rest);
	w->cut = type;
	return err;
}

static void fill(struct slu_flv_walk_tag *tag, const uint8_t *header, uint64_t at)
{
	tag->type = header[0];
	tag->size = slu_be24(header + 1);
	tag->timestamp = (uint32_t)header[7] << 24 | slu_be24(header + 4);
	tag->at = at;
	tag->body = at + SLU_FLV_TAG_HEADER_SIZE;
	tag->end = at + SLU_FLV_TAG_OVERHEAD + tag->size;
}

int slu_flv_walk_next(struct slu_flv_walk *w, struct slu_flv_walk_tag *tag)
{
	uint8_t header[SLU_FLV_TAG_HEADER_SIZE], prev[PREV_SIZE];
	ssize_t got = slu_flv_walk_read(w, header, sizeof header, w->at);

	if (got < SLU_FLV_TAG_HEADER_SIZE) {
		w->cut = got > 0 ? header[0] : 0;
		return got < 0 ? SLU_ERR_IO : 0;
	}
	if (header[0] & TAG_RESERVED)
		return SLU_ERR_FLV;
	fill(tag, header, w->at);
	if (tag->end > w->size)
		return end_within(w, tag->type);
	tag->begins = tag->size < sizeof tag->begin ? tag->size : sizeof tag->begin;
	if (slu_flv_walk_read(w, tag->begin, tag->begins, tag->body) != (ssize_t)tag->begins ||
	    slu_flv_walk_read(w, prev, sizeof prev, tag->end - sizeof prev) != (ssize_t)sizeof prev)
		return SLU_ERR_IO;
	if (slu_be32(prev) != SLU_FLV_TAG_HEADER_SIZE + tag->size)
		return tag->end == w->size ? end_within(w, tag->type) : SLU_ERR_FLV;
	w->at = tag->end;
	return 1;
}
