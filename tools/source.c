/* SPDX-License-Identifier: MIT */
#include "tools/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sluice/error.h>

#include "tools/sniff.h"

/* Less room than this at a block's end is not worth a read: the unread tail moves to another block. */
enum { MIN_ROOM = 8192 };

struct slu_source {
	int fd;
	bool live, readable, ended;
	int err;
	struct slu_buffer *ring[SLU_SOURCE_RING]; /* blocks of SLU_SOURCE_BLOCK, made when needed */
	struct slu_buffer *big;                   /* the block of a larger tag */
	struct slu_buffer *block;                 /* the present one: of the ring, or big; holds no reference */
	size_t pos, end;                          /* unread bytes in it */
	struct slu_flv_reader reader;
	struct slu_source_stats stats;
	char name[256];
	char error[512];
};

__attribute__((format(printf, 3, 4))) static int fail(struct slu_source *s, int err, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(s->error, sizeof s->error, format, ap);
	va_end(ap);
	s->err = err;
	return err;
}

struct slu_source *slu_source_open(const char *path, char *error, size_t size)
{
	struct slu_source *s = calloc(1, sizeof *s);
	struct stat st;

	if (!s) {
		snprintf(error, size, "out of memory");
		return NULL;
	}
	slu_flv_reader_init(&s->reader);
	if (strcmp(path, "-") == 0) {
		snprintf(s->name, sizeof s->name, "standard input");
		s->fd = STDIN_FILENO;
	} else {
		snprintf(s->name, sizeof s->name, "%s", path);
		/* Without O_NONBLOCK a named pipe would keep us here until somebody writes to it. */
		s->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	}
	if (s->fd < 0 || fstat(s->fd, &st) != 0) {
		snprintf(error, size, "cannot open %s: %s", s->name, strerror(errno));
		slu_source_close(s);
		return NULL;
	}
	s->live = !S_ISREG(st.st_mode) && !S_ISBLK(st.st_mode) && !S_ISDIR(st.st_mode);
	return s;
}

void slu_source_close(struct slu_source *s)
{
	if (!s)
		return;
	if (s->fd > STDIN_FILENO)
		close(s->fd);
	for (size_t i = 0; i < SLU_SOURCE_RING; i++)
		slu_buffer_put(s->ring[i]);
	slu_buffer_put(s->big);
	free(s);
}

bool slu_source_live(const struct slu_source *s)
{
	return s->live;
}

int slu_source_fd(const struct slu_source *s)
{
	return s->fd;
}

void slu_source_wake(struct slu_source *s)
{
	s->readable = true;
}

const char *slu_source_error(const struct slu_source *s)
{
	return s->error;
}

void slu_source_stats(const struct slu_source *s, struct slu_source_stats *out)
{
	*out = s->stats;
	out->skipped = s->reader.skipped;
}

static struct slu_buffer *new_block(struct slu_source *s, size_t size)
{
	struct slu_buffer *b = slu_buffer_new(size);

	if (b)
		s->stats.allocations++;
	return b;
}

/* A block of the ring that nothing refers to. When all are queued, the oldest place gets a new one: what is queued
 * keeps the old. NULL when out of memory. */
static struct slu_buffer *ring_block(struct slu_source *s)
{
	size_t i = 0;

	while (i < SLU_SOURCE_RING && s->ring[i] && (s->ring[i] == s->block || !slu_buffer_unique(s->ring[i])))
		i++;
	if (i < SLU_SOURCE_RING) {
		if (!s->ring[i])
			s->ring[i] = new_block(s, SLU_SOURCE_BLOCK);
		return s->ring[i];
	}
	i = s->ring[0] == s->block;
	slu_buffer_put(s->ring[i]);
	s->ring[i] = new_block(s, SLU_SOURCE_BLOCK);
	return s->ring[i];
}

/* A tag's announced size is believed only as far as its bytes have come: the block doubles on the way there. */
static size_t big_size(size_t have, size_t need)
{
	size_t grown = have < SLU_SOURCE_BLOCK ? 2 * SLU_SOURCE_BLOCK : 2 * have;
	size_t size = need < grown ? need : grown;

	return (size + SLU_SOURCE_BLOCK - 1) / SLU_SOURCE_BLOCK * SLU_SOURCE_BLOCK;
}

static void enter(struct slu_source *s, struct slu_buffer *b, size_t tail)
{
	memmove(slu_buffer_data(b), s->block ? slu_buffer_data(s->block) + s->pos : slu_buffer_data(b), tail);
	s->block = b;
	s->pos = 0;
	s->end = tail;
}

