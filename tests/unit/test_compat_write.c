/* SPDX-License-Identifier: MIT */
/* RTMP_Write() over a stand-in for the connection: which messages come of which pieces, and when they are flushed. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include <librtmp/log.h>
#include <librtmp/rtmp.h>
#include <sluice/buffer.h>
#include <sluice/flv.h>

#include "media.h"
#include "state.h"

#include "../alloc_fail.h"

enum { FLV_MAX = 4 * 1024 * 1024, TAGS_MAX = 400 };

int __wrap_slu_compat_send(RTMP *r, const struct slu_msg *msg);
int __wrap_slu_compat_flush(RTMP *r);
struct slu_compat *__wrap_slu_compat_need(const RTMP *r, const char *what);

/* What came, written as FLV again. */
static struct {
	uint8_t flv[FLV_MAX];
	size_t size;
	unsigned tags, flushes, unflushed;
	struct slu_buffer *queued[TAGS_MAX]; /* until the flush, as a connection holds it */
	unsigned fail_at;                    /* the send of this number, from 1 on */
	int flush_fails;
	int keeps; /* the flush lets go of nothing */
} got;

static struct slu_compat compat;
static RTMP rtmp;

struct slu_compat *__wrap_slu_compat_need(const RTMP *r, const char *what)
{
	(void)what;
	return r->Link.dh;
}

static void put_tag(uint8_t *flv, size_t *size, const struct slu_flv_tag *tag)
{
	assert_true(*size + tag->size + SLU_FLV_TAG_OVERHEAD <= FLV_MAX);
	assert_int_equal(slu_flv_write_tag_header(flv + *size, tag), 0);
	*size += SLU_FLV_TAG_HEADER_SIZE;
	if (tag->size)
		memcpy(flv + *size, tag->body, tag->size);
	*size += tag->size;
	slu_flv_write_prev_size(flv + *size, tag);
	*size += 4;
}

int __wrap_slu_compat_send(RTMP *r, const struct slu_msg *msg)
{
	const struct slu_flv_tag tag = {msg->type, msg->timestamp, msg->data, msg->size};

	(void)r;
	if (++got.tags == got.fail_at)
		return FALSE;
	assert_int_equal(msg->stream_id, 0);
	assert_non_null(msg->owner);
	assert_true(msg->data >= slu_buffer_data(msg->owner) &&
		    msg->data + msg->size <= slu_buffer_data(msg->owner) + slu_buffer_size(msg->owner));
	assert_true(got.unflushed < TAGS_MAX);
	got.queued[got.unflushed++] = slu_buffer_get(msg->owner);
	put_tag(got.flv, &got.size, &tag);
	return TRUE;
}

static void let_go(void)
{
	while (got.unflushed)
		slu_buffer_put(got.queued[--got.unflushed]);
}

int __wrap_slu_compat_flush(RTMP *r)
{
	(void)r;
	assert_int_not_equal(got.unflushed, 0);
	got.flushes++;
	if (!got.keeps)
		let_go();
	return !got.flush_fails;
}

static char said[2048];

static void hear(int level, const char *format, va_list args)
{
	if (level <= RTMP_LOGERROR)
		vsnprintf(said, sizeof said, format, args);
}

/* ---- an FLV ---- */

static struct {
	uint8_t flv[FLV_MAX];
	size_t size;
	unsigned tags;
} made;

static const uint8_t header[SLU_FLV_HEADER_SIZE] = {'F', 'L', 'V', 1, 5, 0, 0, 0, 9, 0, 0, 0, 0};

static void add(uint8_t type, uint32_t timestamp, size_t size)
{
	uint8_t *body = malloc(size ? size : 1);
	const struct slu_flv_tag tag = {type, timestamp, body, size};

	assert_non_null(body);
	for (size_t i = 0; i < size; i++)
		body[i] = (uint8_t)(i * 7 + timestamp + size);
	put_tag(made.flv, &made.size, &tag);
	made.tags++;
	free(body);
}

/* Metadata, empty and large tags, and timestamps on both sides of 24, 31 and 32 bits. */
static void make(void)
{
	static const uint32_t stamps[] = {0, 0xfffffe, 0xffffff, 0x1000000, 0x7fffffff, 0x80000000, 0xffffffff, 5};

	made.size = made.tags = 0;
	add(SLU_FLV_SCRIPT, 0, 123);
	for (size_t i = 0; i < sizeof stamps / sizeof stamps[0]; i++) {
		add(SLU_FLV_VIDEO, stamps[i], 5000 * i + 300);
		add(SLU_FLV_AUDIO, stamps[i], i * 40);
	}
}

