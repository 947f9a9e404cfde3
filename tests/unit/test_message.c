/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <sluice/error.h>

#include "proto/message.h"

struct golden {
	struct slu_control c;
	const char *bytes;
	size_t n;
	const char *name;
};

/* As nginx-rtmp, FFmpeg and librtmp write them. */
static const struct golden goldens[] = {
	{{.type = 1, .value = 4096}, "\0\0\x10\0", 4, "Set Chunk Size"},
	{{.type = 2, .value = 6}, "\0\0\0\x06", 4, "Abort"},
	{{.type = 3, .value = 0xfffefdfc}, "\xff\xfe\xfd\xfc", 4, "Acknowledgement"},
	{{.type = 5, .value = 2500000}, "\x00\x26\x25\xa0", 4, "Window Acknowledgement Size"},
	{{.type = 6, .value = 5000000, .extra = 2}, "\x00\x4c\x4b\x40\x02", 5, "Set Peer Bandwidth"},
	{{.type = 4, .event = 0, .value = 1}, "\0\0\0\0\0\x01", 6, "Stream Begin"},
	{{.type = 4, .event = 1, .value = 1}, "\0\x01\0\0\0\x01", 6, "Stream EOF"},
	{{.type = 4, .event = 2, .value = 1}, "\0\x02\0\0\0\x01", 6, "Stream Dry"},
	{{.type = 4, .event = 3, .value = 1, .extra = 3000}, "\0\x03\0\0\0\x01\0\0\x0b\xb8", 10, "Set Buffer Length"},
	{{.type = 4, .event = 4, .value = 1}, "\0\x04\0\0\0\x01", 6, "Stream Is Recorded"},
	{{.type = 4, .event = 6, .value = 0x01020304}, "\0\x06\x01\x02\x03\x04", 6, "Ping Request"},
	{{.type = 4, .event = 7, .value = 0x01020304}, "\0\x07\x01\x02\x03\x04", 6, "Ping Response"},
};

static struct slu_msg message(uint8_t type, const void *data, size_t n)
{
	return (struct slu_msg){.type = type, .data = data, .size = n};
}

static void golden_bytes(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof goldens / sizeof goldens[0]; i++) {
		const struct golden *g = &goldens[i];
		struct slu_msg m = message(g->c.type, g->bytes, g->n);
		uint8_t out[SLU_CONTROL_MAX];
		struct slu_control c;

		assert_int_equal(slu_control_encode(&g->c, out), g->n);
		assert_memory_equal(out, g->bytes, g->n);
		assert_int_equal(slu_control_decode(&c, &m), 0);
		/* Member by member: what lies between them is anybody's. */
		assert_int_equal(c.type, g->c.type);
		assert_int_equal(c.event, g->c.event);
		assert_int_equal(c.value, g->c.value);
		assert_int_equal(c.extra, g->c.extra);
		assert_string_equal(slu_control_name(c.type, c.event), g->name);
	}
}

static void every_cut_is_an_error(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof goldens / sizeof goldens[0]; i++) {
		for (size_t n = 0; n < goldens[i].n; n++) {
			struct slu_msg m = message(goldens[i].c.type, goldens[i].bytes, n);
			struct slu_control c;

			assert_int_equal(slu_control_decode(&c, &m), SLU_ERR_MESSAGE);
		}
	}
}

static void bytes_behind_are_ignored(void **state)
{
	struct slu_msg m = message(3, "\0\0\0\x07more", 8);
	struct slu_control c;

	(void)state;
	assert_int_equal(slu_control_decode(&c, &m), 0);
	assert_int_equal(c.value, 7);
}

static void unknown_event(void **state)
{
	struct slu_msg m = message(4, "\0\x19\x01", 3);
	struct slu_control c = {.type = 4, .event = 25};
	uint8_t out[SLU_CONTROL_MAX];

	(void)state;
	assert_int_equal(slu_control_encode(&c, out), 0);
	assert_int_equal(slu_control_decode(&c, &m), 0);
	assert_int_equal(c.event, 25);
	assert_int_equal(c.value, 0);
	assert_string_equal(slu_control_name(4, 25), "an unknown user control event");
}

/* Of these a session reads more than the number, as each comes. */
static void events_of_adobe(void **state)
{
	struct slu_msg m = message(4, "\0\x1f\0\0\0\x07", 6);
	struct slu_control c;

	(void)state;
	assert_int_equal(slu_control_decode(&c, &m), 0);
	assert_int_equal(c.event, SLU_USER_BUFFER_EMPTY);
	assert_int_equal(c.value, 7);
	assert_string_equal(slu_control_name(4, 31), "Buffer Empty");
	assert_string_equal(slu_control_name(4, 32), "Buffer Ready");
	assert_string_equal(slu_control_name(4, 26), "SWF Verification Request");
	assert_string_equal(slu_control_name(4, 27), "SWF Verification Answer");
	m = message(4, "\0\x1a", 2);
	assert_int_equal(slu_control_decode(&c, &m), 0);
	m = message(4, "\0\x1f\0", 3);
	assert_int_equal(slu_control_decode(&c, &m), SLU_ERR_MESSAGE);
}

static void no_control_message(void **state)
{
	static const uint8_t types[] = {0, 7, 8, 20, 255};
	struct slu_control c = {.type = 8};
	uint8_t out[SLU_CONTROL_MAX];

	(void)state;
	assert_int_equal(slu_control_encode(&c, out), 0);
	for (size_t i = 0; i < sizeof types; i++) {
		struct slu_msg m = message(types[i], "\0\0\0\0", 4);

		assert_int_equal(slu_control_decode(&c, &m), SLU_ERR_INVALID);
		assert_string_equal(slu_control_name(types[i], 0), "an unknown message");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(golden_bytes),
		cmocka_unit_test(every_cut_is_an_error),
		cmocka_unit_test(bytes_behind_are_ignored),
		cmocka_unit_test(unknown_event),
		cmocka_unit_test(events_of_adobe),
		cmocka_unit_test(no_control_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
