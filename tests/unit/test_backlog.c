/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <sluice/error.h>

#include "tools/backlog.h"

#define METADATA    "\x02\x00\x0aonMetaData\x05"
#define METADATA2   "\x02\x00\x0aonMetaData\x06"
#define AVC_CONFIG  "\x17\x00\x00\x00\x00one"
#define AVC_CONFIG2 "\x17\x00\x00\x00\x00two"
#define AVC_KEY     "\x17\x01\x00\x00\x00key"
#define AVC_INTER   "\x27\x01\x00\x00\x00inter"
#define AAC_CONFIG  "\xaf\x00\x12\x10"
#define AAC         "\xaf\x01\x21"
#define HEVC_CONFIG "\x90hvc1config"
#define AV1_CONFIG  "\x90\x61v01config"
#define OPUS_CONFIG "\x90Opusconfig"
#define TRACK1_CONFIG                                                                                                  \
	"\x96\x00hvc1\x01"                                                                                             \
	"first"
#define TRACK2_CONFIG                                                                                                  \
	"\x96\x00hvc1\x02"                                                                                             \
	"second"
#define TRACK2_OTHER                                                                                                   \
	"\x96\x00hvc1\x02"                                                                                             \
	"other"

/* What went to the connection: "type@timestamp:bytes" with the last bytes of each body. */
static struct {
	char text[4096];
	unsigned count;
	unsigned fails_at; /* the call that fails; 0: none */
} sent;

static int released;

static void release(void *arg, void *data)
{
	(void)arg;
	free(data);
	released++;
}

static int send_to(void *arg, const struct slu_msg *msg)
{
	size_t at = strlen(sent.text), n = msg->size < 3 ? msg->size : 3;

	assert_ptr_equal(arg, &sent);
	if (++sent.count == sent.fails_at)
		return SLU_ERR_RESET;
	snprintf(sent.text + at, sizeof sent.text - at, "%u@%u:", msg->type, (unsigned)msg->timestamp);
	for (size_t i = msg->size - n; i < msg->size; i++) {
		at = strlen(sent.text);
		snprintf(sent.text + at, sizeof sent.text - at,
			 msg->data[i] > ' ' && msg->data[i] < 127 ? "%c" : "%02x", msg->data[i]);
	}
	strcat(sent.text, " ");
	return 0;
}

static void add(struct slu_backlog *b, uint8_t type, uint32_t timestamp, const char *body, size_t size)
{
	uint8_t *data = malloc(size);
	struct slu_msg m = {.type = type, .timestamp = timestamp, .size = size, .data = data};

	assert_non_null(data);
	memcpy(data, body, size);
	m.owner = slu_buffer_wrap(data, size, release, NULL);
	assert_non_null(m.owner);
	assert_int_equal(slu_backlog_add(b, &m), 0);
	slu_buffer_put(m.owner);
}

#define ADD(b, type, timestamp, body) add(b, type, timestamp, body, sizeof body - 1)

static void expect_again(struct slu_backlog *b, uint32_t timestamp, const char *text)
{
	memset(&sent, 0, sizeof sent);
	assert_int_equal(slu_backlog_again(b, timestamp, send_to, &sent), 0);
	assert_string_equal(sent.text, text);
}

static void begins_with_what_decoders_need(void **state)
{
	struct slu_backlog b;

	(void)state;
	slu_backlog_init(&b);
	assert_true(slu_backlog_empty(&b));
	ADD(&b, 18, 0, METADATA);
	ADD(&b, 9, 0, AVC_CONFIG);
	ADD(&b, 8, 0, AAC_CONFIG);
	ADD(&b, 9, 0, AVC_KEY);
	ADD(&b, 9, 40, AVC_INTER);
	ADD(&b, 8, 43, AAC);
	assert_int_equal(slu_backlog_sent(&b, 4), 0);
	assert_int_equal(slu_backlog_first(&b)->timestamp, 40);
	expect_again(&b, 40, "18@40:ta05 9@40:one 8@40:001210 9@40:ter 8@43:af01! ");
	/* Of these five the first three were repeated. */
	assert_int_equal(slu_backlog_sent(&b, 3), 0);
	assert_int_equal(slu_backlog_first(&b)->timestamp, 40);
	assert_int_equal(slu_backlog_sent(&b, 4), 0);
	assert_int_equal(slu_backlog_first(&b)->timestamp, 43);
	ADD(&b, 8, 66, AAC);
	assert_int_equal(slu_backlog_sent(&b, 5), 0);
	assert_int_equal(slu_backlog_first(&b)->timestamp, 66);
	assert_int_equal(slu_backlog_sent(&b, 6), 0);
	assert_true(slu_backlog_empty(&b));
	assert_null(slu_backlog_first(&b));
	expect_again(&b, 90, "18@90:ta05 9@90:one 8@90:001210 ");
	slu_backlog_clear(&b);
}

