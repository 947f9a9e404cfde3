/* SPDX-License-Identifier: MIT */
/*
 * Injected allocation failure. A test program that links alloc_fail.c with alloc_fail_args (tests/meson.build) has
 * malloc, calloc and realloc of the code under test go through here; shared libraries are not concerned.
 *
 *     for (long n = 0, failed = 1; failed; n++) {
 *             alloc_fail_at(n);
 *             ... what must survive, and report SLU_ERR_NOMEM ...
 *             failed = alloc_fail_end();
 *     }
 *
 * The calling thread's allocations alone: those of others succeed, and are not counted.
 */
#ifndef SLU_TESTS_ALLOC_FAIL_H
#define SLU_TESTS_ALLOC_FAIL_H

#include <stdbool.h>
#include <stddef.h>

/* The n-th allocation from now (0: the next) fails, once; a negative n lets all succeed. Counts begin at 0. */
void alloc_fail_at(long n);

/* Ends that. True when the failure did happen. */
bool alloc_fail_end(void);

/* Allocations, and the bytes that they asked for together, since alloc_fail_at(). */
long alloc_fail_count(void);
size_t alloc_fail_bytes(void);

/* For CRYPTO_set_mem_functions(), first of all: OpenSSL is not concerned, even if it is linked statically. */
void *alloc_spared(size_t n, const char *file, int line);
void *alloc_spared_again(void *p, size_t n, const char *file, int line);
void alloc_spared_free(void *p, const char *file, int line);

#endif
