/* SPDX-License-Identifier: MIT */
/* HTTP/1 messages. The first byte picks the kind, the second in what runs the rest comes: what comes of it must not
 * depend on that. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/http1.h"

enum { MAX_HEAD = 4096, MAX_BODY = 1 << 20 };

struct result {
	unsigned messages;
	uint64_t body;
	uint32_t sum;
	int err;
};

static void count(struct result *r, struct slu_http1 *h, const struct slu_vec *body)
{
	for (size_t i = 0; i < body->size; i++)
		r->sum = (r->sum ^ ((const uint8_t *)body->data)[i]) * 16777619u;
	r->body += body->size;
	if (!h->done)
		return;
	r->messages++;
	r->sum = (r->sum ^ h->status) * 16777619u + h->keep_alive;
	for (const char *v = NULL; (v = slu_http1_field(h, "Via", v));)
		r->sum += (uint32_t)strlen(v);
	slu_http1_next(h);
}

static struct result run(enum slu_http1_kind kind, const uint8_t *data, size_t size, size_t step)
{
	struct result r = {0};
	struct slu_http1 h;
	struct slu_vec body;

	slu_http1_init(&h, kind, MAX_HEAD, MAX_BODY);
	while (size && r.err >= 0) {
		size_t n = size < step ? size : step;
		long took = slu_http1_in(&h, data, n, &body);

		if (took == 0 || took > (long)n)
			abort();
		if (took < 0) {
			r.err = (int)took;
			break;
		}
		if (body.size && (body.data < (const void *)data || body.size > (size_t)took))
			abort();
		count(&r, &h, &body);
		data += took;
		size -= (size_t)took;
	}
	if (r.err == 0)
		r.err = slu_http1_end(&h);
	if ((r.err < 0) != (strlen(slu_http1_error(&h)) > 10))
		abort();
	slu_http1_clear(&h);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct result whole, cut;

	if (size < 2)
		return 0;
	whole = run((enum slu_http1_kind)(data[0] & 3), data + 2, size - 2, size);
	cut = run((enum slu_http1_kind)(data[0] & 3), data + 2, size - 2, (size_t)data[1] + 1);
	if (whole.messages != cut.messages || whole.sum != cut.sum || whole.body != cut.body || whole.err != cut.err)
		abort();
	return 0;
}
