/* SPDX-License-Identifier: MIT */
#ifndef SLU_CRYPTO_REPLACE_H
#define SLU_CRYPTO_REPLACE_H

#include <sys/types.h>

#include "base/buf.h"

enum { SLU_PATH_MOST = 4096 };

/* A file of this text and mode takes the place of what is at path, whole: whoever reads has the old one or the new one.
 * A device, a pipe or a folder is not replaced. 0, or errno. */
int slu_replace_file(const char *path, const struct slu_buf *text, mode_t mode);

/* path's folder is text up to the last slash: "" for the root, "." where there is none. */
void slu_folder_of(const char *path, char *out, size_t size);

#endif
