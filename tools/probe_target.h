/* SPDX-License-Identifier: MIT */
/* What is to be probed: "HOST[:PORT]", or an rtmps URL, and files that have one a line. */
#ifndef SLU_TOOLS_PROBE_TARGET_H
#define SLU_TOOLS_PROBE_TARGET_H

#include <stddef.h>
#include <stdint.h>

#include <sluice/url.h>

struct slu_probe_target {
	struct slu_url url; /* rtmps or rtmpts: of a host alone, one without an app */
	char shown[512];    /* fit to be said: without user, queries and stream */
};

/* 0; SLU_ERR_NOMEM; SLU_ERR_URL, with a predicate in why that has nothing of text in it, for it may be a secret: "has
 * no TLS: …". Then there is nothing to clear. */
int slu_probe_target_parse(struct slu_probe_target *out, const char *text, char *why, size_t size);
void slu_probe_target_clear(struct slu_probe_target *t);

enum { SLU_PROBE_TARGETS = 100000 };

/* Texts that have been parsed before, in their order. */
struct slu_probe_targets {
	char **texts;
	size_t n;
};

/* 0, or an enum slu_exit, and it was said what is wrong. */
int slu_probe_targets_add(struct slu_probe_targets *t, const char *text);

/* From a file, or with "-" from standard input: one a line; empty lines, and from a '#' at the beginning of a line or
 * behind a blank, are passed over. Likewise. */
int slu_probe_targets_read(struct slu_probe_targets *t, const char *path);
void slu_probe_targets_clear(struct slu_probe_targets *t);

#endif
