/* SPDX-License-Identifier: MIT */
#include "crypto/proc_crypto.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

enum field_kind { TEXT, NUMBER, YES };

struct field {
	const char *name;
	enum field_kind kind;
	size_t offset, size;
};

#define TEXT_FIELD(member)                                                                                             \
#member, TEXT, offsetof(struct slu_proc_cipher, member), sizeof((struct slu_proc_cipher *)0)->member
static const struct field fields[] = {
	{TEXT_FIELD(name)},
	{TEXT_FIELD(driver)},
	{TEXT_FIELD(module)},
	{TEXT_FIELD(type)},
	{"priority", NUMBER, offsetof(struct slu_proc_cipher, priority), 0},
	{"async", YES, offsetof(struct slu_proc_cipher, async), 0},
	{"internal", YES, offsetof(struct slu_proc_cipher, internal), 0},
};

static void set_field(struct slu_proc_cipher *out, const struct field *f, const char *value, size_t n)
{
	char *to = (char *)out + f->offset;

	switch (f->kind) {
	case TEXT:
		n = n < f->size ? n : f->size - 1;
		memcpy(to, value, n);
		to[n] = '\0';
		break;
	case NUMBER:
		*(long *)(void *)to = strtol(value, NULL, 10);
		break;
	case YES:
		*(bool *)(void *)to = n == 3 && memcmp(value, "yes", n) == 0;
		break;
	}
}

/* "name         : cbc(aes)" */
static void read_line(struct slu_proc_cipher *out, const char *line, size_t n)
{
	const char *colon = memchr(line, ':', n), *value;
	size_t name = 0;

	if (!colon)
		return;
	while (line + name < colon && line[name] != ' ' && line[name] != '\t')
		name++;
	for (value = colon + 1; value < line + n && *value == ' ';)
		value++;
	for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
		if (strlen(fields[i].name) == name && memcmp(line, fields[i].name, name) == 0)
			set_field(out, &fields[i], value, (size_t)(line + n - value));
}

bool slu_proc_crypto_next(const char **text, struct slu_proc_cipher *out)
{
	memset(out, 0, sizeof *out);
	while (**text) {
		size_t n = strcspn(*text, "\n");

		read_line(out, *text, n);
		*text += n + ((*text)[n] == '\n');
		if (n && **text)
			continue;
		if (out->name[0] && out->driver[0])
			return true;
		memset(out, 0, sizeof *out);
	}
	return false;
}

static bool is_cipher(const struct slu_proc_cipher *c)
{
	return strcmp(c->type, "skcipher") == 0 || strcmp(c->type, "aead") == 0 || strcmp(c->type, "ablkcipher") == 0 ||
	       strcmp(c->type, "blkcipher") == 0;
}

bool slu_proc_crypto_find(const char *text, const char *name, struct slu_proc_cipher *out)
{
	struct slu_proc_cipher c;
	bool found = false;

	while (slu_proc_crypto_next(&text, &c)) {
		if (c.internal || !is_cipher(&c) || strcmp(c.name, name) != 0 || (found && c.priority <= out->priority))
			continue;
		*out = c;
		found = true;
	}
	return found;
}
