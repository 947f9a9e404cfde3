/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <sluice/amf.h>
#include <sluice/error.h>

#include "base/bytes.h"
#include "server/record_meta.h"

/* What it is without a publisher's: written by hand from AMF 0, 2.10. */
static const uint8_t alone[] = "\x02\x00\x0aonMetaData\x08\x00\x00\x00\x00\x00\x00\x09";

/* A publisher's, with two members of its own. */
static const uint8_t theirs[] = "\x02\x00\x0aonMetaData\x03"
				"\x00\x05"
				"width\x00\x40\x84\0\0\0\0\0\0"
				"\x00\x08"
				"duration\x00\x40\x24\0\0\0\0\0\0"
				"\x00\x07"
				"encoder\x02\x00\x03"
				"abc"
				"\x00\x08"
				"filesize\x00\x40\x24\0\0\0\0\0\0"
				"\x00\x00\x09";

static const struct slu_record_facts facts = {
	.duration_ms = 2500,
	.last_ms = 3500,
	.last_key_ms = 3000,
	.audio_size = 11,
	.video_size = 12,
	.data_size = 13,
	.file_size = 14,
	.last_key_position = 15,
	.audio = true,
	.video = true,
	.key = true,
};

static struct slu_record_room room;

/* The room's first bytes: the value's end, and a string that takes all the rest. */
static void has_room_at(const struct slu_buf *b, size_t at)
{
	assert_int_equal(room.at, at);
	assert_int_equal(b->len, at + SLU_RECORD_META_ROOM);
	assert_memory_equal(b->data + at, "\x00\x00\x09\x0c", 4);
	assert_int_equal(slu_be32(b->data + at + 4), SLU_RECORD_META_ROOM - 8);
}

static void begins_with_nothing_but_room(void **state)
{
	struct slu_buf b;

	(void)state;
	slu_buf_init(&b, 1 << 20);
	assert_int_equal(slu_record_meta_begin(&b, &room, NULL, 0), 0);
	has_room_at(&b, sizeof alone - 4);
	assert_memory_equal(b.data, alone, sizeof alone - 1);
	assert_int_equal(room.members, 0);
	slu_buf_clear(&b);
}

static void begins_with_the_publishers_members(void **state)
{
	static const uint8_t want[] = "\x08\x00\x00\x00\x02\x00\x05"
				      "width\x00\x40\x84\0\0\0\0\0\0"
				      "\x00\x07"
				      "encoder\x02\x00\x03"
				      "abc";
	struct slu_buf b;

	(void)state;
	slu_buf_init(&b, 1 << 20);
	assert_int_equal(slu_record_meta_begin(&b, &room, theirs, sizeof theirs - 1), 0);
	assert_memory_equal(b.data + 13, want, sizeof want - 1);
	has_room_at(&b, 13 + sizeof want - 1);
	assert_int_equal(room.members, 2);
	slu_buf_clear(&b);
}

static void refuses_what_it_does_not_understand(void **state)
{
	struct slu_buf b;

	(void)state;
	slu_buf_init(&b, 4096);
	assert_int_equal(slu_record_meta_begin(&b, &room, (const uint8_t *)"\x02\x00\x0aonMetaData\x03\x00\x05wid", 19),
			 SLU_ERR_AMF);
	assert_int_equal(slu_record_meta_begin(&b, &room, (const uint8_t *)"\x02\x00\x07onThing\x05", 11), SLU_ERR_AMF);
	assert_int_equal(b.len, 0);
	b.max = 20;
	assert_int_equal(slu_record_meta_begin(&b, &room, NULL, 0), SLU_ERR_LIMIT);
	slu_buf_clear(&b);
}

static double number(const struct slu_amf_value *v, const char *name)
{
	double d = -1;

	assert_true(slu_amf_number(slu_amf_get(v, name), &d));
	return d;
}

static bool boolean(const struct slu_amf_value *v, const char *name)
{
	bool b = false;

	assert_true(slu_amf_boolean(slu_amf_get(v, name), &b));
	return b;
}

/* All of a tag that is in order says what facts does, with so many key frames; and how much room it left. */
static size_t check(const struct slu_buf *tag, size_t keys)
{
	struct slu_amf_doc *doc = slu_amf_doc_new(NULL);
	const struct slu_amf_value *m, *times, *positions;
	struct slu_amf_str rest;

	assert_int_equal(slu_amf_decode(doc, SLU_AMF0, tag->data, tag->len), 0);
	assert_int_equal(slu_amf_count(slu_amf_root(doc)), 3);
	m = slu_amf_at(slu_amf_root(doc), 1);
	assert_int_equal(slu_amf_count(m), room.members);
	assert_int_equal(slu_be32(tag->data + SLU_RECORD_META_COUNT), room.members);
	assert_true(number(m, "width") == 640 && number(m, "duration") == 2.5 && number(m, "lasttimestamp") == 3.5);
	assert_true(number(m, "lastkeyframetimestamp") == 3 && number(m, "lastkeyframelocation") == 15);
	assert_true(number(m, "audiosize") == 11 && number(m, "videosize") == 12 && number(m, "datasize") == 13);
	assert_true(number(m, "filesize") == 14);
	assert_true(boolean(m, "hasAudio") && boolean(m, "hasVideo") && boolean(m, "hasKeyframes"));
	times = slu_amf_get(slu_amf_get(m, "keyframes"), "times");
	positions = slu_amf_get(slu_amf_get(m, "keyframes"), "filepositions");
	assert_int_equal(slu_amf_count(times), keys);
	assert_int_equal(slu_amf_count(positions), keys);
	assert_true(slu_amf_string(slu_amf_at(slu_amf_root(doc), 2), &rest));
	slu_amf_doc_free(doc);
	return rest.n;
}

