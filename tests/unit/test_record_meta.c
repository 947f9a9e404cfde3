/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <sluice/error.h>

#include "base/bytes.h"
#include "server/record_meta.h"

/* What it is without a publisher's: written by hand from AMF 0, 2.10. */
static const uint8_t alone[] = "\x02\x00\x0aonMetaData\x08\x00\x00\x00\x02"
			       "\x00\x08"
			       "duration\x00"
			       "\0\0\0\0\0\0\0\0"
			       "\x00\x08"
			       "filesize\x00"
			       "\0\0\0\0\0\0\0\0"
			       "\x00\x00\x09";

static void has_room_for_both(void **state)
{
	struct slu_buf b;

	(void)state;
	slu_buf_init(&b, 4096);
	assert_int_equal(slu_record_meta(&b, NULL, 0), 0);
	assert_int_equal(b.len, sizeof alone - 1);
	assert_memory_equal(b.data, alone, sizeof alone - 1);
	assert_memory_equal(b.data + SLU_RECORD_META_DURATION - 9, "duration", 8);
	assert_memory_equal(b.data + SLU_RECORD_META_FILESIZE - 9, "filesize", 8);
	slu_buf_clear(&b);
}

static void keeps_the_publishers_members(void **state)
{
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
	static const uint8_t want[] = "\x00\x05"
				      "width\x00\x40\x84\0\0\0\0\0\0"
				      "\x00\x07"
				      "encoder\x02\x00\x03"
				      "abc"
				      "\x00\x00\x09";
	struct slu_buf b;

	(void)state;
	slu_buf_init(&b, 4096);
	assert_int_equal(slu_record_meta(&b, theirs, sizeof theirs - 1), 0);
	assert_int_equal(b.data[13], 8);
	assert_int_equal(slu_be32(b.data + 14), 4);
	assert_true(slu_be_double(b.data + SLU_RECORD_META_DURATION) == 0);
	assert_true(slu_be_double(b.data + SLU_RECORD_META_FILESIZE) == 0);
	assert_int_equal(b.len, SLU_RECORD_META_FILESIZE + 8 + sizeof want - 1);
	assert_memory_equal(b.data + SLU_RECORD_META_FILESIZE + 8, want, sizeof want - 1);
	slu_buf_clear(&b);
}

static void refuses_what_it_does_not_understand(void **state)
{
	struct slu_buf b;

	(void)state;
	slu_buf_init(&b, 4096);
	assert_int_equal(slu_record_meta(&b, (const uint8_t *)"\x02\x00\x0aonMetaData\x03\x00\x05wid", 19),
			 SLU_ERR_AMF);
	assert_int_equal(b.len, 0);
	b.max = 20;
	assert_int_equal(slu_record_meta(&b, NULL, 0), SLU_ERR_LIMIT);
	slu_buf_clear(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(has_room_for_both),
		cmocka_unit_test(keeps_the_publishers_members),
		cmocka_unit_test(refuses_what_it_does_not_understand),
	};

	return cmocka_run_group_tests_name("record_meta", tests, NULL, NULL);
}
