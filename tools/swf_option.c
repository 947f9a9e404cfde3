/* SPDX-License-Identifier: MIT */
#include "tools/swf_option.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tools/say.h"

/* Of a hexadecimal digit; -1 for anything else. */
static int digit(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *p = c ? strchr(digits, c) : NULL;

	return p ? (int)((p - digits) % 16) : -1;
}

static bool parse_hash(const char *text, uint8_t hash[32])
{
	for (size_t i = 0; i < 32; i++) {
		int high = digit(text[2 * i]), low = high < 0 ? -1 : digit(text[2 * i + 1]);

		if (low < 0)
			return false;
		hash[i] = (uint8_t)(high << 4 | low);
	}
	return text[64] == ':';
}

static bool parse_size(const char *text, uint32_t *size)
{
	unsigned long long value;
	char *end;

	errno = 0;
	value = strtoull(text, &end, 10);
	*size = (uint32_t)value;
	return *text >= '0' && *text <= '9' && !*end && !errno && value >= 1 && value <= UINT32_MAX;
}

bool slu_swf_option(const char *text, struct slu_swf_player *out)
{
	if (parse_hash(text, out->hash) && parse_size(text + 65, &out->size))
		return true;
	slu_say("--swf-verify takes HASH:SIZE, 64 hexadecimal digits and the bytes of the uncompressed file, and "
		"\"%s\" "
		"is none",
		text);
	return false;
}
