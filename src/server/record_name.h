/* SPDX-License-Identifier: MIT */
/* What a recording is called: a path below the folder, from the stream's key and the time when it begins. */
#ifndef SLU_SERVER_RECORD_NAME_H
#define SLU_SERVER_RECORD_NAME_H

#include <stddef.h>
#include <stdint.h>

#include "server/record_path.h" /* SLU_RECORD_PATH */

#define SLU_RECORD_NAME_DEFAULT "%k.flv"

/* Whether a format can be used: 0, or SLU_ERR_INVALID and in error one sentence. */
int slu_record_name_check(const char *format, char *error, size_t size);

/*
 * A format that was checked, with %k for the stream's key, %% for a percent sign, and the rest for what strftime()
 * makes of it in UTC. The key is a path: its slashes make folders; bytes of it other than letters, digits, '-', '_' and
 * inner '.' become %XX, so that distinct keys have distinct files, and so do those that strftime() makes, all slashes
 * among them. A key of NULL is one that must not be told: it becomes "*".
 *
 * 0 or SLU_ERR_INVALID: the key is none, or a part of the path is too long, empty, "." or "..", or there are too many.
 */
int slu_record_name(char out[SLU_RECORD_PATH], const char *format, const char *key, int64_t unix_time);

#endif
