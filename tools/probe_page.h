/* SPDX-License-Identifier: MIT */
/* Text for people: colours where they are wanted, and lines of at most 80 columns. */
#ifndef SLU_TOOLS_PROBE_PAGE_H
#define SLU_TOOLS_PROBE_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct slu_page {
	FILE *to;
	bool colour;
};

enum slu_page_style { SLU_PAGE_PLAIN, SLU_PAGE_HEAD, SLU_PAGE_GOOD, SLU_PAGE_BAD };

enum { SLU_PAGE_COLUMNS = 80 };

/* Colours on a terminal, unless NO_COLOR is set and not empty (no-color.org), or TERM is "dumb". */
bool slu_page_coloured(FILE *to);

/* One paragraph, broken at blanks: its lines begin with `indent` blanks, the first one with label instead, as far as
 * that reaches. A word that is longer than a line is not broken. */
__attribute__((format(printf, 5, 6))) void slu_page_text(const struct slu_page *page, enum slu_page_style style,
							 size_t indent, const char *label, const char *format, ...);

/* One line as it is, behind so many blanks. */
__attribute__((format(printf, 4, 5))) void slu_page_line(const struct slu_page *page, enum slu_page_style style,
							 size_t indent, const char *format, ...);

#endif
