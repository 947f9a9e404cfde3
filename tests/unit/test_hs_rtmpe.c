/* SPDX-License-Identifier: MIT */
#include "hs_pump.h"

#include <sluice/error.h>

#include "crypto/ops.h"
#include "proto/hs_impl.h"

enum { PIECE = 9999 };

struct ends {
	uint32_t random;
	struct slu_hs *client, *server;
	size_t moved;
};

static void open_ends(struct ends *e, enum slu_handshake client, enum slu_handshake server)
{
	*e = (struct ends){.random = 41};
	e->client = pump_new(SLU_CLIENT, client, slu_cryptops_openssl(), &e->random);
	e->server = pump_new(SLU_SERVER, server, slu_cryptops_openssl(), &e->random);
}

static void close_ends(struct ends *e)
{
	slu_hs_free(e->client);
	slu_hs_free(e->server);
}

/* What one end encrypts the other reads, and it is not the same text. */
static void check_ciphers(const struct ends *e)
{
	static const uint8_t text[64] = "what one says";
	struct slu_rc4 client_in, client_out, server_in, server_out;
	uint8_t there[sizeof text], back[sizeof text];

	assert_true(slu_hs_ciphers(e->client, &client_in, &client_out));
	assert_true(slu_hs_ciphers(e->server, &server_in, &server_out));
	slu_rc4_apply(&client_out, text, there, sizeof text);
	slu_rc4_apply(&server_out, text, back, sizeof text);
	assert_memory_not_equal(there, text, sizeof text);
	assert_memory_not_equal(there, back, sizeof text);
	slu_rc4_apply(&server_in, there, there, sizeof text);
	slu_rc4_apply(&client_in, back, back, sizeof text);
	assert_memory_equal(there, text, sizeof text);
	assert_memory_equal(back, text, sizeof text);
}

static void both_ends_agree_in_every_type(void **state)
{
	static const size_t pieces[] = {1, 700, PIECE};

	(void)state;
	for (int asked = SLU_HANDSHAKE_RTMPE6; asked <= SLU_HANDSHAKE_RTMPE9; asked++) {
		for (int told = SLU_HANDSHAKE_DIGEST; told <= SLU_HANDSHAKE_RTMPE9; told++) {
			int want = told > SLU_HANDSHAKE_DIGEST ? told : asked;
			size_t piece = pieces[(unsigned)(asked + told) % 3];
			struct ends e;

			open_ends(&e, (enum slu_handshake)asked, (enum slu_handshake)told);
			assert_int_equal(pump_one_way(e.client, e.server, piece, &e.moved), 0);
			assert_int_equal(pump_one_way(e.server, e.client, piece, &e.moved), 1);
			assert_int_equal(pump_one_way(e.client, e.server, piece, &e.moved), 1);
			assert_int_equal(e.moved, 2 * (1 + 2 * SLU_HS_SIZE));
			assert_int_equal(slu_hs_kind(e.client), want);
			assert_int_equal(slu_hs_kind(e.server), want);
			check_ciphers(&e);
			close_ends(&e);
		}
	}
}

/* Our client has the second scheme, and others could have the first. */
static void finds_keys_in_either_scheme(void **state)
{
	(void)state;
	for (unsigned i = 0; i < 20; i++) {
		struct ends e;
		uint8_t *c1;
		size_t at;

		open_ends(&e, SLU_HANDSHAKE_RTMPE8, SLU_HANDSHAKE_PLAIN);
		assert_int_equal(e.client->scheme, 1);
		e.random = i + 1;
		e.client->scheme = i % 2;
		c1 = e.client->out + 1;
		assert_int_equal(slu_hs_digest_hello(e.client, c1), 0);
		assert_memory_equal(c1 + 4, "\x80\0\3\2", 4);
		at = i % 2 ? 8 + (size_t)(c1[768] + c1[769] + c1[770] + c1[771]) % 632
			   : 772 + (size_t)(c1[1532] + c1[1533] + c1[1534] + c1[1535]) % 632;
		assert_memory_equal(c1 + at, e.client->rtmpe.own, SLU_DH_SIZE);
		assert_int_equal(pump_one_way(e.client, e.server, PIECE, &e.moved), 0);
		assert_int_equal(e.server->scheme, 0); /* see server_rtmpe() */
		assert_int_equal(pump_one_way(e.server, e.client, PIECE, &e.moved), 1);
		assert_int_equal(pump_one_way(e.client, e.server, PIECE, &e.moved), 1);
		check_ciphers(&e);
		close_ends(&e);
	}
}

