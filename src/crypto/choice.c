/* SPDX-License-Identifier: MIT */
#include "crypto/choice.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* A suite, for CBC with or without encrypt-then-MAC, and the cheapest of the ways to make its records. */
struct option {
	const struct slu_suite *suite;
	bool etm, weak;
	const struct slu_kept_way *way, *software; /* NULL: not known */
};

struct choosing {
	const struct slu_kept *kept;
	const struct slu_choice_rules *rules;
	struct option options[2 * SLU_SUITES_MOST];
	size_t n;
};

/* Streams are sent in full records, or nearly. */
static double cost(const struct slu_kept *k, const struct slu_kept_way *w)
{
	return w->ms_per_mb[k->nsizes - 1];
}

static bool is_software(const struct slu_kept_way *w)
{
	return strcmp(w->door, "off") == 0;
}

/* Of two with the same text up to the settings: an engine's are behind a comma. */
static bool same_door(const char *door, const char *text)
{
	const size_t n = strlen(door);

	return strncmp(door, text, n) == 0 && (!text[n] || text[n] == ':' || text[n] == ',');
}

static bool may_use(const struct slu_choice_rules *r, const struct slu_kept_way *w)
{
	return is_software(w) || (!r->receives && (!r->door || same_door(w->door, r->door)));
}

static bool makes(const struct slu_kept_way *w, const struct option *o)
{
	return (w->version == SLU_TLS_1_3) == o->suite->tls13 && (o->suite->aead || w->etm == o->etm) &&
	       strcmp(slu_suite_kind(w->suite), slu_suite_kind(o->suite->name)) == 0;
}

/* A door that was given serves all that it has, be it dearer than software or not. */
static bool better(const struct choosing *c, const struct slu_kept_way *w, const struct slu_kept_way *than)
{
	if (!than)
		return true;
	if (c->rules->door && is_software(w) != is_software(than))
		return is_software(than);
	return cost(c->kept, w) < cost(c->kept, than);
}

static void add_option(struct choosing *c, const struct slu_suite *suite, bool etm)
{
	struct option *o = &c->options[c->n++];

	*o = (struct option){.suite = suite, .etm = etm, .weak = !suite->forward_secret || (!suite->aead && !etm)};
	for (size_t i = 0; i < (c->kept->nsizes ? c->kept->nways : 0); i++) {
		const struct slu_kept_way *w = &c->kept->ways[i];

		if (!makes(w, o) || !may_use(c->rules, w))
			continue;
		if (is_software(w))
			o->software = w;
		if (better(c, w, o->way))
			o->way = w;
	}
}

static void list_options(struct choosing *c, const struct slu_suite *suites, size_t n)
{
	for (size_t i = 0; i < n && i < SLU_SUITES_MOST; i++) {
		if (suites[i].aead || c->rules->etm != SLU_ETM_NEVER)
			add_option(c, &suites[i], !suites[i].aead);
		if (!suites[i].aead && c->rules->etm != SLU_ETM_ALWAYS)
			add_option(c, &suites[i], false);
	}
}

/* 0: none. Whether CBC comes with encrypt-then-MAC is not in an order of suites. */
static int weakness(const struct choosing *c, const struct option *o)
{
	return c->rules->allow_weak ? 0 : 2 * !o->suite->forward_secret + !o->suite->aead;
}

static bool without_etm(const struct option *o)
{
	return !o->suite->aead && !o->etm;
}

/* A server has its order to choose by. */
static bool cheaper(const struct choosing *c, const struct option *a, const struct option *b)
{
	const double cost_a = cost(c->kept, a->way), cost_b = cost(c->kept, b->way);

	if (c->rules->server && weakness(c, a) != weakness(c, b))
		return weakness(c, a) < weakness(c, b);
	return cost_a < cost_b || (cost_a <= cost_b && !a->weak && b->weak);
}

/* Where the list is the user's, its first suite is what to expect. A server has encrypt-then-MAC with each client that
 * offers it. */
static const struct option *cheapest(const struct choosing *c, bool weak_too)
{
	const struct option *best = NULL;

	for (size_t i = 0; i < c->n; i++) {
		const struct option *o = &c->options[i];

		if (!o->way || (o->weak && !weak_too && !c->rules->fixed) || (c->rules->server && without_etm(o)))
			continue;
		if (c->rules->fixed)
			return o;
		if (!best || cheaper(c, o, best))
			best = o;
	}
	return best;
}

static bool same_records(const struct slu_suite *a, const struct slu_suite *b)
{
	return a->cipher == b->cipher && (a->aead || a->mac == b->mac);
}

/* The next one whose records are others, or made by somebody else. */
static const struct option *runner_up(const struct choosing *c, const struct option *best)
{
	const struct option *next = NULL;

	for (size_t i = 0; i < c->n; i++) {
		const struct option *o = &c->options[i];

		if (!o->way || (o->weak && !c->rules->allow_weak) || same_records(o->suite, best->suite))
			continue;
		if (!next || cheaper(c, o, next))
			next = o;
	}
	return next;
}

/* ---- what is offered ---- */

