/* SPDX-License-Identifier: MIT */
/* The driver of the decoders: inputs that end anywhere, memory that runs out, and how much of it is asked for. */
#include "amf_vectors.h"

#include <sluice/error.h>

#include "../alloc_fail.h"

static uint8_t bytes[4096];

/* Visits all that is in a document, as far as a bound; the sum keeps the compiler from leaving it out. */
static size_t walk(const struct slu_amf_value *v, unsigned depth)
{
	const struct slu_amf_value *m;
	struct slu_amf_str s;
	size_t sum = 1;

	if (slu_amf_string(v, &s) && s.n)
		sum += (uint8_t)s.s[s.n - 1];
	for (m = slu_amf_first(v); m && depth; m = slu_amf_next(m)) {
		s = slu_amf_name(m);
		sum += walk(m, depth - 1) + (s.n ? (uint8_t)s.s[0] : 0);
	}
	return sum;
}

/* Each input cut off at each byte. The heap block ends where the input does, so that the sanitizer sees each byte
 * read past it. The values before the one that is cut are there, and nothing else changes them. */
static void ends_at_every_byte(void **state)
{
	struct slu_amf_doc *doc = slu_amf_doc_new(NULL);
	size_t n, count, last;
	uint8_t *cut;
	int err;

	(void)state;
	for (size_t i = 0; i < AMF_VECTORS; i++) {
		n = amf_vector_load(&amf_vectors[i], bytes, sizeof bytes);
		last = 0;
		for (size_t len = 0; len <= n; len++) {
			cut = malloc(len ? len : 1);
			assert_non_null(cut);
			memcpy(cut, bytes, len);
			err = slu_amf_decode(doc, amf_vectors[i].version, cut, len);
			count = slu_amf_count(slu_amf_root(doc));
			assert_true(err == 0 || err == SLU_ERR_AMF);
			assert_int_equal(slu_amf_doc_error(doc)[0] != 0, err != 0);
			assert_true(count == last || count == last + 1);
			assert_true(walk(slu_amf_root(doc), 64) > 0);
			last = count;
			free(cut);
		}
		assert_int_equal(last, amf_vectors[i].values);
	}
	slu_amf_doc_free(doc);
}

/* One value after the other is what all at once are. */
static void one_by_one(void **state)
{
	struct slu_amf_doc *doc = slu_amf_doc_new(NULL);
	size_t n, used, from, values;

	(void)state;
	for (size_t i = 0; i < AMF_VECTORS; i++) {
		if (amf_vectors[i].version == SLU_AMF3)
			continue; /* has references between its values */
		n = amf_vector_load(&amf_vectors[i], bytes, sizeof bytes);
		values = 0;
		for (from = 0; from < n; from += used) {
			assert_int_equal(slu_amf_decode_one(doc, SLU_AMF0, bytes + from, n - from, &used), 0);
			assert_true(used > 0);
			assert_int_equal(slu_amf_count(slu_amf_root(doc)), 1);
			values++;
		}
		assert_int_equal(from, n);
		assert_int_equal(values, amf_vectors[i].values);
	}
	slu_amf_doc_free(doc);
}

static void bytes_changed_at_random(void **state)
{
	struct slu_amf_doc *doc = slu_amf_doc_new(NULL);
	uint32_t random = 1;
	uint8_t *copy;
	size_t n;
	int err;

	(void)state;
	for (int round = 0; round < 6000; round++) {
		n = amf_vector_load(&amf_vectors[round % AMF_VECTORS], bytes, sizeof bytes);
		copy = malloc(n);
		assert_non_null(copy);
		memcpy(copy, bytes, n);
		for (uint32_t k = 1 + test_rand(&random) % 4; k; k--)
			copy[test_rand(&random) % (n < 300 ? n : 300)] = (uint8_t)test_rand(&random);
		err = slu_amf_decode(doc, amf_vectors[round % AMF_VECTORS].version, copy, n);
		assert_true(err == 0 || err == SLU_ERR_AMF);
		assert_true(walk(slu_amf_root(doc), 8) > 0);
		free(copy);
	}
	slu_amf_doc_free(doc);
}

