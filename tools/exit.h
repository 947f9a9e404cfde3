/* SPDX-License-Identifier: MIT */
/* What the command's exit status says. One table: X(name, value, meaning). Scripts rely on the values: never change
 * one, and give none out twice. */
#ifndef SLU_TOOLS_EXIT_H
#define SLU_TOOLS_EXIT_H

#define SLU_EXITS(X)                                                                                                   \
	X(OK, 0, "done")                                                                                               \
	X(OTHER, 1, "failed for a reason that has no code of its own")                                                 \
	X(USAGE, 2, "the command line is wrong")                                                                       \
	X(CONNECT, 3, "no connection: name, network, or no answer in time")                                            \
	X(TLS, 4, "TLS failed, or the certificate is not acceptable")                                                  \
	X(REFUSED, 5, "the server refused")                                                                            \
	X(INPUT, 6, "the input is missing, broken, or not FLV")                                                        \
	X(OUTPUT, 7, "the output cannot be written")                                                                   \
	X(LOST, 8, "the connection was lost or stalled")                                                               \
	X(PROTOCOL, 9, "the peer does not speak RTMP, or breaks it")                                                   \
	X(UNDELIVERED, 10, "closed before everything was delivered")                                                   \
	X(INTERRUPTED, 130, "ended by SIGINT or SIGTERM")

enum slu_exit {
#define SLU_EXIT_ENUM(name, value, meaning) SLU_EXIT_##name = (value),
	SLU_EXITS(SLU_EXIT_ENUM)
#undef SLU_EXIT_ENUM
};

/* How far a connection came. What a server that hangs up means by it depends on that: before the RTMP handshake there
 * is no connection, then it refuses (many servers have no other way to say so), and when media flows it is a loss. */
enum slu_stage {
	SLU_STAGE_CONNECTING,
	SLU_STAGE_ASKING,   /* for the app and the stream */
	SLU_STAGE_ACCEPTED, /* a moment ago: a server that hangs up now has thought better of it */
	SLU_STAGE_FLOWING
};

/* The exit status for a library error (enum slu_err). */
enum slu_exit slu_exit_of(int err, enum slu_stage stage);

/* "refused": the status in one lower-case word, static. */
const char *slu_exit_name(enum slu_exit status);

#endif
