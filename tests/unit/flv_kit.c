/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "flv_kit.h"

void flv_begin(struct flv_kit *k)
{
	slu_flv_write_header(k->data, true, true);
	k->n = SLU_FLV_HEADER_SIZE;
}

uint8_t flv_byte(unsigned seed, size_t i)
{
	return (uint8_t)(seed * 31 + i * 7 + (i >> 8));
}

void flv_tag(struct flv_kit *k, uint8_t type, uint32_t timestamp, size_t size, unsigned seed)
{
	struct slu_flv_tag tag = {.type = type, .timestamp = timestamp, .size = size};
	uint8_t *body = k->data + k->n + SLU_FLV_TAG_HEADER_SIZE;

	assert_true(k->n + size + SLU_FLV_TAG_OVERHEAD <= sizeof k->data);
	assert_int_equal(slu_flv_write_tag_header(k->data + k->n, &tag), 0);
	for (size_t i = 0; i < size; i++)
		body[i] = flv_byte(seed, i);
	slu_flv_write_prev_size(body + size, &tag);
	k->n += size + SLU_FLV_TAG_OVERHEAD;
}

const char *flv_file(const void *data, size_t n)
{
	static char paths[4][64];
	static unsigned next;
	char *path = paths[next++ % 4];
	int fd;

	strcpy(path, "/tmp/sluice-test-XXXXXX");
	fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_true(write(fd, data, n) == (ssize_t)n);
	close(fd);
	return path;
}

size_t flv_slurp(const char *path, void *data, size_t size)
{
	int fd = open(path, O_RDONLY);
	ssize_t n;

	assert_true(fd >= 0);
	n = read(fd, data, size);
	assert_true(n >= 0);
	close(fd);
	return (size_t)n;
}
