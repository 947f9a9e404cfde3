/* SPDX-License-Identifier: MIT */
#ifndef SLU_BASE_LOG_H
#define SLU_BASE_LOG_H

#include <stddef.h>

#include <sluice/log.h>

/* Formats and hands on one line when the level asks for it. Control characters and non-ASCII bytes that a peer may
 * have sent come out as \xNN. log may be NULL. */
__attribute__((format(printf, 3, 4))) void slu_log(const struct slu_log *log, enum slu_log_level level,
						   const char *format, ...);

/* Writes n bytes of text into out, escaped as above, cut to size - 1 characters. Returns out. */
char *slu_escape(char *out, size_t size, const char *text, size_t n);

#endif
