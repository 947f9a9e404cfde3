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

struct slu_key_options {
	const char *file, *env; /* --key-file, --key-env; NULL: not given */
};

/* The stream's name from wherever it was given: an operand (or NULL), an option, the URL or SLU_KEY_VARIABLE. *stream
 * is the operand or key; NULL: the URL has it. 0, or an enum slu_exit and the sentence in error. */
int slu_key_find(const struct slu_key_options *o, const char *url, const char *operand, char key[SLU_KEY_MAX],
		 const char **stream, char *error, size_t size);

#endif
