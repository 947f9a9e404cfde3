/* SPDX-License-Identifier: MIT */
/* What a client asks of a server, as the options of rtmpdump that ask the same. */
#ifndef SLU_TOOLS_DUMP_ARGS_H
#define SLU_TOOLS_DUMP_ARGS_H

#include <stdbool.h>
#include <stddef.h>

#include <sluice/amf.h>

struct slu_dump_arg {
	char letter; /* the option's */
	char *value;
};

enum { SLU_DUMP_ARGS = 256 };

/* All zeros: none. */
struct slu_dump_args {
	struct slu_dump_arg items[SLU_DUMP_ARGS];
	size_t n;
	bool lossy; /* there was more than the options can say */
	bool has_url;
};

/* Frees the values, and there are none. */
void slu_dump_args_clear(struct slu_dump_args *args);

/* Appends an option; value is copied, up to its first NUL. */
void slu_dump_args_add(struct slu_dump_args *args, char letter, struct slu_amf_str value);
void slu_dump_args_add_text(struct slu_dump_args *args, char letter, const char *value);

/* Appends the options that a connect command stands for; command has all its values, its name first. */
void slu_dump_args_connect(struct slu_dump_args *args, const struct slu_amf_value *command);

/* The command line for a shell: rtmpdump -r "..." and so on; the caller frees it. NULL when out of memory. */
char *slu_dump_args_line(const struct slu_dump_args *args);

/* The same as an array for exec(), its end a NULL, each value with its option in one word, so that none is taken for an
 * option. The caller frees it, and that is all. NULL when out of memory. */
char **slu_dump_args_argv(const struct slu_dump_args *args);

#endif
