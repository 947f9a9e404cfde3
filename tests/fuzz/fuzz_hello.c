/* SPDX-License-Identifier: MIT */
/*
 * The answer to a hello. The first byte picks the hello, the second in what runs the rest comes, and whether all of the
 * flight is wanted: what comes of it must not depend on the runs.
 */
#include <stdlib.h>
#include <string.h>

#include <sluice/tls.h>

#include "probe/hello.h"
#include "probe/registry.h"

static uint16_t ids[SLU_REG_SUITES];

/* Version, and what is offered with it: everything, or little. */
static void choose(struct slu_hello *h, uint8_t by)
{
	static const char *const alpn[] = {"h2", "http/1.1"};
	const struct slu_reg_suite *all = slu_reg_suites(&h->nsuites);
	const bool little = by & 0x80;

	h->version = (uint16_t)(SLU_SSL_3_0 + by % 5);
	for (size_t i = 0; i < h->nsuites; i++)
		ids[i] = all[i].id;
	h->suites = ids;
	h->with = little ? 0 : SLU_WITHOUT_EXTENSIONS - 1;
	for (uint8_t i = 0; i < sizeof h->random; i++)
		h->random[i] = (uint8_t)(0x40 + i);
	if (little)
		return;
	h->groups = slu_reg_groups(&h->ngroups);
	h->schemes = slu_reg_schemes(&h->nschemes);
	h->server_name = "live.example";
	h->alpn = alpn;
	h->nalpn = 2;
}

static struct slu_hello_reader *run(const struct slu_hello *h, bool whole, const uint8_t *data, size_t size,
				    size_t step)
{
	struct slu_hello_reader *r = slu_hello_reader_new(h, whole);
	int end = SLU_HELLO_MORE;

	if (!r)
		abort();
	while (size && end == SLU_HELLO_MORE) {
		const size_t n = size < step ? size : step;

		end = slu_hello_read(r, data, n);
		data += n;
		size -= n;
	}
	if (slu_hello_ended(r, SLU_HELLO_CLOSED) == SLU_HELLO_MORE)
		abort();
	return r;
}

/* A sentence where one is due, and certificates that can be read. */
static void check(const struct slu_hello_answer *a)
{
	volatile uint8_t sum = 0;

	if ((a->end == SLU_HELLO_MALFORMED || a->end == SLU_HELLO_NOT_TLS) != (strlen(a->wrong) > 10))
		abort();
	if (a->ncertificates > SLU_HELLO_CERTIFICATES)
		abort();
	for (size_t i = 0; i < a->ncertificates; i++)
		for (size_t k = 0; k < a->certificates[i].len; k++)
			sum = (uint8_t)(sum + a->certificates[i].der[k]);
}

static bool same(const struct slu_hello_answer *a, const struct slu_hello_answer *b)
{
	if (a->end != b->end || a->version != b->version || a->suite != b->suite || a->group != b->group)
		return false;
	if (a->scheme != b->scheme || a->dh_bits != b->dh_bits || a->with != b->with || a->alert != b->alert)
		return false;
	if (a->warned != b->warned || a->stapled != b->stapled || a->client_certificate != b->client_certificate)
		return false;
	if (a->ncertificates != b->ncertificates || strcmp(a->alpn, b->alpn) != 0)
		return false;
	for (size_t i = 0; i < a->ncertificates; i++)
		if (a->certificates[i].len != b->certificates[i].len ||
		    memcmp(a->certificates[i].der, b->certificates[i].der, a->certificates[i].len) != 0)
			return false;
	return strcmp(a->wrong, b->wrong) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slu_hello_reader *all, *cut;
	struct slu_hello h = {0};

	if (size < 2)
		return 0;
	choose(&h, data[0]);
	all = run(&h, data[1] & 1, data + 2, size - 2, size);
	cut = run(&h, data[1] & 1, data + 2, size - 2, (size_t)(data[1] >> 1) + 1);
	check(slu_hello_answer(all));
	if (!same(slu_hello_answer(all), slu_hello_answer(cut)))
		abort();
	slu_hello_reader_free(all);
	slu_hello_reader_free(cut);
	return 0;
}
