/* SPDX-License-Identifier: MIT */
/*
 * Publisher authentication as Adobe's servers (authmod=adobe) and Limelight's (authmod=llnw) ask for it, pure. There is
 * no specification: this is what public clients do and what they are asked.
 *
 * The server refuses a connect, and the description of the refusal says what it wants; the client connects once more,
 * with a query behind app and tcUrl:
 *
 *     [ AccessManager.Reject ] : [ code=403 need auth; authmod=adobe ] :
 *             ?authmod=adobe&user=U
 *     [ AccessManager.Reject ] : [ authmod=adobe ] : ?reason=needauth&user=U&salt=S&challenge=C&opaque=O
 *             ?authmod=adobe&user=U&challenge=N&response=R&opaque=O
 *
 * R is the Base64 of MD5(Base64(MD5(U S password)) O N), with C where there is no O; N is the client's own. llnw has
 * a nonce instead of salt, challenge and opaque, and for R what HTTP's digest authentication (RFC 2617) makes of
 * realm "live", method "publish", and the path "/app/instance", whose instance is "_definst_" where app names none.
 *
 * Either keeps the password from who listens only as far as it cannot be guessed: MD5 is tried fast. TLS hides it.
 */
#ifndef SLU_SESSION_AUTH_H
#define SLU_SESSION_AUTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sluice/amf.h> /* struct slu_amf_str */

#include "base/cryptops.h"

struct slu_session;

enum slu_auth_mod { SLU_AUTH_NONE, SLU_AUTH_ADOBE, SLU_AUTH_LLNW };

enum {
	SLU_AUTH_QUERY = 1024, /* bytes that each query fits into */
	SLU_AUTH_RESPONSE = 40 /* and each response, with its NUL */
};

/* "adobe" or "llnw"; "" for SLU_AUTH_NONE. A static string. */
const char *slu_auth_mod_name(enum slu_auth_mod mod);

/* ---- the client ---- */

struct slu_auth {
	const char *user, *password; /* NULL or "": none */
	const char *app;             /* of connect; a query in it does not count */
	const struct slu_cryptops *crypto;
	unsigned step; /* how far it has come: 0 to begin with; kept from one try to the next */
};

/*
 * What to add to app and tcUrl after a connect was refused with this description.
 *
 * 0: connect again with query, which begins with "authmod=" and belongs behind a '?', or a '&' where app has a query
 * already; it replaces what the last call made. At most twice. SLU_ERR_INVALID: the description is about something
 * else. SLU_ERR_REFUSED: there is nothing to try again with, and *why says why in a static half sentence of the server
 * ("it does not know this user"); SLU_ERR_TLS or SLU_ERR_NOMEM likewise, when it could not be computed.
 */
int slu_auth_next(struct slu_auth *auth, const char *description, char *query, size_t size, const char **why);

/* The description with which this session's connect was refused, as it came; "" before. */
const char *slu_session_refusal_told(const struct slu_session *s);

/* Begins anew, as for a new connection at now_ms, with what was asked for (publish, play) and this query added to
 * connect's app and tcUrl; NULL: none. 0, or the session's error. */
int slu_session_again(struct slu_session *s, uint64_t now_ms, const char *query);

/* ---- both ends ---- */

/* The value of a field of "a=1&b=2", which ends at a space too; false when it is not there. */
bool slu_auth_field(const char *fields, const char *name, struct slu_amf_str *value);

/* What a response is made of. */
struct slu_auth_answer {
	struct slu_amf_str user, password;
	struct slu_amf_str salt, opaque; /* adobe; opaque: or the challenge, where there is none */
	struct slu_amf_str nonce, nc;    /* llnw */
	struct slu_amf_str app;          /* llnw, without a query */
	struct slu_amf_str cnonce;       /* the client's number; adobe: what it calls its challenge */
};

/* 0, or the crypto's error. */
int slu_auth_respond(const struct slu_cryptops *crypto, enum slu_auth_mod mod, const struct slu_auth_answer *a,
		     char response[SLU_AUTH_RESPONSE]);

#endif
