/* SPDX-License-Identifier: MIT */
/* Between the files of the planner. */
#ifndef SLU_PROBE_PLAN_INT_H
#define SLU_PROBE_PLAN_INT_H

#include "probe/plan.h"

/* A small hello: bytes, and the groups and schemes in it. */
enum { SLU_PLAN_SMALL = 255, SLU_PLAN_FEW = 8, SLU_PLAN_LEAVES = 8 };

/* A question is a chain of steps, of which one at most is under way. */
enum slu_question_id {
	SLU_Q_SUITES_13,
	SLU_Q_SUITES_12,
	SLU_Q_OLD,
	SLU_Q_SUITES_11,
	SLU_Q_SUITES_10,
	SLU_Q_SUITES_30,
	SLU_Q_HANDSHAKE_13,
	SLU_Q_HANDSHAKE_12,
	SLU_Q_NAMELESS,
	SLU_Q_NAMELESS_13,
	SLU_Q_ORDER_13,
	SLU_Q_ORDER_12,
	SLU_Q_ORDER_11,
	SLU_Q_ORDER_10,
	SLU_Q_ORDER_30,
	SLU_Q_FALLBACK,
	SLU_Q_GROUPS_13,
	SLU_Q_GROUPS_OLD,
	SLU_Q_SCHEMES_12,
	SLU_Q_SCHEMES_13,
	SLU_QUESTIONS
};

struct slu_plan;
struct slu_question;

/* How one kind of question is asked. */
struct slu_question_kind {
	/* Called once, when all that it waits for is done: is there anything to ask? NULL: yes. */
	bool (*begin)(struct slu_plan *p, struct slu_question *q);
	/* Fills q->step; false: the question is answered. */
	bool (*next)(struct slu_plan *p, struct slu_question *q);
	/* What an answer to q->step means. SLU_ERR_NOMEM. The one that its steps have not is NULL. */
	int (*answer)(struct slu_plan *p, struct slu_question *q, const struct slu_hello_answer *a);
	int (*inspected)(struct slu_plan *p, struct slu_question *q, const struct slu_inspect_result *r);
};

enum slu_question_state { SLU_Q_WAITS, SLU_Q_OPEN, SLU_Q_ASKED, SLU_Q_DONE };

struct slu_question {
	const struct slu_question_kind *kind;
	uint16_t version;
	enum slu_question_state state;
	unsigned phase;   /* each kind's own; 0 at first */
	unsigned answers; /* so far */
	unsigned depth;   /* round trips before its next step; when it is done, before whatever waits for it */
	bool dropped;     /* its first hello met no answer, the version may be refused or the server tired */
	enum slu_hello_end drop;
	unsigned keys;      /* schemes: kinds of keys that are done with, a bit for each enum slu_auth */
	size_t first, most; /* suites: the part of the canonical order that is offered */
	size_t bytes;       /* of the hello under way */
	bool small;         /* its hellos stay below 256 bytes, as all do where the plan says so */
	bool unread;        /* suites: refused by an alert that says that the hello was not understood */
	bool failed;        /* suites: the last answer was internal_error; the same was asked once more */
	bool split;         /* what was found came in several parts, each with an order of its own */
	uint16_t keep;      /* groups: offered last though it was found, as the certificate's curve may be; 0: none */
	struct slu_plan_step step;
	uint16_t suites[SLU_REPORT_SUITES];
	uint16_t groups[SLU_REPORT_GROUPS];
	uint16_t schemes[SLU_REPORT_SCHEMES];
};

/* What one version answered when all that it takes was offered in another order. 0: not asked, or no answer. */
struct slu_plan_order {
	uint16_t reversed; /* chosen with the least preferred first, or another in place of ChaCha20 */
	uint16_t head;     /* which one of those that are accepted was first then */
	uint16_t chacha;   /* chosen with ChaCha20 first, and then likewise */
	bool asked_reversed, asked_chacha;
};

