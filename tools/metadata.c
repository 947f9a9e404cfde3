/* SPDX-License-Identifier: MIT */
#include "tools/metadata.h"

#include <string.h>

#include "base/bytes.h"

/* AMF0: a string marker, 16 bits of length, the name of the data message; then the marker of its value. */
static const uint8_t name[] = {0x02, 0, 10, 'o', 'n', 'M', 'e', 't', 'a', 'D', 'a', 't', 'a'};
/* A member "duration" whose value is a number. */
static const uint8_t member[] = {0, 8, 'd', 'u', 'r', 'a', 't', 'i', 'o', 'n', 0x00};

enum { OBJECT = 0x03, ECMA_ARRAY = 0x08 };

bool slu_metadata_is(const uint8_t *body, size_t n)
{
	if (n < sizeof name + 1 || memcmp(body, name, sizeof name) != 0)
		return false;
	return body[sizeof name] == OBJECT || (body[sizeof name] == ECMA_ARRAY && n >= sizeof name + 5);
}

size_t slu_metadata_duration(const uint8_t *body, size_t n)
{
	for (size_t i = sizeof name + 1; i + sizeof member + 8 <= n; i++)
		if (memcmp(body + i, member, sizeof member) == 0)
			return i + sizeof member;
	return 0;
}

size_t slu_metadata_add_duration(uint8_t *out, const uint8_t *body, size_t n)
{
	size_t at = sizeof name + (body[sizeof name] == ECMA_ARRAY ? 5 : 1);

	memcpy(out, body, at);
	memcpy(out + at, member, sizeof member);
	memset(out + at + sizeof member, 0, 8);
	memcpy(out + at + sizeof member + 8, body + at, n - at);
	if (body[sizeof name] == ECMA_ARRAY)
		slu_put_be32(out + sizeof name + 1, slu_be32(body + sizeof name + 1) + 1);
	return at + sizeof member;
}
