/* SPDX-License-Identifier: MIT */
/* The records that the kernel's TLS is compared with: one of RFC 8448, 3, which is TLS 1.3 with AES-128-GCM, and for
 * the rest those of another program (Python's cryptography, with nonce and associated data put together by hand). */
#include "test.h"

#include "crypto/selftest/record.h"

enum { MOST = 128 };

/* Two records in a row; the second one's numbers have carried. */
static const struct {
	enum slu_record_cipher cipher;
	bool tls13;
	const char *records[2];
} all[] = {
	{SLU_RECORD_AES_128_GCM,
	 false,
	 {"170303002c4445464748494a4b584b0aae082d9ed8e5d32873934912883d0fca1f7732f696fd67b6d3271aecdc57deadf3",
	  "170303002c4445464748494a4cc193af71a98f7bbab0c7e463479e015248fcc0d881533e07222254c67173bfbf00a6a107"}},
	{SLU_RECORD_AES_256_GCM,
	 false,
	 {"170303002c4445464748494a4b83dbcd47435ae06ba4ae7c5af60a7c2b08b42128577de823842c8594e17dde39ae3872cf",
	  "170303002c4445464748494a4c2383f3f93b5ca077bce8b76b4a42df0e2a6d448bf6951a1eee08c9be757c4ef5d5db96a5"}},
	{SLU_RECORD_CHACHA20_POLY1305,
	 false,
	 {"170303002469088875cac2b56f506ac437acfa2bad3e358e2179f53f9fa6f180453d563066eef54e82", NULL}},
	{SLU_RECORD_AES_256_GCM,
	 true,
	 {"17030300252fa1fd5d3da9b1c907b8b2d5be22b47306244e882a9d9ca2bf10e0c4780a6124dfccebb782",
	  "170303002527305c8284efa71141bc9dc8815960de5582a57eead066e71e046e3e4119e172ed5c420cea"}},
	{SLU_RECORD_CHACHA20_POLY1305,
	 true,
	 {"170303002569088875cac2b56f506ac437acfa2bad3e358e21388550647b252c332fdec69662691cb11e",
	  "17030300254a079cea96658216baf0658b99ac3e0c6085747ae7f1b5e29ed06d528b76501909b05b1603"}},
};

static const char rfc8448[] = "1703030043a23f7054b62c94d0affafe8228ba55cbefacea42f914aa66bcab3f2b9819a8a5b46b395bd54a9a"
			      "20441e2b62974e1f5a6292a2977014bd1e3deae63aeebb21694915e4";

static size_t from_hex(const char *hex, uint8_t *out)
{
	size_t n = strlen(hex) / 2;

	for (size_t i = 0; i < 2 * n; i++) {
		const uint8_t digit = (uint8_t)(hex[i] <= '9' ? hex[i] - '0' : hex[i] - 'a' + 10);

		out[i / 2] = (uint8_t)(i % 2 ? out[i / 2] | digit : digit << 4);
	}
	return n;
}

static void seals_as(struct slu_record *r, struct slu_record_keys *k, const uint8_t *in, size_t n, const char *hex)
{
	uint8_t expected[MOST], out[MOST];
	const size_t length = from_hex(hex, expected);

	assert_int_equal(slu_record_seal(r, k, in, n, out), length);
	assert_memory_equal(out, expected, length);
}

static void a_record_of_the_specification(void **state)
{
	struct slu_record *r = slu_record_new(SLU_RECORD_AES_128_GCM);
	struct slu_record_keys k = {.cipher = SLU_RECORD_AES_128_GCM, .tls13 = true};
	uint8_t text[50];

	(void)state;
	assert_non_null(r);
	from_hex("17422dda596ed5d9acd890e3c63f5051", k.key);
	from_hex("5b78923dee08579033e523d9", k.iv);
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (uint8_t)i;
	seals_as(r, &k, text, sizeof text, rfc8448);
	assert_int_equal(k.sequence[7], 1);
	slu_record_free(r);
}

static void records_as_others_make_them(void **state)
{
	uint8_t text[20];

	(void)state;
	for (size_t i = 0; i < sizeof text; i++)
		text[i] = (uint8_t)(0x61 + i);
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		struct slu_record *r = slu_record_new(all[i].cipher);
		struct slu_record_keys k = {.cipher = all[i].cipher, .tls13 = all[i].tls13, .sequence = {[7] = 0xff}};

		assert_non_null(r);
		for (size_t b = 0; b < sizeof k.key; b++)
			k.key[b] = (uint8_t)b;
		for (size_t b = 0; b < sizeof k.iv; b++)
			k.iv[b] = (uint8_t)(0x40 + b);
		for (int n = 0; n < 2 && all[i].records[n]; n++)
			seals_as(r, &k, text, sizeof text, all[i].records[n]);
		slu_record_free(r);
	}
}

static void a_record_has_an_end(void **state)
{
	static uint8_t text[SLU_RECORD_MOST + 1], out[SLU_RECORD_MOST + SLU_RECORD_EXTRA];
	struct slu_record *r = slu_record_new(SLU_RECORD_AES_128_GCM);
	struct slu_record_keys k = {.cipher = SLU_RECORD_AES_128_GCM};

	(void)state;
	assert_int_equal(slu_record_seal(r, &k, text, SLU_RECORD_MOST, out), sizeof out);
	assert_int_equal(slu_record_seal(r, &k, text, sizeof text, out), 0);
	slu_record_free(r);
	slu_record_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_of_the_specification),
		cmocka_unit_test(records_as_others_make_them),
		cmocka_unit_test(a_record_has_an_end),
	};

	return cmocka_run_group_tests_name("selftest record", tests, NULL, NULL);
}
