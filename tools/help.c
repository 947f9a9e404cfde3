/* SPDX-License-Identifier: MIT */
#include "tools/help.h"

#include <string.h>

enum { COLUMNS = 79, TEXT = 25 };

/* "-4, --ipv4" or "--bind ADDRESS". */
static void label(char *out, size_t size, const struct slu_opt *o)
{
	const char *format = o->optional ? "%s--%s[=%s]" : "%s--%s %s";
	char letter[8] = "";

	if (o->letter)
		snprintf(letter, sizeof letter, "-%c, ", o->letter);
	if (o->arg)
		snprintf(out, size, format, letter, o->name, o->arg);
	else
		snprintf(out, size, "%s--%s", letter, o->name);
}

static void print_option(FILE *to, const struct slu_opt *o)
{
	char text[80];

	label(text, sizeof text, o);
	fprintf(to, "  %-*s", TEXT - 3, text);
	if (strlen(text) > TEXT - 3)
		fprintf(to, "\n%*s", TEXT - 1, "");
	fprintf(to, " %s\n", o->help);
}

static void print_names(FILE *to, const struct slu_opt_group *group)
{
	size_t column = (size_t)fprintf(to, "%s:", group->title);
	char text[80];

	for (size_t i = 0; i < group->count; i++) {
		const char *end = i + 1 < group->count ? "," : "";

		label(text, sizeof text, &group->opts[i]);
		if (column + 1 + strlen(text) + strlen(end) > COLUMNS) {
			fputs("\n ", to);
			column = 1;
		}
		column += (size_t)fprintf(to, " %s%s", text, end);
	}
	fputs("\n", to);
}

void slu_help(FILE *to, const struct slu_usage *usage, bool all)
{
	fprintf(to, "Usage: sluice %s %s\n%s\n", usage->verb, usage->operands, usage->what);
	for (size_t g = 0; g < usage->ngroups; g++) {
		const struct slu_opt_group *group = &usage->groups[g];

		if (group->brief && !all) {
			print_names(to, group);
			continue;
		}
		if (group->title[0])
			fprintf(to, "%s:\n", group->title);
		for (size_t i = 0; i < group->count; i++)
			print_option(to, &group->opts[i]);
	}
	if (!all)
		fprintf(to, "--help-all tells of each option, sluice-%s(1) of all the rest.\n", usage->verb);
}
