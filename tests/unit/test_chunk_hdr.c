/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "proto/chunk_hdr.h"

struct golden {
	const char *bytes;
	size_t size;
	struct slu_chunk_hdr h;
};

#define BYTES(s) (s), sizeof(s) - 1

static const struct golden golden[] = {
	{BYTES("\x03\x00\x00\x10\x00\x00\x20\x14\x01\x00\x00\x00"), {0, 20, false, 3, 16, 32, 1}},
	{BYTES("\x02\xff\xff\xff\x00\x00\x04\x01\x04\x03\x02\x01\x00\xff\xff\xff"),
	 {0, 1, true, 2, 0xffffff, 4, 0x01020304}},
	{BYTES("\x44\x00\x00\x17\x00\x01\x00\x08"), {1, 8, false, 4, 23, 256, 0}},
	{BYTES("\x44\xff\xff\xff\x00\x01\x00\x08\xff\xff\xff\xff"), {1, 8, true, 4, 0xffffffff, 256, 0}},
	{BYTES("\xbf\x00\x00\x21"), {2, 0, false, 63, 33, 0, 0}},
	{BYTES("\xbf\xff\xff\xff\x01\x00\x00\x00"), {2, 0, true, 63, 0x1000000, 0, 0}},
	{BYTES("\xc6"), {3, 0, false, 6, 0, 0, 0}},
	{BYTES("\xc0\x00"), {3, 0, false, 64, 0, 0, 0}},
	{BYTES("\xc0\xff"), {3, 0, false, 319, 0, 0, 0}},
	{BYTES("\xc1\x00\x01"), {3, 0, false, 320, 0, 0, 0}},
	{BYTES("\xc1\x01\x02"), {3, 0, false, 64 + 1 + 2 * 256, 0, 0, 0}}, /* little-endian */
	{BYTES("\xc1\xff\xff"), {3, 0, false, 65599, 0, 0, 0}},
	{BYTES("\x80\x01\x00\x00\x05"), {2, 0, false, 65, 5, 0, 0}},
};

static void assert_same(const struct slu_chunk_hdr *a, const struct slu_chunk_hdr *b)
{
	assert_int_equal(a->fmt, b->fmt);
	assert_int_equal(a->type, b->type);
	assert_int_equal(a->extended, b->extended);
	assert_int_equal(a->csid, b->csid);
	assert_int_equal(a->timestamp, b->timestamp);
	assert_int_equal(a->length, b->length);
	assert_int_equal(a->stream_id, b->stream_id);
}

static void reads_and_writes_known_bytes(void **state)
{
	uint8_t out[SLU_CHUNK_HDR_MAX];
	struct slu_chunk_hdr h;

	(void)state;
	for (size_t i = 0; i < sizeof golden / sizeof *golden; i++) {
		const uint8_t *p = (const uint8_t *)golden[i].bytes;

		assert_int_equal(slu_chunk_hdr_need(p, golden[i].size), golden[i].size);
		slu_chunk_hdr_decode(p, &h);
		assert_same(&h, &golden[i].h);
		assert_int_equal(slu_chunk_hdr_encode(&golden[i].h, out), golden[i].size);
		assert_memory_equal(out, p, golden[i].size);
	}
}

/* With fewer bytes than a header has, more is needed, and never more than the whole. */
static void needs_no_byte_too_many(void **state)
{
	size_t have, need;

	(void)state;
	for (size_t i = 0; i < sizeof golden / sizeof *golden; i++) {
		for (have = 0; have < golden[i].size; have++) {
			need = slu_chunk_hdr_need((const uint8_t *)golden[i].bytes, have);
			assert_true(need > have);
			assert_true(need <= golden[i].size);
		}
	}
	assert_int_equal(slu_chunk_hdr_need((const uint8_t *)"\xc4\xff\xff\xff\xff", 5), 1); /* that is payload */
}

static void holds_every_chunk_stream_id(void **state)
{
	static const size_t size[4] = {11, 7, 3, 0};
	uint8_t out[SLU_CHUNK_HDR_MAX];
	struct slu_chunk_hdr h, back;
	size_t basic, n;

	(void)state;
	for (uint32_t csid = SLU_CHUNK_CSID_MIN; csid <= SLU_CHUNK_CSID_MAX; csid++) {
		basic = csid < 64 ? 1 : csid < 320 ? 2 : 3;
		h = (struct slu_chunk_hdr){.fmt = csid % 4, .csid = csid};
		n = slu_chunk_hdr_encode(&h, out);
		assert_int_equal(n, basic + size[csid % 4]);
		assert_int_equal(slu_chunk_hdr_need(out, n), n);
		slu_chunk_hdr_decode(out, &back);
		assert_same(&h, &back);
	}
}

/* 5.3.1.1: ids 64 to 319 may come in three bytes as well. */
static void takes_the_long_form_for_small_ids(void **state)
{
	struct slu_chunk_hdr h;

	(void)state;
	slu_chunk_hdr_decode((const uint8_t *)"\xc1\x07\x00", &h);
	assert_int_equal(h.csid, 71);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_and_writes_known_bytes),
		cmocka_unit_test(needs_no_byte_too_many),
		cmocka_unit_test(holds_every_chunk_stream_id),
		cmocka_unit_test(takes_the_long_form_for_small_ids),
	};

	return cmocka_run_group_tests_name("chunk_hdr", tests, NULL, NULL);
}