static void nothing_was_carried(void **state)
{
	struct slu_backlog b;

	(void)state;
	slu_backlog_init(&b);
	expect_again(&b, 7, "");
	ADD(&b, 9, 0, AVC_CONFIG);
	ADD(&b, 9, 0, AVC_KEY);
	assert_int_equal(slu_backlog_sent(&b, 0), 0);
	expect_again(&b, 7, "9@0:one 9@0:key ");
	slu_backlog_clear(&b);
}

/* A header that waits must not come before the frames of the one before it. */
static void headers_are_those_of_where_it_goes_on(void **state)
{
	struct slu_backlog b;

	(void)state;
	slu_backlog_init(&b);
	ADD(&b, 18, 0, METADATA);
	ADD(&b, 9, 0, AVC_CONFIG);
	ADD(&b, 9, 40, AVC_INTER);
	ADD(&b, 9, 80, AVC_CONFIG2);
	ADD(&b, 18, 80, METADATA2);
	ADD(&b, 9, 80, AVC_KEY);
	assert_int_equal(slu_backlog_sent(&b, 2), 0);
	expect_again(&b, 40, "18@40:ta05 9@40:one 9@40:ter 9@80:two 18@80:ta06 9@80:key ");
	assert_int_equal(slu_backlog_sent(&b, 5), 0);
	expect_again(&b, 80, "18@80:ta06 9@80:two 9@80:key ");
	slu_backlog_clear(&b);
}

static void each_codec_and_track_has_its_header(void **state)
{
	struct slu_backlog b;

	(void)state;
	slu_backlog_init(&b);
	ADD(&b, 9, 0, HEVC_CONFIG);
	ADD(&b, 8, 0, OPUS_CONFIG);
	ADD(&b, 9, 0, TRACK1_CONFIG);
	ADD(&b, 9, 0, TRACK2_CONFIG);
	assert_int_equal(slu_backlog_sent(&b, 4), 0);
	expect_again(&b, 1, "9@1:fig 8@1:fig 9@1:rst 9@1:ond ");
	ADD(&b, 9, 2, TRACK2_OTHER);
	ADD(&b, 9, 2, AV1_CONFIG "!");
	assert_int_equal(slu_backlog_sent(&b, 6), 0);
	expect_again(&b, 3, "9@3:ig! 8@3:fig 9@3:rst 9@3:her ");
	slu_backlog_clear(&b);
}

static void a_failure_on_the_way_loses_nothing(void **state)
{
	struct slu_backlog b;

	(void)state;
	slu_backlog_init(&b);
	ADD(&b, 9, 0, AVC_CONFIG);
	ADD(&b, 8, 0, AAC_CONFIG);
	ADD(&b, 9, 0, AVC_KEY);
	ADD(&b, 9, 40, AVC_INTER);
	ADD(&b, 9, 80, AVC_INTER);
	assert_int_equal(slu_backlog_sent(&b, 2), 0);
	for (unsigned i = 1; i <= 5; i++) {
		memset(&sent, 0, sizeof sent);
		sent.fails_at = i;
		assert_int_equal(slu_backlog_again(&b, 0, send_to, &sent), SLU_ERR_RESET);
		assert_int_equal(sent.count, i);
	}
	/* Of the last one, which failed at the fifth, only the headers were carried. */
	assert_int_equal(slu_backlog_sent(&b, 2), 0);
	expect_again(&b, 0, "9@0:one 8@0:001210 9@0:key 9@40:ter 9@80:ter ");
	/* One that failed at the fourth may have carried three, and the fifth message of another one is none of its. */
	memset(&sent, 0, sizeof sent);
	sent.fails_at = 4;
	assert_int_equal(slu_backlog_again(&b, 0, send_to, &sent), SLU_ERR_RESET);
	assert_int_equal(slu_backlog_sent(&b, 5), 0);
	assert_int_equal(slu_backlog_first(&b)->timestamp, 40);
	slu_backlog_clear(&b);
}

static void many_wait_and_all_are_let_go(void **state)
{
	enum { MANY = 1000 };
	struct slu_backlog b;

	(void)state;
	released = 0;
	slu_backlog_init(&b);
	for (uint32_t round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < MANY; i++)
			ADD(&b, 9, round * MANY + i, AVC_INTER);
		assert_int_equal(slu_backlog_sent(&b, (round + 1) * MANY - 10), 0);
		assert_int_equal(slu_backlog_first(&b)->timestamp, (round + 1) * MANY - 10);
		assert_int_equal(released, (round + 1) * MANY - 10);
	}
	slu_backlog_clear(&b);
	assert_int_equal(released, 3 * MANY);
	assert_true(slu_backlog_empty(&b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(begins_with_what_decoders_need),
		cmocka_unit_test(nothing_was_carried),
		cmocka_unit_test(headers_are_those_of_where_it_goes_on),
		cmocka_unit_test(each_codec_and_track_has_its_header),
		cmocka_unit_test(a_failure_on_the_way_loses_nothing),
		cmocka_unit_test(many_wait_and_all_are_let_go),
	};

	return cmocka_run_group_tests_name("backlog", tests, NULL, NULL);
}
