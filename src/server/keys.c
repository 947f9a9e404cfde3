/* SPDX-License-Identifier: MIT */
#include "server/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sluice/error.h>

#include "base/wipe.h"
#include "server/hub.h"

enum { HEX = 2 * SLU_SHA256_SIZE };

struct entry {
	struct slu_key_id id;
	size_t line;
	char *name; /* NULL: that of the publisher */
};

struct slu_keys {
	const struct slu_cryptops *crypto;
	struct entry *entries; /* in the order of their ids */
	size_t count, cap;
};

struct slu_keys *slu_keys_new(const struct slu_cryptops *crypto)
{
	struct slu_keys *k = calloc(1, sizeof *k);

	if (k)
		k->crypto = crypto;
	return k;
}

void slu_keys_free(struct slu_keys *k)
{
	if (!k)
		return;
	for (size_t i = 0; i < k->count; i++)
		free(k->entries[i].name);
	slu_wipe_bytes(k->entries, k->count * sizeof *k->entries);
	free(k->entries);
	free(k);
}

size_t slu_keys_count(const struct slu_keys *k)
{
	return k->count;
}

void slu_keys_swap(struct slu_keys *a, struct slu_keys *b)
{
	struct slu_keys was = *a;

	*a = *b;
	*b = was;
}

/* ---- lines ---- */

/* A piece of the text. */
struct piece {
	const char *s;
	size_t n;
};

/* Some editors begin UTF-8 with a mark. */
static struct piece behind_mark(const char *text, size_t n)
{
	size_t mark = n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;

	return (struct piece){text + mark, n - mark};
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The next word of a line, which begins behind it then; of no bytes where there is none. */
static struct piece take_word(struct piece *line)
{
	struct piece word = {line->s, 0};
	size_t at = 0;

