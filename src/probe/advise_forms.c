/* SPDX-License-Identifier: MIT */
/* A setting, as programs take it. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <sluice/tls.h>

#include "probe/advise_impl.h"

void slu_advise_add(char *text, size_t size, const char *format, ...)
{
	const size_t n = strlen(text);
	va_list ap;

	va_start(ap, format);
	vsnprintf(text + n, size - n, format, ap);
	va_end(ap);
}

/* "1.2" */
static const char *number(uint16_t version)
{
	static const char *const numbers[] = {"1.0", "1.1", "1.2", "1.3"};

	return numbers[(version - SLU_TLS_1_0) & 3];
}

static bool plain(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("_-+=:,./@", c);
}

static bool all_plain(const char *value)
{
	while (*value && plain(*value))
		value++;
	return !*value;
}

/* " --ciphers LIST". Within quotes all but the quote stands for itself. */
static void add_option(char *text, size_t size, const char *name, const char *value)
{
	if (!*value)
		return;
	slu_advise_add(text, size, "%s--%s ", *text ? " " : "", name);
	if (all_plain(value)) {
		slu_advise_add(text, size, "%s", value);
		return;
	}
	slu_advise_add(text, size, "'");
	for (; *value; value++)
		slu_advise_add(text, size, *value == '\'' ? "'\\''" : "%c", *value);
	slu_advise_add(text, size, "'");
}

/* "tlsCiphers=LIST". A blank ends a value, and a backslash has the number of a character behind it. */
static void add_url(char *text, size_t size, const char *name, const char *value)
{
	if (!*value)
		return;
	slu_advise_add(text, size, "%s%s=", *text ? " " : "", name);
	for (; *value; value++)
		slu_advise_add(text, size, plain(*value) ? "%c" : "\\%02x", (unsigned char)*value);
}

static void write_pairs(const struct slu_advice *a, char *out, void (*add)(char *, size_t, const char *, const char *),
			const char *const names[5])
{
	const char *const values[5] = {
		a->min != SLU_TLS_1_2 ? number(a->min) : "",
		a->max ? number(a->max) : "",
		a->offer.cipher_list,
		a->offer.ciphersuites,
		strcmp(a->offload, "off") != 0 ? a->offload : "",
	};

	for (size_t i = 0; i < 5; i++)
		add(out, SLU_ADVICE_FORM, names[i], values[i]);
}

/* A provider, and an engine, have sections of their own. */
static void write_offload(struct slu_advice *a, bool ktls)
{
	static const char *const doors[][2] = {
		{"ktls", "by the kernel, which this OpenSSL was built without"},
		{"devcrypto", "by the crypto device: see devcrypto(7)"},
		{"engine", "by an engine: see config(5)"},
	};

	if (ktls && strncmp(a->offload, "ktls", 4) == 0) {
		slu_advise_add(a->file, sizeof a->file, "Options = KTLS\n");
		return;
	}
	for (size_t i = 0; i < sizeof doors / sizeof *doors; i++)
		if (strncmp(a->offload, doors[i][0], strlen(doors[i][0])) == 0)
			slu_advise_add(a->file, sizeof a->file, "# It is cheapest %s.\n", doors[i][1]);
}

/* config(5) and SSL_CONF_cmd(3) of OpenSSL. Below TLS 1.2 nothing goes but at security level 0. */
static void write_file(struct slu_advice *a, bool ktls)
{
	char *out = a->file;

	slu_advise_add(out, sizeof a->file,
		       "openssl_conf = openssl_init\n\n[openssl_init]\nssl_conf = ssl_settings\n\n[ssl_settings]\n"
		       "system_default = tls_settings\n\n[tls_settings]\nMinProtocol = TLSv%s\n",
		       a->min == SLU_TLS_1_0 ? "1" : number(a->min));
	if (a->max)
		slu_advise_add(out, sizeof a->file, "MaxProtocol = TLSv%s\n",
			       a->max == SLU_TLS_1_0 ? "1" : number(a->max));
	if (*a->offer.cipher_list)
		slu_advise_add(out, sizeof a->file, "CipherString = %s%s\n", a->offer.cipher_list,
			       a->min < SLU_TLS_1_2 ? ":@SECLEVEL=0" : "");
	if (*a->offer.ciphersuites)
		slu_advise_add(out, sizeof a->file, "Ciphersuites = %s\n", a->offer.ciphersuites);
	write_offload(a, ktls);
}

void slu_advise_forms(struct slu_advice *out, bool ktls)
{
	static const char *const options[5] = {"tls-min", "tls-max", "ciphers", "ciphersuites", "tls-offload"};
	static const char *const url[5] = {"tlsMin", "tlsMax", "tlsCiphers", "tlsCiphersuites", "tlsOffload"};

	write_pairs(out, out->push, add_option, options);
	write_pairs(out, out->url, add_url, url);
	write_file(out, ktls);
}
