/* SPDX-License-Identifier: MIT */
#include "tools/shell_quote.h"

#include <string.h>

/* No shell makes anything else of these, wherever in a word they are but for '~', '=' and '#', which are not here. */
static const char harmless[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789%+,-./:@_";

static int is_plain(const char *text)
{
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			return 0;
	return 1;
}

/* Each byte alone: three digits, so that a digit behind them is none of theirs. */
static void quote_bytes(FILE *to, const char *text)
{
	fputs("$'", to);
	for (; *text; text++) {
		if (*text < ' ' || *text > '~')
			fprintf(to, "\\%03o", (unsigned)(unsigned char)*text);
		else
			fprintf(to, *text == '\'' || *text == '\\' ? "\\%c" : "%c", *text);
	}
	fputs("'", to);
}

static void quote_single(FILE *to, const char *text)
{
	fputs("'", to);
	for (; *text; text++)
		fputs(*text == '\'' ? "'\\''" : (char[2]){*text, '\0'}, to);
	fputs("'", to);
}

void slu_shell_quote(FILE *to, const char *text, int always)
{
	if (!is_plain(text))
		quote_bytes(to, text);
	else if (strpbrk(text, "\"$`\\!")) /* '!' is for shells that remember what was typed */
		quote_single(to, text);
	else if (always || !*text || text[strspn(text, harmless)])
		fprintf(to, "\"%s\"", text);
	else
		fputs(text, to);
}
