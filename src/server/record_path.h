/* SPDX-License-Identifier: MIT */
/* Makes and opens recordings below a folder, and never outside it. */
#ifndef SLU_SERVER_RECORD_PATH_H
#define SLU_SERVER_RECORD_PATH_H

#include <stddef.h>

/* Bytes of a whole path, with its NUL; of a part, without ".flv"; parts. */
enum { SLU_RECORD_PATH = 2048, SLU_RECORD_PART = 200, SLU_RECORD_DEPTH = 16 };

/*
 * Makes a new file by its path below the folder dir (record_name.h), which ends in ".flv", and the folders on its way,
 * such that they outlast a loss of power. A file that exists is left alone: NAME.1.flv follows NAME.flv, and so on; the
 * number, or 0, is in *take. Symbolic links are not followed.
 *
 * Returns the descriptor; or SLU_ERR_IO with errno set.
 */
int slu_record_path_create(int dir, const char *path, unsigned *take);

/* Removes the file that was made so, and is open as fd; not another that has its name by now. */
void slu_record_path_remove(int dir, const char *path, unsigned take, int fd);

/* path with the number of a take in it. */
void slu_record_path_take(char out[SLU_RECORD_PATH], const char *path, unsigned take);

/* Opens KEY.flv for reading. The descriptor; SLU_ERR_INVALID for a key that cannot be a file, or SLU_ERR_IO. */
int slu_record_path_open(int dir, const char *key);

#endif
