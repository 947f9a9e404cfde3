/* SPDX-License-Identifier: MIT */
/* Handshakes of foreign implementations, see tests/vectors/README.md. They answered bytes of ours that the same
 * generator makes again here. */
#include "hs_pump.h"
#include "vectors.h"

#include "crypto/ops.h"
#include "proto/hs_impl.h"

enum { SEED = 77 };

static const struct {
	const char *name;
	enum slu_role role; /* ours */
	enum slu_handshake asked, took_place;
} golden[] = {
	{"nginx_digest", SLU_CLIENT, SLU_HANDSHAKE_DIGEST, SLU_HANDSHAKE_DIGEST},
	{"nginx_plain", SLU_CLIENT, SLU_HANDSHAKE_PLAIN, SLU_HANDSHAKE_PLAIN},
	{"ffmpeg_digest", SLU_SERVER, SLU_HANDSHAKE_PLAIN, SLU_HANDSHAKE_DIGEST},
	{"rtmpdump_digest", SLU_SERVER, SLU_HANDSHAKE_PLAIN, SLU_HANDSHAKE_DIGEST},
	{"rtmpdump_plain", SLU_SERVER, SLU_HANDSHAKE_PLAIN, SLU_HANDSHAKE_PLAIN},
	{"gstreamer_plain", SLU_SERVER, SLU_HANDSHAKE_PLAIN, SLU_HANDSHAKE_PLAIN},
	{"rtmpdump_rtmpe6", SLU_SERVER, SLU_HANDSHAKE_RTMPE6, SLU_HANDSHAKE_RTMPE6},
	{"rtmpdump_rtmpe8", SLU_SERVER, SLU_HANDSHAKE_RTMPE8, SLU_HANDSHAKE_RTMPE8},
	{"rtmpdump_rtmpe9", SLU_SERVER, SLU_HANDSHAKE_RTMPE9, SLU_HANDSHAKE_RTMPE9},
	{"ffmpeg_rtmpe6", SLU_SERVER, SLU_HANDSHAKE_RTMPE6, SLU_HANDSHAKE_RTMPE6},
	{"ffmpeg_rtmpe8", SLU_SERVER, SLU_HANDSHAKE_RTMPE8, SLU_HANDSHAKE_RTMPE8},
	{"ffmpeg_rtmpe9", SLU_SERVER, SLU_HANDSHAKE_RTMPE9, SLU_HANDSHAKE_RTMPE9},
	{"ffmpeg_rtmpe_publish", SLU_SERVER, SLU_HANDSHAKE_PLAIN, SLU_HANDSHAKE_RTMPE6},
	{"rtmpsrv_rtmpe6", SLU_CLIENT, SLU_HANDSHAKE_RTMPE6, SLU_HANDSHAKE_RTMPE8},
	{"rtmpsrv_rtmpe8", SLU_CLIENT, SLU_HANDSHAKE_RTMPE8, SLU_HANDSHAKE_RTMPE8},
};

/* Clients' RTMPE goes on with the first chunks: the command connect, encrypted. */
static void check_what_follows(const struct slu_hs *hs, const uint8_t *data, size_t n)
{
	struct slu_rc4 in, out;
	uint8_t text[256];

	if (!n)
		return;
	assert_true(n >= 100 && n <= sizeof text);
	assert_true(slu_hs_ciphers(hs, &in, &out));
	slu_rc4_apply(&in, data, text, n);
	assert_memory_equal(text, "\3", 1); /* chunk stream 3, a whole header, */
	assert_int_equal(text[7], SLU_MSG_COMMAND);
	assert_memory_equal(text + 12, "\2\0\7connect\0", 11); /* and the name */
}

static void check(size_t i, size_t piece)
{
	struct slu_cryptops crypto = pump_crypto(slu_cryptops_openssl());
	uint32_t seed = SEED;
	struct slu_hs *hs = pump_new(golden[i].role, golden[i].asked, &crypto, &seed);
	const size_t end = 1 + 2 * SLU_HS_SIZE;
	bool digests = golden[i].took_place != SLU_HANDSHAKE_PLAIN;
	const uint8_t *out;
	char path[256];
	size_t n, used, pos = 0;
	uint8_t *data;
	int r = 0;

	snprintf(path, sizeof path, "handshakes/%s.bin", golden[i].name);
	data = vector_load(path, &n);
	assert_in_range(n, end, end + (golden[i].took_place > SLU_HANDSHAKE_DIGEST ? 200 : 0));
	slu_hs_out(hs, &out);
	for (; pos < end; pos += used) {
		assert_int_equal(r, 0);
		r = slu_hs_in(hs, data + pos, n - pos < piece ? n - pos : piece, &used);
		assert_true(used > 0);
	}
	assert_int_equal(r, 1);
	assert_int_equal(slu_hs_kind(hs), golden[i].took_place);
	/* Their last packet is signed over our digest. But FFmpeg, when it publishes, echoes. */
	if (digests && strcmp(golden[i].name, "ffmpeg_rtmpe_publish") != 0)
		assert_int_equal(slu_hs_digest_verify(hs, 1 - golden[i].role, data + 1 + SLU_HS_SIZE), 1);
	check_what_follows(hs, data + end, n - end);
	slu_hs_free(hs);
	free(data);
}

static void gets_through_with_foreign_peers(void **state)
{
	static const size_t pieces[] = {1, 100, 1536, 10000};

	(void)state;
	for (size_t i = 0; i < sizeof golden / sizeof *golden; i++) {
		for (size_t k = 0; k < sizeof pieces / sizeof *pieces; k++)
			check(i, pieces[k]);
	}
}

/* A digest that is one bit off is no digest: the client goes on plainly, as the server does. */
static void takes_a_damaged_digest_for_noise(void **state)
{
	size_t n, used;
	uint8_t *data = vector_load("handshakes/ffmpeg_digest.bin", &n);
	uint32_t seed = SEED;
	struct slu_hs *hs = pump_new(SLU_SERVER, SLU_HANDSHAKE_PLAIN, slu_cryptops_openssl(), &seed);

	(void)state;
	data[1 + 20] ^= 1; /* it is over all of C1 */
	assert_int_equal(slu_hs_in(hs, data, n, &used), 1);
	assert_int_equal(slu_hs_kind(hs), SLU_HANDSHAKE_PLAIN);
	slu_hs_free(hs);
	free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gets_through_with_foreign_peers),
		cmocka_unit_test(takes_a_damaged_digest_for_noise),
	};

	return cmocka_run_group_tests_name("hs_golden", tests, NULL, NULL);
}
