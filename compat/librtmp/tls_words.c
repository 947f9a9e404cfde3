/* SPDX-License-Identifier: MIT */
#include "tls_words.h"

#include <string.h>

/* Of two that begin alike, the longer stands first. What has no option here has what does the same, or nothing. */
static const struct words {
	const char *theirs, *ours;
} words[] = {
	{"--ca-file", "tlsCAFile"},
	{"--insecure with --pin ", "tlsVerify=0 with tlsPin="},
	{"--insecure", "tlsVerify=0"},
	{"--pin", "tlsPin"},
	{"--cert-key", "tlsKey"},
	{"--cert", "tlsCert"},
	{"--ciphersuites", "tlsCiphersuites"},
	{"--ciphers ECDHE", "tlsCiphers=ECDHE"},
	{"--ciphers", "tlsCiphers"},
	{"--groups", "tlsGroups"},
	{"--tls-min 1.0", "tlsMin=1.0"},
	{"--tls-min", "tlsMin"},
	{"--tls-max 1.2", "tlsMax=1.2"},
	{"--tls-max", "tlsMax"},
	{"--security-level 0", "tlsCiphers=DEFAULT@SECLEVEL=0"},
	{"give it with --server-name", "trust its key alone with tlsVerify=0 and tlsPin"},
	{", or give --server-name", ""},
};

static const struct words *match(const char *text)
{
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		if (strncmp(text, words[i].theirs, strlen(words[i].theirs)) == 0)
			return &words[i];
	return NULL;
}

char *slu_compat_tls_words(char *out, size_t size, const char *sentence)
{
	size_t n = 0;

	while (*sentence && n + 1 < size) {
		const struct words *w = match(sentence);
		const char *from = w ? w->ours : sentence;
		size_t length = w ? strlen(w->ours) : 1;

		if (length > size - 1 - n)
			length = size - 1 - n;
		memcpy(out + n, from, length);
		n += length;
		sentence += w ? strlen(w->theirs) : 1;
	}
	if (size)
		out[n] = '\0';
	return out;
}
