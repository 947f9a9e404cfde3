/* SPDX-License-Identifier: MIT */
/* The text of a kept result: sluice-doctor(1), MEASUREMENTS THAT ARE KEPT. Its numbers are whole ones, so that no
 * locale matters to them. */
#include "crypto/kept.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sluice/error.h>

#define FIRST_LINE "sluice-measured 1"

enum { NS_PER_MS = 1000000 };

/* ---- words ---- */

static bool is_plain(unsigned char c)
{
	return c > ' ' && c < 0x7f && c != '%';
}

static bool is_control(unsigned char c)
{
	return c < ' ' || c == 0x7f;
}

/* A blank and the word. "-" stands for an empty one. */
static int put_word(struct slu_buf *out, const char *text)
{
	char escaped[4];
	int r = slu_buf_append(out, *text ? " " : " -", *text ? 1 : 2);

	if (r == 0 && strcmp(text, "-") == 0)
		return slu_buf_append(out, "%2D", 3);
	for (const char *p = text; *p && r == 0; p++) {
		const unsigned char c = (unsigned char)*p;

		snprintf(escaped, sizeof escaped, "%%%02X", c);
		r = is_plain(c) ? slu_buf_append(out, p, 1) : slu_buf_append(out, escaped, 3);
	}
	return r;
}

static int put_number(struct slu_buf *out, uint64_t n)
{
	char text[24];

	snprintf(text, sizeof text, "%" PRIu64, n);
	return put_word(out, text);
}

/* What is left of a line. */
struct words {
	const char *at, *end;
};

