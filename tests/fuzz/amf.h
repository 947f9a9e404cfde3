/* SPDX-License-Identifier: MIT */
/* What both AMF targets do: decode, walk what came out, and copy it into writers of both versions. */
#ifndef SLU_TESTS_FUZZ_AMF_H
#define SLU_TESTS_FUZZ_AMF_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <sluice/amf.h>
#include <sluice/error.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int truth)
{
	if (!truth)
		abort();
}

/* Reads each value every way there is; what is read must lie within the input. */
static void see(const struct slu_amf_value *v, const uint8_t *data, size_t size)
{
	struct slu_amf_str s = {NULL, 0}, name = slu_amf_name(v), class = slu_amf_class_name(v);
	const uint8_t *bytes = data;
	double number;
	size_t n = 0;
	int minutes;
	bool b;

	slu_amf_number(v, &number);
	slu_amf_boolean(v, &b);
	slu_amf_date(v, &number, &minutes);
	must(slu_amf_type(v) != SLU_AMF_ABSENT && slu_amf_type_name(slu_amf_type(v))[0]);
	if (slu_amf_string(v, &s))
		must(s.s != NULL);
	must(!s.n || ((const uint8_t *)s.s >= data && (const uint8_t *)s.s + s.n <= data + size));
	must(!name.n || ((const uint8_t *)name.s >= data && (const uint8_t *)name.s + name.n <= data + size));
	must(!class.n || ((const uint8_t *)class.s >= data && (const uint8_t *)class.s + class.n <= data + size));
	slu_amf_bytes(v, &bytes, &n);
	must(bytes >= data && n <= size && bytes + n <= data + size);
}

static void walk(const struct slu_amf_value *v, const uint8_t *data, size_t size, unsigned depth, unsigned *budget)
{
	const struct slu_amf_value *m;
	size_t count = 0;

	for (m = slu_amf_first(v); m; m = slu_amf_next(m)) {
		see(m, data, size);
		count++;
		if (depth && *budget) {
			--*budget;
			walk(m, data, size, depth - 1, budget);
		}
	}
	must(count == slu_amf_count(v));
}

static int copy(const struct slu_amf_doc *doc, struct slu_amf_writer *w, const uint8_t **data, size_t *n)
{
	const struct slu_amf_value *m;

	for (m = slu_amf_first(slu_amf_root(doc)); m; m = slu_amf_next(m))
		slu_amf_put_value(w, m);
	return slu_amf_writer_end(w, data, n);
}

/* What the writer makes of a document must decode, and then copy to the same bytes. */
static void round_trip(const struct slu_amf_doc *doc, enum slu_amf_version version)
{
	struct slu_amf_limits limits = {.max_depth = 8192, .max_values = 65536};
	struct slu_amf_writer *w = slu_amf_writer_new(version, 8192), *again = slu_amf_writer_new(version, 8192);
	struct slu_amf_doc *copied = slu_amf_doc_new(&limits);
	const uint8_t *first, *second;
	size_t first_n, second_n;

	if (copy(doc, w, &first, &first_n) == 0) {
		must(slu_amf_decode(copied, version, first, first_n) == 0);
		must(slu_amf_count(slu_amf_root(copied)) == slu_amf_count(slu_amf_root(doc)));
		must(copy(copied, again, &second, &second_n) == 0);
		must(first_n == second_n && memcmp(first, second, first_n) == 0);
	}
	slu_amf_doc_free(copied);
	slu_amf_writer_free(w);
	slu_amf_writer_free(again);
}

static void fuzz(enum slu_amf_version version, const uint8_t *data, size_t size)
{
	struct slu_amf_doc *doc = slu_amf_doc_new(NULL);
	unsigned budget = 1000;
	size_t used = 0;
	int err;

	err = slu_amf_decode_one(doc, version, data, size, &used);
	must(used <= size && (err == 0) == (used > 0));
	err = slu_amf_decode(doc, version, data, size);
	must(err == 0 || err == SLU_ERR_AMF);
	must((err == 0) == (slu_amf_doc_error(doc)[0] == 0));
	walk(slu_amf_root(doc), data, size, 16, &budget);
	round_trip(doc, SLU_AMF0);
	round_trip(doc, SLU_AMF3);
	slu_amf_doc_free(doc);
}

#endif
