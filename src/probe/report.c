/* SPDX-License-Identifier: MIT */
#include "probe/report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sluice/error.h>

#include "crypto/chain.h"

void slu_report_init(struct slu_report *r)
{
	memset(r, 0, sizeof *r);
	for (size_t i = 0; i < SLU_REPORT_VERSIONS; i++)
		r->versions[i].version = (uint16_t)(0x0300 + i);
}

void slu_report_clear(struct slu_report *r)
{
	for (size_t i = 0; i < r->nchains; i++)
		free(r->chains[i]);
	slu_report_init(r);
}

struct slu_report_version *slu_report_version(struct slu_report *r, uint16_t version)
{
	const unsigned i = version - 0x0300u;

	return i < SLU_REPORT_VERSIONS ? &r->versions[i] : NULL;
}

struct slu_report_version *slu_report_newest(struct slu_report *r, uint16_t most)
{
	for (size_t i = SLU_REPORT_VERSIONS; i-- > 0;) {
		if (r->versions[i].version <= most && r->versions[i].accepted == SLU_YES)
			return &r->versions[i];
	}
	return NULL;
}

bool slu_report_has_chain(const struct slu_report *r, const struct slu_chain *chain)
{
	for (size_t i = 0; i < r->nchains; i++) {
		const struct slu_chain *c = r->chains[i];

		if (c->n && chain->n &&
		    memcmp(c->links[0].digest, chain->links[0].digest, sizeof c->links[0].digest) == 0)
			return true;
		if (!c->n && !chain->n)
			return true;
	}
	return false;
}

int slu_report_add_chain(struct slu_report *r, const struct slu_chain *chain)
{
	struct slu_chain *copy;

	if (r->nchains == SLU_REPORT_CHAINS || slu_report_has_chain(r, chain))
		return 0;
	copy = malloc(sizeof *copy);
	if (!copy)
		return SLU_ERR_NOMEM;
	*copy = *chain;
	r->chains[r->nchains++] = copy;
	return 0;
}

void slu_report_note(struct slu_report *r, const char *format, ...)
{
	char note[SLU_REPORT_NOTE];
	va_list args;

	va_start(args, format);
	vsnprintf(note, sizeof note, format, args);
	va_end(args);
	for (size_t i = 0; i < r->nnotes; i++) {
		if (strcmp(r->notes[i], note) == 0)
			return;
	}
	if (r->nnotes < SLU_REPORT_NOTES)
		memcpy(r->notes[r->nnotes++], note, sizeof note);
}
