/* SPDX-License-Identifier: MIT */
#include "tools/options.h"

#include <errno.h>
#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/exit.h"
#include "tools/help.h"
#include "tools/say.h"

enum { MAX_OPTIONS = 80, FIRST_LONG = 256, HELP = 'h', HELP_ALL = 1 };

/* getopt_long's view of the groups. The value of a long option is FIRST_LONG and its place in `opts`. */
struct parser {
	const struct slu_usage *usage;
	struct option longs[MAX_OPTIONS + 3];
	char shorts[2 * MAX_OPTIONS + 4];
	const struct slu_opt *opts[MAX_OPTIONS];
	void *into[MAX_OPTIONS];
	int count;
};

static int has_arg(const struct slu_opt *o)
{
	if (!o->arg)
		return no_argument;
	return o->optional ? optional_argument : required_argument;
}

static void parser_init(struct parser *p, const struct slu_usage *usage)
{
	size_t s = 0;

	memset(p, 0, sizeof *p);
	p->usage = usage;
	p->shorts[s++] = ':';
	p->shorts[s++] = HELP;
	for (size_t g = 0; g < usage->ngroups; g++) {
		for (size_t i = 0; i < usage->groups[g].count && p->count < MAX_OPTIONS; i++) {
			const struct slu_opt *o = &usage->groups[g].opts[i];

			p->longs[p->count] =
				(struct option){.name = o->name, .has_arg = has_arg(o), .val = FIRST_LONG + p->count};
			if (o->letter)
				p->shorts[s++] = o->letter;
			if (o->letter && o->arg)
				p->shorts[s++] = ':';
			p->opts[p->count] = o;
			p->into[p->count++] = usage->groups[g].into;
		}
	}
	p->longs[p->count] = (struct option){.name = "help", .val = HELP};
	p->longs[p->count + 1] = (struct option){.name = "help-all", .val = HELP_ALL};
}

static int find(const struct parser *p, int value)
{
	if (value >= FIRST_LONG)
		return value - FIRST_LONG;
	for (int i = 0; i < p->count; i++)
		if (p->opts[i]->letter == value)
			return i;
	return -1;
}

/* The C library would take blanks, signs, hexadecimal and more in front of a number or as one. */
static bool is_made_of(const char *text, const char *digits)
{
	return *text && !text[strspn(text, digits)];
}

/* Seconds, with decimals, as ms. */
static bool parse_ms(const char *text, long *out)
{
	char *end;
	double seconds;

	errno = 0;
	seconds = strtod(text, &end);
	if (!is_made_of(text, "0123456789.") || end == text || *end || errno || !(seconds >= 0 && seconds < 2e6))
		return false;
	*out = (long)(seconds * 1000 + 0.5);
	return true;
}

static bool parse_number(const char *text, long *out)
{
	char *end;

	errno = 0;
	*out = strtol(text, &end, 10);
	return is_made_of(text + (*text == '-'), "0123456789") && !*end && !errno;
}

static int bad_value(const struct slu_opt *o, const char *text)
{
	if (o->kind == SLU_OPT_NUMBER)
		slu_say("--%s takes a number from %ld to %ld, and \"%s\" is none", o->name, o->min, o->max, text);
	else if (o->kind == SLU_OPT_MS)
		slu_say("--%s takes %g to %g seconds, and \"%s\" is none of them", o->name, (double)o->min / 1000,
			(double)o->max / 1000, text);
	else
		slu_say("--%s takes %s, and \"%s\" is none", o->name,
			o->kind == SLU_OPT_TLS ? "a TLS version (1.0, 1.1, 1.2 or 1.3)" : "a type of RTMPE (6, 8 or 9)",
			text);
	return SLU_EXIT_USAGE;
}

/* The value of a number or of seconds. */
static int set_number(const struct slu_opt *o, long *to, const char *text)
{
	long value;

	if (!text) {
		*to = o->max;
		return -1;
	}
	if (!(o->kind == SLU_OPT_MS ? parse_ms(text, &value) : parse_number(text, &value)) || value < o->min ||
	    value > o->max)
		return bad_value(o, text);
	*to = value;
	return -1;
}

