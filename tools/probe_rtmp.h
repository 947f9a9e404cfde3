/* SPDX-License-Identifier: MIT */
/*
 * After TLS: an RTMP connect, to learn what the server is. Nothing is published or played, and neither the stream's
 * name nor user and password of the URL are sent. Begins with the handshake with digests, which a server may answer in
 * the plain one; where it fails at that, once more with the plain one.
 */
#ifndef SLU_TOOLS_PROBE_RTMP_H
#define SLU_TOOLS_PROBE_RTMP_H

#include <stdbool.h>
#include <stdint.h>

#include <sluice/conn.h>

#include "tools/exit.h"

enum slu_probe_app { SLU_PROBE_APP_UNKNOWN, SLU_PROBE_APP_ACCEPTED, SLU_PROBE_APP_REFUSED };

/* Texts are "" where the server did not say; what it sent is escaped. */
struct slu_probe_rtmp_result {
	bool connected;  /* TCP and TLS */
	bool handshaken; /* RTMP's handshake was done: */
	enum slu_handshake handshake;
	char tls_version[16], tls_suite[64]; /* that were negotiated */
	enum slu_probe_app app;
	char version[128], code[96], description[256]; /* fmsVer; of the answer to connect */
	uint32_t chunk_size;                           /* that the server sends in */
	uint32_t window;                               /* its Window Acknowledgement Size; 0: it did not say */
	enum slu_exit status;
	char error[640]; /* one sentence; "": it answered, be it with a refusal */
};

struct slu_probe_rtmp;

/* conn: how to connect, with TLS. Its tls is referenced; its strings, tc_url (scheme, host, port and app) and result
 * must outlive this. NULL: no memory, or it cannot be; the result says so. */
struct slu_probe_rtmp *slu_probe_rtmp_new(const struct slu_conn_config *conn, const char *tc_url,
					  struct slu_probe_rtmp_result *result);

/* True: done. To be called when fd is ready for want, and after timeout ms. */
bool slu_probe_rtmp_step(struct slu_probe_rtmp *p);
int slu_probe_rtmp_fd(const struct slu_probe_rtmp *p);
unsigned slu_probe_rtmp_want(const struct slu_probe_rtmp *p);
int slu_probe_rtmp_timeout(const struct slu_probe_rtmp *p);
void slu_probe_rtmp_free(struct slu_probe_rtmp *p); /* NULL is fine */

#endif
