/* SPDX-License-Identifier: MIT */
#include "tools/json_text.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LONGEST = 12, UNKNOWN = 0xfffd }; /* of what one byte becomes: two halves of a pair */

/* The code point that text begins with, and how many bytes it takes (RFC 3629, 4: no longer than need be, no
 * surrogates); 1 and UNKNOWN where it is none. */
static size_t decode(const unsigned char *text, uint32_t *code)
{
	static const struct {
		unsigned char mask, lead;
		uint32_t least;
	} forms[] = {{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
	size_t n = 0;

	while (n < 4 && (text[0] & forms[n].mask) != forms[n].lead)
		n++;
	*code = UNKNOWN;
	if (n == 4)
		return 1;
	uint32_t c = text[0] & (unsigned char)~forms[n].mask;

	for (size_t i = 1; i <= n; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 1;
		c = c << 6 | (text[i] & 0x3f);
	}
	if (c < forms[n].least || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 1;
	*code = c;
	return n + 1;
}

static size_t encode(char *out, uint32_t code)
{
	if (code == '"' || code == '\\')
		return (size_t)snprintf(out, LONGEST + 1, "\\%c", (int)code);
	if (code >= 0x20 && code < 0x7f) {
		*out = (char)code;
		return 1;
	}
	if (code < 0x10000)
		return (size_t)snprintf(out, LONGEST + 1, "\\u%04x", (unsigned)code);
	code -= 0x10000;
	return (size_t)snprintf(out, LONGEST + 1, "\\u%04x\\u%04x", 0xd800 + (unsigned)(code >> 10),
				0xdc00 + (unsigned)(code & 0x3ff));
}

void slu_json_add_text(cJSON *object, const char *name, const char *text)
{
	const unsigned char *p = (const unsigned char *)text;
	/* Six bytes stand for one at most, quotes and a NUL come to it, and snprintf() wants room for the longest. */
	char *out = malloc(6 * strlen(text) + 3 + LONGEST), *at = out;
	uint32_t code;

	if (!out)
		return;
	*at++ = '"';
	while (*p) {
		p += decode(p, &code);
		at += encode(at, code);
	}
	strcpy(at, "\"");
	cJSON_AddRawToObject(object, name, out);
	free(out);
}
