/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "proto/rc4.h"

enum { KEY_MAX = 16, STREAM = 16 };

/* RFC 6229, 2: 16 bytes of the key stream at an offset, for keys of 40 and of 128 bits that count 1, 2, 3. */
static const struct {
	size_t key_size, offset;
	uint8_t stream[STREAM];
} cases[] = {
	{5, 0, {0xb2, 0x39, 0x63, 0x05, 0xf0, 0x3d, 0xc0, 0x27, 0xcc, 0xc3, 0x52, 0x4a, 0x0a, 0x11, 0x18, 0xa8}},
	{16, 0, {0x9a, 0xc7, 0xcc, 0x9a, 0x60, 0x9d, 0x1e, 0xf7, 0xb2, 0x93, 0x28, 0x99, 0xcd, 0xe4, 0x1b, 0x97}},
	{16, 1536, {0xff, 0xa0, 0xb5, 0x14, 0x64, 0x7e, 0xc0, 0x4f, 0x63, 0x06, 0xb8, 0x92, 0xae, 0x66, 0x11, 0x81}},
	{16, 4096, {0xa3, 0x6a, 0x4c, 0x30, 0x1a, 0xe8, 0xac, 0x13, 0x61, 0x0c, 0xcb, 0xc1, 0x22, 0x56, 0xca, 0xcc}},
};

static void begin(struct slu_rc4 *rc4, size_t i)
{
	uint8_t key[KEY_MAX];

	for (size_t k = 0; k < KEY_MAX; k++)
		key[k] = (uint8_t)(k + 1);
	slu_rc4_init(rc4, key, cases[i].key_size);
	slu_rc4_skip(rc4, cases[i].offset);
}

static void key_streams_of_rfc_6229(void **state)
{
	static const uint8_t zeros[STREAM];
	struct slu_rc4 rc4;
	uint8_t out[STREAM];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		begin(&rc4, i);
		slu_rc4_apply(&rc4, zeros, out, sizeof out);
		assert_memory_equal(out, cases[i].stream, sizeof out);
	}
}

/* In pieces, in place, and back. */
static void goes_on_where_it_stopped(void **state)
{
	static const char text[STREAM + 1] = "sixteen letters.";
	struct slu_rc4 there, back;
	uint8_t bytes[STREAM];

	(void)state;
	for (size_t piece = 1; piece <= STREAM; piece++) {
		begin(&there, 1);
		begin(&back, 1);
		memcpy(bytes, text, STREAM);
		for (size_t at = 0, n; at < STREAM; at += n) {
			n = STREAM - at < piece ? STREAM - at : piece;
			slu_rc4_apply(&there, bytes + at, bytes + at, n);
		}
		for (size_t k = 0; k < STREAM; k++)
			assert_int_equal(bytes[k], cases[1].stream[k] ^ text[k]);
		slu_rc4_apply(&back, bytes, bytes, STREAM);
		assert_memory_equal(bytes, text, STREAM);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(key_streams_of_rfc_6229),
		cmocka_unit_test(goes_on_where_it_stopped),
	};

	return cmocka_run_group_tests_name("rc4", tests, NULL, NULL);
}
