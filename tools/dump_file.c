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

static bool read_duration(struct slu_dump_file *f)
{
	uint8_t b[8];

	if (!f->tail.duration_at)
		return true;
	if (pread(f->fd, b, sizeof b, (off_t)f->tail.duration_at) != (ssize_t)sizeof b)
		return cannot(f, "it cannot be read");
	f->duration = slu_be_double(b);
	if (!(f->duration > 0))
		f->duration = 0;
	return true;
}

/* Its first key frame is where a stream begins anyway. */
static bool is_at_its_beginning(const struct slu_dump_file *f)
{
	return !f->tail.type || !f->tail.timestamp;
}

bool slu_dump_file_resume(struct slu_dump_file *f, unsigned long skip)
{
	char why[256];

	if (!slu_flv_tail(f->fd, skip, &f->tail, why, sizeof why))
		return cannot(f, why);
	if (is_at_its_beginning(f)) {
		if (lseek(f->fd, 0, SEEK_END) > 0)
			RTMP_Log(RTMP_LOGWARNING, "There is no key frame in %s but at its beginning: it is begun anew",
				 f->name);
		f->tail.type = 0;
		return true;
	}
	f->size = f->tail.end;
	return read_duration(f);
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
	slu_flv_tail_clear(&f->tail);
	return good;
}
