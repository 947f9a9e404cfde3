/* SPDX-License-Identifier: MIT */
#include "stanza.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>

enum kind { BYTES, AAD, TLS_AAD, VERSION, DIRECTION, TAG_LATE, TEXT, IGNORED };

struct keyword {
	const char *name;
	enum kind kind;
	size_t at; /* in struct stanza */
};

static const struct keyword keywords[] = {
	{"Key", BYTES, offsetof(struct stanza, key)},
	{"MACKey", BYTES, offsetof(struct stanza, mac_key)},
	{"IV", BYTES, offsetof(struct stanza, iv)},
	{"NextIV", BYTES, offsetof(struct stanza, next_iv)},
	{"Plaintext", BYTES, offsetof(struct stanza, plaintext)},
	{"Ciphertext", BYTES, offsetof(struct stanza, ciphertext)},
	{"Tag", BYTES, offsetof(struct stanza, tag)},
	{"AAD", AAD, 0},
	{"TLSAAD", TLS_AAD, 0},
	{"TLSVersion", VERSION, 0},
	{"Operation", DIRECTION, 0},
	{"SetTagLate", TAG_LATE, 0},
	{"Result", TEXT, offsetof(struct stanza, result)},
	{"Cipher", TEXT, offsetof(struct stanza, cipher)},
	/* The heading of what follows, and which of OpenSSL's own providers have it. */
	{"Title", IGNORED, 0},
	{"Availablein", IGNORED, 0},
	{"FIPSversion", IGNORED, 0},
};

static const struct keyword *find(const char *name)
{
	for (size_t i = 0; i < sizeof keywords / sizeof keywords[0]; i++)
		if (!strcmp(keywords[i].name, name))
			return &keywords[i];
	return NULL;
}

/* An even number of hexadecimal digits, or nothing. */
static bool set_bytes(struct stanza_bytes *b, const char *value)
{
	long size = 0;
	uint8_t *data = *value ? OPENSSL_hexstr2buf(value, &size) : OPENSSL_zalloc(1);

	if (!data)
		return false;
	OPENSSL_free(b->data);
	*b = (struct stanza_bytes){data, (size_t)size};
	return true;
}

static bool set_aad(struct stanza *s, const char *value)
{
	return s->aads < STANZA_AADS && set_bytes(&s->aad[s->aads++], value);
}

static bool set_version(struct stanza *s, const char *value)
{
	char *end;

	s->tls_version = (unsigned)strtoul(value, &end, 0);
	return *value && !*end;
}

static bool set_direction(struct stanza *s, const char *value)
{
	s->encrypt = !strcmp(value, "ENCRYPT");
	s->decrypt = !strcmp(value, "DECRYPT");
	return s->encrypt || s->decrypt;
}

static bool set_text(char *text, const char *value)
{
	return snprintf(text, STANZA_NAME, "%s", value) < STANZA_NAME;
}

static bool set(struct stanza *s, const struct keyword *k, const char *value)
{
	char *field = (char *)s + k->at;

	switch (k->kind) {
	case BYTES:
		return set_bytes((struct stanza_bytes *)(void *)field, value);
	case TLS_AAD:
		s->tls_aad = true;
		return set_aad(s, value);
	case AAD:
		return set_aad(s, value);
	case VERSION:
		return set_version(s, value);
	case DIRECTION:
		return set_direction(s, value);
	case TAG_LATE:
		s->tag_late = !strcmp(value, "TRUE");
		return s->tag_late || !strcmp(value, "FALSE");
	case TEXT:
		return set_text(field, value);
	case IGNORED:
		return true;
	}
	return false;
}

/* Cuts off white space at both ends. */
static char *trim(char *text)
{
	char *end = text + strlen(text);

	while (end > text && isspace((unsigned char)end[-1]))
		*--end = '\0';
	while (isspace((unsigned char)*text))
		text++;
	return text;
}

/* One line "Keyword = value" of a stanza. */
static void take(struct stanza *s, char *line)
{
	char *value = strchr(line, '=');
	const struct keyword *k;

	if (value)
		*value++ = '\0';
	line = trim(line);
	k = value ? find(line) : NULL;
	if (!k || !set(s, k, trim(value)))
		snprintf(s->unknown, sizeof s->unknown, "%.*s", STANZA_NAME - 1, line);
}

bool stanza_read(struct stanza_reader *r, struct stanza *s)
{
	bool more = true;

	*s = (struct stanza){.encrypt = true, .decrypt = true};
	while (more) {
		char *line;

		more = getline(&r->text, &r->room, r->file) >= 0;
		line = more ? trim(r->text) : NULL;
		r->line += more;
		if (line && *line == '#')
			continue;
		if (line && *line) {
			take(s, line);
			if (s->cipher[0] && !s->line)
				s->line = r->line;
		} else if (s->cipher[0]) {
			return true;
		} else {
			stanza_clear(s);
		}
	}
	return false;
}

void stanza_clear(struct stanza *s)
{
	struct stanza_bytes *each[] = {&s->key,       &s->mac_key,    &s->iv, &s->next_iv,
				       &s->plaintext, &s->ciphertext, &s->tag};

	for (size_t i = 0; i < sizeof each / sizeof each[0]; i++)
		OPENSSL_free(each[i]->data);
	for (size_t i = 0; i < s->aads; i++)
		OPENSSL_free(s->aad[i].data);
	*s = (struct stanza){.encrypt = true, .decrypt = true};
}
