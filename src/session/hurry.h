/* SPDX-License-Identifier: MIT */
/*
 * Playing faster than the clock. Adobe's servers send a recording until the client's buffer is full by its word, say so
 * (Buffer Empty: theirs is), and wait until that has been played. A client that pauses then and goes on gets the next
 * buffer at once, from the millisecond that it named, so some of it twice: what came before is left out.
 *
 *     NONE -- Buffer Empty: pause --> PAUSED -- Pause.Notify, or Stream EOF and Buffer Empty: go on --> NONE
 */
#ifndef SLU_SESSION_HURRY_H
#define SLU_SESSION_HURRY_H

#include <sluice/session.h>

enum slu_hurry_state {
	SLU_HURRY_NONE,
	SLU_HURRY_PAUSED, /* pause was sent */
	SLU_HURRY_ENDED   /* and the server said Stream EOF to that */
};

enum slu_hurry_state slu_session_hurry(const struct slu_session *s);

#endif
