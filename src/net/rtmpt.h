/* SPDX-License-Identifier: MIT */
/*
 * RTMPT as a transport on top of another one: RTMP's bytes in the bodies of HTTP requests and of their answers. A
 * tunnel is opened by POST /open/1, whose answer is its id; POST /send/ID/N carries bytes to the server, POST
 * /idle/ID/N asks for some, POST /close/ID/N ends it. N counts the requests. The first byte of an answer's body is how
 * long the server would have the client wait before it asks again; the rest are bytes of RTMP. There is no
 * specification: this is what Flash Player and its servers did.
 *
 * One request is under way at a time, with all that was queued meanwhile in the next one. While there is nothing to
 * send, the server is asked whether it has something, the sooner the more recently it had. A connection that the server
 * closes between two requests is made anew.
 */
#ifndef SLU_NET_RTMPT_H
#define SLU_NET_RTMPT_H

#include "net/transport.h"

struct slu_rtmpt_config {
	const char *host; /* for the Host field: a name or an address; copied */
	uint16_t port;
	bool tls;                 /* inner is TLS: port 443 is the standard one, not 80 */
	unsigned timeout_ms;      /* from a request to the end of its answer; 0: 15000 */
	uint64_t (*now_ms)(void); /* the clock of open()'s now_ms */
};

/* A client's end over inner, connected or not, which it owns from here on, also on failure. With an inner transport
 * that cannot be opened again (an accepted or given socket) the server has to keep the connection. NULL when out of
 * memory. */
struct slu_transport *slu_rtmpt_over(struct slu_transport *inner, const struct slu_rtmpt_config *config);

/* How long to wait, in ms, before asking the server for more: interval is the first byte of its last answer (-1: it had
 * none), got how many bytes of RTMP that had, and waited the last such wait. */
unsigned slu_rtmpt_wait(int interval, size_t got, unsigned waited);

#endif