static int set_rtmpe(const struct slu_opt *o, enum slu_handshake *to, const char *text)
{
	static const char *const types[] = {
		[SLU_HANDSHAKE_RTMPE6] = "6", [SLU_HANDSHAKE_RTMPE8] = "8", [SLU_HANDSHAKE_RTMPE9] = "9"};

	for (int i = SLU_HANDSHAKE_RTMPE6; i <= SLU_HANDSHAKE_RTMPE9; i++) {
		if (strcmp(text, types[i]) == 0) {
			*to = (enum slu_handshake)i;
			return -1;
		}
	}
	return bad_value(o, text);
}

static int add(const struct slu_opt *o, struct slu_opt_list *to, const char *text)
{
	if (to->n == SLU_OPT_LIST_MAX) {
		slu_say("--%s can be given %d times at most", o->name, SLU_OPT_LIST_MAX);
		return SLU_EXIT_USAGE;
	}
	to->items[to->n++] = text;
	return -1;
}

static int set(const struct slu_opt *o, void *into, const char *text)
{
	void *to = (char *)into + o->offset;

	switch (o->kind) {
	case SLU_OPT_FLAG:
		*(bool *)to = true;
		break;
	case SLU_OPT_SET:
		*(int *)to = (int)o->min;
		break;
	case SLU_OPT_COUNT:
		++*(int *)to;
		break;
	case SLU_OPT_TEXT:
		*(const char **)to = text;
		break;
	case SLU_OPT_LIST:
		return add(o, to, text);
	case SLU_OPT_NUMBER:
	case SLU_OPT_MS:
		return set_number(o, to, text);
	case SLU_OPT_TLS:
		return slu_tls_version_parse(text, to) ? -1 : bad_value(o, text);
	case SLU_OPT_RTMPE:
		return set_rtmpe(o, to, text);
	}
	return -1;
}

static int no_such_option(const struct parser *p, const char *word)
{
	slu_say("there is no option %.*s; see sluice %s --help", (int)strcspn(word, "="), word, p->usage->verb);
	return SLU_EXIT_USAGE;
}

/* The word of argv that the long option which getopt_long has just found stands in. */
static const char *word_of(char **argv)
{
	return argv[optind - (optarg && optarg == argv[optind - 1] ? 2 : 1)];
}

/* getopt_long's complaint, as a sentence: what stands in argv may be a secret by mistake, so only options are named. */
static int complain(const struct parser *p, int value, char **argv)
{
	int i = find(p, optopt);

	if (value == ':' && i >= 0 && i < p->count)
		slu_say("--%s needs an argument: %s", p->opts[i]->name, p->opts[i]->arg);
	else if (optopt >= FIRST_LONG && i < p->count)
		slu_say("--%s takes no argument", p->opts[i]->name);
	else if (optopt)
		slu_say("there is no option -%c; see sluice %s --help", optopt, p->usage->verb);
	else
		return no_such_option(p, argv[optind - 1]);
	return SLU_EXIT_USAGE;
}

static int check_operands(const struct slu_usage *usage, int count)
{
	if (count >= usage->min_operands && count <= usage->max_operands)
		return -1;
	slu_say("usage: sluice %s %s", usage->verb, usage->operands);
	return SLU_EXIT_USAGE;
}

int slu_options_parse(const struct slu_usage *usage, int argc, char **argv, int *first)
{
	struct parser p;
	int value, i, status;

	parser_init(&p, usage);
	optind = 0; /* glibc and musl: begin anew */
	opterr = 0;
	while ((value = getopt_long(argc, argv, p.shorts, p.longs, NULL)) != -1) {
		if (value == HELP || value == HELP_ALL) {
			slu_help(stdout, usage, value == HELP_ALL);
			return SLU_EXIT_OK;
		}
		if (value == '?' || value == ':')
			return complain(&p, value, argv);
		i = find(&p, value);
		/* Whole names only: getopt_long would take "--key FILE" for "--keylog FILE", and write to a file that
		 * was meant to be read. */
		if (value >= FIRST_LONG && strcspn(word_of(argv), "=") != strlen("--") + strlen(p.opts[i]->name))
			return no_such_option(&p, word_of(argv));
		status = set(p.opts[i], p.into[i], optarg);
		if (status >= 0)
			return status;
	}
	*first = optind;
	return check_operands(usage, argc - optind);
}