static void client_signs_in_disguise(void **state)
{
	(void)state;
	for (int kind = SLU_HANDSHAKE_RTMPE6; kind <= SLU_HANDSHAKE_RTMPE9; kind++) {
		struct ends e;
		const uint8_t *c2;

		open_ends(&e, (enum slu_handshake)kind, SLU_HANDSHAKE_PLAIN);
		pump_one_way(e.client, e.server, PIECE, &e.moved);
		assert_int_equal(pump_one_way(e.server, e.client, PIECE, &e.moved), 1);
		assert_int_equal(slu_hs_out(e.client, &c2), SLU_HS_SIZE);
		for (int other = SLU_HANDSHAKE_RTMPE6; other <= SLU_HANDSHAKE_RTMPE9; other++) {
			e.server->kind = (enum slu_handshake)other;
			assert_int_equal(slu_hs_digest_verify(e.server, SLU_CLIENT, c2), other == kind);
		}
		close_ends(&e);
	}
}

static void fails(struct slu_hs *hs, int r, int err, const char *says)
{
	const uint8_t *data;

	assert_int_equal(r, err);
	assert_non_null(strstr(slu_hs_error(hs), says));
	assert_int_equal(slu_hs_out(hs, &data), 0);
}

/* A client that was told to encrypt does nothing less, and one that was not is told how to. */
static void takes_no_other_answer(void **state)
{
	static const uint8_t plain[10] = {3, 0, 0, 0, 1}, rtmpe[10] = {9, 0, 0, 0, 1};
	struct ends e;
	size_t used;

	(void)state;
	open_ends(&e, SLU_HANDSHAKE_RTMPE6, SLU_HANDSHAKE_PLAIN);
	fails(e.client, slu_hs_in(e.client, plain, sizeof plain, &used), SLU_ERR_HANDSHAKE, "does not encrypt");
	close_ends(&e);
	for (int kind = SLU_HANDSHAKE_PLAIN; kind <= SLU_HANDSHAKE_DIGEST; kind++) {
		open_ends(&e, (enum slu_handshake)kind, SLU_HANDSHAKE_PLAIN);
		fails(e.client, slu_hs_in(e.client, rtmpe, sizeof rtmpe, &used), SLU_ERR_HANDSHAKE, "use rtmpe://");
		close_ends(&e);
	}
}

static void wants_crypto(void **state)
{
	static const uint8_t rtmpe[10] = {6, 0, 0, 0, 1};
	struct slu_handshake_config config = {.role = SLU_CLIENT, .kind = SLU_HANDSHAKE_RTMPE6};
	uint32_t random = 43;
	struct slu_hs *server = pump_new(SLU_SERVER, SLU_HANDSHAKE_PLAIN, NULL, &random);
	size_t used;

	(void)state;
	assert_null(slu_hs_new(&config));
	fails(server, slu_hs_in(server, rtmpe, sizeof rtmpe, &used), SLU_ERR_HANDSHAKE, "takes crypto");
	slu_hs_free(server);
}

static void refuses_hellos_without_digest(void **state)
{
	struct ends e;

	(void)state;
	open_ends(&e, SLU_HANDSHAKE_RTMPE6, SLU_HANDSHAKE_PLAIN);
	e.client->out[1 + 1000] ^= 1;
	fails(e.server, pump_one_way(e.client, e.server, PIECE, &e.moved), SLU_ERR_HANDSHAKE,
	      "the client's half of the RTMPE handshake carries no digest");
	close_ends(&e);
	open_ends(&e, SLU_HANDSHAKE_RTMPE6, SLU_HANDSHAKE_PLAIN);
	pump_one_way(e.client, e.server, PIECE, &e.moved);
	e.server->out[1 + 1000] ^= 1;
	fails(e.client, pump_one_way(e.server, e.client, PIECE, &e.moved), SLU_ERR_HANDSHAKE,
	      "the server's half of the RTMPE handshake carries no digest");
	close_ends(&e);
}

static void refuses_a_wrong_signature(void **state)
{
	struct ends e;

	(void)state;
	for (int kind = SLU_HANDSHAKE_RTMPE6; kind <= SLU_HANDSHAKE_RTMPE9; kind++) {
		open_ends(&e, (enum slu_handshake)kind, SLU_HANDSHAKE_PLAIN);
		pump_one_way(e.client, e.server, PIECE, &e.moved);
		e.server->out[2 * SLU_HS_SIZE] ^= 1;
		fails(e.client, pump_one_way(e.server, e.client, PIECE, &e.moved), SLU_ERR_HANDSHAKE,
		      "RTMPE handshake is not signed");
		close_ends(&e);
	}
}

