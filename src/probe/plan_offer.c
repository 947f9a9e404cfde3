/* SPDX-License-Identifier: MIT */
/* What is offered: the canonical order of suites, and hellos made of them. */
#include <string.h>

#include "probe/plan_int.h"
#include "probe/registry.h"

/* What servers have, TLS 1.2 and older: strong before weak, and the libraries' common ones within the first 60.
 * ChaCha20 comes behind all that a server may like less, for some take it where it is the first that they know. */
static const uint16_t common[] = {
	0xC02C, 0xC030, 0xC02B, 0xC02F, 0x009F, 0x009E,                                 /* GCM */
	0xC0AD, 0xC0AC, 0xC09F, 0xC09E,                                                 /* CCM */
	0xC024, 0xC028, 0xC023, 0xC027, 0xC00A, 0xC014, 0xC009, 0xC013, 0x006B, 0x0067, /* CBC */
	0x0039, 0x0033, 0x009D, 0x009C, 0xC09D, 0xC09C, 0x003D, 0x003C, 0x0035, 0x002F, /* and keys by RSA */
	0xC008, 0xC012, 0x0016, 0x000A, 0x0088, 0x0045, 0x0084, 0x0041,                 /* 3DES, Camellia */
	0xC007, 0xC011, 0x0005, 0x0004,                                                 /* RC4 */
	0xCCA9, 0xCCA8, 0xCCAA,                                                         /* ChaCha20-Poly1305 */
};

/* Likewise TLS 1.3. */
static const uint16_t common13[] = {0x1302, 0x1301, 0x1304, 0x1305, 0x1303};

static const char *const protocols[] = {"h2", "http/1.1"};

bool slu_offer_has(const uint16_t *list, size_t n, uint16_t id)
{
	for (size_t i = 0; i < n; i++) {
		if (list[i] == id)
			return true;
	}
	return false;
}

bool slu_is_chacha(uint16_t suite)
{
	const struct slu_reg_suite *s = slu_reg_suite(suite);

	return s && slu_reg_chacha(s);
}

bool slu_has_chacha(const struct slu_report_version *v)
{
	for (size_t i = 0; i < v->nsuites; i++) {
		if (slu_is_chacha(v->suites[i]))
			return true;
	}
	return false;
}

/* ---- the canonical order ---- */

static unsigned rank(const struct slu_reg_suite *s)
{
	if (slu_reg_insecure(s))
		return 2;
	return !slu_reg_forward_secret(s);
}

static void prepare(struct slu_plan *p, size_t v)
{
	const uint16_t version = (uint16_t)(0x0300 + v);
	const uint16_t *first = version == 0x0304 ? common13 : common;
	const size_t nfirst = version == 0x0304 ? sizeof common13 / sizeof *common13 : sizeof common / sizeof *common;
	size_t nall;
	const struct slu_reg_suite *all = slu_reg_suites(&nall);

	for (size_t i = 0; i < nfirst; i++) {
		const struct slu_reg_suite *s = slu_reg_suite(first[i]);

		if (s && slu_reg_suite_in(s, version))
			slu_add_id(p->canon[v], &p->ncanon[v], SLU_REPORT_SUITES, s->id);
	}
	for (unsigned r = 0; r < 3; r++) {
		for (size_t i = 0; i < nall; i++) {
			if (rank(&all[i]) == r && slu_reg_suite_in(&all[i], version))
				slu_add_id(p->canon[v], &p->ncanon[v], SLU_REPORT_SUITES, all[i].id);
		}
	}
}

void slu_offer_prepare(struct slu_plan *p)
{
	for (size_t v = 0; v < SLU_REPORT_VERSIONS; v++)
		prepare(p, v);
}

const uint16_t *slu_offer_suites(const struct slu_plan *p, uint16_t version, size_t *n)
{
	*n = p->ncanon[version - 0x0300];
	return p->canon[version - 0x0300];
}

static bool is_aes_gcm(uint16_t suite)
{
	const struct slu_reg_suite *s = slu_reg_suite(suite);

	return s && (s->cipher == SLU_CIPHER_AES_128_GCM || s->cipher == SLU_CIPHER_AES_256_GCM);
}

/* Some servers take ChaCha20 where the first suite that they know is one of it, and others (Go's) where it is anything
 * but AES with GCM. At the head is one of that which is refused but known to all; where none is refused, the least
 * preferred that is not the server's first. 0: the least preferred of all does. */
static uint16_t head_for(const struct slu_report_version *v)
{
	static const uint16_t known[] = {0xC02F, 0xC02B, 0xC030, 0xC02C, 0x1301, 0x1302};

	if (!slu_has_chacha(v))
		return 0;
	for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
		if (slu_reg_suite_in(slu_reg_suite(known[i]), v->version) &&
		    !slu_offer_has(v->suites, v->nsuites, known[i]))
			return known[i];
	}
	for (size_t i = v->nsuites - 1; i > 0; i--) {
		if (is_aes_gcm(v->suites[i]))
			return v->suites[i];
	}
	return 0;
}

size_t slu_offer_reversed(struct slu_question *q, const struct slu_report_version *v, bool chacha)
{
	const uint16_t head = chacha ? 0 : head_for(v);
	size_t n = 0;

	if (head)
		q->suites[n++] = head;
	for (size_t i = v->nsuites; chacha && i-- > 0;) {
		if (slu_is_chacha(v->suites[i]))
			q->suites[n++] = v->suites[i];
	}
	for (size_t i = v->nsuites; i-- > 0;) {
		if (!slu_offer_has(q->suites, n, v->suites[i]))
			q->suites[n++] = v->suites[i];
	}
	return n;
}

