/* SPDX-License-Identifier: MIT */
/*
 * Carries an ioctl of another process to the model: what its pointers name is read out of that process and written back
 * into it. Not by the ioctl retries of CUSE, which end at 128 KiB (the kernel gives a CUSE device 32 pages a request;
 * a request for key stream may be larger), and which could not write after the ioctl was given up.
 */
#ifndef SLU_TESTS_LAB_CLIENT_H
#define SLU_TESTS_LAB_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct lab_file;

enum { CLIENT_STRUCT_MAX = 512 };

/*
 * One ioctl of process (or thread) pid. structure is what its argument points to, as it came and as it goes back.
 * compat: it is a 32-bit program, this is not. 0 or -errno.
 */
int client_ioctl(struct lab_file *f, pid_t pid, bool compat, unsigned number, void *structure);

#endif
