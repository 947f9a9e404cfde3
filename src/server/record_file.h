/* SPDX-License-Identifier: MIT */
/*
 * A recording: an FLV file of tags as they come, bodies and timestamps untouched, behind a script tag of its own
 * (record_meta.h). Works on the disk, and waits for it.
 *
 * Whenever the process is killed, the file is a header, whole tags, and at most a part of one more, which readers leave
 * alone; when power is lost, that much of it as was there when it was last synced. This holds of its end too.
 */
#ifndef SLU_SERVER_RECORD_FILE_H
#define SLU_SERVER_RECORD_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include <sluice/flv.h>
#include <sluice/session.h> /* struct slu_msg */

#include "server/record_index.h"
#include "server/record_meta.h"
#include "server/record_path.h"

enum { SLU_RECORD_BATCH = 128 }; /* messages that are written at a time */

/* What is done to files, as the system calls of like names, but for create and remove: slu_record_path_create() and so
 * on. */
struct slu_record_ops {
	int (*create)(int dir, const char *path, unsigned *take);
	ssize_t (*writev)(int fd, const struct iovec *iov, int n);
	ssize_t (*pwrite)(int fd, const void *data, size_t n, off_t at);
	int (*ftruncate)(int fd, off_t size);
	int (*fdatasync)(int fd);
	int (*close)(int fd);
	void (*remove)(int dir, const char *path, unsigned take, int fd);
};

extern const struct slu_record_ops slu_record_ops_system;

struct slu_record_file {
	const struct slu_record_ops *ops;
	char path[SLU_RECORD_PATH]; /* that is asked for: not with the number of its take */
	unsigned take;
	int err, why;    /* sticky, and an errno or 0 */
	uint64_t stored; /* bytes in the file: whole tags */
	/* private */
	int dir, fd;
	bool begun, dirty; /* dirty: since it was last synced */
	struct slu_record_room room;
	struct slu_record_index index;
	struct slu_record_facts facts;
	unsigned track;       /* whose key frames are noted */
	uint32_t first, last; /* timestamps */
	int64_t at;           /* ms since the first audio or video tag */
	uint8_t marks[SLU_RECORD_BATCH * SLU_FLV_TAG_OVERHEAD];
	struct iovec iov[2 * SLU_RECORD_BATCH + 1];
};

/* f must have its path. Makes the file below dir, which must stay open until it is finished. 0, or SLU_ERR_IO. Call
 * slu_record_file_finish() in either case. */
int slu_record_file_open(struct slu_record_file *f, const struct slu_record_ops *ops, int dir);

/* Audio, video and AMF0 data messages, SLU_RECORD_BATCH at most, to the kernel. 0, SLU_ERR_IO or SLU_ERR_NOMEM: then
 * the file is cut after its last whole tag. */
int slu_record_file_write(struct slu_record_file *f, const struct slu_msg *msgs, size_t n);

/* What was written to the disk. The same. */
int slu_record_file_sync(struct slu_record_file *f);

/* Writes what is known at the end, and closes the file; one that has no tag goes. The same. */
int slu_record_file_finish(struct slu_record_file *f);

#endif
