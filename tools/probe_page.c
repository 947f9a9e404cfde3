/* SPDX-License-Identifier: MIT */
#include "tools/probe_page.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *const styles[] = {
	[SLU_PAGE_PLAIN] = "", [SLU_PAGE_HEAD] = "\033[1m", [SLU_PAGE_GOOD] = "\033[32m", [SLU_PAGE_BAD] = "\033[31m"};

bool slu_page_coloured(FILE *to)
{
	const char *none = getenv("NO_COLOR"), *term = getenv("TERM");

	return isatty(fileno(to)) && !(none && *none) && term && *term && strcmp(term, "dumb") != 0;
}

/* How much of text goes on a line of so many columns. */
static size_t line_length(const char *text, size_t columns)
{
	const size_t n = strlen(text);
	size_t at = columns;

	if (n <= columns)
		return n;
	while (at && text[at] != ' ')
		at--;
	return at ? at : strcspn(text, " ");
}

void slu_page_text(const struct slu_page *page, enum slu_page_style style, size_t indent, const char *label,
		   const char *format, ...)
{
	const char *on = page->colour ? styles[style] : "", *off = *on ? "\033[0m" : "";
	char text[4096];
	const char *at = text;
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof text, format, ap);
	va_end(ap);
	do {
		const size_t used = strlen(label), gap = used < indent ? indent - used : *label ? 1 : 0;
		const size_t n = line_length(at, SLU_PAGE_COLUMNS - used - gap);

		fprintf(page->to, "%s%s%*s%.*s%s\n", on, label, (int)gap, "", (int)n, at, off);
		label = "";
		at += n;
		at += strspn(at, " ");
	} while (*at);
}

void slu_page_line(const struct slu_page *page, enum slu_page_style style, size_t indent, const char *format, ...)
{
	const char *on = page->colour ? styles[style] : "", *off = *on ? "\033[0m" : "";
	va_list ap;

	fprintf(page->to, "%*s%s", (int)indent, "", on);
	va_start(ap, format);
	vfprintf(page->to, format, ap);
	va_end(ap);
	fprintf(page->to, "%s\n", off);
}
