/* SPDX-License-Identifier: MIT */
#include "tools/sink.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <sluice/error.h>

#include "base/bytes.h"
#include "tools/flv_tail.h"
#include "tools/metadata.h"
#include "tools/stop.h"

enum { GATHER = 65536, FLAGS_AT = 4, FLAG_AUDIO = 4, FLAG_VIDEO = 1 };

struct slu_sink {
	int fd;
	bool regular; /* a file that we may cut and patch */
	bool made;    /* it was not there before */
	bool touched; /* written to */
	int err;
	uint8_t *gather; /* whole tags, and before the first one the file header */
	size_t gathered;
	off_t begin;    /* where in the file the FLV begins: standard output may stand anywhere */
	uint64_t had;   /* bytes of it that are kept */
	uint64_t taken; /* bytes written or gathered */
	bool has_audio, has_video;
	uint32_t first, last; /* timestamps of audio and video */
	uint64_t duration_at; /* where onMetaData's duration lies in the FLV; 0: nowhere */
	struct slu_sink_stats stats;
	char path[256];
	char error[512];
};

__attribute__((format(printf, 3, 4))) static int fail(struct slu_sink *s, int err, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(s->error, sizeof s->error, format, ap);
	va_end(ap);
	s->err = err;
	return err;
}

static void place(struct slu_sink *s)
{
	struct stat st;

	s->regular = fstat(s->fd, &st) == 0 && S_ISREG(st.st_mode) && !(fcntl(s->fd, F_GETFL) & O_APPEND);
	s->begin = s->regular ? lseek(s->fd, 0, SEEK_CUR) : 0;
}

struct slu_sink *slu_sink_open(const char *path, char *error, size_t size)
{
	struct slu_sink *s = calloc(1, sizeof *s);

	if (!s || !(s->gather = malloc(GATHER))) {
		snprintf(error, size, "out of memory");
		slu_sink_free(s);
		return NULL;
	}
	if (strcmp(path, "-") == 0) {
		snprintf(s->path, sizeof s->path, "standard output");
		s->fd = STDOUT_FILENO;
	} else {
		snprintf(s->path, sizeof s->path, "%s", path);
		s->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		s->made = s->fd >= 0;
		if (s->fd < 0 && errno == EEXIST)
			s->fd = open(path, O_WRONLY | O_CLOEXEC);
	}
	if (s->fd < 0) {
		snprintf(error, size, "cannot open %s for writing: %s", path, strerror(errno));
		slu_sink_free(s);
		return NULL;
	}
	place(s);
	return s;
}

/* Writing begins behind the frame, and what the end will complete is known from before it. */
static void go_on(struct slu_sink *s, const struct slu_flv_tail *tail)
{
	s->had = s->taken = s->stats.bytes = tail->end;
	s->duration_at = tail->duration_at;
	s->first = tail->first;
	s->last = tail->timestamp;
	s->has_audio = tail->has_audio;
	s->has_video = tail->has_video;
	if (lseek(s->fd, (off_t)tail->end, SEEK_SET) < 0)
		fail(s, SLU_ERR_IO, "cannot write to %s: %s", s->path, strerror(errno));
}

/* Looks at the file, which is not changed. False, and the sentence: it is none to go on with. */
static bool look_at(const char *path, struct slu_flv_tail *tail, char *error, size_t size)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	bool good = fd < 0 && errno == ENOENT;
	char why[256];

	*tail = (struct slu_flv_tail){.type = 0};
	if (fd < 0 && !good)
		snprintf(why, sizeof why, "%s", strerror(errno));
	else if (fd >= 0)
		good = slu_flv_tail(fd, 0, tail, why, sizeof why);
	if (!good)
		snprintf(error, size, "%s cannot be gone on with: %s", path, why);
	if (fd >= 0)
		close(fd);
	return good;
}

struct slu_sink *slu_sink_resume(const char *path, struct slu_flv_tail *tail, char *error, size_t size)
{
	struct slu_sink *s = look_at(path, tail, error, size) ? slu_sink_open(path, error, size) : NULL;

	if (s && tail->type)
		go_on(s, tail);
	return s;
}

void slu_sink_free(struct slu_sink *s)
{
	if (!s)
		return;
	if (s->fd > STDERR_FILENO)
		close(s->fd);
	free(s->gather);
	free(s);
}

const char *slu_sink_error(const struct slu_sink *s)
{
	return s->error;
}

