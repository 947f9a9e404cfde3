/* SPDX-License-Identifier: MIT */
/*
 * Secure tokens: a server's answer to connect has one, encrypted with a key that server and player share, and the
 * client sends it back in the clear before it asks for anything. As librtmp does it: Corrected Block TEA over
 * little-endian words, in hexadecimal.
 */
#include <string.h>

#include <sluice/error.h>

#include "base/bytes.h"
#include "base/log.h"
#include "base/wipe.h"
#include "proto/tea.h"
#include "session/session_int.h"

enum { KEY_SIZE = 16, WORD_DIGITS = 8, WORDS_MIN = 2, WORDS_MAX = 128 };

/* Of a hexadecimal digit; 16 for anything else. */
static unsigned digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0');
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 16;
}

/* The words of a token; 0 when text is none. */
static size_t read_words(struct slu_amf_str text, uint32_t words[WORDS_MAX])
{
	size_t n = text.n / WORD_DIGITS;

	if (text.n % WORD_DIGITS || n < WORDS_MIN || n > WORDS_MAX)
		return 0;
	for (size_t i = 0; i < n; i++) {
		uint8_t bytes[4];

		for (size_t k = 0; k < 4; k++) {
			const char *p = text.s + i * WORD_DIGITS + 2 * k;
			unsigned high = digit_value(p[0]), low = digit_value(p[1]);

			if (high > 15 || low > 15)
				return 0;
			bytes[k] = (uint8_t)(high << 4 | low);
		}
		words[i] = slu_le32(bytes);
	}
	return n;
}

/* Its first 16 bytes, or zeros behind it. */
static void read_key(const char *text, uint32_t key[KEY_SIZE / 4])
{
	uint8_t bytes[KEY_SIZE] = {0};
	size_t n = strlen(text);

	memcpy(bytes, text, n < sizeof bytes ? n : sizeof bytes);
	for (size_t i = 0; i < KEY_SIZE / 4; i++)
		key[i] = slu_le32(bytes + 4 * i);
	slu_wipe_bytes(bytes, sizeof bytes);
}

static int respond(struct slu_session *s, uint32_t *words, size_t n)
{
	uint8_t token[4 * WORDS_MAX];
	uint32_t key[KEY_SIZE / 4];
	struct slu_amf_writer *w = slu_command_begin(s, "secureTokenResponse", 0);

	read_key(s->cfg.connect.secure_token, key);
	slu_xxtea_decrypt(key, words, n);
	for (size_t i = 0; i < n; i++)
		slu_put_le32(token + 4 * i, words[i]);
	slu_amf_put_null(w);
	slu_amf_put_string_n(w, (const char *)token, 4 * n);
	slu_wipe_bytes(token, sizeof token);
	slu_wipe_bytes(key, sizeof key);
	return slu_command_send(s, 0, "secureTokenResponse");
}

/* In whichever object of the answer. NULL when there is none. */
static const struct slu_amf_value *find_token(const struct slu_command *c)
{
	const struct slu_amf_value *found = NULL;

	for (const struct slu_amf_value *v = slu_amf_first(c->root); v && !found; v = slu_amf_next(v))
		found = slu_amf_get(v, "secureToken");
	return found;
}

int slu_token_answer(struct slu_session *s, const struct slu_command *c)
{
	const struct slu_amf_value *v = find_token(c);
	uint32_t words[WORDS_MAX];
	struct slu_amf_str text;
	size_t n;
	int err;

	if (!v)
		return 0;
	if (!s->cfg.connect.secure_token) {
		slu_log(&s->cfg.log, SLU_LOG_WARN,
			"the server sent a secure token, and there is no key to answer with: it may refuse what comes "
			"next");
		return 0;
	}
	n = slu_amf_string(v, &text) ? read_words(text, words) : 0;
	if (!n)
		return slu_session_fail(
			s, SLU_ERR_MESSAGE,
			"the server's secure token is none: a text of 16 to 1024 hexadecimal digits was "
			"awaited; ask its operator, or leave the key out");
	err = respond(s, words, n);
	slu_wipe_bytes(words, sizeof words);
	return err;
}