static int begin(void **state)
{
	(void)state;
	memset(&got, 0, sizeof got);
	memset(&rtmp, 0, sizeof rtmp);
	rtmp.Link.dh = &compat;
	said[0] = '\0';
	RTMP_LogSetCallback(hear);
	make();
	return 0;
}

static int end(void **state)
{
	(void)state;
	let_go();
	slu_compat_write_close(&rtmp);
	return 0;
}

/* From a copy that ends where the bytes do, and is gone afterwards. */
static int write_copy(const uint8_t *data, size_t n)
{
	char *copy = malloc(n);
	int wrote;

	assert_non_null(copy);
	memcpy(copy, data, n);
	wrote = RTMP_Write(&rtmp, copy, (int)n);
	memset(copy, 0xee, n);
	free(copy);
	return wrote;
}

static void write_in(const uint8_t *data, size_t size, size_t piece)
{
	for (size_t at = 0, n; at < size; at += n) {
		n = piece < size - at ? piece : size - at;
		assert_int_equal(write_copy(data + at, n), n);
	}
}

static void has_all(void)
{
	assert_int_equal(got.tags, made.tags);
	assert_int_equal(got.size, made.size);
	assert_memory_equal(got.flv, made.flv, made.size);
	assert_string_equal(said, "");
}

/* ---- pieces ---- */

static const size_t pieces[] = {1, 2, 3, 10, 11, 12, 15, 16, 128, 333, 4096, 32768, 65536, FLV_MAX};

static void any_pieces_with_a_header(void **state)
{
	for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
		begin(state);
		write_in(header, sizeof header, pieces[i]);
		assert_int_equal(got.tags, 0);
		write_in(made.flv, made.size, pieces[i]);
		has_all();
		end(state);
	}
}

static void any_pieces_without_a_header(void **state)
{
	for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
		begin(state);
		write_in(made.flv, made.size, pieces[i]);
		has_all();
		end(state);
	}
}

static void random_pieces(void **state)
{
	uint32_t seed = 1;

	for (int round = 0; round < 50; round++) {
		begin(state);
		for (size_t at = 0, n; at < made.size; at += n) {
			n = 1 + test_rand(&seed) % (round % 2 ? 40 : 40000);
			n = n < made.size - at ? n : made.size - at;
			assert_int_equal(write_copy(made.flv + at, n), n);
		}
		has_all();
		end(state);
	}
}

/* Muxers that are started anew on the same connection write it again. */
static void a_header_may_come_again(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		write_in(header, sizeof header, 5);
		write_in(made.flv, made.size, 1000);
	}
	assert_int_equal(got.tags, 3 * made.tags);
	assert_memory_equal(got.flv + 2 * made.size, made.flv, made.size);
	assert_string_equal(said, "");
}

/* The old library gave up where the second of two writes of 32 KiB began inside a PreviousTagSize. */
static void previous_tag_size_across_writes(void **state)
{
	for (size_t inside = 1; inside < 4; inside++) {
		begin(state);
		made.size = made.tags = 0;
		add(SLU_FLV_VIDEO, 0, 32768 - sizeof header - SLU_FLV_TAG_HEADER_SIZE - inside);
		add(SLU_FLV_VIDEO, 40, 20000);
		memmove(made.flv + sizeof header, made.flv, made.size);
		memcpy(made.flv, header, sizeof header);
		assert_int_equal(write_copy(made.flv, 32768), 32768);
		assert_int_equal(got.tags, 1);
		assert_int_equal(write_copy(made.flv + 32768, made.size + sizeof header - 32768),
				 made.size + sizeof header - 32768);
		memmove(made.flv, made.flv + sizeof header, made.size);
		has_all();
		end(state);
	}
}

/* ---- flushes and memory ---- */

static void one_flush_for_what_a_call_completes(void **state)
{
	(void)state;
	write_in(made.flv, made.size, FLV_MAX);
	has_all();
	assert_int_equal(got.flushes, 1);
	write_in(made.flv, 100, FLV_MAX); /* no whole tag */
	assert_int_equal(got.flushes, 1);
	write_in(made.flv + 100, made.size - 100, 32768);
	assert_true(got.flushes <= 2 + made.size / 32768);
}

/* A queue that holds on to what it was given gets other memory than what is written next. */
static void what_is_held_does_not_change(void **state)
{
	(void)state;
	got.keeps = 1;
	write_in(made.flv, made.size, 3000);
	has_all();
	for (unsigned i = 1; i < got.unflushed; i++)
		assert_true(slu_buffer_size(got.queued[i]) <= 512 * 1024);
}

