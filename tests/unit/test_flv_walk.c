/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <fcntl.h>
#include <unistd.h>

#include <sluice/error.h>

#include "base/bytes.h"
#include "flv_kit.h"
#include "tools/flv_walk.h"

static struct flv_kit kit;
static struct slu_flv_walk walk;
static struct slu_flv_walk_tag last;
static unsigned tags;

/* What the walk through the first n bytes ends with. */
static int walk_through(size_t n)
{
	const char *path = flv_file(kit.data, n);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	int step = slu_flv_walk_begin(&walk, fd);

	tags = 0;
	while (!step && (step = slu_flv_walk_next(&walk, &last)) == 1) {
		tags++;
		step = 0;
	}
	close(fd);
	unlink(path);
	return step;
}

static void tag_by_tag(void **state)
{
	(void)state;
	flv_begin(&kit);
	flv_tag(&kit, SLU_FLV_AUDIO, 1, 300, 1);
	kit.data[SLU_FLV_HEADER_SIZE] = 17; /* of no known type */
	flv_tag(&kit, SLU_FLV_SCRIPT, 0, 0, 1);
	flv_tag(&kit, SLU_FLV_AUDIO, 0x12345678, 70, 7);
	assert_int_equal(walk_through(kit.n), 0);
	assert_int_equal(tags, 3);
	assert_int_equal(walk.at, kit.n);
	assert_int_equal(walk.cut, 0);
	assert_int_equal(last.type, SLU_FLV_AUDIO);
	assert_int_equal(last.timestamp, 0x12345678);
	assert_int_equal(last.size, 70);
	assert_int_equal(last.at, kit.n - 85);
	assert_int_equal(last.body, kit.n - 74);
	assert_int_equal(last.end, kit.n);
	assert_int_equal(last.begins, 64);
	assert_memory_equal(last.begin, kit.data + last.body, 64);
}

/* Wherever it was: it is where a tag begins, and of what kind that is. */
static void cut_off(void **state)
{
	size_t begins[3];

	(void)state;
	flv_begin(&kit);
	for (size_t i = 0; i < 3; i++) {
		begins[i] = kit.n;
		flv_tag(&kit, SLU_FLV_VIDEO, (uint32_t)i, 100, (unsigned)i);
	}
	for (size_t n = 0; n < kit.n; n++) {
		size_t whole = n < begins[0] ? 0 : (n - begins[0]) / 115;

		assert_int_equal(walk_through(n), 0);
		assert_int_equal(tags, whole);
		assert_int_equal(walk.cut, n > begins[whole] ? SLU_FLV_VIDEO : 0);
		assert_true(n < begins[0] || walk.at == begins[whole]);
	}
}

/* A size that is wrong leads to a wrong one behind it, or beyond the end, past tags that are whole. */
static void a_wrong_size(void **state)
{
	size_t at;

	(void)state;
	flv_begin(&kit);
	flv_tag(&kit, SLU_FLV_VIDEO, 0, 100, 0);
	at = kit.n;
	for (unsigned i = 0; i < 5; i++)
		flv_tag(&kit, i % 2 ? SLU_FLV_AUDIO : SLU_FLV_VIDEO, i, 100, i);
	for (uint32_t size = 0; size < 0xffffff; size = 3 * size + 1) {
		slu_put_be24(kit.data + at + 1, size);
		assert_int_equal(walk_through(kit.n), SLU_ERR_FLV);
		assert_int_equal(walk.at, at);
		assert_int_equal(tags, 1);
	}
	slu_put_be24(kit.data + at + 1, 3 * 115 + 100); /* up to the end of another one: the size behind it differs */
	assert_int_equal(walk_through(kit.n), SLU_ERR_FLV);
	slu_put_be24(kit.data + at + 1, 4 * 115 + 100); /* and to the end of the file */
	assert_int_equal(walk_through(kit.n), SLU_ERR_FLV);
	slu_put_be24(kit.data + at + 1, 1000);
	assert_int_equal(walk_through(at + 2 * 115 - 1), 0); /* nothing in it is whole */
}

static void what_is_no_tag(void **state)
{
	static const uint8_t types[] = {0x40, 0x80, 0xff};

	(void)state;
	flv_begin(&kit);
	flv_tag(&kit, SLU_FLV_VIDEO, 0, 100, 0);
	for (size_t i = 0; i < sizeof types; i++) {
		kit.data[SLU_FLV_HEADER_SIZE] = types[i];
		assert_int_equal(walk_through(kit.n), SLU_ERR_FLV);
		assert_int_equal(walk_through(kit.n - 1), SLU_ERR_FLV);
		assert_int_equal(walk.at, SLU_FLV_HEADER_SIZE);
	}
	kit.data[SLU_FLV_HEADER_SIZE] = 0; /* as where a disk had been given room and no data */
	assert_int_equal(walk_through(kit.n - 1), SLU_ERR_FLV);
	kit.data[SLU_FLV_HEADER_SIZE] = SLU_FLV_AUDIO | 0x20; /* encrypted (E.4.1) */
	assert_int_equal(walk_through(kit.n - 1), 0);
}

static void what_is_no_flv(void **state)
{
	(void)state;
	flv_begin(&kit);
	slu_put_be32(kit.data + 5, 8);
	assert_int_equal(walk_through(kit.n), SLU_ERR_FLV);
	kit.data[3] = 2;
	assert_int_equal(walk_through(5), SLU_ERR_FLV);
	assert_int_equal(walk_through(3), 0);
	assert_int_equal(slu_flv_walk_begin(&walk, -1), SLU_ERR_IO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tag_by_tag),     cmocka_unit_test(cut_off),        cmocka_unit_test(a_wrong_size),
		cmocka_unit_test(what_is_no_tag), cmocka_unit_test(what_is_no_flv),
	};

	return cmocka_run_group_tests_name("flv_walk", tests, NULL, NULL);
}
