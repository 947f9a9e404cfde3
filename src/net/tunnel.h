/* SPDX-License-Identifier: MIT */
/*
 * A server's end of RTMPT (rtmpt.h says what that is) as a transport: on one side the connection, on the other whoever
 * takes the requests apart, which may come over several HTTP connections. No I/O.
 *
 * A client that asks again although nobody has told it whether its last request arrived repeats its number: what had
 * come of that request counts once, and where it was answered, it gets the same answer again.
 */
#ifndef SLU_NET_TUNNEL_H
#define SLU_NET_TUNNEL_H

#include <sluice/buffer.h>

#include "net/transport.h"

struct slu_tunnel;

struct slu_tunnel_config {
	struct slu_transport_stats stats; /* of the HTTP connection that opened it: peer and TLS are the tunnel's */
	unsigned timeout_ms;              /* without a request; 0: 15000 */
	uint64_t (*now_ms)(void);
};

/* NULL when out of memory. */
struct slu_tunnel *slu_tunnel_new(const struct slu_tunnel_config *config);

/* It goes once its transport has been freed, too. NULL is fine. */
void slu_tunnel_free(struct slu_tunnel *tunnel);

/* The end that carries RTMP. To be freed, and only once got. */
struct slu_transport *slu_tunnel_transport(struct slu_tunnel *tunnel);

/* A request with this number begins, or begins once more. */
void slu_tunnel_begin(struct slu_tunnel *tunnel, uint64_t number);

/* Bytes of the body of a request to send, all that there are, also when it comes once more. 0, SLU_ERR_LIMIT when the
 * connection does not take what it was given, SLU_ERR_NOMEM. */
int slu_tunnel_put(struct slu_tunnel *tunnel, const void *data, size_t n);

/* The client wants no more. */
void slu_tunnel_end(struct slu_tunnel *tunnel);

/* Whether there is nothing more to come for the client, ever. */
bool slu_tunnel_over(const struct slu_tunnel *tunnel);

/* When a request that asks for data is to be answered at the latest: clients that ask without waiting as they were told
 * are made to wait. 0: now, as there is data or it is time. */
uint64_t slu_tunnel_answer_by(const struct slu_tunnel *tunnel);

/* The answer to the last request, head and all: the same again for one that came again. polled: the request was for
 * data alone. A reference that is the caller's; NULL when out of memory. */
struct slu_buffer *slu_tunnel_answer(struct slu_tunnel *tunnel, bool polled, bool keep_alive);

#endif