struct slu_plan {
	struct slu_plan_config cfg;
	struct slu_report *report;
	struct slu_question questions[SLU_QUESTIONS];
	struct slu_plan_order orders[SLU_REPORT_VERSIONS];
	uint16_t canon[SLU_REPORT_VERSIONS][SLU_REPORT_SUITES]; /* the order of offering */
	size_t ncanon[SLU_REPORT_VERSIONS];
	uint64_t leaves[SLU_PLAN_LEAVES]; /* hashes of certificates that were seen with the name */
	size_t nleaves;
	uint64_t random;
	unsigned asked; /* steps; the last one's id */
	size_t stood;   /* bytes of the largest hello that was answered well */
	bool small;     /* hellos stay below 256 bytes */
	bool lacks;     /* the OpenSSL here lacks suites that are accepted with TLS 1.3 */
	bool no_alpn;   /* the server refuses the protocols that are offered */
	bool cut;       /* it stopped answering, or was not asked on */
	bool broke_off; /* in the middle of an answer: it hung up, or said no more */
	bool concluded;
	bool sentinel12, sentinel11;
	unsigned ends[SLU_HELLO_SILENT + 1]; /* of all hellos */
	unsigned taken;                      /* hellos that were accepted */
	uint8_t alert;                       /* the last one's, protocol_version least */
	char wrong[SLU_HELLO_WRONG];         /* the first one's, those that are no TLS first */
};

/* ---- plan_offer.c: what is offered ---- */

/* The canonical order of each version, into p. */
void slu_offer_prepare(struct slu_plan *p);
const uint16_t *slu_offer_suites(const struct slu_plan *p, uint16_t version, size_t *n);
/* q->step becomes a hello for this version with the first n of q->suites, all groups and schemes, or few where hellos
 * are to be small, and what the version has of extensions; q->bytes its size. */
void slu_offer_hello(struct slu_plan *p, struct slu_question *q, uint16_t version, size_t n);
/* How many suites fit into a small hello. */
size_t slu_offer_room(const struct slu_plan *p, uint16_t version);
void slu_offer_protocols(struct slu_question *q); /* ALPN besides */
/* Counts q->bytes again, when the caller changed lists. */
void slu_offer_sized(struct slu_question *q);
/* Likewise a full handshake. */
void slu_offer_handshake(struct slu_plan *p, struct slu_question *q, uint16_t version);
/* In q->suites all accepted suites of a version, the least preferred first, but at the head either all of ChaCha20, or
 * one after which nobody takes ChaCha20 as the client's wish. The number. */
size_t slu_offer_reversed(struct slu_question *q, const struct slu_report_version *v, bool chacha);
bool slu_offer_has(const uint16_t *list, size_t n, uint16_t id);
bool slu_is_chacha(uint16_t suite);
bool slu_has_chacha(const struct slu_report_version *v);

/* ---- plan_learn.c: what any answer says besides ---- */

bool slu_answer_taken(const struct slu_hello_answer *a);   /* a suite was chosen */
bool slu_answer_dropped(const struct slu_hello_answer *a); /* no answer but the end of the connection, or silence */
/* Of an answer to q->step that chose a suite of its own kind. SLU_ERR_NOMEM. */
int slu_learn(struct slu_plan *p, const struct slu_question *q, const struct slu_hello_answer *a);
/* It refuses the protocols of ALPN: they are not offered again. */
void slu_learn_no_alpn(struct slu_plan *p);
/* Notes an answer that is none to the question, and a refusal of what was taken before. */
void slu_learn_odd(struct slu_plan *p, const struct slu_question *q, const struct slu_hello_answer *a);
/* Of the chain's first certificate; 0: there is none. */
uint64_t slu_leaf(const struct slu_hello_answer *a);
bool slu_leaf_seen(const struct slu_plan *p, uint64_t leaf);
void slu_know(enum slu_known *what, bool yes); /* YES stays */
bool slu_add_id(uint16_t *list, size_t *n, size_t most, uint16_t id);

/* ---- plan_order.c ---- */

/* Is ChaCha20 to be at the head where the order is asked for the first time? */
bool slu_order_chacha(const struct slu_plan *p, const struct slu_report_version *v);
/* What was chosen of q->suites, n of them, made by slu_offer_reversed(). false: none that is accepted. */
bool slu_order_learn(struct slu_plan *p, const struct slu_question *q, size_t n, uint16_t suite);

/* ---- questions ---- */

extern const struct slu_question_kind slu_ask_suites, slu_ask_old;                             /* plan_suites.c */
extern const struct slu_question_kind slu_ask_order;                                           /* plan_order.c */
extern const struct slu_question_kind slu_ask_groups, slu_ask_schemes;                         /* plan_lists.c */
extern const struct slu_question_kind slu_ask_handshake, slu_ask_schemes_13;                   /* plan_handshake.c */
extern const struct slu_question_kind slu_ask_nameless, slu_ask_nameless_13, slu_ask_fallback; /* plan_extras.c */

/* ---- plan_end.c ---- */

/* All is asked: what follows from all together. */
void slu_plan_conclude(struct slu_plan *p);

#endif
