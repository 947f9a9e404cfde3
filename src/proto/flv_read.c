/* SPDX-License-Identifier: MIT */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <sluice/error.h>
#include <sluice/flv.h>

#include "base/bytes.h"

enum { FILE_HEADER = 9, PREV_SIZE = 4 };
enum { FLAG_VIDEO = 0x01, FLAG_AUDIO = 0x04 };                         /* TypeFlags, E.2 */
enum { TAG_RESERVED = 0xc0, TAG_FILTER = 0x20, TAG_TYPE_MASK = 0x1f }; /* E.4.1 */

/* What comes next in the stream, once r->skip bytes have been passed over. */
enum state { FLV_HEADER, FLV_PREV_SIZE, FLV_TAG };

void slu_flv_reader_init(struct slu_flv_reader *r)
{
	memset(r, 0, sizeof *r);
	r->need = FILE_HEADER;
	r->state = FLV_HEADER;
}

const char *slu_flv_error(const struct slu_flv_reader *r)
{
	return r->error;
}

__attribute__((format(printf, 2, 3))) static int fail(struct slu_flv_reader *r, const char *format, ...)
{
	va_list ap;

	va_start(ap, format);
	vsnprintf(r->error, sizeof r->error, format, ap);
	va_end(ap);
	r->err = SLU_ERR_FLV;
	return r->err;
}

/* The bytes at hand: what of them has been taken is in used. */
struct input {
	const uint8_t *data;
	size_t n;
	size_t used;
};

static const uint8_t *at(const struct input *in)
{
	return in->data + in->used;
}

static void take(struct slu_flv_reader *r, struct input *in, size_t n)
{
	in->used += n;
	r->offset += n;
}

/* True when n bytes are there; else says how many are needed. */
static bool have(struct slu_flv_reader *r, const struct input *in, size_t n)
{
	if (in->n - in->used >= n)
		return true;
	r->need = n;
	return false;
}

static bool passed_over(struct slu_flv_reader *r, struct input *in)
{
	size_t left = in->n - in->used;
	size_t n = r->skip < left ? (size_t)r->skip : left;

	take(r, in, n);
	r->skip -= n;
	r->need = 1;
	return r->skip == 0;
}

/* E.2. Wrong magic is noticed at its first byte, so that what never was an FLV is refused before it is waited for. */
static int read_file_header(struct slu_flv_reader *r, struct input *in)
{
	const uint8_t *p = at(in);
	size_t left = in->n - in->used;
	uint32_t data_offset;

	if (memcmp(p, "FLV", left < 3 ? left : 3) != 0)
		return fail(r, "this is not an FLV stream: it does not begin with \"FLV\"");
	if (!have(r, in, FILE_HEADER))
		return 0;
	data_offset = slu_be32(p + 5);
	if (data_offset < FILE_HEADER)
		return fail(r, "this FLV's header is corrupt: it says to be %lu bytes long, and 9 is the least",
			    (unsigned long)data_offset);
	r->has_video = (p[4] & FLAG_VIDEO) != 0;
	r->has_audio = (p[4] & FLAG_AUDIO) != 0;
	take(r, in, FILE_HEADER);
	r->skip = data_offset - FILE_HEADER;
	r->prev_size = 0;
	r->state = FLV_PREV_SIZE;
	return 1;
}

static int read_prev_size(struct slu_flv_reader *r, struct input *in)
{
	if (!have(r, in, PREV_SIZE))
		return 0;
	r->lost = slu_be32(at(in)) != r->prev_size;
	r->wrong_prev_size += r->lost;
	take(r, in, PREV_SIZE);
	r->state = FLV_TAG;
	return 1;
}

static bool known_type(uint8_t type)
{
	return type == SLU_FLV_AUDIO || type == SLU_FLV_VIDEO || type == SLU_FLV_SCRIPT;
}

/* Reserved bits are 0 in every FLV (E.4.1). An unknown type or a stream ID may occur, but right after a wrong
 * PreviousTagSize they mean that a damaged length has led us astray, and that what follows is noise. */
static bool plausible(const struct slu_flv_reader *r, const uint8_t *p)
{
	if (p[0] & TAG_RESERVED)
		return false;
	return !r->lost || (known_type(p[0] & TAG_TYPE_MASK) && slu_be24(p + 8) == 0);
}

static int read_tag(struct slu_flv_reader *r, struct input *in, struct slu_flv_tag *tag)
{
	const uint8_t *p = at(in);
	size_t size;

	if (!have(r, in, SLU_FLV_TAG_HEADER_SIZE))
		return 0;
	if (!plausible(r, p))
		return fail(r, "this FLV is corrupt at byte %llu, after %lu good tags: no tag begins there",
			    (unsigned long long)r->offset, r->tags);
	size = slu_be24(p + 1);
	if ((p[0] & TAG_FILTER) || !known_type(p[0])) {
		r->skipped++;
		take(r, in, SLU_FLV_TAG_HEADER_SIZE);
		r->skip = size;
	} else {
		if (!have(r, in, SLU_FLV_TAG_HEADER_SIZE + size))
			return 0;
		tag->type = p[0];
		tag->timestamp = (uint32_t)p[7] << 24 | slu_be24(p + 4);
		tag->body = p + SLU_FLV_TAG_HEADER_SIZE;
		tag->size = size;
		r->tags++;
		take(r, in, SLU_FLV_TAG_HEADER_SIZE + size);
	}
	r->prev_size = (uint32_t)(SLU_FLV_TAG_HEADER_SIZE + size);
	r->state = FLV_PREV_SIZE;
	return 1;
}

int slu_flv_read(struct slu_flv_reader *r, const uint8_t *data, size_t n, size_t *used, struct slu_flv_tag *tag)
{
	struct input in = {.data = data, .n = n, .used = 0};
	unsigned long tags = r->tags;
	int step = r->err;

	*used = 0;
	if (step < 0)
		return step;
	do {
		if (in.used == n) {
			r->need = r->state == FLV_HEADER ? FILE_HEADER
				  : r->state == FLV_TAG  ? SLU_FLV_TAG_HEADER_SIZE
							 : 1;
			return 0;
		}
		if (r->skip > 0)
			step = passed_over(r, &in);
		else if (r->state == FLV_HEADER)
			step = read_file_header(r, &in);
		else if (r->state == FLV_PREV_SIZE)
			step = read_prev_size(r, &in);
		else
			step = read_tag(r, &in, tag);
		*used = in.used;
	} while (step > 0 && r->tags == tags);
	return step;
}

int slu_flv_reader_end(struct slu_flv_reader *r, size_t n)
{
	unsigned long long end = r->offset + n;

	if (r->err)
		return r->err;
	if (r->state == FLV_HEADER)
		return end == 0 ? fail(r, "the input is empty: an FLV stream was expected")
				: fail(r, "this FLV is cut off in its header, after %llu bytes", end);
	if (r->skip > 0 || (r->state == FLV_TAG && n > 0))
		return fail(r, "this FLV is cut off in the tag at byte %llu, after %lu whole tags",
			    (unsigned long long)r->offset, r->tags);
	return 0;
}
