/* SPDX-License-Identifier: MIT */
/* Where a stream's name, which usually is a secret, comes from without showing in the list of processes. */
#ifndef SLU_TOOLS_KEY_H
#define SLU_TOOLS_KEY_H

#include <stddef.h>

enum { SLU_KEY_MAX = 4096 };

#define SLU_KEY_VARIABLE "SLUICE_KEY"

/* The first line of a file, without blanks at its ends, into out, which has SLU_KEY_MAX bytes. 0, or an enum slu_exit
 * and the sentence in error. */
int slu_key_from_file(const char *path, char *out, char *error, size_t size);

/* The same from an environment variable. */
int slu_key_from_env(const char *name, char *out, char *error, size_t size);

#endif
