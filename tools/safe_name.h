/* SPDX-License-Identifier: MIT */
/* Names of files in the current folder, made of the names of streams, which strangers choose. */
#ifndef SLU_TOOLS_SAFE_NAME_H
#define SLU_TOOLS_SAFE_NAME_H

#include <stddef.h>

enum { SLU_SAFE_STEM = 200, SLU_SAFE_NAME = SLU_SAFE_STEM + 16 };

/*
 * A name out of what a client plays: what is before '?' (or behind it, where that is all there is), of that what is
 * behind the last '/'. Letters, digits, '.', '-' and '_' of ASCII stay, all else is '_'. There is no '.' or '-' at its
 * beginning, so that it is no hidden file and no option; and where nothing is left it is "stream". At most
 * SLU_SAFE_STEM - 1 bytes.
 */
void slu_safe_stem(char stem[SLU_SAFE_STEM], const char *playpath);

/*
 * Makes the first file that is not there yet of STEM EXTENSION, STEM 01 EXTENSION to STEM ff EXTENSION (written without
 * blanks), and follows no symbolic link. Returns its descriptor, for writing, and its name; or -1 with errno.
 */
int slu_safe_create(char name[SLU_SAFE_NAME], const char *stem, const char *extension);

/* The same name, and nothing is made of it. False where all are taken. */
int slu_safe_free_name(char name[SLU_SAFE_NAME], const char *stem, const char *extension);

#endif
