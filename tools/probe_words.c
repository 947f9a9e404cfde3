/* SPDX-License-Identifier: MIT */
#include "tools/probe_words.h"

#include <string.h>

#include <sluice/tls.h>

#include "crypto/have.h"
#include "probe/registry.h"

static const struct {
	const char *word;
	enum slu_exit status;
} ends[] = {
	[SLU_PROBE_OK] = {"ok", SLU_EXIT_OK},
	[SLU_PROBE_UNRESOLVED] = {"unresolved", SLU_EXIT_CONNECT},
	[SLU_PROBE_UNREACHABLE] = {"unreachable", SLU_EXIT_CONNECT},
	[SLU_PROBE_SILENT] = {"silent", SLU_EXIT_CONNECT},
	[SLU_PROBE_CLOSES] = {"closes", SLU_EXIT_CONNECT},
	[SLU_PROBE_NOT_TLS] = {"not_tls", SLU_EXIT_TLS},
	[SLU_PROBE_REFUSES] = {"refuses", SLU_EXIT_REFUSED},
	[SLU_PROBE_BROKEN] = {"broken", SLU_EXIT_TLS},
	[SLU_PROBE_CUT] = {"cut", SLU_EXIT_LOST},
};

const char *slu_probe_end_word(enum slu_probe_end end)
{
	return ends[end].word;
}

enum slu_exit slu_probe_end_exit(enum slu_probe_end end)
{
	return ends[end].status;
}

const char *slu_probe_order_word(enum slu_order order)
{
	static const char *const words[] = {
		[SLU_ORDER_SERVER] = "server", [SLU_ORDER_CLIENT] = "client", [SLU_ORDER_MIXED] = "mixed"};

	return words[order];
}

const char *slu_probe_version_weak(uint16_t version)
{
	if (version == SLU_SSL_3_0)
		return "broken: nobody is to use it (RFC 7568)";
	return version < SLU_TLS_1_2 ? "deprecated (RFC 8996)" : NULL;
}

size_t slu_probe_weak(const struct slu_report *report, uint16_t suite, const char *out[SLU_PROBE_REASONS])
{
	const struct slu_reg_suite *s = slu_reg_suite(suite);
	size_t n = 0;

	if (!s)
		out[n++] = "unknown";
	if (s && slu_reg_insecure(s))
		out[n++] = slu_reg_insecure(s);
	if (s && !slu_reg_forward_secret(s))
		out[n++] = "no forward secrecy";
	if (s && slu_reg_cbc(s) && report->etm != SLU_YES)
		out[n++] = "MAC-then-encrypt";
	return n;
}

static const char *name_in(const struct slu_suite *all, size_t n, uint16_t suite)
{
	for (size_t i = 0; i < n; i++)
		if (all[i].id == suite)
			return all[i].name;
	return NULL;
}

const char *slu_probe_openssl_name(const struct slu_have *have, uint16_t suite)
{
	const char *name = name_in(have->usual, have->nusual, suite);
	char iana[SLU_REG_NAME];

	if (!name)
		name = name_in(have->old, have->nold, suite);
	if (!name)
		name = name_in(have->standard, have->nstandard, suite);
	return name && strcmp(name, slu_reg_suite_name(suite, iana, sizeof iana)) != 0 ? name : NULL;
}
