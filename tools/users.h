/* SPDX-License-Identifier: MIT */
/* The file that says who may publish: "user:password" a line; lines that are empty or begin with '#' do not count. */
#ifndef SLU_TOOLS_USERS_H
#define SLU_TOOLS_USERS_H

#include <stddef.h>

#include "server/logins.h"

/* Adds all of its users. 0, or an enum slu_exit and the sentence, in which there is nothing of the file but the number
 * of a line, in error. */
int slu_users_read(struct slu_logins *logins, const char *path, char *error, size_t size);

#endif
