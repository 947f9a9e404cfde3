/* SPDX-License-Identifier: MIT */
/*
 * What to ask a server next, and what its answers mean. No I/O and no clock; deterministic for a seed.
 *
 *     while (!slu_plan_done(p)) {
 *             while (a lane is free && slu_plan_next(p, &step))
 *                     send step.hello, or do step.handshake, on a connection of its own
 *             slu_plan_answer(p, step.id, answer), or slu_plan_inspected(p, step.id, result), as they come
 *     }
 *
 * Suites, groups and schemes are found by elimination: all are offered, the one that is chosen is taken out, and the
 * refusal of all that is left proves that there are no more. Each such chain is a question, whose steps follow one
 * another; questions that do not wait for one another are asked at the same time. What a chain brings along answers
 * other questions for free: certificates, groups, schemes and extensions.
 *
 * With k suites in two versions that is k + 2 hellos, one for all versions before TLS 1.2, one without the server's
 * name and one full handshake, both of which also show whose order counts, so that it is k + 5 connections for a server
 * with an order of its own. One or two more in each version tell a server that takes the client's first from one that
 * takes the client's ChaCha20: at most k + 8, and two more where the server refuses the protocols of ALPN. Of whoever
 * refuses all, a few more: SSL 3.0 without extensions, and a handshake of TLS 1.3 where it does not understand a client
 * without a key share. With `full` at most suites + groups + schemes + 16 hellos, and a full handshake for each scheme
 * of TLS 1.3 and one or two more.
 *
 * Each step that is answered by silence, by the end of the stream or by a reset costs the plan one or two more hellos,
 * for that is how some servers refuse, how others take a hello of more than 255 bytes, and how others again are tired
 * of being asked. A first hello that meets such an end is asked again with the 60 or so suites that fit into 255 bytes
 * (where a larger one has not been answered already), and so is one that meets an alert that a server has for what it
 * cannot read. If that is answered, all hellos stay below 256 bytes: each chain goes through the registry in parts,
 * with a refusal for each. A later hello that meets such an end is followed by one with what was accepted before: if
 * that is answered, the end was a refusal; if not, the server has stopped answering, and the chain is not complete.
 */
#ifndef SLU_PROBE_PLAN_H
#define SLU_PROBE_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/chain.h"
#include "crypto/inspect.h"
#include "probe/hello.h"
#include "probe/report.h"

struct slu_plan_config {
	bool full;
	const char *host;        /* to verify the certificate for. Kept by reference, as is server_name */
	const char *server_name; /* SNI; NULL where host is an address */
	uint64_t seed;           /* for the hellos' random bytes */
	/* Looks at a chain, which the plan frees; called once for each certificate that a server identifies itself with
	 * before TLS 1.3. NULL: no memory. Where there is no such function, none is looked at. */
	struct slu_chain *(*look)(void *ctx, const struct slu_chain_der *certs, size_t n);
	void *ctx;
};

enum slu_plan_kind { SLU_STEP_HELLO, SLU_STEP_HANDSHAKE };

struct slu_plan_step {
	unsigned id;
	enum slu_plan_kind kind;
	struct slu_hello hello; /* what it points to is the plan's, valid until the answer */
	bool whole;             /* read on to ServerHelloDone */
	/* Likewise. Who carries it out adds the trust. It is done, and not only the handshake: what comes right after
	 * it, tickets and the refusal of a client without a certificate, is waited for. */
	struct slu_inspect_config handshake;
	unsigned depth; /* round trips of other steps that had to come before this one; connecting is none */
};

enum {
	SLU_PLAN_REPEATS = 2,   /* most times that slu_plan_repeats() says */
	SLU_PLAN_MOST = 2048,   /* steps, whatever the server does */
	SLU_PLAN_HANDSHAKE = 2, /* round trips of a full handshake; a hello is one */
};

/* report is the caller's, initialised, and longer-lived. NULL: no memory. */
struct slu_plan *slu_plan_new(const struct slu_plan_config *config, struct slu_report *report);
void slu_plan_free(struct slu_plan *p); /* NULL is fine */

/* false: none before an answer comes, or none at all. */
bool slu_plan_next(struct slu_plan *p, struct slu_plan_step *step);

/* How many times more a step that met this end is to be tried on another connection, after a pause that grows, before
 * the plan is told. A connection that did not come about, or that was made ahead and ended before the hello was sent,
 * is no answer: it is to be repeated at any rate. */
unsigned slu_plan_repeats(const struct slu_plan *p, unsigned id, enum slu_hello_end end);

/* Connections that are needed beyond those for the steps under way, for sure once the server has taken a hello; before
 * that as if it will. Worth connecting ahead. */
unsigned slu_plan_certain(const struct slu_plan *p);

/* 0, SLU_ERR_NOMEM, or SLU_ERR_INVALID for a step that is not under way. */
int slu_plan_answer(struct slu_plan *p, unsigned id, const struct slu_hello_answer *answer);
int slu_plan_inspected(struct slu_plan *p, unsigned id, const struct slu_inspect_result *result);

/* Time is up, or there are no more connections: nothing more is asked, and what was not learned is not complete. */
void slu_plan_stop(struct slu_plan *p);

/* All is asked, and the report says how it ended. */
bool slu_plan_done(const struct slu_plan *p);

#endif
