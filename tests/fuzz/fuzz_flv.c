/* SPDX-License-Identifier: MIT */
/* The FLV reader: a split of the input must give what the whole gives. The first byte says how it is split. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <sluice/flv.h>

struct result {
	uint64_t tags, skipped, wrong_prev_size, bytes, sum;
	int64_t end;
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void see(struct result *out, const struct slu_flv_tag *tag)
{
	out->bytes += tag->size;
	out->sum = out->sum * 31 + tag->timestamp + tag->type + slu_flv_flags(tag->type, tag->body, tag->size);
	if (tag->size)
		out->sum += (uint64_t)tag->body[0] + tag->body[tag->size - 1];
}

static struct result read_in(const uint8_t *data, size_t n, size_t piece)
{
	struct slu_flv_reader r;
	struct slu_flv_tag tag;
	struct result out = {0};
	size_t from = 0, to = 0, used;
	int got;

	slu_flv_reader_init(&r);
	do {
		to = piece < n - to ? to + piece : n;
		while ((got = slu_flv_read(&r, data + from, to - from, &used, &tag)) == 1) {
			see(&out, &tag);
			from += used;
		}
		from += used;
		if (got == 0 && r.need <= to - from)
			abort();
	} while (got == 0 && to < n);
	out.tags = r.tags;
	out.skipped = r.skipped;
	out.wrong_prev_size = r.wrong_prev_size;
	out.end = slu_flv_reader_end(&r, to - from);
	return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct result whole, split;

	if (size == 0)
		return 0;
	whole = read_in(data + 1, size - 1, size);
	split = read_in(data + 1, size - 1, (size_t)data[0] + 1);
	if (memcmp(&whole, &split, sizeof whole) != 0)
		abort();
	return 0;
}
