/* SPDX-License-Identifier: MIT */
/* What rtmpdump writes: an FLV file, begun anew or gone on with, or standard output. What goes wrong is said in
 * librtmp's log. */
#ifndef SLU_TOOLS_DUMP_FILE_H
#define SLU_TOOLS_DUMP_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tools/flv_tail.h"

struct slu_dump_file {
	const char *name;
	int fd;
	bool begun;    /* something was written */
	uint64_t size; /* up to here the file is good: what is written comes behind it */

	/* Where it is gone on from. */
	struct slu_flv_tail tail; /* type 0: at the beginning */
	double duration;          /* in seconds, as its metadata have it; 0: unknown */
};

/* NULL or "-". */
bool slu_dump_file_is_stdout(const char *name);

/* A file that exists is left as it is until the first write. */
bool slu_dump_file_open(struct slu_dump_file *f, const char *name);

/* Looks for the last key frame but skip. What is written from then on comes behind it; or at the beginning, where the
 * file has none yet. False where it cannot be gone on with, and the file stays as it is. */
bool slu_dump_file_resume(struct slu_dump_file *f, unsigned long skip);

bool slu_dump_file_write(struct slu_dump_file *f, const char *data, size_t n);

/* False where what was written may not have arrived. */
bool slu_dump_file_close(struct slu_dump_file *f);

#endif