static void memory_runs_out(void **state)
{
	struct slu_amf_doc *doc;
	long failures = 0;
	size_t n;
	int err;

	(void)state;
	for (size_t i = 0; i < AMF_VECTORS; i++) {
		n = amf_vector_load(&amf_vectors[i], bytes, sizeof bytes);
		for (long k = 0, failed = 1; failed; k++) {
			alloc_fail_at(k);
			doc = slu_amf_doc_new(NULL);
			err = doc ? slu_amf_decode(doc, amf_vectors[i].version, bytes, n) : SLU_ERR_NOMEM;
			failed = alloc_fail_end();
			assert_int_equal(err, failed ? SLU_ERR_NOMEM : 0);
			failures += failed;
			if (doc && failed) {
				assert_non_null(strstr(slu_amf_doc_error(doc), "out of memory"));
				assert_true(walk(slu_amf_root(doc), 64) > 0);
				/* And it is as good as new. */
				assert_int_equal(slu_amf_decode(doc, amf_vectors[i].version, bytes, n), 0);
			}
			slu_amf_doc_free(doc);
		}
	}
	assert_true(failures > 20);
}

/* n bytes of input ask for no more than a small multiple of n, whatever they announce. */
static void bounded(enum slu_amf_version version, const char *begin, size_t n, uint8_t fill, size_t size)
{
	struct slu_amf_limits limits = {.max_values = 1 << 24, .max_depth = 1 << 24};
	struct slu_amf_doc *doc;
	uint8_t *input = malloc(size);

	assert_non_null(input);
	memset(input, fill, size);
	memcpy(input, begin, n);
	alloc_fail_at(-1);
	doc = slu_amf_doc_new(&limits);
	assert_non_null(doc);
	slu_amf_decode(doc, version, input, size);
	assert_true(alloc_fail_bytes() < 8192 + size * 400);
	slu_amf_doc_free(doc);
	/* And with the default limits never more than a few megabytes. */
	alloc_fail_at(-1);
	doc = slu_amf_doc_new(NULL);
	assert_non_null(doc);
	slu_amf_decode(doc, version, input, size);
	assert_true(alloc_fail_bytes() < 4 * 1024 * 1024);
	slu_amf_doc_free(doc);
	free(input);
}

static void announced_counts_reserve_nothing(void **state)
{
	static const struct {
		enum slu_amf_version version;
		const char *begin;
		size_t n;
		uint8_t fill;
	} inputs[] = {
		{SLU_AMF0, "\x0a\xff\xff\xff\xff", 5, 0x05},         /* strict array */
		{SLU_AMF0, "\x08\xff\xff\xff\xff", 5, 0x00},         /* ECMA array */
		{SLU_AMF0, "\x0c\xff\xff\xff\xff", 5, 0x00},         /* long string */
		{SLU_AMF0, "\x0a\x0a\x0a\x0a\x0a", 5, 0x0a},         /* arrays in arrays */
		{SLU_AMF0, "\x03", 1, 0x03},                         /* names of 771 bytes */
		{SLU_AMF3, "\x09\xff\xff\xff\xff\x01", 6, 0x01},     /* array */
		{SLU_AMF3, "\x09\x09\x09\x09", 4, 0x09},             /* arrays in arrays */
		{SLU_AMF3, "\x0a\xff\xff\xff\xf3\x01", 6, 0x01},     /* sealed members */
		{SLU_AMF3, "\x0d\xff\xff\xff\xff\x00", 6, 0x00},     /* vector of integers */
		{SLU_AMF3, "\x0f\xff\xff\xff\xff\x00", 6, 0x00},     /* of doubles */
		{SLU_AMF3, "\x10\xff\xff\xff\xff\x00\x01", 7, 0x01}, /* of objects */
		{SLU_AMF3, "\x11\xff\xff\xff\xff\x00", 6, 0x01},     /* dictionary */
		{SLU_AMF3, "\x0c\xff\xff\xff\xff\x00", 6, 0x00},     /* byte array */
		{SLU_AMF3, "\x09\x01\x03k", 4, 0x03},                /* many strings */
	};

	(void)state;
	for (size_t i = 0; i < sizeof inputs / sizeof inputs[0]; i++) {
		bounded(inputs[i].version, inputs[i].begin, inputs[i].n, inputs[i].fill, 45 * 1024);
		bounded(inputs[i].version, inputs[i].begin, inputs[i].n, inputs[i].fill, 16);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ends_at_every_byte),
		cmocka_unit_test(one_by_one),
		cmocka_unit_test(bytes_changed_at_random),
		cmocka_unit_test(memory_runs_out),
		cmocka_unit_test(announced_counts_reserve_nothing),
	};

	return cmocka_run_group_tests_name("amf_decode", tests, NULL, NULL);
}
