/* SPDX-License-Identifier: MIT */
/*
 * Who may publish: users and their passwords, and the challenges by which clients show that they know one, in Adobe's
 * way or Limelight's (see session/auth.h). No I/O.
 *
 * A challenge is not kept: it carries when it was made, and is sealed with a key of this process, so no number of
 * clients that ask and go fills any memory. What is kept is which challenges were answered well, until they are too old
 * anyway, so that none is answered twice. A user who does not exist is challenged like any other.
 */
#ifndef SLU_SERVER_LOGINS_H
#define SLU_SERVER_LOGINS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/cryptops.h"
#include "session/auth.h"

enum {
	SLU_LOGIN_TEXT = 255, /* bytes of a user or a password, at most */
	SLU_LOGIN_TOLD = 512, /* of a description, with its NUL */
	SLU_LOGIN_AGE_MS = 60000,
	SLU_LOGIN_ANSWERED = 1024 /* challenges answered within that time */
};

struct slu_logins;

/* Who somebody is: a user, and which password that was then. Seals of this process, which say neither. */
struct slu_login_id {
	uint8_t user[SLU_SHA256_SIZE], both[SLU_SHA256_SIZE];
};

/* NULL when out of memory, or when the crypto has no random numbers. */
struct slu_logins *slu_logins_new(enum slu_auth_mod mod, const struct slu_cryptops *crypto);

/* Wipes what it frees. NULL is fine. */
void slu_logins_free(struct slu_logins *l);

/* 0; SLU_ERR_INVALID: no user or password, one that is too long, or one that cannot be sent; SLU_ERR_REFUSED: there is
 * that user already; SLU_ERR_NOMEM. */
int slu_logins_add(struct slu_logins *l, const char *user, const char *password);
/* Has the users of from now, and from has those it had. Challenges that are out stay good. */
void slu_logins_take(struct slu_logins *l, struct slu_logins *from);
size_t slu_logins_count(const struct slu_logins *l);

/*
 * Looks at the query of app, as connect named it. 0: the client is a user. Otherwise connect is to be refused with told
 * for a description: SLU_ERR_STATE: it is asked for the first or the second time, which is no fault of anybody;
 * SLU_ERR_REFUSED: its answer is wrong, or too late, or was given before.
 */
int slu_logins_check(struct slu_logins *l, const char *app, uint64_t now_ms, char told[SLU_LOGIN_TOLD]);

/* Who it is that app let in just now. 0, SLU_ERR_REFUSED, or an error of the crypto. */
int slu_logins_who(const struct slu_logins *l, const char *app, struct slu_login_id *id);

/* Whether it is a user still, with the same password. */
bool slu_logins_know(const struct slu_logins *l, const struct slu_login_id *id);

/* Whether they are the same user. */
bool slu_logins_same(const struct slu_login_id *a, const struct slu_login_id *b);

#endif
