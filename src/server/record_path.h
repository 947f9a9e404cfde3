/* SPDX-License-Identifier: MIT */
/* Where a stream is recorded: DIR/APP/NAME.flv, and never outside DIR. */
#ifndef SLU_SERVER_RECORD_PATH_H
#define SLU_SERVER_RECORD_PATH_H

#include <stddef.h>

enum { SLU_RECORD_PATH = 2048, SLU_RECORD_PART = 200, SLU_RECORD_DEPTH = 8 };

/*
 * Makes and opens a new file for the stream key, below the folder dir. Each part of the key is a folder, the last one
 * the file; bytes other than letters, digits, '-', '_' and inner '.' become %XX, so distinct keys have distinct files.
 * A file that exists is left alone: NAME.1.flv follows NAME.flv. Symbolic links are not followed.
 *
 * Returns the descriptor, and in path the name below dir; or <0: SLU_ERR_INVALID for a key that cannot be a file, or
 * SLU_ERR_IO with errno set.
 */
int slu_record_path_create(int dir, const char *key, char path[SLU_RECORD_PATH]);

/* Opens NAME.flv for reading. The descriptor, or the same errors. */
int slu_record_path_open(int dir, const char *key);

#endif
