/* SPDX-License-Identifier: MIT */
/* What a session has beside the RTMP structure, which belongs to the caller and cannot grow. */
#ifndef COMPAT_LIBRTMP_STATE_H
#define COMPAT_LIBRTMP_STATE_H

#include <librtmp/rtmp.h>
#include <sluice/conn.h>

#include "settings.h"

struct slu_compat_write;

/* Hangs off Link.dh, from the first call that needs it to RTMP_Close(). */
struct slu_compat {
	struct slu_conn *conn; /* NULL: not connected */
	AVal setting[SLU_COMPAT_SETTINGS];
	struct slu_compat_write *write; /* what RTMP_Write() keeps between calls: write.c */
};

/* The session's; NULL where memory runs out, which is logged. */
struct slu_compat *slu_compat_state(RTMP *r);

/* The session's, or NULL where it has none yet. */
struct slu_compat *slu_compat_has_state(const RTMP *r);

/* Queues a message on the stream that is published; onMetaData goes out as @setDataFrame. Then writes what is queued in
 * one go, answers the server, and returns when the kernel has taken all of it. Both return FALSE, which is logged,
 * where the connection is lost. */
int slu_compat_send(RTMP *r, const struct slu_msg *msg);
int slu_compat_flush(RTMP *r);

/* Ends the connection without another word, if there is one, and frees the state. */
void slu_compat_free_state(RTMP *r);

#endif
