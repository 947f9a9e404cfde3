/* SPDX-License-Identifier: MIT */
#include "server/vod_index.h"

#include <stdbool.h>
#include <string.h>

#include <sluice/amf.h>

#include "base/cursor.h"

enum { NUMBER = 0x00, STRING = 0x02, OBJECT = 0x03, ECMA_ARRAY = 0x08, STRICT_ARRAY = 0x0a }; /* AMF 0, 2.1 */
enum { ELEMENT = 9 }; /* a marker and a double */

/* A strict array of numbers, where it lies. */
struct numbers {
	const uint8_t *first;
	uint32_t n;
};

struct index {
	struct slu_amf_doc *doc; /* for what is passed over */
	struct numbers times, positions, configs;
};

static bool pass_over(struct index *x, struct slu_cursor *c)
{
	size_t used;

	if (slu_amf_decode_one(x->doc, SLU_AMF0, c->p, slu_cursor_left(c), &used) != 0)
		return false;
	return slu_cursor_take(c, used) != NULL;
}

static bool read_numbers(struct index *x, struct slu_cursor *c, struct numbers *out)
{
	const uint8_t *p = c->p;
	uint32_t n;

	if (slu_cursor_left(c) < 5 || *p != STRICT_ARRAY)
		return pass_over(x, c);
	n = slu_be32(p + 1);
	if (n > (slu_cursor_left(c) - 5) / ELEMENT)
		return false;
	slu_cursor_take(c, 5 + (size_t)n * ELEMENT);
	*out = (struct numbers){.first = p + 5, .n = n};
	return true;
}

/* Enters an object or an ECMA array. */
static bool enter(struct slu_cursor *c)
{
	uint8_t marker = slu_cursor_u8(c);

	if (marker == ECMA_ARRAY)
		slu_cursor_take(c, 4);
	return !c->bad && (marker == OBJECT || marker == ECMA_ARRAY);
}

struct name {
	const uint8_t *s;
	size_t n;
};

/* The name of the next member; false at the end. */
static bool next_name(struct slu_cursor *c, struct name *name)
{
	name->n = slu_cursor_u16(c);
	name->s = slu_cursor_take(c, name->n);
	return !c->bad && name->n > 0 && slu_cursor_left(c) > 0;
}

static bool is(const struct name *name, const char *text)
{
	return name->n == strlen(text) && memcmp(name->s, text, name->n) == 0;
}

static void read_index(struct index *x, struct slu_cursor *c)
{
	struct name name;
	bool ok = enter(c);

	while (ok && next_name(c, &name)) {
		if (is(&name, "times"))
			ok = read_numbers(x, c, &x->times);
		else if (is(&name, "filepositions"))
			ok = read_numbers(x, c, &x->positions);
		else if (is(&name, "sequenceheaders"))
			ok = read_numbers(x, c, &x->configs);
		else
			ok = pass_over(x, c);
	}
}

static void read_metadata(struct index *x, struct slu_cursor *c)
{
	struct name name;

	if (slu_cursor_u8(c) != STRING)
		return;
	slu_cursor_take(c, slu_cursor_u16(c));
	if (!enter(c))
		return;
	while (next_name(c, &name)) {
		if (is(&name, "keyframes")) {
			read_index(x, c);
			return;
		}
		if (!pass_over(x, c))
			return;
	}
}

/* -1 for what is no number. */
static double element(const struct numbers *a, uint32_t i)
{
	const uint8_t *p = a->first + (size_t)i * ELEMENT;

	return *p == NUMBER ? slu_be_double(p + 1) : (double)-1;
}

/* A place in a file; 0 for what is none. */
static uint64_t place(const struct numbers *a, uint32_t i)
{
	double position = element(a, i);

	return position > 0 && position < 0x1p53 ? (uint64_t)position : 0;
}

static uint64_t look_up(const struct index *x, uint32_t ms, uint32_t back)
{
	uint32_t from = 0, to = x->times.n < x->positions.n ? x->times.n : x->positions.n, middle;

	/* The times before from are not later; writers round them to the millisecond, or not at all. */
	while (from < to) {
		middle = from + (to - from) / 2;
		if (element(&x->times, middle) * 1000 < (double)ms + 0.5)
			from = middle + 1;
		else
			to = middle;
	}
	return from > back ? place(&x->positions, from - 1 - back) : 0;
}

static struct index read_all(const uint8_t *body, size_t n)
{
	struct slu_cursor c = slu_cursor(body, n);
	struct index x = {.doc = slu_amf_doc_new(NULL)};

	if (x.doc)
		read_metadata(&x, &c);
	slu_amf_doc_free(x.doc);
	x.doc = NULL;
	return x;
}

uint64_t slu_vod_index_find(const uint8_t *body, size_t n, uint32_t ms, uint32_t back)
{
	struct index x = read_all(body, n);

	return look_up(&x, ms, back);
}

size_t slu_vod_index_configs(const uint8_t *body, size_t n, uint64_t *out, size_t max)
{
	struct index x = read_all(body, n);
	size_t i = 0;

	for (; i < max && i < x.configs.n; i++)
		out[i] = place(&x.configs, (uint32_t)i);
	return i;
}
