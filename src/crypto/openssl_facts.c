/* SPDX-License-Identifier: MIT */
#include "crypto/openssl_facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/opensslconf.h>
#include <openssl/opensslv.h>

static void set(char *out, size_t size, const char *text)
{
	snprintf(out, size, "%s", text ? text : "");
}

/* An environment variable goes first. */
static void set_folder(char *out, size_t size, const char *variable, const char *text)
{
	const char *asked = getenv(variable);

	set(out, size, asked && *asked ? asked : text);
}

#if OPENSSL_VERSION_NUMBER >= 0x30000000L
static void take_settings(struct slu_openssl_facts *out)
{
	set_folder(out->engines_folder, sizeof out->engines_folder, "OPENSSL_ENGINES",
		   OPENSSL_info(OPENSSL_INFO_ENGINES_DIR));
	set_folder(out->modules_folder, sizeof out->modules_folder, "OPENSSL_MODULES",
		   OPENSSL_info(OPENSSL_INFO_MODULES_DIR));
	set(out->cpu, sizeof out->cpu, OPENSSL_info(OPENSSL_INFO_CPU_SETTINGS));
#ifndef OPENSSL_NO_KTLS
	out->ktls = true;
#endif
}
#else
/* 'ENGINESDIR: "/usr/lib/engines-1.1"' is how it says it; of the processor it says nothing, but it may be told. */
static void take_settings(struct slu_openssl_facts *out)
{
	static const char *const variables[] = {"OPENSSL_ia32cap", "OPENSSL_armcap", "OPENSSL_ppccap",
						"OPENSSL_s390xcap"};
	char text[sizeof out->engines_folder], *from, *to;

	set(text, sizeof text, OpenSSL_version(OPENSSL_ENGINES_DIR));
	from = strchr(text, '"');
	to = from ? strrchr(from + 1, '"') : NULL;
	if (to)
		*to = '\0';
	set_folder(out->engines_folder, sizeof out->engines_folder, "OPENSSL_ENGINES", to ? from + 1 : "");
	for (size_t i = 0; i < sizeof variables / sizeof *variables; i++)
		if (getenv(variables[i]))
			snprintf(out->cpu, sizeof out->cpu, "%s=%s", variables[i], getenv(variables[i]));
}
#endif

void slu_openssl_facts(struct slu_openssl_facts *out)
{
	memset(out, 0, sizeof *out);
	take_settings(out);
	out->providers = OPENSSL_VERSION_NUMBER >= 0x30000000L;
	out->gone = OPENSSL_VERSION_NUMBER >= 0x40000000L;
#ifndef OPENSSL_NO_ENGINE
	out->engines = !out->gone;
#ifndef OPENSSL_NO_DEVCRYPTOENG
	out->devcrypto_engine = out->engines;
#endif
#endif
}
