/* SPDX-License-Identifier: MIT */
/*
 * The way to a running device: a Unix socket that takes one line a connection and answers before it closes it.
 *
 *     counters        the lines of lab_counters_print()
 *     fault SPEC      sets a fault: nothing, or "error: " and why not
 *     release         ends what hangs
 */
#ifndef SLU_TESTS_LAB_CONTROL_H
#define SLU_TESTS_LAB_CONTROL_H

#include "device.h"

/* Listens at path, on a thread of its own: 0 or -errno. */
int control_start(struct lab_device *d, const char *path);

/* The other end: the answer to line, read to its end and closed by the caller; NULL: nobody is there (errno). */
FILE *control_ask(const char *path, const char *line);

#endif
