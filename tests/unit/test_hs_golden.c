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
};

static void check(size_t i, size_t piece)
{
	uint32_t seed = SEED;
	struct slu_hs *hs = pump_new(golden[i].role, golden[i].asked, slu_cryptops_openssl(), &seed);
	const uint8_t *out;
	char path[256];
	size_t n, used, pos = 0;
	uint8_t *data;
	int r = 0;

	snprintf(path, sizeof path, "handshakes/%s.bin", golden[i].name);
	data = vector_load(path, &n);
	assert_int_equal(n, 1 + 2 * SLU_HS_SIZE);
	slu_hs_out(hs, &out);
	for (; pos < n; pos += used) {
		assert_int_equal(r, 0);
		r = slu_hs_in(hs, data + pos, n - pos < piece ? n - pos : piece, &used);
		assert_true(used > 0);
	}
	assert_int_equal(r, 1);
	assert_int_equal(slu_hs_kind(hs), golden[i].took_place);
	/* Their last packet is signed over our digest. */
	if (golden[i].took_place == SLU_HANDSHAKE_DIGEST)
		assert_int_equal(slu_hs_digest_verify(hs, 1 - golden[i].role, data + 1 + SLU_HS_SIZE), 1);
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
