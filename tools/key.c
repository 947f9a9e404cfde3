/* SPDX-License-Identifier: MIT */
#include "tools/key.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sluice/url.h>

#include "tools/exit.h"

static const char blanks[] = " \t\r\n";

/* Takes the first line of text, without blanks at its ends. */
static int trim(const char *text, const char *from, char *out, char *error, size_t size)
{
	size_t n;

	text += strspn(text, blanks);
	n = strcspn(text, "\r\n");
	while (n > 0 && strchr(blanks, text[n - 1]))
		n--;
	if (n == 0 || n >= SLU_KEY_MAX) {
		snprintf(error, size, n ? "the stream key in %s is over %d bytes" : "there is no stream key in %s",
			 from, SLU_KEY_MAX - 1);
		return SLU_EXIT_USAGE;
	}
	memmove(out, text, n);
	out[n] = '\0';
	return 0;
}

int slu_key_from_file(const char *path, char *out, char *error, size_t size)
{
	char text[SLU_KEY_MAX + 2];
	FILE *f = fopen(path, "re");
	size_t n;
	int status;

	if (!f) {
		/* The path is not said: where there is no such file, it may be the key itself, given by mistake. */
		snprintf(error, size, "cannot read the stream key from the file that --key-file names: %s",
			 strerror(errno));
		return SLU_EXIT_USAGE;
	}
	/* Unbuffered: no copy of the key stays behind in a stdio buffer. */
	setvbuf(f, NULL, _IONBF, 0);
	n = fread(text, 1, sizeof text - 1, f);
	fclose(f);
	text[n] = '\0';
	status = trim(text, path, out, error, size);
	explicit_bzero(text, sizeof text);
	return status;
}

int slu_key_from_env(const char *name, char *out, char *error, size_t size)
{
	const char *text = getenv(name);

	if (!text) {
		snprintf(error, size,
			 "the environment variable that --key-env names, which should hold the stream key, "
			 "is not set");
		return SLU_EXIT_USAGE;
	}
	return trim(text, name, out, error, size);
}

static bool names_stream(const char *text)
{
	struct slu_url url;
	bool names = slu_url_parse(&url, text, NULL) != 0 || url.stream[0]; /* of what is no URL others speak */

	slu_url_clear(&url);
	return names;
}

int slu_key_find(const struct slu_key_options *o, const char *url, const char *operand, char key[SLU_KEY_MAX],
		 const char **stream, char *error, size_t size)
{
	*stream = operand ? operand : key;
	if ((operand != NULL) + (o->file != NULL) + (o->env != NULL) > 1) {
		snprintf(error, size, "STREAM, --key-file and --key-env exclude each other");
		return SLU_EXIT_USAGE;
	}
	if (operand)
		return 0;
	if (o->file)
		return slu_key_from_file(o->file, key, error, size);
	if (o->env)
		return slu_key_from_env(o->env, key, error, size);
	if (names_stream(url)) {
		*stream = NULL;
		return 0;
	}
	if (getenv(SLU_KEY_VARIABLE))
		return slu_key_from_env(SLU_KEY_VARIABLE, key, error, size);
	snprintf(error, size,
		 "the URL has no stream name: add it there, or give STREAM, --key-file or " SLU_KEY_VARIABLE);
	return SLU_EXIT_USAGE;
}
