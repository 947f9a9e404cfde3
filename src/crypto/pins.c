/* SPDX-License-Identifier: MIT */
#include "crypto/pins.h"

#include <stdio.h>
#include <string.h>

#include <sluice/error.h>

static const char prefix[] = "sha256//";
static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* 44 characters, the last of which is '=' and the one before carries four bits: exactly one text a digest. */
static bool decode(uint8_t out[SLU_PIN_SIZE], const char *text)
{
	uint32_t bits = 0;
	unsigned have = 0;
	size_t n = 0;

	for (size_t i = 0; i < 43; i++) {
		const char *at = text[i] ? strchr(alphabet, text[i]) : NULL;

		if (!at)
			return false;
		bits = bits << 6 | (uint32_t)(at - alphabet);
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[n++] = (uint8_t)(bits >> have);
		}
	}
	return text[43] == '=' && (bits & 3) == 0;
}

static int bad(char *error, size_t size, size_t number, const char *why)
{
	snprintf(error, size, "pin %zu %s; a pin looks like sha256//BASE64-OF-32-BYTES, with ';' between pins",
		 number + 1, why);
	return SLU_ERR_INVALID;
}

int slu_pins_parse(struct slu_pins *pins, const char *text, char *error, size_t size)
{
	memset(pins, 0, sizeof *pins);
	while (text && *text) {
		size_t n = strcspn(text, ";");

		if (pins->count == SLU_PINS_MAX)
			return bad(error, size, pins->count, "is one too many (16 are possible)");
		if (n < sizeof prefix - 1 || memcmp(text, prefix, sizeof prefix - 1) != 0)
			return bad(error, size, pins->count, "does not begin with sha256//");
		if (n != SLU_PIN_TEXT - 1 || !decode(pins->digest[pins->count], text + sizeof prefix - 1))
			return bad(error, size, pins->count, "is not the base64 of 32 bytes");
		pins->count++;
		text += n;
		if (*text == ';')
			text++;
	}
	return 0;
}

bool slu_pins_match(const struct slu_pins *pins, const uint8_t digest[SLU_PIN_SIZE])
{
	for (size_t i = 0; i < pins->count; i++)
		if (memcmp(pins->digest[i], digest, SLU_PIN_SIZE) == 0)
			return true;
	return false;
}

char *slu_pin_format(char out[SLU_PIN_TEXT], const uint8_t digest[SLU_PIN_SIZE])
{
	char *o = out + sizeof prefix - 1;

	memcpy(out, prefix, sizeof prefix - 1);
	for (size_t i = 0; i < SLU_PIN_SIZE; i += 3) {
		uint32_t v = (uint32_t)digest[i] << 16 | (uint32_t)digest[i + 1] << 8;

		if (i + 2 < SLU_PIN_SIZE)
			v |= digest[i + 2];
		*o++ = alphabet[v >> 18];
		*o++ = alphabet[v >> 12 & 63];
		*o++ = alphabet[v >> 6 & 63];
		*o++ = i + 2 < SLU_PIN_SIZE ? alphabet[v & 63] : '=';
	}
	*o = '\0';
	return out;
}