static void large_tags_come_in_small_pieces(void **state)
{
	(void)state;
	made.size = made.tags = 0;
	add(SLU_FLV_VIDEO, 1, 3000000);
	add(SLU_FLV_VIDEO, 2, 1500);
	write_in(made.flv, made.size, 1000);
	has_all();
	assert_int_equal(got.flushes, 2);
}

static void nothing_is_nothing(void **state)
{
	(void)state;
	assert_int_equal(RTMP_Write(&rtmp, "", 0), 0);
	assert_int_equal(RTMP_Write(&rtmp, NULL, 0), 0);
	assert_int_equal(RTMP_Write(&rtmp, NULL, -7), 0);
	assert_int_equal(got.tags + got.flushes, 0);
}

static void memory_may_run_out(void **state)
{
	int wrote;

	for (long i = 0; i < 20; i++) {
		begin(state);
		alloc_fail_at(i);
		wrote = RTMP_Write(&rtmp, (char *)made.flv, (int)made.size);
		if (!alloc_fail_end()) {
			assert_int_equal(wrote, made.size);
			has_all();
			end(state);
			assert_true(i >= 2);
			return;
		}
		assert_int_equal(wrote, -1);
		assert_non_null(strstr(said, "no memory"));
		end(state);
	}
	fail_msg("it never came to an end");
}

/* ---- failures ---- */

static void a_lost_connection(void **state)
{
	(void)state;
	got.fail_at = 3;
	assert_int_equal(write_copy(made.flv, made.size), -1);
	assert_int_equal(got.flushes, 0);
	got.fail_at = 0;
	end(state);
	begin(state);
	got.flush_fails = 1;
	assert_int_equal(write_copy(made.flv, made.size), -1);
	assert_int_equal(got.flushes, 1);
}

static void what_is_no_flv(void **state)
{
	uint8_t noise[20];
	static const char *const bad[] = {"\377\330\377\340", "FLX\1\5\0\0\0\11", "FLV\1\5\0\0\0\3----",
					  "\0\0\0\1g---------"};

	memset(noise, 0xff, sizeof noise);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		begin(state);
		write_copy((const uint8_t *)bad[i], i == 0 ? 4 : i == 3 ? 14 : 9);
		assert_int_equal(write_copy(noise, sizeof noise), -1);
		assert_non_null(strstr(said, "RTMP_Write() cannot be sent: this "));
		assert_int_equal(got.tags, 0);
		said[0] = '\0';
		assert_int_equal(write_copy(made.flv, made.size), -1);
		assert_string_equal(said, ""); /* once is enough */
		end(state);
	}
}

static void corrupt_in_the_middle(void **state)
{
	size_t first = SLU_FLV_TAG_OVERHEAD + 123;

	(void)state;
	made.flv[first] = 0xff;
	assert_int_equal(write_copy(made.flv, made.size), -1);
	assert_int_equal(got.tags, 1);
	assert_non_null(strstr(said, "corrupt at byte"));
}

static void closing_begins_anew(void **state)
{
	(void)state;
	write_in(made.flv, 1000, 100);
	slu_compat_write_close(&rtmp);
	rtmp.Link.dh = NULL;
	slu_compat_write_close(&rtmp);
	assert_int_equal(write_copy(made.flv, 100), -1); /* not connected */
	rtmp.Link.dh = &compat;
	memset(&got, 0, sizeof got);
	write_in(header, sizeof header, 100);
	write_in(made.flv, made.size, 100);
	has_all();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(any_pieces_with_a_header),
		cmocka_unit_test(any_pieces_without_a_header),
		cmocka_unit_test(random_pieces),
		cmocka_unit_test_setup_teardown(a_header_may_come_again, begin, end),
		cmocka_unit_test(previous_tag_size_across_writes),
		cmocka_unit_test_setup_teardown(one_flush_for_what_a_call_completes, begin, end),
		cmocka_unit_test_setup_teardown(what_is_held_does_not_change, begin, end),
		cmocka_unit_test_setup_teardown(large_tags_come_in_small_pieces, begin, end),
		cmocka_unit_test_setup_teardown(nothing_is_nothing, begin, end),
		cmocka_unit_test(memory_may_run_out),
		cmocka_unit_test_setup_teardown(a_lost_connection, begin, end),
		cmocka_unit_test(what_is_no_flv),
		cmocka_unit_test_setup_teardown(corrupt_in_the_middle, begin, end),
		cmocka_unit_test_setup_teardown(closing_begins_anew, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