	while (at < line->n && is_blank(line->s[at]))
		at++;
	word.s += at;
	while (at + word.n < line->n && !is_blank(word.s[word.n]))
		word.n++;
	line->s = word.s + word.n;
	line->n -= at + word.n;
	return word;
}

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool take_hex(struct piece word, struct slu_key_id *id)
{
	if (word.n != HEX)
		return false;
	for (size_t i = 0; i < SLU_SHA256_SIZE; i++) {
		int high = digit(word.s[2 * i]), low = digit(word.s[2 * i + 1]);

		if (high < 0 || low < 0)
			return false;
		id->sha256[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

/* Whether it is a stream's key as it stands: an app and a name, and nothing that would be read in another way. */
static bool is_stream(const char *name)
{
	char key[SLU_STREAM_KEY];

	return strchr(name, '/') && slu_stream_key(key, "", name) == 0 && strcmp(key, name) == 0;
}

static struct entry *add_entry(struct slu_keys *k)
{
	size_t cap = k->cap ? 2 * k->cap : 16;
	struct entry *entries = k->entries;

	if (k->count == k->cap) {
		entries = realloc(k->entries, cap * sizeof *entries);
		if (!entries)
			return NULL;
		k->entries = entries;
		k->cap = cap;
	}
	entries[k->count] = (struct entry){.name = NULL};
	return &entries[k->count++];
}

static int say(char *error, size_t size, const char *from, size_t line, const char *why)
{
	snprintf(error, size, "line %zu of %s cannot be used: %s", line, from, why);
	return SLU_ERR_INVALID;
}

/* A line that is neither empty nor a comment. why is set with SLU_ERR_INVALID. */
static int add_line(struct slu_keys *k, struct piece line, size_t number, const char **why)
{
	struct piece hash = take_word(&line), name = take_word(&line);
	struct entry *e = add_entry(k);

	if (!e)
		return SLU_ERR_NOMEM;
	e->line = number;
	*why = "it does not begin with a SHA-256 of 64 hexadecimal digits; 'sluice serve --make-key APP/NAME' makes a "
	       "line";
	if (!take_hex(hash, &e->id))
		return SLU_ERR_INVALID;
	*why = "behind APP/NAME there is something else; take it away, comments have lines of their own";
	if (take_word(&line).n)
		return SLU_ERR_INVALID;
	if (!name.n)
		return 0;
	*why = "what follows the SHA-256 is not APP/NAME: both are needed, without empty parts, '.', '..', '?' and "
	       "control characters, of 511 bytes at most";
	if (name.n >= SLU_STREAM_KEY || memchr(name.s, '\0', name.n))
		return SLU_ERR_INVALID;
	e->name = strndup(name.s, name.n);
	if (!e->name)
		return SLU_ERR_NOMEM;
	return is_stream(e->name) ? 0 : SLU_ERR_INVALID;
}

static int by_id(const void *a, const void *b)
{
	const struct entry *x = a, *y = b;
	int order = memcmp(&x->id, &y->id, sizeof x->id);

	return order ? order : (x->line > y->line) - (x->line < y->line);
}

/* The first line that has the key of one before it; 0: there is none. */
static size_t sort_and_find_twin(struct slu_keys *k, size_t *other)
{
	size_t found = 0;

	if (k->count)
		qsort(k->entries, k->count, sizeof *k->entries, by_id);
	for (size_t i = 1; i < k->count; i++) {
		const struct entry *a = &k->entries[i - 1], *b = &k->entries[i];

		if (memcmp(&a->id, &b->id, sizeof a->id) != 0 || (found && b->line >= found))
			continue;
		found = b->line;
		*other = a->line;
	}
	return found;
}

int slu_keys_parse(struct slu_keys *k, const char *text, size_t n, const char *from, char *error, size_t size)
{
	const char *why = "";
	char twin[128];
	size_t number = 0, other = 0;
	int err;

	snprintf(error, size, "out of memory");
	for (struct piece left = behind_mark(text, n); left.n; number++) {
		const char *newline = memchr(left.s, '\n', left.n);
		struct piece line = {left.s, newline ? (size_t)(newline - left.s) : left.n}, rest = line;
		struct piece word = take_word(&rest);
		size_t used = line.n + (newline != NULL);

		left = (struct piece){left.s + used, left.n - used};
		if (!word.n || *word.s == '#')
			continue;
		err = add_line(k, line, number + 1, &why);
		if (err)
			return err == SLU_ERR_INVALID ? say(error, size, from, number + 1, why) : err;
	}
	number = sort_and_find_twin(k, &other);
	if (!number)
		return 0;
	snprintf(twin, sizeof twin, "line %zu has the same key already; take one of them away", other);
	return say(error, size, from, number, twin);
}

/* ---- looking for one ---- */

int slu_keys_id(const struct slu_keys *k, const char *key, struct slu_key_id *id)
{
	const struct slu_run run = {key, strcspn(key, "?")};

	return k->crypto->sha256(&run, 1, id->sha256);
}

/* All bits where they are the same, none otherwise, without a branch. */
static size_t mask_of_same(const struct slu_key_id *a, const struct slu_key_id *b)
{
	const volatile uint8_t *p = a->sha256, *q = b->sha256;
	uint32_t differ = 0;

	for (size_t i = 0; i < SLU_SHA256_SIZE; i++)
		differ |= (uint32_t)(p[i] ^ q[i]);
	return (size_t)0 - (size_t)((differ - 1) >> 31);
}

bool slu_keys_same(const struct slu_key_id *a, const struct slu_key_id *b)
{
	return mask_of_same(a, b) != 0;
}

bool slu_keys_find(const struct slu_keys *k, const struct slu_key_id *id, const char **name)
{
	size_t found = 0; /* its number, from 1 on: ids are there once */

	for (size_t i = 0; i < k->count; i++)
		found |= mask_of_same(&k->entries[i].id, id) & (i + 1);
	*name = found ? k->entries[found - 1].name : NULL;
	return found != 0;
}