/* The keys that crypto makes: see test_ops_openssl.c for all that are bad. */
static int make_zero(const uint8_t secret[SLU_DH_SIZE], uint8_t out[SLU_DH_SIZE])
{
	(void)secret;
	memset(out, 0, SLU_DH_SIZE);
	return 0;
}

static void refuses_bad_keys(void **state)
{
	struct slu_cryptops bad = *slu_cryptops_openssl();
	struct slu_hs *server, *client;
	uint32_t random = 47;
	size_t moved = 0;

	(void)state;
	bad.dh_public = make_zero;
	client = pump_new(SLU_CLIENT, SLU_HANDSHAKE_RTMPE6, &bad, &random);
	server = pump_new(SLU_SERVER, SLU_HANDSHAKE_PLAIN, slu_cryptops_openssl(), &random);
	fails(server, pump_one_way(client, server, PIECE, &moved), SLU_ERR_HANDSHAKE,
	      "the client's Diffie-Hellman key of the RTMPE handshake is none");
	slu_hs_free(client);
	slu_hs_free(server);
	client = pump_new(SLU_CLIENT, SLU_HANDSHAKE_RTMPE6, slu_cryptops_openssl(), &random);
	server = pump_new(SLU_SERVER, SLU_HANDSHAKE_PLAIN, &bad, &random);
	assert_int_equal(pump_one_way(client, server, PIECE, &moved), 0);
	fails(client, pump_one_way(server, client, PIECE, &moved), SLU_ERR_HANDSHAKE,
	      "the server's Diffie-Hellman key of the RTMPE handshake is none");
	slu_hs_free(client);
	slu_hs_free(server);
}

static int no_random(void *out, size_t n)
{
	(void)out, (void)n;
	return SLU_ERR_TLS;
}

static int no_public(const uint8_t secret[SLU_DH_SIZE], uint8_t out[SLU_DH_SIZE])
{
	(void)secret, (void)out;
	return SLU_ERR_NOMEM;
}

static int no_shared(const uint8_t secret[SLU_DH_SIZE], const uint8_t peer[SLU_DH_SIZE], uint8_t out[SLU_DH_SIZE])
{
	(void)secret, (void)peer, (void)out;
	return SLU_ERR_NOMEM;
}

/* No key is made of numbers that are not random. */
static void passes_on_the_errors_of_the_crypto(void **state)
{
	struct slu_cryptops broken[3];

	(void)state;
	for (size_t i = 0; i < 3; i++)
		broken[i] = *slu_cryptops_openssl();
	broken[0].random = no_random;
	broken[1].dh_public = no_public;
	broken[2].dh_shared = no_shared;
	for (size_t i = 0; i < 3; i++) {
		uint32_t random = 53;
		struct slu_hs *client = pump_new(SLU_CLIENT, SLU_HANDSHAKE_RTMPE9, slu_cryptops_openssl(), &random);
		struct slu_hs *server = pump_new(SLU_SERVER, SLU_HANDSHAKE_PLAIN, &broken[i], &random);
		int err = i == 0 ? SLU_ERR_TLS : SLU_ERR_NOMEM;
		size_t moved = 0, used;

		fails(server, pump_one_way(client, server, PIECE, &moved), err, "could not be computed");
		slu_hs_free(client);
		if (i < 2) {
			client = pump_new(SLU_CLIENT, SLU_HANDSHAKE_RTMPE9, &broken[i], &random);
			fails(client, slu_hs_in(client, NULL, 0, &used), err, "could not be computed");
			slu_hs_free(client);
		}
		slu_hs_free(server);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(both_ends_agree_in_every_type),
		cmocka_unit_test(finds_keys_in_either_scheme),
		cmocka_unit_test(client_signs_in_disguise),
		cmocka_unit_test(takes_no_other_answer),
		cmocka_unit_test(wants_crypto),
		cmocka_unit_test(refuses_hellos_without_digest),
		cmocka_unit_test(refuses_a_wrong_signature),
		cmocka_unit_test(refuses_bad_keys),
		cmocka_unit_test(passes_on_the_errors_of_the_crypto),
	};

	return cmocka_run_group_tests_name("hs_rtmpe", tests, NULL, NULL);
}
