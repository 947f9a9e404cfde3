/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "dc_session_kit.h"

struct slu_dc_settings settings;
struct fake *fake;
uint8_t in[N], out[N + 64], iv[16], tag[16];

int setup(void **state)
{
	(void)state;
	fake = fake_new(&settings);
	for (unsigned i = 0; i < N; i++)
		in[i] = (uint8_t)(i * 7 + i / 256);
	memset(out, 0xaa, sizeof out);
	memset(iv, 0x11, sizeof iv);
	memset(tag, 0, sizeof tag);
	return 0;
}

struct slu_dc_session *new_session(enum slu_dc_algorithm a)
{
	struct slu_dc_key key = {.algorithm = a, .length = 16, .mac_length = 32};
	struct slu_dc_session *session;

	memset(key.key, 0x42, sizeof key.key);
	memset(key.mac_key, 0x43, sizeof key.mac_key);
	session = slu_dc_session_new(fake_device(fake), &settings, &key);
	assert_non_null(session);
	return session;
}

int do_crypt(struct slu_dc_session *session)
{
	return slu_dc_session_crypt(session, 1, iv, in, out, N);
}

int do_gcm(struct slu_dc_session *session, int encrypt, const uint8_t *from)
{
	return slu_dc_session_gcm(session, encrypt, iv, (const uint8_t *)"thirteen byte", 13, from, out, N, tag);
}

int do_tls(struct slu_dc_session *session)
{
	return slu_dc_session_tls(session, (const uint8_t *)"thirteen byte", iv, in, N, out, N + 48);
}

void assert_transformed(const uint8_t *data)
{
	for (unsigned i = 0; i < N; i++)
		assert_int_equal(data[i], in[i] ^ FAKE_XOR);
}

void assert_untouched(void)
{
	for (unsigned i = 0; i < sizeof out; i++)
		assert_int_equal(out[i], 0xaa);
	for (unsigned i = 0; i < sizeof tag; i++)
		assert_int_equal(tag[i], 0);
}

struct slu_dc_counters counters(void)
{
	struct slu_dc_counters c;

	slu_dc_device_counters(fake_device(fake), &c);
	return c;
}
