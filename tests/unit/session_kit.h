/* SPDX-License-Identifier: MIT */
/*
 * A session and a peer that says what the test wants. What the session sends, and the events it makes, are written
 * down as text, so that a test compares whole conversations:
 *
 *     heard:   "connect@0 1 {app:"live"}; "     a command, @ its message stream, its transaction, its values
 *              "Set Chunk Size 65536; "         a control message
 *              "video@1 40 3; "                 media: stream, timestamp, bytes
 *     events:  "CONNECTED; STATUS NetStream.Play.Stop; "
 */
#ifndef SLU_TESTS_SESSION_KIT_H
#define SLU_TESTS_SESSION_KIT_H

#include <stdbool.h>

#include <sluice/sluice.h>

#include "proto/chunk_in.h"
#include "proto/chunk_out.h"

enum { KIT_TEXT = 16384 };

struct kit {
	struct slu_session *s;
	struct slu_chunk_in *in; /* the peer's ends */
	struct slu_chunk_out *out;
	struct slu_amf_writer *w;
	struct slu_amf_doc *doc;
	int err;                                                /* the last of slu_session_in() */
	size_t piece;                                           /* bytes handed over at a time; 0: all */
	struct slu_event last;                                  /* without its pointers, but for static ones */
	char tc_url[64];                                        /* of the last event that had one */
	struct slu_msg msg;                                     /* of the last media event, until the next */
	size_t raw;                                             /* bytes of handshake that the session sends */
	void (*act)(struct kit *k, const struct slu_event *ev); /* called for each event */
	char heard[KIT_TEXT];
	char events[KIT_TEXT];
	char log[KIT_TEXT];
};

/* A session past its handshake. A client's first messages are in heard; nothing is in events. */
struct kit *kit_open(enum slu_role role, const struct slu_session_config *config);
void kit_close(struct kit *k);

/* The same, connected: the client's connect was answered; the server's client was accepted. heard and events are
 * empty. */
struct kit *kit_open_connected(enum slu_role role, const struct slu_session_config *config);

/* Bytes from the peer, as they are. Events are pulled, what the session answers is heard. */
void kit_bytes(struct kit *k, const void *data, size_t n);
void kit_message(struct kit *k, uint8_t type, uint32_t stream_id, uint32_t timestamp, const void *data, size_t n);
void kit_control(struct kit *k, uint8_t type, uint16_t event, uint32_t value, uint32_t extra);

/* A command: values are described by letters: z null, n double, b int, s string, k name (of a member), ( and ) an
 * object. */
void kit_say(struct kit *k, uint32_t stream_id, const char *name, double transaction, const char *values, ...);
void kit_status(struct kit *k, uint32_t stream_id, const char *level, const char *code, const char *description);

/* What the session has to send is taken and written down. */
void kit_listen(struct kit *k);

/* Compare, with the difference shown, and empty the text. */
void kit_expect_heard(struct kit *k, const char *text);
void kit_expect_events(struct kit *k, const char *text);

/* The session has failed with err, and its sentence has all of part in it. */
void kit_expect_failed(struct kit *k, int err, const char *part);

#endif
