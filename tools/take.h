/* SPDX-License-Identifier: MIT */
/* What passes by, as an FLV file in the current folder. */
#ifndef SLU_TOOLS_TAKE_H
#define SLU_TOOLS_TAKE_H

#include <sluice/session.h> /* struct slu_msg */

struct slu_take;

/* Makes a file named after what is played (safe_name.h), and says its name in *name, which lives as long. NULL: it
 * could not be, and errno has why. */
struct slu_take *slu_take_open(const char *playpath, const char **name);

/* Appends audio, video, data of both kinds, and aggregates part by part; nothing of other types, of empty messages, of
 * data that is about the connection, or of what a part is cut off in. 0, or SLU_ERR_IO with errno. */
int slu_take_write(struct slu_take *take, const struct slu_msg *msg);

/* 0, or SLU_ERR_IO with errno when what is in the file is not all. NULL is fine. */
int slu_take_close(struct slu_take *take);

#endif