void slu_sink_stats(const struct slu_sink *s, struct slu_sink_stats *out)
{
	*out = s->stats;
	out->bytes -= s->had;
	out->duration_ms = s->last - s->first;
}

/* How many of the first n bytes of what is gathered are whole tags (and the file header, when it is among them). */
static size_t whole_tags(const struct slu_sink *s, size_t n)
{
	size_t at = s->stats.bytes == 0 ? SLU_FLV_HEADER_SIZE : 0;
	size_t next = at;

	if (n < at)
		return 0;
	while (at + SLU_FLV_TAG_HEADER_SIZE <= s->gathered) {
		next = at + slu_be24(s->gather + at + 1) + SLU_FLV_TAG_OVERHEAD;
		if (next > n)
			break;
		at = next;
	}
	return at;
}

/* Waits until a pipe takes something; false when a signal comes first: a reader that has stopped must not keep us. */
static bool may_write(const struct slu_sink *s)
{
	struct pollfd fds[] = {{.fd = s->fd, .events = POLLOUT}, {.fd = slu_stop_fd(), .events = POLLIN}};

	while (poll(fds, 2, -1) < 0 && errno == EINTR)
		;
	return fds[0].revents || !fds[1].revents;
}

/* Writes all of the runs; false after an error. Counts in *done how far it came. */
static bool write_all(struct slu_sink *s, struct iovec *iov, int count, size_t *done)
{
	ssize_t got;

	while (count > 0) {
		if (!s->regular && !may_write(s)) {
			errno = EINTR;
			return false;
		}
		got = writev(s->fd, iov, count);
		s->stats.writes++;
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return false;
		*done += (size_t)got;
		while (count > 0 && (size_t)got >= iov->iov_len) {
			got -= (ssize_t)iov->iov_len;
			iov++;
			count--;
		}
		if (count > 0) {
			iov->iov_base = (char *)iov->iov_base + got;
			iov->iov_len -= (size_t)got;
		}
	}
	return true;
}

/* What is gathered, and one tag more where it is given in runs behind it, in one call. */
static int write_out(struct slu_sink *s, struct iovec *iov, int count)
{
	size_t done = 0, kept;
	int saved;

	iov[0] = (struct iovec){.iov_base = s->gather, .iov_len = s->gathered};
	if (!s->touched && s->regular && ftruncate(s->fd, s->begin + (off_t)s->had) != 0)
		return fail(s, SLU_ERR_IO, "cannot empty %s: %s", s->path, strerror(errno));
	s->touched = true;
	if (write_all(s, iov, count, &done)) {
		s->stats.bytes += done;
		s->gathered = 0;
		return 0;
	}
	saved = errno;
	kept = done >= s->gathered ? s->gathered : whole_tags(s, done);
	s->stats.bytes += s->regular ? kept : done;
	if (s->regular && ftruncate(s->fd, s->begin + (off_t)s->stats.bytes) != 0)
		return fail(s, SLU_ERR_IO, "cannot write to %s (%s), nor cut off the tag that it broke off in", s->path,
			    strerror(saved));
	if (!s->stats.bytes)
		return fail(s, SLU_ERR_IO, "cannot write to %s: %s; nothing was written", s->path, strerror(saved));
	if (saved == EINTR)
		return fail(s, SLU_ERR_IO, "stopped while %s took nothing more: what it did not take is lost", s->path);
	return fail(s, SLU_ERR_IO, "cannot write to %s: %s; the %llu bytes before that are kept", s->path,
		    strerror(saved), (unsigned long long)s->stats.bytes);
}

int slu_sink_flush(struct slu_sink *s)
{
	struct iovec iov[1];

	if (s->err || s->gathered == 0)
		return s->err;
	return write_out(s, iov, 1);
}

static void gather(struct slu_sink *s, const void *data, size_t n)
{
	memcpy(s->gather + s->gathered, data, n);
	s->gathered += n;
	s->taken += n;
}

static void note(struct slu_sink *s, const struct slu_flv_tag *tag)
{
	bool first = !s->has_audio && !s->has_video;

	s->stats.tags++;
	s->stats.payload += tag->size;
	if (tag->type == SLU_FLV_SCRIPT)
		return;
	if (first)
		s->first = s->last = tag->timestamp;
	if ((int32_t)(tag->timestamp - s->last) > 0)
		s->last = tag->timestamp;
	s->has_audio |= tag->type == SLU_FLV_AUDIO;
	s->has_video |= tag->type == SLU_FLV_VIDEO;
}