/* ---- hellos ---- */

/* splitmix64: nothing is ever encrypted with it. */
static uint64_t next_random(struct slu_plan *p)
{
	uint64_t z = p->random += 0x9E3779B97F4A7C15u;

	z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
	z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
	return z ^ (z >> 31);
}

static void fill_random(struct slu_plan *p, struct slu_hello *h)
{
	for (size_t i = 0; i < sizeof h->random; i += 8) {
		const uint64_t r = next_random(p);

		memcpy(h->random + i, &r, 8);
	}
}

static size_t usable(uint16_t *out, size_t most, const uint16_t *all, size_t n, uint16_t version,
		     bool (*in)(uint16_t id, uint16_t version))
{
	size_t k = 0;

	for (size_t i = 0; i < n && k < most; i++) {
		if (in(all[i], version))
			out[k++] = all[i];
	}
	return k;
}

static void fill_lists(struct slu_question *q, uint16_t version, bool small)
{
	struct slu_hello *h = &q->step.hello;
	size_t ngroups, nschemes;
	const uint16_t *groups = slu_reg_groups(&ngroups), *schemes = slu_reg_schemes(&nschemes);

	h->groups = q->groups;
	h->ngroups =
		usable(q->groups, small ? SLU_PLAN_FEW : SLU_REPORT_GROUPS, groups, ngroups, version, slu_reg_group_in);
	h->schemes = q->schemes;
	h->nschemes = usable(q->schemes, small ? SLU_PLAN_FEW : SLU_REPORT_SCHEMES, schemes, nschemes, version,
			     slu_reg_scheme_in);
}

/* The length of its record: RFC 8446, 4.1.2, and each extension with its head of 4 bytes. */
static size_t size_of(const struct slu_hello *h)
{
	const bool tls13 = h->version == 0x0304;
	size_t n = 4 + 2 + 32 + 1 + (tls13 ? 32u : 0u) + 2 + 2 * h->nsuites + 2;

	if (h->with & SLU_WITHOUT_EXTENSIONS)
		return n;
	n += 2 + (tls13 ? 7u + 6 + 6 : 6u);
	n += h->server_name ? 9 + strlen(h->server_name) : 0;
	n += h->ngroups ? 6 + 2 * h->ngroups : 0;
	n += h->nschemes ? 6 + 2 * h->nschemes : 0;
	n += h->with & SLU_WITH_ETM ? 4 : 0;
	n += h->with & SLU_WITH_EMS ? 4 : 0;
	n += h->with & SLU_WITH_TICKET ? 4 : 0;
	n += h->with & SLU_WITH_RENEGOTIATION ? 5 : 0;
	n += h->with & SLU_WITH_MAX_FRAGMENT ? 5 : 0;
	for (size_t i = 0; i < h->nalpn; i++)
		n += 1 + strlen(h->alpn[i]) + (i ? 0 : 6);
	return n;
}

void slu_offer_sized(struct slu_question *q)
{
	q->bytes = size_of(&q->step.hello);
}

/* But for the random bytes. */
static void lay_out(const struct slu_plan *p, struct slu_question *q, uint16_t version, size_t n, bool small)
{
	struct slu_hello *h = &q->step.hello;

	q->step.kind = SLU_STEP_HELLO;
	q->step.whole = version < 0x0304;
	*h = (struct slu_hello){.version = version, .suites = q->suites, .nsuites = n};
	if (version == 0x0300) {
		h->with = SLU_WITHOUT_EXTENSIONS;
	} else {
		h->server_name = p->cfg.server_name;
		fill_lists(q, version, small);
	}
	if (version > 0x0300 && version < 0x0304)
		h->with =
			SLU_WITH_ETM | SLU_WITH_EMS | SLU_WITH_TICKET | SLU_WITH_RENEGOTIATION | SLU_WITH_MAX_FRAGMENT;
	slu_offer_sized(q);
}

void slu_offer_hello(struct slu_plan *p, struct slu_question *q, uint16_t version, size_t n)
{
	lay_out(p, q, version, n, p->small || q->small);
	fill_random(p, &q->step.hello);
}

void slu_offer_protocols(struct slu_question *q)
{
	q->step.hello.alpn = protocols;
	q->step.hello.nalpn = sizeof protocols / sizeof *protocols;
	slu_offer_sized(q);
}

size_t slu_offer_room(const struct slu_plan *p, uint16_t version)
{
	struct slu_question q = {.kind = NULL};

	lay_out(p, &q, version, 0, true);
	/* A name so long that nothing fits: a few all the same. */
	return q.bytes + 16 < SLU_PLAN_SMALL ? (SLU_PLAN_SMALL - q.bytes) / 2 : 8;
}

void slu_offer_handshake(struct slu_plan *p, struct slu_question *q, uint16_t version)
{
	q->step.kind = SLU_STEP_HANDSHAKE;
	q->step.handshake =
		(struct slu_inspect_config){.host = p->cfg.host, .sni = p->cfg.server_name, .version = version};
	if (p->no_alpn)
		return;
	q->step.handshake.alpn = protocols;
	q->step.handshake.nalpn = sizeof protocols / sizeof *protocols;
}
