/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "dc_stream.h"

#include <openssl/hmac.h>

struct dc_kit kit;
uint8_t text[ROOM];
static uint8_t key[32], mac_key[32], iv[BLOCK];

const struct dc_kind dc_kinds[DC_KINDS] = {
	{"AES-128-CBC-HMAC-SHA1", "AES-128-CBC", "SHA1", 20},
	{"AES-256-CBC-HMAC-SHA1", "AES-256-CBC", "SHA1", 20},
	{"AES-128-CBC-HMAC-SHA256", "AES-128-CBC", "SHA256", 32},
	{"AES-256-CBC-HMAC-SHA256", "AES-256-CBC", "SHA256", 32},
};

int dc_stream_setup(void **state)
{
	dc_kit_open(&kit);
	dc_kit_fill(key, sizeof key, 1);
	dc_kit_fill(mac_key, sizeof mac_key, 2);
	dc_kit_fill(iv, sizeof iv, 3);
	dc_kit_fill(text, sizeof text, 4);
	*state = &kit;
	return 0;
}

bool dc_stream_open(struct dc_stream *s, const struct dc_kind *kind, unsigned version, const char *properties,
		    int encrypt)
{
	*s = (struct dc_stream){.kind = kind, .version = version, .ctx = dc_kit_cipher(&kit, kind->name, properties)};
	if (!s->ctx)
		return false;
	assert_int_equal(EVP_CipherInit_ex2(s->ctx, NULL, key, iv, encrypt, NULL), 1);
	assert_true(EVP_CIPHER_CTX_ctrl(s->ctx, EVP_CTRL_AEAD_SET_MAC_KEY, (int)kind->mac, mac_key) > 0);
	dc_kit_records(s->ctx, version, 0);
	return true;
}

void dc_stream_close(struct dc_stream *s)
{
	EVP_CIPHER_CTX_free(s->ctx);
}

void dc_stream_header(const struct dc_stream *s, uint8_t type, size_t length, uint8_t header[HEADER])
{
	for (int i = 0; i < 8; i++)
		header[i] = (uint8_t)(s->number >> (56 - 8 * i));
	header[8] = type;
	header[9] = (uint8_t)(s->version >> 8);
	header[10] = (uint8_t)s->version;
	header[11] = (uint8_t)(length >> 8);
	header[12] = (uint8_t)length;
}

size_t dc_stream_front(const struct dc_stream *s)
{
	return s->version > TLS1_VERSION ? BLOCK : 0;
}

size_t dc_stream_seal(struct dc_stream *s, uint8_t type, uint8_t *record, size_t n)
{
	const size_t in = dc_stream_front(s) + n;
	uint8_t header[HEADER];
	int growth, length;

	dc_stream_header(s, type, in, header);
	growth = EVP_CIPHER_CTX_ctrl(s->ctx, EVP_CTRL_AEAD_TLS1_AAD, HEADER, header);
	assert_int_equal(growth, (n + s->kind->mac + BLOCK) / BLOCK * BLOCK - n);
	s->number++;
	if (!EVP_CipherUpdate(s->ctx, record, &length, record, (int)in + growth))
		return 0;
	assert_int_equal(length, (int)in + growth);
	return (size_t)length;
}

int dc_stream_unseal(struct dc_stream *s, uint8_t type, uint8_t *record, size_t n)
{
	uint8_t header[HEADER];
	int length;

	dc_stream_header(s, type, n, header);
	assert_int_equal(EVP_CIPHER_CTX_ctrl(s->ctx, EVP_CTRL_AEAD_TLS1_AAD, HEADER, header), s->kind->mac);
	s->number++;
	return EVP_CipherUpdate(s->ctx, record, &length, record, (int)n) ? length : -1;
}

size_t dc_stream_by_hand(struct dc_stream *s, uint8_t type, uint8_t *record, size_t n, unsigned more, bool wrong_mac)
{
	const size_t at = dc_stream_front(s) + n + s->kind->mac;
	const size_t padding = BLOCK - at % BLOCK + more * BLOCK;
	uint8_t message[HEADER + ROOM];
	unsigned mac_length;
	int length;

	dc_stream_header(s, type, n, message);
	memcpy(message + HEADER, record + dc_stream_front(s), n);
	HMAC(EVP_get_digestbyname(s->kind->digest), mac_key, (int)s->kind->mac, message, HEADER + n,
	     record + dc_stream_front(s) + n, &mac_length);
	record[dc_stream_front(s) + n] ^= wrong_mac;
	memset(record + at, (int)padding - 1, padding);
	s->number++;
	assert_int_equal(EVP_EncryptUpdate(s->ctx, record, &length, record, (int)(at + padding)), 1);
	return at + padding;
}

void dc_stream_open_by_hand(struct dc_stream *s, const struct dc_kind *kind, unsigned version)
{
	*s = (struct dc_stream){
		.kind = kind, .version = version, .ctx = dc_kit_cipher(&kit, kind->cbc, "provider=default")};
	assert_int_equal(EVP_EncryptInit_ex2(s->ctx, NULL, key, iv, NULL), 1);
	EVP_CIPHER_CTX_set_padding(s->ctx, 0);
}

void dc_trio_open(struct dc_trio *t, const struct dc_kind *kind, unsigned version)
{
	assert_true(dc_stream_open(&t->ours, kind, version, "provider=devcrypto", 1));
	dc_stream_open_by_hand(&t->right, kind, version);
	assert_true(dc_stream_open(&t->reader, kind, version, "provider=devcrypto", 0));
}

void dc_trio_close(struct dc_trio *t)
{
	dc_stream_close(&t->ours);
	dc_stream_close(&t->right);
	dc_stream_close(&t->reader);
}

void dc_trio_record(struct dc_trio *t, uint8_t type, size_t n)
{
	static uint8_t a[ROOM], b[ROOM];
	const size_t in = dc_stream_front(&t->ours) + n;
	size_t length;

	memcpy(a, text, in);
	memcpy(b, text, in);
	length = dc_stream_seal(&t->ours, type, a, n);
	assert_int_equal(length, dc_stream_by_hand(&t->right, type, b, n, 0, false));
	assert_memory_equal(a, b, length);
	assert_int_equal(dc_stream_unseal(&t->reader, type, a, length), n);
	assert_memory_equal(a + dc_stream_front(&t->reader), text + dc_stream_front(&t->reader), n);
}
