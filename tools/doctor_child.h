/* SPDX-License-Identifier: MIT */
/*
 * Processes that do what may hang or crash, and say what they are about to do. One that says nothing for too long is
 * taken to hang; it is killed, and when that does not end it, as where it hangs in the kernel, it is left alone.
 * Nothing here waits for a process without a limit of time.
 */
#ifndef SLU_TOOLS_DOCTOR_CHILD_H
#define SLU_TOOLS_DOCTOR_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { SLU_CHILD_MESSAGE = 512, SLU_CHILD_LANES = 4 };

/* The child's end of what connects them. */
struct slu_child_line;

/* Of at most SLU_CHILD_MESSAGE bytes. From any thread; whole, and in the order of one thread's. lane: which of several
 * that work at once; ended: this one's silence means nothing, until it says something again. */
void slu_child_say(const struct slu_child_line *line, unsigned lane, bool ended, const void *data, size_t n);

enum slu_child_end {
	SLU_CHILD_DONE,   /* run() returned */
	SLU_CHILD_SILENT, /* a lane said nothing for too long */
	SLU_CHILD_LATE,   /* all of it took too long */
	SLU_CHILD_DIED,   /* by a signal, by exiting, or it said what is no message */
	SLU_CHILD_NONE    /* it could not be started */
};

struct slu_child {
	/* To be set; no lock may be held by other threads that run() takes. */
	void (*run)(const struct slu_child_line *line, void *arg);              /* in the child */
	void (*heard)(void *arg, unsigned lane, const uint8_t *data, size_t n); /* here */
	void *arg;                                                              /* of both; changes stay where made */
	/* What came of it. */
	enum slu_child_end end;
	int error;     /* NONE: errno; DIED: the signal, or 0 */
	unsigned lane; /* SILENT: the one that hangs */
	bool left;     /* SILENT, LATE, DIED: it cannot be ended, and is there still */
	/* Inside. */
	pid_t pid;
	int fd;
	bool over;
	bool watched[SLU_CHILD_LANES];
	int64_t spoke[SLU_CHILD_LANES]; /* ms */
	size_t filled;
	uint8_t buffer[4096];
};

/* Runs them side by side, at most eight, until each has come to an end. limit_ms 0: none. */
void slu_children_run(struct slu_child *children, size_t n, unsigned silence_ms, unsigned limit_ms);

#endif