/* The next one, as it stands. False: none. */
static bool next_raw(struct words *w, const char **word, size_t *n)
{
	while (w->at < w->end && *w->at == ' ')
		w->at++;
	*word = w->at;
	while (w->at < w->end && *w->at != ' ')
		w->at++;
	*n = (size_t)(w->at - *word);
	return *n > 0;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool get_word(struct words *w, char *out, size_t size)
{
	const char *word;
	size_t n, length = 0;

	if (!next_raw(w, &word, &n))
		return false;
	if (n == 1 && *word == '-')
		n = 0;
	for (size_t i = 0; i < n; i++) {
		int c = (unsigned char)word[i];

		if (c == '%') {
			const int high = n - i > 2 ? hex_digit(word[i + 1]) : -1;
			const int low = high < 0 ? -1 : hex_digit(word[i + 2]);

			c = low < 0 ? 0 : high << 4 | low; /* 0 is none that may be there */
			i += 2;
		}
		if (is_control((unsigned char)c) || length + 1 >= size)
			return false;
		out[length++] = (char)c;
	}
	out[length] = '\0';
	return true;
}

/* Digits and nothing else. */
static bool get_number(struct words *w, uint64_t most, uint64_t *out)
{
	const char *word;
	size_t n;

	*out = 0;
	if (!next_raw(w, &word, &n))
		return false;
	for (size_t i = 0; i < n; i++) {
		const unsigned digit = (unsigned)word[i] - '0';

		if (digit > 9 || digit > most || *out > (most - digit) / 10)
			return false;
		*out = *out * 10 + digit;
	}
	return true;
}

static bool at_end(struct words *w)
{
	const char *word;
	size_t n;

	return !next_raw(w, &word, &n);
}

/* ---- lines: each reader returns what is wrong, or NULL ---- */

static const char *read_made(struct words *w, struct slu_kept *k)
{
	uint64_t n;

	if (!get_number(w, INT64_MAX, &n))
		return "this is no time";
	k->made = (int64_t)n;
	return NULL;
}

static const char *read_quick(struct words *w, struct slu_kept *k)
{
	uint64_t n;

	if (!get_number(w, 1, &n))
		return "quick is 0 or 1";
	k->quick = n == 1;
	return NULL;
}

static const char *read_text(struct words *w, char *out, size_t size)
{
	return get_word(w, out, size) ? NULL : "this is no text, or too long";
}

static const char *read_cpu(struct words *w, struct slu_kept *k)
{
	return read_text(w, k->device.cpu, sizeof k->device.cpu);
}

static const char *read_kernel(struct words *w, struct slu_kept *k)
{
	return read_text(w, k->device.kernel, sizeof k->device.kernel);
}

static const char *read_openssl(struct words *w, struct slu_kept *k)
{
	return read_text(w, k->device.openssl, sizeof k->device.openssl);
}

static const char *read_device(struct words *w, struct slu_kept *k)
{
	return read_text(w, k->path, sizeof k->path);
}

static const char *read_sizes(struct words *w, struct slu_kept *k)
{
	uint64_t n;

	while (!at_end(&(struct words){w->at, w->end})) {
		if (k->nsizes == SLU_KEPT_SIZES)
			return "there are too many sizes";
		if (!get_number(w, SLU_KEPT_RECORD_MOST, &n) || n <= (k->nsizes ? k->sizes[k->nsizes - 1] : 0))
			return "sizes of records are from 1 to 16384, and rise";
		k->sizes[k->nsizes++] = (size_t)n;
	}
	return k->nsizes ? NULL : "there is no size";
}

static const char *read_driver(struct words *w, struct slu_kept *k)
{
	struct slu_kept_driver *d = &k->drivers[k->ndrivers];

	if (k->ndrivers == SLU_KEPT_DRIVERS)
		return "there are too many drivers";
	if (!get_word(w, d->door, sizeof d->door) || !get_word(w, d->algorithm, sizeof d->algorithm) ||
	    !get_word(w, d->driver, sizeof d->driver))
		return "a driver is a door, an algorithm and a name";
	k->ndrivers++;
	return NULL;
}

/* As the library takes it, and with no settings, which would change the costs. */
static bool is_door(const char *door)
{
	static const char engine[] = "engine:";

	if (strncmp(door, engine, sizeof engine - 1) == 0)
		return door[sizeof engine - 1] && !strpbrk(door + sizeof engine - 1, ":,");
	return strcmp(door, "off") == 0 || strcmp(door, "devcrypto") == 0 || strcmp(door, "ktls") == 0;
}

static bool get_version(struct words *w, enum slu_tls_version *out)
{
	char text[4];

	if (!get_word(w, text, sizeof text) || (strcmp(text, "1.2") != 0 && strcmp(text, "1.3") != 0))
		return false;
	*out = text[2] == '3' ? SLU_TLS_1_3 : SLU_TLS_1_2;
	return true;
}

static bool get_mode(struct words *w, bool *etm)
{
	char text[4];

	if (!get_word(w, text, sizeof text) || (*text && strcmp(text, "etm") != 0))
		return false;
	*etm = *text != '\0';
	return true;
}

static const char *read_way(struct words *w, struct slu_kept *k)
{
	struct slu_kept_way *way = &k->ways[k->nways];
	uint64_t ns;

	if (k->nways == SLU_KEPT_WAYS)
		return "there are too many ways";
	if (!k->nsizes)
		return "a way comes before the sizes";
	if (!get_word(w, way->door, sizeof way->door) || !is_door(way->door))
		return "who encrypts is off, devcrypto, ktls or engine:ID";
	if (!get_word(w, way->suite, sizeof way->suite) || !*way->suite || !get_version(w, &way->version) ||
	    !get_mode(w, &way->etm))
		return "a way is a door, a suite, 1.2 or 1.3, and etm or -";
	for (size_t s = 0; s < k->nsizes; s++) {
		if (!get_number(w, (uint64_t)SLU_KEPT_COST_MOST * NS_PER_MS, &ns))
			return "a way has a cost for each size";
		way->ms_per_mb[s] = (double)ns / NS_PER_MS;
	}
	k->nways++;
	return NULL;
}

/* Those that are there once have a place of their own in what was seen. */
static const struct {
	const char *name;
	bool once;
	const char *(*read)(struct words *w, struct slu_kept *k);
} lines[] = {
	{"made", true, read_made},     {"quick", true, read_quick},     {"cpu", true, read_cpu},
	{"kernel", true, read_kernel}, {"openssl", true, read_openssl}, {"device", true, read_device},
	{"sizes", true, read_sizes},   {"driver", false, read_driver},  {"way", false, read_way},
};

enum { LINES = sizeof lines / sizeof *lines };

static const char *read_line(struct slu_kept *k, const char *line, size_t n, unsigned *seen)
{
	struct words w = {line, line + n};
	const char *name, *wrong;
	size_t length;

	next_raw(&w, &name, &length);
	for (unsigned i = 0; i < LINES; i++) {
		if (strlen(lines[i].name) != length || memcmp(lines[i].name, name, length) != 0)
			continue;
		if (lines[i].once && *seen & 1U << i)
			return "this was said before";
		*seen |= 1U << i;
		wrong = lines[i].read(&w, k);
		return wrong || at_end(&w) ? wrong : "there is too much in it";
	}
	return NULL;
}

static const char *missing(unsigned seen)
{
	for (unsigned i = 0; i < LINES; i++)
		if (lines[i].once && !(seen & 1U << i))
			return lines[i].name;
	return NULL;
}

int slu_kept_decode(struct slu_kept *k, const char *text, size_t n, char *error, size_t size)
{
	const char *const end = text + n, *wrong = NULL, *eol;
	unsigned seen = 0, number;

	memset(k, 0, sizeof *k);
	for (number = 1; text < end && !wrong; number++, text = eol + 1) {
		eol = memchr(text, '\n', (size_t)(end - text));
		if (!eol) {
			wrong = "it ends in the middle";
			eol = end - 1;
		} else if (number > 1)
			wrong = read_line(k, text, (size_t)(eol - text), &seen);
		else if ((size_t)(eol - text) != sizeof FIRST_LINE - 1 ||
			 memcmp(text, FIRST_LINE, sizeof FIRST_LINE - 1))
			wrong = "it does not begin with \"" FIRST_LINE "\"";
	}
	if (wrong)
		snprintf(error, size, "line %u: %s", number - 1, wrong);
	else if (missing(seen))
		snprintf(error, size, "it has no line \"%s\"", missing(seen));
	else
		return 0;
	return SLU_ERR_INVALID;
}

/* ---- writing ---- */

static int put_name(struct slu_buf *out, const char *name)
{
	return slu_buf_append(out, name, strlen(name));
}

static int put_text_line(struct slu_buf *out, const char *name, const char *text)
{
	int r = put_name(out, name);

	if (r == 0)
		r = put_word(out, text);
	return r ? r : slu_buf_append(out, "\n", 1);
}

static int put_number_line(struct slu_buf *out, const char *name, uint64_t n)
{
	char text[24];

	snprintf(text, sizeof text, "%" PRIu64, n);
	return put_text_line(out, name, text);
}

static int put_sizes(struct slu_buf *out, const struct slu_kept *k)
{
	int r = put_name(out, "sizes");

	for (size_t s = 0; s < k->nsizes && r == 0; s++)
		r = put_number(out, k->sizes[s]);
	return r ? r : slu_buf_append(out, "\n", 1);
}

static int put_driver(struct slu_buf *out, const struct slu_kept_driver *d)
{
	int r = put_name(out, "driver");

	if (r == 0)
		r = put_word(out, d->door);
	if (r == 0)
		r = put_word(out, d->algorithm);
	return r ? r : put_text_line(out, "", d->driver);
}

static int put_way(struct slu_buf *out, const struct slu_kept *k, const struct slu_kept_way *way)
{
	const char *const words[] = {way->door, way->suite, way->version == SLU_TLS_1_3 ? "1.3" : "1.2",
				     way->etm ? "etm" : ""};
	int r = put_name(out, "way");

	for (size_t i = 0; i < sizeof words / sizeof *words && r == 0; i++)
		r = put_word(out, words[i]);
	for (size_t s = 0; s < k->nsizes && r == 0; s++) {
		/* Said this way round, what is no number is refused, too. */
		if (!(way->ms_per_mb[s] >= 0 && way->ms_per_mb[s] <= SLU_KEPT_COST_MOST))
			return SLU_ERR_INVALID;
		r = put_number(out, (uint64_t)(way->ms_per_mb[s] * NS_PER_MS + 0.5));
	}
	return r ? r : slu_buf_append(out, "\n", 1);
}

static int put_all(struct slu_buf *out, const struct slu_kept *k)
{
	int r = put_name(out, FIRST_LINE "\n");

	if (r == 0)
		r = put_number_line(out, "made", (uint64_t)k->made);
	if (r == 0)
		r = put_number_line(out, "quick", k->quick);
	if (r == 0)
		r = put_text_line(out, "cpu", k->device.cpu);
	if (r == 0)
		r = put_text_line(out, "kernel", k->device.kernel);
	if (r == 0)
		r = put_text_line(out, "openssl", k->device.openssl);
	if (r == 0)
		r = put_text_line(out, "device", k->path);
	if (r == 0)
		r = put_sizes(out, k);
	for (size_t i = 0; i < k->ndrivers && r == 0; i++)
		r = put_driver(out, &k->drivers[i]);
	for (size_t i = 0; i < k->nways && r == 0; i++)
		r = put_way(out, k, &k->ways[i]);
	return r;
}

/* What was made is read again: a result that nobody could use is not kept. */
int slu_kept_encode(const struct slu_kept *k, struct slu_buf *out)
{
	const size_t begin = out->len;
	struct slu_kept *again = malloc(sizeof *again);
	char error[100];
	int r = again ? put_all(out, k) : SLU_ERR_NOMEM;

	if (r == 0)
		r = slu_kept_decode(again, (const char *)out->data + begin, out->len - begin, error, sizeof error);
	free(again);
	return r;
}