static void append(char *list, size_t size, const char *name)
{
	const size_t n = strlen(list);

	if (n + strlen(name) + 2 <= size)
		snprintf(list + n, size - n, "%s%s", n ? ":" : "", name);
}

static void offer(struct slu_offer *to, const struct slu_suite *s)
{
	if (s->tls13)
		append(to->ciphersuites, sizeof to->ciphersuites, s->name);
	else
		append(to->cipher_list, sizeof to->cipher_list, s->name);
}

/* The best one's records, whoever signs the key exchange, in each version of TLS that makes them for a like price. A
 * weak suite that saves nothing is left out. */
static void offer_alone(const struct choosing *c, const struct option *best, struct slu_choice *out)
{
	const double most = cost(c->kept, best->way) * 1.1;

	for (size_t i = 0; i < c->n; i++) {
		const struct option *o = &c->options[i];

		if (!o->way || (o->weak && !best->weak) || !same_records(o->suite, best->suite) || o->etm != best->etm)
			continue;
		if (cost(c->kept, o->way) <= most && strcmp(o->way->door, best->way->door) == 0)
			offer(&out->first, o->suite);
	}
	out->alone = true;
	out->etm = best->etm && !c->rules->allow_weak;
	out->mte = without_etm(best);
}

/* Weak ones last, then those of no known cost, then by cost. The server says whether CBC comes with encrypt-then-MAC:
 * it counts as weak, at the cost that it has with it. */
static bool comes_before(const struct choosing *c, const struct option *a, const struct option *b)
{
	if (weakness(c, a) != weakness(c, b))
		return weakness(c, a) < weakness(c, b);
	if (!a->way || !b->way)
		return a->way && !b->way;
	return cost(c->kept, a->way) < cost(c->kept, b->way);
}

