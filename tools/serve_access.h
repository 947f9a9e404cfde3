/* SPDX-License-Identifier: MIT */
/* Who may publish to sluice serve: its files of users and of stream keys. */
#ifndef SLU_TOOLS_SERVE_ACCESS_H
#define SLU_TOOLS_SERVE_ACCESS_H

#include <stdbool.h>

#include "tools/serve_options.h"

struct slu_keys;
struct slu_logins;

/* NULL where nobody is asked for it. */
struct serve_access {
	struct slu_logins *logins;
	struct slu_keys *keys;
};

/* Reads what the options name. 0, or an enum slu_exit, said. */
int slu_serve_access_open(struct serve_access *a, const struct serve_options *o);
void slu_serve_access_close(struct serve_access *a);

/* Reads the files again: each as a whole or, where it cannot be used, not at all. Says which. */
void slu_serve_access_reload(struct serve_access *a, const struct serve_options *o);

/* Prints a new stream key, and the line for the file of --keys; name: APP/NAME, or NULL. An enum slu_exit. */
int slu_serve_make_key(const struct serve_options *o, const char *name);

#endif
