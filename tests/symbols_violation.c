/* SPDX-License-Identifier: MIT */
/* Calls what the engine must not: tests/symbols.py has to find it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int slu_violation(const char *text);

int slu_violation(const char *text)
{
	char *copy = malloc(strlen(text) + 1);

	free(copy);
	return (int)time(NULL) + rand() + close(0);
}
