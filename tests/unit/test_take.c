/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <sluice/error.h>

#include "record_kit.h"
#include "tools/take.h"

#define HEADER "FLV\x01\x05\0\0\0\x09\0\0\0\0"

static struct slu_take *take;

static int begin(void **state)
{
	const char *name;

	if (kit_setup(state) != 0 || fchdir(kit_dir) != 0)
		return -1;
	take = slu_take_open("dir/a?b", &name);
	return take && strcmp(name, "a") == 0 ? 0 : -1;
}

static int end(void **state)
{
	return chdir("/") == 0 ? kit_teardown(state) : -1;
}

static int put(uint8_t type, uint32_t timestamp, const void *data, size_t n)
{
	struct slu_msg msg = {.type = type, .timestamp = timestamp, .stream_id = 1, .data = data, .size = n};

	return slu_take_write(take, &msg);
}

static void file_is(const char *want, size_t n)
{
	char got[1024];
	FILE *from;

	assert_int_equal(slu_take_close(take), 0);
	from = fopen("a", "rb");
	assert_non_null(from);
	assert_int_equal(fread(got, 1, sizeof got, from), n);
	fclose(from);
	assert_memory_equal(got, want, n);
}

#define FILE_IS(text) file_is(text, sizeof(text) - 1)

static void tags(void **state)
{
	(void)state;
	assert_int_equal(put(SLU_MSG_AUDIO, 1, "\xaf\x01x", 3), 0);
	assert_int_equal(put(SLU_MSG_VIDEO, 0x12345678, "\x17", 1), 0);
	FILE_IS(HEADER "\x08\0\0\x03\0\0\x01\0\0\0\0\xaf\x01x\0\0\0\x0e"
		       "\x09\0\0\x01\x34\x56\x78\x12\0\0\0\x17\0\0\0\x0c");
}

static void data(void **state)
{
	static const char set[] = "\x02\0\x0d@setDataFrame\x02\0\x0aonMetaData\x05";
	static const char access[] = "\x02\0\x11|RtmpSampleAccess\x01\x01";

	(void)state;
	assert_int_equal(put(SLU_MSG_DATA, 5, set, sizeof set - 1), 0);
	assert_int_equal(put(SLU_MSG_DATA, 5, access, sizeof access - 1), 0);
	assert_int_equal(put(SLU_MSG_DATA, 5, "\x02\0\x08onStatus\x05", 12), 0);
	assert_int_equal(put(SLU_MSG_DATA_AMF3, 6, "\0\x02\0\x01x\x05", 6), 0);
	FILE_IS(HEADER "\x12\0\0\x0e\0\0\x05\0\0\0\0\x02\0\x0aonMetaData\x05\0\0\0\x19"
		       "\x12\0\0\x05\0\0\x06\0\0\0\0\x02\0\x01x\x05\0\0\0\x10");
}

/* The first part is at the message's time, whatever it says itself; the last back pointer is missing. */
static void an_aggregate(void **state)
{
	static const char parts[] = "\x08\0\0\x01\0\0\x64\0\0\0\0A\0\0\0\x0c"
				    "\x05\0\0\x01\0\0\x64\0\0\0\0?\0\0\0\x0c"
				    "\x09\0\0\x02\0\0\x6e\0\0\0\0VV";

	(void)state;
	assert_int_equal(put(SLU_MSG_AGGREGATE, 1000, parts, sizeof parts - 1), 0);
	FILE_IS(HEADER "\x08\0\0\x01\0\x03\xe8\0\0\0\0A\0\0\0\x0c"
		       "\x09\0\0\x02\0\x03\xf2\0\0\0\0VV\0\0\0\x0d");
}

static void a_part_that_is_cut_off(void **state)
{
	static const char parts[] = "\x08\0\0\x01\0\0\0\0\0\0\0A\0\0\0\x0c\x09\xff\xff\xff\0\0\0\0\0\0\0V";

	(void)state;
	assert_int_equal(put(SLU_MSG_AGGREGATE, 0, parts, sizeof parts - 1), 0);
	assert_int_equal(put(SLU_MSG_AGGREGATE, 0, "\x08\0\0", 3), 0);
	FILE_IS(HEADER "\x08\0\0\x01\0\0\0\0\0\0\0A\0\0\0\x0c");
}

static void nothing_of_these(void **state)
{
	(void)state;
	assert_int_equal(put(SLU_MSG_AUDIO, 1, "", 0), 0);
	assert_int_equal(put(SLU_MSG_COMMAND, 1, "\x02\0\x01x", 4), 0);
	assert_int_equal(put(SLU_MSG_USER_CONTROL, 1, "\0\0\0\0\0\1", 6), 0);
	FILE_IS(HEADER);
}

static void another_file_for_another_take(void **state)
{
	const char *name;
	struct slu_take *second = slu_take_open("a", &name);

	(void)state;
	assert_non_null(second);
	assert_string_equal(name, "a01");
	assert_int_equal(slu_take_close(second), 0);
	FILE_IS(HEADER);
}

static void a_full_disk(void **state)
{
	static char much[65536];
	struct rlimit before, small;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = (struct rlimit){4096, before.rlim_max};
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(put(SLU_MSG_VIDEO, 0, much, sizeof much), SLU_ERR_IO);
	assert_int_equal(errno, EFBIG);
	slu_take_close(take);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
}

static void a_folder_that_takes_nothing(void **state)
{
	const char *name;

	(void)state;
	assert_int_equal(chdir("/proc"), 0);
	assert_null(slu_take_open("a", &name));
	assert_int_equal(fchdir(kit_dir), 0);
	FILE_IS(HEADER);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(tags),
		TEST(data),
		TEST(an_aggregate),
		TEST(a_part_that_is_cut_off),
		TEST(nothing_of_these),
		TEST(another_file_for_another_take),
		TEST(a_full_disk),
		TEST(a_folder_that_takes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
