/* SPDX-License-Identifier: MIT */
/*
 * Errors.
 *
 * Every function of Sluice that can fail returns 0 (or a count that is not negative) for success and a negative
 * `enum slu_err` for failure. "More bytes are needed" and "would block" are never errors.
 *
 * Errors of an object (a session, a connection) are sticky: once a call returned one, each later call returns the
 * same, and the object's error sentence (slu_session_error(), slu_conn_error()) stays what it was. Usage errors
 * (SLU_ERR_INVALID, SLU_ERR_STATE) are the exception: the call did nothing and the object is unharmed.
 *
 * All functions here are pure and thread-safe.
 */
#ifndef SLUICE_ERROR_H
#define SLUICE_ERROR_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The families: what kind of thing went wrong, and so who can mend it. */
enum slu_err_family {
	SLU_FAMILY_NONE = 0,     /* no error */
	SLU_FAMILY_USAGE = 1,    /* the caller asked for something that cannot be */
	SLU_FAMILY_PROTOCOL = 2, /* the peer broke the wire format */
	SLU_FAMILY_PEER = 3,     /* the peer is sound, and refused */
	SLU_FAMILY_IO = 4,       /* the network, a deadline or a file */
	SLU_FAMILY_TLS = 5,      /* TLS, or the peer's certificate */
	SLU_FAMILY_NOMEM = 6     /* malloc failed */
};

/* One table: X(name, value, family, text). The values are part of the ABI; new ones go to the end. */
#define SLU_ERRORS(X)                                                                                                  \
	X(NOMEM, -1, NOMEM, "out of memory")                                                                           \
	X(INVALID, -2, USAGE, "invalid argument")                                                                      \
	X(STATE, -3, USAGE, "not possible in the present state")                                                       \
	X(URL, -4, USAGE, "malformed URL")                                                                             \
	X(LIMIT, -5, USAGE, "a configured limit was reached")                                                          \
	X(FLV, -6, PROTOCOL, "malformed FLV")                                                                          \
	X(AMF, -7, PROTOCOL, "malformed AMF")                                                                          \
	X(HANDSHAKE, -8, PROTOCOL, "RTMP handshake failed")                                                            \
	X(CHUNK, -9, PROTOCOL, "malformed chunk stream")                                                               \
	X(MESSAGE, -10, PROTOCOL, "malformed or misplaced RTMP message")                                               \
	X(MEMORY_CAP, -11, PROTOCOL, "the peer exceeded a memory cap")                                                 \
	X(REFUSED, -12, PEER, "the peer refused")                                                                      \
	X(REDIRECT, -13, PEER, "the peer redirects elsewhere")                                                         \
	X(RESOLVE, -14, IO, "host name not resolved")                                                                  \
	X(CONNECT, -15, IO, "connection not established")                                                              \
	X(TIMEOUT, -16, IO, "a deadline passed")                                                                       \
	X(STALLED, -17, IO, "the peer stopped taking data")                                                            \
	X(RESET, -18, IO, "the connection was lost")                                                                   \
	X(CLOSED, -19, IO, "the peer closed the connection")                                                           \
	X(UNDELIVERED, -20, IO, "closed before everything was delivered")                                              \
	X(IO, -21, IO, "input/output error")                                                                           \
	X(TLS, -22, TLS, "TLS failed")                                                                                 \
	X(CERTIFICATE, -23, TLS, "certificate not acceptable")                                                         \
	X(RENEW, -24, IO, "the connection has to be made anew")                                                        \
	X(HTTP, -25, PROTOCOL, "malformed HTTP")

enum slu_err {
	SLU_OK = 0,
#define SLU_ERR_ENUM(name, value, family, text) SLU_ERR_##name = (value),
	SLU_ERRORS(SLU_ERR_ENUM)
#undef SLU_ERR_ENUM
};

/* "SLU_ERR_REFUSED", a static string; "SLU_ERR_?" for a number that is none of the above. */
const char *slu_err_name(int err);

/* "the peer refused", a static string. The sentence of the object that failed says more. */
const char *slu_err_text(int err);

/* The family of err; SLU_FAMILY_NONE for 0 and for unknown numbers. */
enum slu_err_family slu_err_family(int err);

#ifdef __cplusplus
}
#endif
#endif