/* As a file is written: all but the first bytes, then those, then the number of members. */
static void fill(struct slu_buf *tag, const struct slu_buf *end)
{
	struct slu_amf_doc *doc = slu_amf_doc_new(NULL);
	uint8_t *at = tag->data + room.at;

	assert_int_equal(end->len, SLU_RECORD_META_ROOM);
	memcpy(at + SLU_RECORD_META_SWITCH, end->data + SLU_RECORD_META_SWITCH, end->len - SLU_RECORD_META_SWITCH);
	/* Until now it says what it did. */
	assert_int_equal(slu_amf_decode(doc, SLU_AMF0, tag->data, tag->len), 0);
	assert_int_equal(slu_amf_count(slu_amf_at(slu_amf_root(doc), 1)), 2);
	slu_amf_doc_free(doc);
	memcpy(at, end->data, SLU_RECORD_META_SWITCH);
	slu_put_be32(tag->data + SLU_RECORD_META_COUNT, room.members);
}

/* With n key frames, of which kept are in the tag. */
static void ends(size_t n, size_t kept)
{
	struct slu_record_index index;
	struct slu_buf tag, end;

	slu_buf_init(&tag, 1 << 20);
	slu_buf_init(&end, 1 << 20);
	slu_record_index_init(&index, 2 * SLU_RECORD_META_KEYS);
	for (size_t i = 0; i < n; i++)
		slu_record_index_add(&index, (int64_t)i, i);
	assert_int_equal(slu_record_meta_begin(&tag, &room, theirs, sizeof theirs - 1), 0);
	assert_int_equal(slu_record_meta_end(&end, &room, &facts, &index), 0);
	fill(&tag, &end);
	/* What the index does not take is room still; 289 bytes are members and their end, 5 the string's own. */
	assert_int_equal(check(&tag, kept), SLU_RECORD_META_ROOM - 289 - 18 * kept - 5);
	slu_record_index_clear(&index);
	slu_buf_clear(&tag);
	slu_buf_clear(&end);
}

static void says_all_at_the_end(void **state)
{
	(void)state;
	ends(1, 1);
	ends(5, 5);
	ends(SLU_RECORD_META_KEYS, SLU_RECORD_META_KEYS);
	ends(2 * SLU_RECORD_META_KEYS, SLU_RECORD_META_KEYS);
}

/* A killed process, or a loss of power, leaves any beginning of the last write: that is metadata all the same. */
static void can_be_cut_in_the_switch(void **state)
{
	struct slu_amf_doc *doc = slu_amf_doc_new(NULL);
	struct slu_record_index index;
	struct slu_buf tag, end;

	(void)state;
	slu_buf_init(&tag, 1 << 20);
	slu_buf_init(&end, 1 << 20);
	slu_record_index_init(&index, 2);
	slu_record_index_add(&index, 1000, 100);
	assert_int_equal(slu_record_meta_begin(&tag, &room, theirs, sizeof theirs - 1), 0);
	assert_int_equal(slu_record_meta_end(&end, &room, &facts, &index), 0);
	memcpy(tag.data + room.at + SLU_RECORD_META_SWITCH, end.data + SLU_RECORD_META_SWITCH,
	       end.len - SLU_RECORD_META_SWITCH);
	for (size_t n = 0; n <= SLU_RECORD_META_SWITCH; n++) {
		memcpy(tag.data + room.at, end.data, n);
		assert_int_equal(slu_amf_decode(doc, SLU_AMF0, tag.data, tag.len), 0);
		assert_true(number(slu_amf_at(slu_amf_root(doc), 1), "width") == 640);
	}
	slu_amf_doc_free(doc);
	slu_record_index_clear(&index);
	slu_buf_clear(&tag);
	slu_buf_clear(&end);
}

static void is_shorter_for_a_stream(void **state)
{
	static const uint8_t finished[] = "\x02\x00\x0aonMetaData\x08\x00\x00\x00\x04"
					  "\x00\x08"
					  "duration\x00\x40\x24\0\0\0\0\0\0"
					  "\x00\x08"
					  "filesize\x00\x40\x24\0\0\0\0\0\0"
					  "\x00\x09"
					  "keyframes\x03\x00\x05"
					  "times\x0a\x00\x00\x00\x00\x00\x00\x09"
					  "\x00\x05"
					  "width\x00\x40\x84\0\0\0\0\0\0"
					  "\x00\x00\x09\x0c\x00\x00\x00\x03   ";
	static const uint8_t want[] = "\x02\x00\x0aonMetaData\x08\x00\x00\x00\x02"
				      "\x00\x08"
				      "duration\x00\x40\x24\0\0\0\0\0\0"
				      "\x00\x05"
				      "width\x00\x40\x84\0\0\0\0\0\0"
				      "\x00\x00\x09";
	struct slu_buffer *b = slu_record_meta_stream(finished, sizeof finished - 1);

	(void)state;
	assert_non_null(b);
	assert_int_equal(slu_buffer_size(b), sizeof want - 1);
	assert_memory_equal(slu_buffer_data(b), want, sizeof want - 1);
	slu_buffer_put(b);
	assert_null(slu_record_meta_stream(finished, 30));
	assert_null(slu_record_meta_stream(finished, 3));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(begins_with_nothing_but_room),
		cmocka_unit_test(begins_with_the_publishers_members),
		cmocka_unit_test(refuses_what_it_does_not_understand),
		cmocka_unit_test(says_all_at_the_end),
		cmocka_unit_test(can_be_cut_in_the_switch),
		cmocka_unit_test(is_shorter_for_a_stream),
	};

	return cmocka_run_group_tests_name("record_meta", tests, NULL, NULL);
}
