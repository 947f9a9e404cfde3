/* SPDX-License-Identifier: MIT */
#include "tools/dump_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <librtmp/log.h>
#include <librtmp/rtmp.h>
#include <sluice/flv.h>

#include "base/bytes.h"

enum { READABLE = 0644 };

bool slu_dump_file_is_stdout(const char *name)
{
	return !name || strcmp(name, "-") == 0;
}

bool slu_dump_file_open(struct slu_dump_file *f, const char *name)
{
	*f = (struct slu_dump_file){.name = slu_dump_file_is_stdout(name) ? "standard output" : name,
				    .fd = STDOUT_FILENO};
	if (slu_dump_file_is_stdout(name))
		return true;
	f->fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC, READABLE);
	if (f->fd < 0 && errno != ENOENT)
		f->fd = open(name, O_WRONLY | O_CLOEXEC); /* a pipe, or what may only be written */
	if (f->fd < 0)
		RTMP_Log(RTMP_LOGERROR, "%s cannot be opened: %s", name, strerror(errno));
	return f->fd >= 0;
}

/* ---- going on ---- */

static bool cannot(const struct slu_dump_file *f, const char *why)
{
	RTMP_Log(RTMP_LOGERROR, "%s cannot be gone on with: %s", f->name, why);
	return false;
}

/* NULL: it cannot be read. */
static uint8_t *read_part(int fd, uint64_t at, size_t n)
{
	uint8_t *part = malloc(n ? n : 1);

	if (part && pread(fd, part, n, (off_t)at) == (ssize_t)n)
		return part;
	free(part);
	return NULL;
}

static bool read_duration(struct slu_dump_file *f)
{
	uint8_t b[8];

	if (!f->tail.duration_at)
		return true;
	if (pread(f->fd, b, sizeof b, (off_t)f->tail.duration_at) != (ssize_t)sizeof b)
		return false;
	f->duration = slu_be_double(b);
	if (!(f->duration > 0))
		f->duration = 0;
	return true;
}

static bool read_parts(struct slu_dump_file *f)
{
	const struct slu_flv_tail *t = &f->tail;

	f->frame = read_part(f->fd, t->body, t->size);
	if (t->metadata)
		f->metadata = read_part(f->fd, t->metadata, t->metadata_size);
	return f->frame && (f->metadata || !t->metadata) && read_duration(f);
}

/* Each frame is the last of what comes before the one behind it. */
static int find_frame(struct slu_dump_file *f, long skip)
{
	int err = slu_flv_tail(f->fd, &f->tail);

	for (; !err && skip > 0 && f->tail.type; skip--)
		err = slu_flv_tail_within(f->fd, f->tail.body - SLU_FLV_TAG_HEADER_SIZE, &f->tail);
	return err;
}

bool slu_dump_file_resume(struct slu_dump_file *f, long skip)
{
	struct stat st;

	if (fstat(f->fd, &st) != 0 || !S_ISREG(st.st_mode))
		return cannot(f, "it is no file");
	if (st.st_size == 0)
		return true;
	if (find_frame(f, skip) != 0)
		return cannot(f, "it cannot be read");
	if (!f->tail.is_flv)
		return cannot(f, "it is no FLV");
	if (!f->tail.type)
		return cannot(f, skip ? "it has no more key frames to skip" : "there is no key frame in it");
	if (!f->tail.timestamp) {
		RTMP_Log(RTMP_LOGWARNING, "The last key frame of %s is its first: it is begun anew", f->name);
		f->tail.type = 0;
		return true;
	}
	f->size = f->tail.end;
	return read_parts(f) || cannot(f, "it cannot be read");
}

/* ---- writing ---- */

static bool failed(const struct slu_dump_file *f)
{
	RTMP_Log(RTMP_LOGERROR, "%s cannot be written after %llu bytes: %s", f->name, (unsigned long long)f->size,
		 strerror(errno));
	return false;
}

/* Files lose what comes behind; pipes and devices have nothing there. */
static bool begin(struct slu_dump_file *f)
{
	struct stat st;

	f->begun = true;
	if (f->fd == STDOUT_FILENO || fstat(f->fd, &st) != 0 || !S_ISREG(st.st_mode))
		return true;
	return ftruncate(f->fd, (off_t)f->size) == 0 && lseek(f->fd, (off_t)f->size, SEEK_SET) >= 0;
}

/* Bytes; 0: not now. Whoever asks for the end does not wait for a reader that does not read. */
static ssize_t write_some(int fd, const char *data, size_t n)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	ssize_t done = write(fd, data, n);

	if (done >= 0 || (errno != EAGAIN && errno != EINTR))
		return done;
	if (errno == EAGAIN)
		poll(&p, 1, -1);
	return RTMP_ctrlC ? -1 : 0;
}

bool slu_dump_file_write(struct slu_dump_file *f, const char *data, size_t n)
{
	if (!f->begun && !begin(f))
		return failed(f);
	while (n) {
		ssize_t done = write_some(f->fd, data, n);

		if (done < 0)
			return failed(f);
		data += done;
		n -= (size_t)done;
		f->size += (uint64_t)done;
	}
	return true;
}

bool slu_dump_file_close(struct slu_dump_file *f)
{
	bool good = f->fd < 0 || close(f->fd) == 0 || failed(f);

	f->fd = -1;
	free(f->frame);
	free(f->metadata);
	f->frame = f->metadata = NULL;
	return good;
}
