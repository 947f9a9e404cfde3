/* SPDX-License-Identifier: MIT */
/*
 * A client's connect command, as a command line. Whatever is in it: a shell reads the words from the line that
 * exec() is given, each value is in one word with its option, and nothing in the line is a control character.
 */
#include <ctype.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "tools/dump_args.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What $'...' stands for, from behind its quote on. */
static const char *read_escaped(const char *c, char *word, size_t *n)
{
	for (; *c != '\''; c++) {
		if (*c == '\\' && isdigit((unsigned char)c[1])) {
			word[(*n)++] = (char)strtol((char[4]){c[1], c[2], c[3], '\0'}, NULL, 8);
			c += 3;
		} else {
			c += *c == '\\';
			word[(*n)++] = *c;
		}
		if (!*c)
			abort();
	}
	return c + 1;
}

static const char *read_quoted(const char *c, char quote, char *word, size_t *n)
{
	for (; *c != quote; c++) {
		if (!*c || (quote == '"' && strchr("$`\\!\"", *c)))
			abort();
		word[(*n)++] = *c;
	}
	return c + 1;
}

/* The next word as a shell would have it; NULL: there is none. Only what is harmless stands without quotes. */
static const char *read_word(const char *c, char *word)
{
	size_t n = 0;

	c += strspn(c, " ");
	if (!*c)
		return NULL;
	while (*c && *c != ' ') {
		if (c[0] == '$' && c[1] == '\'')
			c = read_escaped(c + 2, word, &n);
		else if (*c == '"' || *c == '\'')
			c = read_quoted(c + 1, *c, word, &n);
		else if (*c == '\\' && c[1] == '\'')
			word[n++] = *++c, c++;
		else if (isalnum((unsigned char)*c) || strchr("%+,-./:@_", *c))
			word[n++] = *c++;
		else
			abort();
	}
	word[n] = '\0';
	return c;
}

static void check(const struct slu_dump_args *args)
{
	char *line = slu_dump_args_line(args), **argv = slu_dump_args_argv(args), *word;
	const char *at = line;

	word = line ? malloc(strlen(line) + 1) : NULL;
	if (!word || !argv)
		abort();
	for (const char *c = line; *c; c++)
		if (iscntrl((unsigned char)*c) || (unsigned char)*c > '~')
			abort();
	at = read_word(at, word);
	if (strcmp(word, "rtmpdump") != 0 || strcmp(argv[0], "rtmpdump") != 0 || argv[args->n + 1])
		abort();
	for (size_t i = 0; i < args->n; i++) {
		const char *value = strchr(argv[i + 1], '=');

		at = read_word(at, word);
		if (!at || word[0] != '-' || word[1] != args->items[i].letter || word[2])
			abort();
		at = read_word(at, word);
		if (!at || !value || strcmp(word, value + 1) != 0 || strncmp(argv[i + 1], "--", 2) != 0)
			abort();
	}
	if (read_word(at, word))
		abort();
	free(word);
	free(argv);
	free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct slu_dump_args args;
	struct slu_amf_doc *doc = slu_amf_doc_new(NULL);

	if (doc && slu_amf_decode(doc, SLU_AMF0, data, size) == 0) {
		slu_dump_args_connect(&args, slu_amf_root(doc));
		slu_dump_args_add_text(&args, 'o', "x.flv");
		check(&args);
	}
	slu_dump_args_clear(&args);
	slu_amf_doc_free(doc);
	return 0;
}