static int put(struct slu_sink *s, const struct slu_flv_tag *tag)
{
	uint8_t header[SLU_FLV_TAG_HEADER_SIZE], prev[4];
	struct iovec iov[4];
	int err = slu_flv_write_tag_header(header, tag);

	if (err < 0)
		return err;
	slu_flv_write_prev_size(prev, tag);
	if (s->gathered + tag->size + SLU_FLV_TAG_OVERHEAD <= GATHER) {
		gather(s, header, sizeof header);
		gather(s, tag->body, tag->size);
		gather(s, prev, sizeof prev);
		return 0;
	}
	if (tag->size + SLU_FLV_TAG_OVERHEAD <= GATHER) {
		err = slu_sink_flush(s);
		return err < 0 ? err : put(s, tag);
	}
	iov[1] = (struct iovec){.iov_base = header, .iov_len = sizeof header};
	iov[2] = (struct iovec){.iov_base = (void *)(uintptr_t)tag->body, .iov_len = tag->size};
	iov[3] = (struct iovec){.iov_base = prev, .iov_len = sizeof prev};
	s->taken += tag->size + SLU_FLV_TAG_OVERHEAD;
	return write_out(s, iov, 4);
}

/* The first onMetaData, in a file that can be patched: a place for the duration, made if the server left it out. */
static int put_metadata(struct slu_sink *s, const struct slu_flv_tag *tag)
{
	struct slu_flv_tag with = *tag;
	uint8_t *made = NULL;
	size_t at = slu_metadata_duration(tag->body, tag->size);
	uint64_t before = s->taken;
	int err;

	if (!at && (made = malloc(tag->size + SLU_METADATA_GROWTH))) {
		at = slu_metadata_add_duration(made, tag->body, tag->size);
		with.body = made;
		with.size = tag->size + SLU_METADATA_GROWTH;
	}
	err = put(s, at ? &with : tag);
	if (!err && at)
		s->duration_at = before + SLU_FLV_TAG_HEADER_SIZE + at;
	free(made);
	return err;
}

int slu_sink_tag(struct slu_sink *s, const struct slu_flv_tag *tag)
{
	bool metadata = tag->type == SLU_FLV_SCRIPT && s->regular && !s->duration_at;
	int err;

	if (s->err)
		return s->err;
	if (s->taken == 0) {
		uint8_t header[SLU_FLV_HEADER_SIZE];

		slu_flv_write_header(header, true, true);
		gather(s, header, sizeof header);
	}
	err = metadata && slu_metadata_is(tag->body, tag->size) ? put_metadata(s, tag) : put(s, tag);
	if (!err)
		note(s, tag);
	return err;
}

static bool patch(struct slu_sink *s, uint64_t at, const uint8_t *data, size_t n)
{
	if (at + n > s->stats.bytes)
		return true;
	return pwrite(s->fd, data, n, s->begin + (off_t)at) == (ssize_t)n;
}

/* What is known only at the end. The file is whole without it, so a failure here is told and harms nothing. */
static int complete(struct slu_sink *s)
{
	uint8_t flags = (uint8_t)((s->has_audio ? FLAG_AUDIO : 0) | (s->has_video ? FLAG_VIDEO : 0));
	uint8_t duration[8];

	if (!s->regular || !s->touched || s->stats.bytes == 0)
		return s->err;
	slu_put_be_double(duration, (double)(s->last - s->first) / 1000);
	if (patch(s, FLAGS_AT, &flags, 1) && (!s->duration_at || patch(s, s->duration_at, duration, sizeof duration)))
		return s->err;
	return s->err ? s->err : fail(s, SLU_ERR_IO, "cannot complete the header of %s: %s", s->path, strerror(errno));
}

int slu_sink_finish(struct slu_sink *s)
{
	int fd = s->fd;

	if (fd < 0)
		return s->err;
	slu_sink_flush(s);
	complete(s);
	if (s->made && s->stats.bytes == 0)
		unlink(s->path);
	s->fd = -1;
	if (fd != STDOUT_FILENO && close(fd) != 0 && !s->err)
		fail(s, SLU_ERR_IO, "cannot complete %s: %s", s->path, strerror(errno));
	return s->err;
}
