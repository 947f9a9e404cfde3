/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "dc_pair.h"

#include <stdio.h>

#include <openssl/err.h>

struct dc_kit kit;
uint8_t key[32], iv[BLOCK], text[MOST], buffer[2][MOST + 2 * BLOCK], cipher_text[MOST + BLOCK];

const char *const dc_pair_properties[2] = {"provider=devcrypto", "provider=default"};

int dc_pair_setup(void **state)
{
	dc_kit_open(&kit);
	dc_kit_fill(key, sizeof key, 1);
	dc_kit_fill(iv, sizeof iv, 2);
	dc_kit_fill(text, sizeof text, 3);
	*state = &kit;
	return 0;
}

void dc_pair_open(struct dc_pair *p, int bits, int encrypt, int padding)
{
	char name[32];

	snprintf(name, sizeof name, "AES-%d-CBC", bits);
	for (int i = 0; i < 2; i++) {
		p->ctx[i] = dc_kit_cipher(&kit, name, dc_pair_properties[i]);
		assert_non_null(p->ctx[i]);
		assert_int_equal(EVP_CipherInit_ex2(p->ctx[i], NULL, key, iv, encrypt, NULL), 1);
		EVP_CIPHER_CTX_set_padding(p->ctx[i], padding);
	}
}

void dc_pair_close(struct dc_pair *p)
{
	for (int i = 0; i < 2; i++)
		EVP_CIPHER_CTX_free(p->ctx[i]);
}

void dc_pair_same_iv(const struct dc_pair *p)
{
	uint8_t first[2][BLOCK], next[2][BLOCK];

	for (int i = 0; i < 2; i++) {
		assert_int_equal(EVP_CIPHER_CTX_get_original_iv(p->ctx[i], first[i], BLOCK), 1);
		assert_int_equal(EVP_CIPHER_CTX_get_updated_iv(p->ctx[i], next[i], BLOCK), 1);
	}
	assert_memory_equal(first[0], first[1], BLOCK);
	assert_memory_equal(next[0], next[1], BLOCK);
}

size_t dc_pair_update(const struct dc_pair *p, size_t at, const uint8_t *in, size_t n)
{
	int length[2] = {-1, -1}, ok[2];

	for (int i = 0; i < 2; i++)
		ok[i] = EVP_CipherUpdate(p->ctx[i], buffer[i] + at, &length[i], in, (int)n);
	assert_int_equal(ok[0], 1);
	assert_int_equal(ok[1], 1);
	assert_int_equal(length[0], length[1]);
	assert_memory_equal(buffer[0] + at, buffer[1] + at, (size_t)length[0]);
	dc_pair_same_iv(p);
	return (size_t)length[0];
}

size_t dc_pair_final(const struct dc_pair *p, size_t at)
{
	unsigned long error[2];
	int length[2] = {0, 0}, ok[2];

	for (int i = 0; i < 2; i++) {
		ERR_clear_error();
		ok[i] = EVP_CipherFinal_ex(p->ctx[i], buffer[i] + at, &length[i]);
		error[i] = ERR_peek_error();
	}
	assert_int_equal(ok[0], ok[1]);
	assert_int_equal(ERR_GET_REASON(error[0]), ERR_GET_REASON(error[1]));
	ERR_clear_error();
	if (!ok[0])
		return at;
	assert_int_equal(length[0], length[1]);
	assert_memory_equal(buffer[0] + at, buffer[1] + at, (size_t)length[0]);
	return at + (size_t)length[0];
}