static void offer_all(const struct choosing *c, struct slu_choice *out)
{
	const struct option *sorted[SLU_SUITES_MOST];
	size_t n = 0, at;

	for (size_t i = 0; i < c->n; i++) {
		const struct option *o = &c->options[i];

		if (without_etm(o) && c->rules->etm != SLU_ETM_NEVER)
			continue;
		for (at = n++; at > 0 && !c->rules->fixed && comes_before(c, o, sorted[at - 1]); at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = o;
	}
	for (size_t i = 0; i < n; i++)
		offer(&out->all, sorted[i]->suite);
}

/* ---- who encrypts ---- */

/* Where the best is done in software, hardware may still be the best for something that a server takes instead. */
static const struct option *for_door(const struct choosing *c, const struct option *best)
{
	const struct option *other = NULL;

	if (!is_software(best->way) || c->rules->fixed || c->rules->accepted)
		return best;
	for (size_t i = 0; i < c->n; i++) {
		const struct option *o = &c->options[i];

		/* An engine takes all that it has ciphers for, in the whole process. */
		if (!o->way || is_software(o->way) || same_door("engine", o->way->door))
			continue;
		if (!other || cost(c->kept, o->way) < cost(c->kept, other->way))
			other = o;
	}
	return other ? other : best;
}

/* The smallest record from which on the way costs less than software does. */
static size_t break_even(const struct slu_kept *k, const struct option *o)
{
	size_t s = k->nsizes;

	while (s > 0 && o->software && o->way->ms_per_mb[s - 1] < o->software->ms_per_mb[s - 1])
		s--;
	return k->sizes[s < k->nsizes ? s : k->nsizes - 1];
}

/* Whether the door serves any records of this kind best. */
static bool pays(const struct choosing *c, const char *door, bool aead)
{
	for (size_t i = 0; i < c->n; i++) {
		const struct option *o = &c->options[i];

		if (o->way && o->suite->aead == aead && strcmp(o->way->door, door) == 0)
			return true;
	}
	return false;
}

static void use_devcrypto(const struct choosing *c, const struct option *o, struct slu_choice *out)
{
	const bool usual = !*c->kept->path || strcmp(c->kept->path, "/dev/crypto") == 0;

	snprintf(out->offload, sizeof out->offload, "devcrypto:min_size=%zu%s%s%s%s", break_even(c->kept, o),
		 pays(c, o->way->door, false) ? "" : ",cbc=off", pays(c, o->way->door, true) ? "" : ",gcm=off",
		 usual ? "" : ",device=", usual ? "" : c->kept->path);
}

static void use_ktls(const struct choosing *c, struct slu_choice *out)
{
	size_t n = 0;

	snprintf(out->offload, sizeof out->offload, "ktls");
	for (size_t i = 0; i < c->n; i++) {
		const struct option *o = &c->options[i];
		bool known = false;

		if (!o->way || strcmp(o->way->door, "ktls") != 0)
			continue;
		for (size_t k = 0; k < n; k++)
			known |= out->ktls[k] == o->suite->cipher;
		if (!known && n + 1 < sizeof out->ktls / sizeof *out->ktls)
			out->ktls[n++] = o->suite->cipher;
	}
}

static void choose_door(const struct choosing *c, const struct option *best, struct slu_choice *out)
{
	const struct option *o = for_door(c, best);

	if (c->rules->door)
		return;
	if (same_door("devcrypto", o->way->door))
		use_devcrypto(c, o, out);
	else if (same_door("ktls", o->way->door))
		use_ktls(c, out);
	else
		snprintf(out->offload, sizeof out->offload, "%s", o->way->door);
}

/* ---- the sentence ---- */

static const char *by_whom(const struct slu_kept_way *w, char *out, size_t size)
{
	if (is_software(w))
		snprintf(out, size, "in software");
	else if (same_door("ktls", w->door))
		snprintf(out, size, "by the kernel");
	else if (same_door("devcrypto", w->door))
		snprintf(out, size, "by the crypto device");
	else
		snprintf(out, size, "by the engine %s", w->door + strlen("engine:"));
	return out;
}

/* "AES-128-CBC with HMAC-SHA1 (encrypt-then-MAC) by the crypto device" */
static const char *name_of(const struct option *o, char *out, size_t size)
{
	char records[64], door[80];

	snprintf(out, size, "%s%s %s", slu_suite_records(o->suite, records, sizeof records),
		 o->suite->aead ? ""
		 : o->etm       ? " (encrypt-then-MAC)"
				: " (MAC-then-encrypt)",
		 by_whom(o->way, door, sizeof door));
	return out;
}

static void add(struct slu_choice *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void add(struct slu_choice *out, const char *format, ...)
{
	const size_t n = strlen(out->sentence);
	va_list ap;

	va_start(ap, format);
	vsnprintf(out->sentence + n, sizeof out->sentence - n, format, ap);
	va_end(ap);
}

static void tell_weak(const struct choosing *c, const struct option *best, struct slu_choice *out)
{
	const struct option *strong = cheapest(c, false);
	char name[160];

	if (!best->weak || c->rules->fixed)
		return;
	if (!strong) {
		add(out, "; it is weak, and there is nothing else");
		return;
	}
	add(out, "; it is weak, and saves %.0f %% of what the cheapest does that is not, %s with %.1f",
	    100 - 100 * cost(c->kept, best->way) / cost(c->kept, strong->way), name_of(strong, name, sizeof name),
	    cost(c->kept, strong->way));
}

#define MEASURE ": 'sluice doctor' tests and measures the hardware too"

static bool in_software(const struct choosing *c)
{
	return !c->rules->door || strcmp(c->rules->door, "off") == 0;
}

static void tell_unknown(const struct choosing *c, struct slu_choice *out)
{
	add(out, "TLS%s, for %s" MEASURE,
	    in_software(c) ? " is done in software" : ": no suite is put before another for its cost",
	    c->rules->estimated ? c->rules->why : "what is kept of this device has no cost of these suites");
}

static void tell_estimate(const struct choosing *c, const struct option *best, struct slu_choice *out)
{
	const struct option *next = runner_up(c, best);
	char name[160];

	add(out, "TLS%s, for %s; %s%s takes some %.1f ms of CPU per MB",
	    in_software(c) ? " is done in software" : ": the order of suites is that of software", c->rules->why,
	    c->rules->fixed || c->rules->accepted ? "" : "first comes what is cheapest, ",
	    name_of(best, name, sizeof name), cost(c->kept, best->way));
	if (next)
		add(out, ", %s %.1f", name_of(next, name, sizeof name), cost(c->kept, next->way));
	add(out, MEASURE);
}

static void tell(const struct choosing *c, const struct option *best, struct slu_choice *out)
{
	const struct option *next = runner_up(c, best);
	char name[160];

	if (c->rules->estimated) {
		tell_estimate(c, best, out);
		return;
	}
	add(out, "TLS: %s takes %.1f ms of CPU per MB, %s", name_of(best, name, sizeof name), cost(c->kept, best->way),
	    c->rules->fixed ? "the least for the first suite of the list" : "the least by this device's measurements");
	if (c->rules->fixed && best->software && !is_software(best->way))
		add(out, " (in software %.1f)", cost(c->kept, best->software));
	else if (!c->rules->fixed && next)
		add(out, " (%s %.1f)", name_of(next, name, sizeof name), cost(c->kept, next->way));
	tell_weak(c, best, out);
}

void slu_choose(const struct slu_kept *kept, const struct slu_suite *suites, size_t n,
		const struct slu_choice_rules *rules, struct slu_choice *out)
{
	struct choosing c = {.kept = kept, .rules = rules};
	const struct option *best;

	memset(out, 0, sizeof *out);
	if (!rules->door)
		snprintf(out->offload, sizeof out->offload, "off");
	list_options(&c, suites, n);
	best = cheapest(&c, rules->allow_weak);
	out->sorted = !rules->fixed;
	offer_all(&c, out);
	if (!best) {
		tell_unknown(&c, out);
		return;
	}
	out->chosen = true;
	out->weak = best->weak;
	out->ms_per_mb = cost(kept, best->way);
	if (!rules->server && !rules->fixed && (!rules->estimated || rules->accepted))
		offer_alone(&c, best, out);
	choose_door(&c, best, out);
	tell(&c, best, out);
}
