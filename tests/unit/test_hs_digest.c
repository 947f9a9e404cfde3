/* SPDX-License-Identifier: MIT */
#include "hs_pump.h"

#include <sluice/error.h>

#include "crypto/ops.h"
#include "proto/hs_impl.h"

static void both_ends_get_through_in_either_scheme(void **state)
{
	(void)state;
	for (uint32_t seed = 1; seed <= 40; seed++) {
		uint32_t random = seed;
		struct slu_hs *client = pump_new(SLU_CLIENT, SLU_HANDSHAKE_DIGEST, slu_cryptops_openssl(), &random);
		struct slu_hs *server = pump_new(SLU_SERVER, SLU_HANDSHAKE_PLAIN, slu_cryptops_openssl(), &random);
		size_t moved = 0, piece = seed % 4 ? 3000 : seed;

		client->scheme = seed % 2;
		assert_int_equal(slu_hs_digest_hello(client, client->out + 1), 0);
		assert_int_equal(pump_one_way(client, server, piece, &moved), 0);
		assert_int_equal(server->scheme, seed % 2);
		assert_int_equal(pump_one_way(server, client, piece, &moved), 1);
		assert_int_equal(pump_one_way(client, server, piece, &moved), 1);
		assert_int_equal(moved, 2 * (1 + 1536 + 1536));
		assert_int_equal(slu_hs_kind(client), SLU_HANDSHAKE_DIGEST);
		assert_int_equal(slu_hs_kind(server), SLU_HANDSHAKE_DIGEST);
		assert_memory_equal(client->own_digest, server->peer_digest, SLU_SHA256_SIZE);
		assert_memory_equal(server->own_digest, client->peer_digest, SLU_SHA256_SIZE);
		slu_hs_free(client);
		slu_hs_free(server);
	}
}

/* C2 is signed too, though our server does not look. */
static void client_signs_its_answer(void **state)
{
	uint32_t random = 17;
	struct slu_hs *client = pump_new(SLU_CLIENT, SLU_HANDSHAKE_DIGEST, slu_cryptops_openssl(), &random);
	struct slu_hs *server = pump_new(SLU_SERVER, SLU_HANDSHAKE_PLAIN, slu_cryptops_openssl(), &random);
	const uint8_t *c2;
	size_t moved = 0;

	(void)state;
	pump_one_way(client, server, 9999, &moved);
	assert_int_equal(pump_one_way(server, client, 9999, &moved), 1);
	assert_int_equal(slu_hs_out(client, &c2), SLU_HS_SIZE);
	assert_int_equal(slu_hs_digest_verify(server, SLU_CLIENT, c2), 1);
	assert_int_equal(slu_hs_digest_verify(server, SLU_SERVER, c2), 0);
	slu_hs_free(client);
	slu_hs_free(server);
}

/* A client with digests and a server without, and the reverse. */
static void falls_back_to_plain(void **state)
{
	(void)state;
	for (int digest_client = 0; digest_client < 2; digest_client++) {
		const struct slu_cryptops *crypto = slu_cryptops_openssl();
		uint32_t random = 23;
		struct slu_hs *client = pump_new(SLU_CLIENT, digest_client ? SLU_HANDSHAKE_DIGEST : SLU_HANDSHAKE_PLAIN,
						 crypto, &random);
		struct slu_hs *server =
			pump_new(SLU_SERVER, SLU_HANDSHAKE_PLAIN, digest_client ? NULL : crypto, &random);
		size_t moved = 0;

		pump_one_way(client, server, 9999, &moved);
		assert_int_equal(pump_one_way(server, client, 9999, &moved), 1);
		assert_int_equal(pump_one_way(client, server, 9999, &moved), 1);
		assert_int_equal(slu_hs_kind(client), SLU_HANDSHAKE_PLAIN);
		assert_int_equal(slu_hs_kind(server), SLU_HANDSHAKE_PLAIN);
		slu_hs_free(client);
		slu_hs_free(server);
	}
}

/* A version, but no digest: some clients fill all with noise. */
static void answers_noise_plainly(void **state)
{
	uint8_t c1[1537] = {3, 0, 0, 0, 1, 9, 0, 124, 2};
	uint32_t random = 29;
	struct slu_hs *server = pump_new(SLU_SERVER, SLU_HANDSHAKE_PLAIN, slu_cryptops_openssl(), &random);
	const uint8_t *data;
	size_t used;

	(void)state;
	for (size_t i = 9; i < sizeof c1; i++)
		c1[i] = (uint8_t)(i * 3);
	assert_int_equal(slu_hs_in(server, c1, sizeof c1, &used), 0);
	assert_int_equal(slu_hs_out(server, &data), 1 + 2 * 1536);
	assert_memory_equal(data + 5, "\0\0\0\0", 4);
	assert_memory_equal(data + 1537, c1 + 1, 1536);
	assert_int_equal(slu_hs_kind(server), SLU_HANDSHAKE_PLAIN);
	slu_hs_free(server);
}

static void refuses_a_wrong_signature(void **state)
{
	uint32_t random = 31;
	struct slu_hs *client = pump_new(SLU_CLIENT, SLU_HANDSHAKE_DIGEST, slu_cryptops_openssl(), &random);
	struct slu_hs *server = pump_new(SLU_SERVER, SLU_HANDSHAKE_PLAIN, slu_cryptops_openssl(), &random);
	size_t moved = 0;

	(void)state;
	pump_one_way(client, server, 9999, &moved);
	server->out[1 + 1536 + 700] ^= 1;
	assert_int_equal(pump_one_way(server, client, 9999, &moved), SLU_ERR_HANDSHAKE);
	assert_non_null(strstr(slu_hs_error(client), "not signed"));
	slu_hs_free(client);
	slu_hs_free(server);
}

static int broken_hmac(const void *key, size_t key_size, const void *a, size_t a_size, const void *b, size_t b_size,
		       uint8_t out[SLU_SHA256_SIZE])
{
	(void)key, (void)key_size, (void)a, (void)a_size, (void)b, (void)b_size, (void)out;
	return SLU_ERR_NOMEM;
}

static void passes_on_the_errors_of_the_crypto(void **state)
{
	static const struct slu_cryptops broken = {.hmac_sha256 = broken_hmac};
	static const uint8_t c1[1537] = {3, 0, 0, 0, 0, 1};
	uint32_t random = 37;
	struct slu_hs *client = pump_new(SLU_CLIENT, SLU_HANDSHAKE_DIGEST, &broken, &random);
	struct slu_hs *server = pump_new(SLU_SERVER, SLU_HANDSHAKE_PLAIN, &broken, &random);
	const uint8_t *data;
	size_t used;

	(void)state;
	assert_int_equal(slu_hs_out(client, &data), 0);
	assert_int_equal(slu_hs_in(client, c1, 1, &used), SLU_ERR_NOMEM);
	assert_int_equal(slu_hs_in(server, c1, sizeof c1, &used), SLU_ERR_NOMEM);
	assert_non_null(strstr(slu_hs_error(server), "out of memory"));
	assert_int_equal(slu_hs_out(server, &data), 0);
	slu_hs_free(client);
	slu_hs_free(server);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ends_get_through_in_either_scheme),
		cmocka_unit_test(client_signs_its_answer),
		cmocka_unit_test(falls_back_to_plain),
		cmocka_unit_test(answers_noise_plainly),
		cmocka_unit_test(refuses_a_wrong_signature),
		cmocka_unit_test(passes_on_the_errors_of_the_crypto),
	};

	return cmocka_run_group_tests_name("hs_digest", tests, NULL, NULL);
}
