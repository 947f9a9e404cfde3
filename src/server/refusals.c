/* SPDX-License-Identifier: MIT */
#include "server/refusals.h"

#include <stdio.h>
#include <string.h>

static void tell(const struct slu_refusals *list, const struct slu_server_report *r)
{
	if (list->to.fn)
		list->to.fn(list->to.arg, r);
}

/* That of this reason, else a free one, else the last. */
static struct slu_refusal_kind *find(struct slu_refusals *list, const char *reason)
{
	struct slu_refusal_kind *k = list->kinds, *end = k + SLU_REFUSAL_KINDS, *unused = NULL;

	for (; k < end; k++) {
		if (k->reason && strcmp(k->reason, reason) == 0)
			return k;
		if (!k->reason && !unused)
			unused = k;
	}
	return unused ? unused : end - 1;
}

static void keep(struct slu_refusal_kind *k, const struct slu_server_report *r)
{
	unsigned count = k->last.count + r->count;

	k->last = *r;
	k->last.count = count;
	snprintf(k->address, sizeof k->address, "%s", r->address);
	snprintf(k->app, sizeof k->app, "%s", r->app);
	snprintf(k->stream, sizeof k->stream, "%s", r->stream);
	snprintf(k->text, sizeof k->text, "%s", r->text);
	k->last.address = k->address;
	k->last.app = k->app;
	k->last.stream = k->stream;
	k->last.text = k->text;
	k->last.tls_version = k->last.tls_suite = k->last.tls_client = "";
}

void slu_refusals_take(struct slu_refusals *list, const struct slu_server_report *r, uint64_t now_ms)
{
	struct slu_refusal_kind *k;

	list->total += r->count;
	slu_refusals_on_time(list, now_ms);
	k = find(list, r->reason);
	if (k->reason) {
		keep(k, r);
		return;
	}
	*k = (struct slu_refusal_kind){.reason = r->reason, .until = now_ms + SLU_REFUSAL_MS};
	tell(list, r);
}

void slu_refusals_on_time(struct slu_refusals *list, uint64_t now_ms)
{
	for (struct slu_refusal_kind *k = list->kinds; k < list->kinds + SLU_REFUSAL_KINDS; k++) {
		if (!k->reason || now_ms < k->until)
			continue;
		if (!k->last.count) {
			k->reason = NULL;
			continue;
		}
		tell(list, &k->last);
		k->last.count = 0;
		k->until = now_ms + SLU_REFUSAL_MS;
	}
}

uint64_t slu_refusals_deadline(const struct slu_refusals *list)
{
	uint64_t at = UINT64_MAX;

	for (const struct slu_refusal_kind *k = list->kinds; k < list->kinds + SLU_REFUSAL_KINDS; k++)
		if (k->reason && k->last.count && k->until < at)
			at = k->until;
	return at;
}