/* Makes the tail the beginning of a block with room for the `need` bytes that the reader wants. */
static int move_tail(struct slu_source *s, size_t need)
{
	size_t tail = s->end - s->pos;
	size_t size = need > SLU_SOURCE_BLOCK ? big_size(tail, need) : SLU_SOURCE_BLOCK;
	struct slu_buffer *b, *old = NULL;

	if (s->block && slu_buffer_unique(s->block) && slu_buffer_size(s->block) >= size &&
	    (size > SLU_SOURCE_BLOCK || s->block != s->big)) {
		b = s->block;
	} else if (size == SLU_SOURCE_BLOCK) {
		b = ring_block(s);
	} else if (s->big && s->big != s->block && slu_buffer_unique(s->big) && slu_buffer_size(s->big) >= size) {
		b = s->big;
	} else {
		old = s->big;
		b = s->big = new_block(s, size);
	}
	if (b)
		enter(s, b, tail);
	slu_buffer_put(old);
	return b ? 0 : fail(s, SLU_ERR_NOMEM, "out of memory");
}

static int end_of_input(struct slu_source *s)
{
	s->ended = true;
	if (s->stats.bytes == 0)
		return fail(s, SLU_ERR_FLV, "%s is empty", s->name);
	if (slu_flv_reader_end(&s->reader, s->end - s->pos) < 0)
		return fail(s, SLU_ERR_FLV, "%s: %s; all before that was sent", s->name, slu_flv_error(&s->reader));
	if (s->reader.tags == 0)
		return fail(s, SLU_ERR_FLV, "%s is an FLV without any tags", s->name);
	return fail(s, SLU_ERR_CLOSED, "%s has ended", s->name);
}

/* Reads once. 1: there is more to look at; 0: not now; <0. */
static int fill(struct slu_source *s)
{
	size_t need = s->reader.need > s->end - s->pos ? s->reader.need : s->end - s->pos + 1;
	size_t room = s->block ? slu_buffer_size(s->block) - s->end : 0;
	ssize_t got;

	if (s->live && !s->readable)
		return 0;
	if (room < MIN_ROOM || room < need - (s->end - s->pos)) {
		if (move_tail(s, need) < 0)
			return s->err;
		room = slu_buffer_size(s->block) - s->end;
	}
	s->readable = false;
	got = read(s->fd, slu_buffer_data(s->block) + s->end, room);
	s->stats.reads++;
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return !s->live;
	if (got < 0)
		return fail(s, SLU_ERR_IO, "cannot read %s: %s", s->name, strerror(errno));
	if (got == 0)
		return end_of_input(s);
	s->stats.bytes += (size_t)got;
	s->end += (size_t)got;
	return 1;
}

static int broken(struct slu_source *s)
{
	const char *what = NULL;

	if (s->reader.tags == 0 && s->stats.bytes == s->end)
		what = slu_sniff(slu_buffer_data(s->block), s->end);
	if (what)
		return fail(s, SLU_ERR_FLV, "%s is %s and no FLV: pipe it through ffmpeg -i %s -c copy -f flv -",
			    s->name, what, s->fd == STDIN_FILENO ? "-" : s->name);
	return fail(s, SLU_ERR_FLV, "%s: %s%s", s->name, slu_flv_error(&s->reader),
		    s->reader.tags ? "; all before that was sent" : "");
}

int slu_source_next(struct slu_source *s, struct slu_flv_tag *tag, struct slu_buffer **owner)
{
	size_t used;
	int r;

	if (s->err)
		return s->err;
	for (;;) {
		r = 0;
		if (s->block && s->pos < s->end) {
			r = slu_flv_read(&s->reader, slu_buffer_data(s->block) + s->pos, s->end - s->pos, &used, tag);
			if (r < 0)
				return broken(s);
			s->pos += used;
		}
		if (r == 1) {
			*owner = s->block;
			return 1;
		}
		r = fill(s);
		if (r <= 0)
			return r;
	}
}

int slu_source_rewind(struct slu_source *s)
{
	if (s->live || lseek(s->fd, 0, SEEK_SET) != 0)
		return fail(s, SLU_ERR_IO, "%s cannot be read from its beginning again", s->name);
	slu_flv_reader_init(&s->reader);
	s->pos = s->end;
	s->err = 0;
	s->ended = false;
	return 0;
}
