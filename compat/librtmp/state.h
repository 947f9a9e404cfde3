/* SPDX-License-Identifier: MIT */
/* What a session has beside the RTMP structure, which belongs to the caller and cannot grow. */
#ifndef COMPAT_LIBRTMP_STATE_H
#define COMPAT_LIBRTMP_STATE_H

#include <librtmp/rtmp.h>
#include <sluice/conn.h>

/* Hangs off Link.dh, from the first call that needs it to RTMP_Close(). */
struct slu_compat {
	struct slu_conn *conn; /* NULL: not connected */
};

/* The session's; NULL where memory runs out, which is logged. */
struct slu_compat *slu_compat_state(RTMP *r);

/* The session's, or NULL where it has none yet. */
struct slu_compat *slu_compat_has_state(const RTMP *r);

/* Ends the connection without another word, if there is one, and frees the state. */
void slu_compat_free_state(RTMP *r);

#endif
