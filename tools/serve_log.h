/* SPDX-License-Identifier: MIT */
/* The log of a server: text for people on stderr, objects of JSON on stdout, a line for each event, with its time. Once
 * it has started, whoever reads it may stop reading, and serving goes on (lines.h). */
#ifndef SLU_TOOLS_SERVE_LOG_H
#define SLU_TOOLS_SERVE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "tools/options.h"

enum { SLU_LOG_TEXT = 2048 };

struct slu_lines;

struct slu_serve_log {
	const struct slu_common_options *options;
	uint64_t (*clock)(void);       /* Unix time in ms */
	bool times;                    /* with text: the journal has its own */
	struct slu_lines *text, *json; /* NULL: lines are written at once */
};

void slu_serve_log_init(struct slu_serve_log *log, const struct slu_common_options *options);

/* From here on, and until the end, what is said anywhere goes through it (say.h). 0, or an enum slu_exit, and the
 * reason was said. */
int slu_serve_log_start(struct slu_serve_log *log);
/* Once all that was said is written, as far as somebody takes it. */
void slu_serve_log_end(struct slu_serve_log *log);

/* An object with its event and its time, to add to. */
cJSON *slu_serve_log_object(const struct slu_serve_log *log, const char *event);
/* Says it, and frees it. NULL, for want of memory, is fine. */
void slu_serve_log_json(struct slu_serve_log *log, cJSON *o);

/* What n bytes of a client's become in a sentence, between quotes: printable ASCII, of which none ends them. Returns
 * out. */
char *slu_serve_log_quote(char *out, size_t size, const char *text, size_t n);

#endif
