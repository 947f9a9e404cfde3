/* SPDX-License-Identifier: MIT */
/*
 * Lines for a descriptor, written by a thread of their own: a reader that has stopped, or a disk that hangs, keeps
 * nobody waiting. What does not fit meanwhile is lost, whole lines of it, and how much that was is said where it is
 * missing.
 */
#ifndef SLU_TOOLS_LINES_H
#define SLU_TOOLS_LINES_H

#include <stddef.h>
#include <stdint.h>

enum { SLU_LINES_MAX = 256 * 1024, SLU_LINES_LOST = 256 };

struct slu_lines_config {
	int fd;     /* stays the caller's */
	size_t max; /* bytes that wait at most; 0: SLU_LINES_MAX */
	/* Makes the line, with its newline, that says how many were lost; the number of bytes that it put into out. */
	size_t (*lost)(void *arg, char *out, size_t size, uint64_t count);
	void *arg;
};

struct slu_lines;

/* NULL: out of memory or threads. */
struct slu_lines *slu_lines_new(const struct slu_lines_config *config);

/* Takes n bytes, a line with its newline. Never waits for the descriptor. */
void slu_lines_put(struct slu_lines *l, const char *line, size_t n);

/* Waits until all is written, as long as within each patience_ms some of it is; then frees. NULL is fine. */
void slu_lines_end(struct slu_lines *l, unsigned patience_ms);

#endif
