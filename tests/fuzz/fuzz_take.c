/* SPDX-License-Identifier: MIT */
/*
 * What a proxy records: whatever a client calls its stream and a server sends, the file has a harmless name and is an
 * FLV, each of whose tags is whole. The first line is the name; behind it come messages: type, length in two bytes,
 * timestamp in four, body.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <sluice/flv.h>

#include "base/bytes.h"
#include "tools/safe_name.h"
#include "tools/take.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int __wrap_slu_safe_create(char name[SLU_SAFE_NAME], const char *stem, const char *extension);

static int file = -1; /* a second descriptor of it */

/* In memory, in place of the current folder. */
int __wrap_slu_safe_create(char name[SLU_SAFE_NAME], const char *stem, const char *extension)
{
	static const char good[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-_";
	int fd = memfd_create("take", MFD_CLOEXEC);

	if (!*stem || *stem == '.' || *stem == '-' || stem[strspn(stem, good)])
		abort();
	snprintf(name, SLU_SAFE_NAME, "%s%s", stem, extension);
	file = fd < 0 ? -1 : dup(fd);
	return fd;
}

/* Of what is there: one message, and where the next begins. */
static size_t next(const uint8_t *data, size_t size, struct slu_msg *msg)
{
	enum { HEAD = 7 };
	size_t n;

	if (size < HEAD)
		return 0;
	n = slu_be16(data + 1);
	*msg = (struct slu_msg){.type = data[0], .timestamp = slu_be32(data + 3), .stream_id = 1, .data = data + HEAD};
	msg->size = n < size - HEAD ? n : size - HEAD;
	return HEAD + msg->size;
}

static void check_file(void)
{
	off_t n = lseek(file, 0, SEEK_END);
	struct slu_flv_reader reader;
	struct slu_flv_tag tag;
	uint8_t *all = malloc((size_t)n);
	size_t at = 0, used;
	int got;

	if (!all || pread(file, all, (size_t)n, 0) != n)
		abort();
	slu_flv_reader_init(&reader);
	do {
		got = slu_flv_read(&reader, all + at, (size_t)n - at, &used, &tag);
		at += used;
		if (got == 1 && !tag.size)
			abort();
	} while (got == 1);
	if (got < 0 || at != (size_t)n || slu_flv_reader_end(&reader, 0) != 0 || reader.wrong_prev_size ||
	    reader.skipped)
		abort();
	free(all);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const uint8_t *line = memchr(data, '\n', size);
	char *playpath = line ? strndup((const char *)data, (size_t)(line - data)) : NULL;
	size_t at = line ? (size_t)(line - data) + 1 : 0, used;
	struct slu_take *take;
	struct slu_msg msg;
	const char *name;

	take = playpath ? slu_take_open(playpath, &name) : NULL;
	if (take) {
		for (; (used = next(data + at, size - at, &msg)) > 0; at += used)
			if (slu_take_write(take, &msg) != 0)
				abort();
		if (slu_take_close(take) != 0)
			abort();
		check_file();
		close(file);
	}
	free(playpath);
	return 0;
}
