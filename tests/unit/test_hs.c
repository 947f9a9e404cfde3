/* SPDX-License-Identifier: MIT */
#include "hs_pump.h"

#include <sluice/error.h>

static void both_ends_get_through(void **state)
{
	static const size_t pieces[] = {1, 7, 1536, 1537, 100000};

	(void)state;
	for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
		uint32_t seed = 5;
		struct slu_hs *client = pump_new(SLU_CLIENT, SLU_HANDSHAKE_PLAIN, NULL, &seed);
		struct slu_hs *server = pump_new(SLU_SERVER, SLU_HANDSHAKE_PLAIN, NULL, &seed);
		const uint8_t *data;
		size_t moved = 0;

		assert_int_equal(pump_one_way(client, server, pieces[i], &moved), 0);
		assert_int_equal(moved, 1 + 1536);
		assert_int_equal(pump_one_way(server, client, pieces[i], &moved), 1);
		assert_int_equal(moved, 2 * (1 + 1536) + 1536);
		assert_int_equal(pump_one_way(client, server, pieces[i], &moved), 1);
		assert_int_equal(moved, 2 * (1 + 1536 + 1536));
		assert_int_equal(slu_hs_out(client, &data), 0);
		assert_int_equal(slu_hs_out(server, &data), 0);
		assert_int_equal(slu_hs_kind(client), SLU_HANDSHAKE_PLAIN);
		assert_int_equal(slu_hs_kind(server), SLU_HANDSHAKE_PLAIN);
		assert_string_equal(slu_hs_error(client), "");
		slu_hs_free(client);
		slu_hs_free(server);
	}
}

static void client_echoes_and_takes_no_byte_too_many(void **state)
{
	uint8_t server[1 + 2 * 1536 + 10] = {3};
	uint32_t seed = 9;
	struct slu_hs *client = pump_new(SLU_CLIENT, SLU_HANDSHAKE_PLAIN, NULL, &seed);
	const uint8_t *data;
	size_t used;

	(void)state;
	for (size_t i = 1; i < sizeof server; i++)
		server[i] = (uint8_t)(i * 13);
	assert_int_equal(slu_hs_out(client, &data), 1537);
	assert_int_equal(data[0], 3);
	assert_memory_equal(data + 1, "\x00\x01\x23\x45\x00\x00\x00\x00", 8);
	assert_int_equal(slu_hs_in(client, server, sizeof server, &used), 1);
	assert_int_equal(used, sizeof server - 10);
	assert_int_equal(slu_hs_out(client, &data), 1536);
	assert_memory_equal(data, server + 1, 1536);
	assert_int_equal(slu_hs_in(client, server, 10, &used), 1);
	assert_int_equal(used, 0);
	slu_hs_free(client);
}

static int fail_random(void *arg, void *out, size_t n)
{
	(void)arg;
	memset(out, 0xee, n);
	return -1;
}

static void does_without_random_numbers(void **state)
{
	static const uint8_t zeros[1528];
	struct slu_handshake_config config = {.role = SLU_CLIENT};
	const uint8_t *data;

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct slu_hs *hs = slu_hs_new(&config);

		assert_int_equal(slu_hs_out(hs, &data), 1537);
		assert_memory_equal(data + 9, zeros, sizeof zeros);
		slu_hs_free(hs);
		config.random = fail_random;
	}
}

static void says_what_answered_instead(void **state)
{
	static const struct {
		enum slu_role role;
		const char *bytes;
		size_t size;
		const char *says;
	} table[] = {
		{SLU_CLIENT, "HTTP/1.1 400 Bad Request\r\n", 26, "HTTP"},
		{SLU_CLIENT, "\x15\x03\x01\x00\x02\x02\x46", 7, "TLS alert: this is a TLS port, use rtmps://"},
		{SLU_CLIENT, "\x16\x03\x03\x00\x7a\x02\x00", 7, "TLS record"},
		{SLU_CLIENT, "SSH-2.0-OpenSSH_9.2\r\nxyz", 24, "\"SSH-2.0-OpenSSH_9.2\""},
		{SLU_CLIENT, "220 mail.example ESMTP\r\n", 24, "\"220 mail.example ESMTP\""},
		{SLU_CLIENT, "\x06\x00\x00\x00\x00\x00", 6, "use rtmpe://"},
		{SLU_CLIENT, "\xff\x00\x00\x00\x00\x00", 6, "version 255"},
		{SLU_SERVER, "\x16\x03\x01\x02\x00\x01\x00", 7, "the client began TLS"},
		{SLU_SERVER, "GET /live HTTP/1.1\r\n", 20, "HTTP request"},
		{SLU_SERVER, "POST /open/1 HTTP/1.1\r\n", 23, "RTMPT"},
		{SLU_SERVER, "\x08\x00\x00\x00\x00\x00", 6, "RTMPE"},
		{SLU_SERVER, "hello there", 11, "\"hello there\""},
	};
	const uint8_t *data;
	uint32_t seed = 3;
	size_t used;

	(void)state;
	for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
		struct slu_hs *hs = pump_new(table[i].role, SLU_HANDSHAKE_PLAIN, NULL, &seed);
		int r = slu_hs_in(hs, (const uint8_t *)table[i].bytes, table[i].size, &used);

		assert_int_equal(r, SLU_ERR_HANDSHAKE);
		assert_non_null(strstr(slu_hs_error(hs), table[i].says));
		assert_int_equal(slu_hs_out(hs, &data), 0);
		assert_int_equal(slu_hs_in(hs, (const uint8_t *)"\3", 1, &used), SLU_ERR_HANDSHAKE);
		slu_hs_free(hs);

		hs = pump_new(table[i].role, SLU_HANDSHAKE_PLAIN, NULL, &seed);
		r = 0;
		for (size_t k = 0; k < table[i].size && r == 0; k++)
			r = slu_hs_in(hs, (const uint8_t *)table[i].bytes + k, 1, &used);
		assert_int_equal(r, SLU_ERR_HANDSHAKE);
		slu_hs_free(hs);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ends_get_through),
		cmocka_unit_test(client_echoes_and_takes_no_byte_too_many),
		cmocka_unit_test(does_without_random_numbers),
		cmocka_unit_test(says_what_answered_instead),
	};

	return cmocka_run_group_tests_name("hs", tests, NULL, NULL);
}
