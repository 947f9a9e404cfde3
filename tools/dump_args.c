/* SPDX-License-Identifier: MIT */
#include "tools/dump_args.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tools/shell_quote.h"

enum { MAX_DEPTH = 16, KEPT = 8 /* places, for what comes after connect */ };

static const struct option_name {
	char letter;
	bool quoted; /* in double quotes, whatever it is */
	const char *name;
} option_names[] = {
	/* in the order of the command line */
	{'r', true, "rtmp"},   {'a', true, "app"},      {'f', true, "flashVer"},
	{'W', true, "swfVfy"}, {'p', true, "pageUrl"},  {'j', true, "jtv"},
	{'C', false, "conn"},  {'y', true, "playpath"}, {'o', false, "flv"},
};

static const struct option_name *find_option(char letter)
{
	const struct option_name *o = option_names;

	while (o->letter != letter)
		o++;
	return o;
}

void slu_dump_args_clear(struct slu_dump_args *args)
{
	for (size_t i = 0; i < args->n; i++)
		free(args->items[i].value);
	*args = (struct slu_dump_args){.n = 0};
}

/* Behind those that come before it in the table, and behind its like. */
static void insert(struct slu_dump_args *args, struct slu_dump_arg arg)
{
	size_t at = args->n++;

	for (; at > 0 && find_option(args->items[at - 1].letter) > find_option(arg.letter); at--)
		args->items[at] = args->items[at - 1];
	args->items[at] = arg;
}

void slu_dump_args_add(struct slu_dump_args *args, char letter, struct slu_amf_str value)
{
	char *copy = args->n < SLU_DUMP_ARGS ? strndup(value.n ? value.s : "", value.n) : NULL;

	if (!copy || strlen(copy) < value.n)
		args->lossy = true;
	if (copy)
		insert(args, (struct slu_dump_arg){letter, copy});
}

void slu_dump_args_add_text(struct slu_dump_args *args, char letter, const char *value)
{
	slu_dump_args_add(args, letter, (struct slu_amf_str){value, strlen(value)});
}

/* ---- connect's object ---- */

static void add_property(struct slu_dump_args *args, char letter, const struct slu_amf_value *object, const char *name)
{
	struct slu_amf_str value;

	if (slu_amf_string(slu_amf_get(object, name), &value))
		slu_dump_args_add(args, letter, value);
}

/* ---- and what comes behind it: -C ---- */

/* As many digits as before, unless that makes it another number. */
static void print_number(char *out, size_t size, double number)
{
	snprintf(out, size, "%f", number);
	if (strtod(out, NULL) != number)
		snprintf(out, size, "%.17g", number);
}

static bool has_room(const struct slu_dump_args *args)
{
	return args->n < SLU_DUMP_ARGS - KEPT;
}

/* "N:5", or "NN:name:5" for what has a name. */
static void add_conn(struct slu_dump_args *args, struct slu_amf_str name, char type, struct slu_amf_str value)
{
	size_t size = name.n + value.n + 5, n;
	char *text = has_room(args) ? malloc(size) : NULL;

	if (!text) {
		args->lossy = true;
		return;
	}
	if (name.n)
		n = (size_t)snprintf(text, size, "N%c:%.*s:", type, (int)name.n, name.s);
	else
		n = (size_t)snprintf(text, size, "%c:", type);
	if (value.n)
		memcpy(text + n, value.s, value.n);
	slu_dump_args_add(args, 'C', (struct slu_amf_str){text, n + value.n});
	free(text);
}

static void add_conn_text(struct slu_dump_args *args, struct slu_amf_str name, char type, const char *value)
{
	add_conn(args, name, type, (struct slu_amf_str){value, strlen(value)});
}

static void add_value(struct slu_dump_args *args, const struct slu_amf_value *v, unsigned depth);

static void add_object(struct slu_dump_args *args, const struct slu_amf_value *v, unsigned depth)
{
	const struct slu_amf_value *member = slu_amf_first(v);

	if (depth == MAX_DEPTH) {
		args->lossy = true;
		return;
	}
	add_conn_text(args, slu_amf_name(v), 'O', "1");
	for (; member && has_room(args); member = slu_amf_next(member))
		add_value(args, member, depth + 1);
	add_conn_text(args, (struct slu_amf_str){"", 0}, 'O', "0");
}

/* What -C has no letter for leaves its place to a null. */
static void add_value(struct slu_dump_args *args, const struct slu_amf_value *v, unsigned depth)
{
	struct slu_amf_str name = slu_amf_name(v), text;
	char number[400];
	double d;
	bool b;

	if (name.n && memchr(name.s, ':', name.n)) {
		args->lossy = true; /* it would end there */
	} else if (slu_amf_boolean(v, &b)) {
		add_conn_text(args, name, 'B', b ? "1" : "0");
	} else if (slu_amf_number(v, &d)) {
		print_number(number, sizeof number, d);
		add_conn_text(args, name, 'N', number);
	} else if (slu_amf_type(v) == SLU_AMF_STRING && slu_amf_string(v, &text)) {
		add_conn(args, name, 'S', text);
	} else if (slu_amf_type(v) == SLU_AMF_OBJECT) {
		add_object(args, v, depth);
	} else {
		args->lossy = args->lossy || slu_amf_type(v) != SLU_AMF_NULL;
		add_conn_text(args, name, 'Z', "");
	}
}

void slu_dump_args_connect(struct slu_dump_args *args, const struct slu_amf_value *command)
{
	const struct slu_amf_value *object = slu_amf_at(command, 2);
	const struct slu_amf_value *v = object ? slu_amf_next(object) : NULL;
	size_t before = args->n;

	add_property(args, 'r', object, "tcUrl");
	args->has_url = args->n > before && *args->items[before].value;
	add_property(args, 'a', object, "app");
	add_property(args, 'f', object, "flashVer");
	add_property(args, 'W', object, "swfUrl");
	add_property(args, 'p', object, "pageUrl");
	for (; v && has_room(args); v = slu_amf_next(v))
		add_value(args, v, 0);
	args->lossy = args->lossy || v;
}

/* ---- what is made of them ---- */

char *slu_dump_args_line(const struct slu_dump_args *args)
{
	char *line = NULL;
	size_t size;
	FILE *to = open_memstream(&line, &size);

	if (!to)
		return NULL;
	fputs("rtmpdump", to);
	for (size_t i = 0; i < args->n; i++) {
		fprintf(to, " -%c ", args->items[i].letter);
		slu_shell_quote(to, args->items[i].value, find_option(args->items[i].letter)->quoted);
	}
	if (fclose(to) == 0)
		return line;
	free(line);
	return NULL;
}

char **slu_dump_args_argv(const struct slu_dump_args *args)
{
	size_t size = (args->n + 2) * sizeof(char *) + sizeof "rtmpdump";
	char **argv, *at;

	for (size_t i = 0; i < args->n; i++)
		size += strlen(find_option(args->items[i].letter)->name) + strlen(args->items[i].value) + 4;
	argv = malloc(size);
	if (!argv)
		return NULL;
	at = (char *)(argv + args->n + 2);
	argv[0] = at;
	at = stpcpy(at, "rtmpdump") + 1;
	for (size_t i = 0; i < args->n; i++) {
		argv[i + 1] = at;
		at += sprintf(at, "--%s=%s", find_option(args->items[i].letter)->name, args->items[i].value) + 1;
	}
	argv[args->n + 1] = NULL;
	return argv;
}
