/* SPDX-License-Identifier: MIT */
/* The command's voice on stderr: whole sentences that begin with its name, and a status line that they do not tear. */
#ifndef SLU_TOOLS_SAY_H
#define SLU_TOOLS_SAY_H

#include <stddef.h>

#include <sluice/log.h>
#include <sluice/tls.h>

/* The verb that is at work, for the prefix "sluice VERB: "; "" for none. Static. */
void slu_say_verb(const char *verb);

__attribute__((format(printf, 1, 2))) void slu_say(const char *format, ...);

/* From now on fn gets each line, without its newline, in place of stderr; NULL: stderr again. */
void slu_say_to(void (*fn)(void *arg, const char *line), void *arg);

/* Shows text as the status line of a terminal, over the one before; NULL takes it away. */
void slu_say_status(const char *text);

/* How many columns that terminal has; 80 where it does not say. A line as long as that would go on in the next one. */
size_t slu_say_columns(void);

/* From now on a signal that ends the process, as Ctrl-C does, takes the status line away before. */
void slu_say_until_killed(void);

/* A log that says the library's lines, for -q (-1), nothing (0), -v (1) and -vv (2). Errors are left out below -v:
 * the verb says the error of the object that failed, and once is enough. */
struct slu_log slu_say_log(int verbosity);

/* What a TLS context chose, unless quiet, or its log, which is given, has said so. */
void slu_say_chosen(const struct slu_tls_ctx *ctx, const struct slu_log *log, bool quiet);

#endif
