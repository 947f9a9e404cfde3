/* SPDX-License-Identifier: MIT */
/* What every unit test includes. cmocka wants these headers first, in this order. */
#ifndef SLU_TESTS_UNIT_TEST_H
#define SLU_TESTS_UNIT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "leave_out.h"

/* A small generator for random splits: the same sequence on every machine. */
static inline uint32_t test_rand(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

#endif
