/* SPDX-License-Identifier: MIT */
/*
 * A connection: a session (session.h) on TCP or TLS, non-blocking, with deadlines.
 *
 * In a foreign event loop:
 *
 *     wait until slu_conn_fd(c) is ready for slu_conn_want(c), or slu_conn_timeout(c) ms have passed
 *     err = slu_conn_process(c);
 *     while (slu_conn_event(c, &ev)) act on ev
 *
 * fd, wanted events and timeout may change with every call on the connection: ask anew before each wait. (While a
 * name is resolved and several addresses are tried at once, fd is an epoll descriptor that stands for them all.)
 * Or blocking: slu_conn_wait(), and slu_conn_finish() at the end.
 *
 * The peer is read whenever slu_conn_process() runs, also while publishing: pings are answered, acknowledgements
 * sent, chunk size changes honoured, and a refusal is noticed at once.
 *
 * What is sent is collected and goes out with slu_conn_flush(): one write call and full TLS records for all that is
 * queued. slu_conn_process() flushes what is left over when the socket takes more, and what the session answered.
 *
 * Thread safety: a connection belongs to one thread at a time; distinct connections are independent. No call blocks
 * but slu_conn_wait() and slu_conn_finish(). No call raises SIGPIPE.
 */
#ifndef SLUICE_CONN_H
#define SLUICE_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sluice/session.h>
#include <sluice/tls.h>

struct sockaddr;

#ifdef __cplusplus
extern "C" {
#endif

struct slu_conn;
struct slu_resolver; /* src/net/resolve.h: how names are resolved; NULL: the system's resolver, in a thread */

enum slu_ip { SLU_IP_ANY, SLU_IPV4, SLU_IPV6 };

/* 0 or NULL in a field stands for its default. Strings are copied. */
struct slu_conn_config {
	struct slu_session_config session; /* role, now_ms, random, crypto and connect's app and tcUrl are filled in */

	const struct slu_resolver *resolver;
	enum slu_ip ip;             /* -4, -6 */
	const char *bind_address;   /* numeric: where connections start from */
	const char *bind_interface; /* SO_BINDTODEVICE */
	int send_buffer;            /* SO_SNDBUF; 0: the kernel's */

	/* NULL: none; else connections go through it: "socks4://[user@]host[:port]", "socks4a://..." likewise,
	 * "socks5://[user[:password]@]host[:port]", or "http://" with as much, which is asked to CONNECT. Ports are
	 * 1080 by default, and 80 for http. The five fields above are about the connection to the proxy. It is told the
	 * server's name; but SOCKS4 is told the server's IPv4 address, unless the name has none here. What the proxy
	 * has taken counts as acknowledged. */
	const char *proxy;

	struct slu_tls_ctx
		*tls; /* for rtmps; NULL: one is made of defaults. Referenced until the connection is freed */
	const char *tls_server_name; /* SNI and the name to verify, where it is not the URL's host */

	/* Deadlines in ms. Those of handshake and commands are in session. */
	unsigned connect_timeout_ms; /* resolving and connecting, through a proxy too, together; default 10000 */
	unsigned tls_timeout_ms;     /* default 10000 */
	unsigned stall_timeout_ms;   /* data queued, and nothing acknowledged; default 15000 */
	unsigned close_timeout_ms;   /* for the peer's end, once all is delivered; default and at most 1000 */
};

/* A client's connection to url (rtmp://, rtmps:// and so on, see url.h); stream may be NULL when the URL holds it.
 * RTMPE is of type 6, unless session.handshake names another type. User and password of the URL answer a server that
 * asks who publishes, in Adobe's way or Limelight's: the connection is made again then, twice at most, with a
 * SLU_EVENT_HANDSHAKE each time. Begins to connect. NULL when out of memory or when the configuration or URL is wrong:
 * then the reason is in error. */
struct slu_conn *slu_conn_open(const struct slu_conn_config *config, const char *url, const char *stream, char *error,
			       size_t size);

/* A server's end of an accepted socket, which the connection owns from here on, also on failure. config->tls says
 * whether TLS is spoken. */
struct slu_conn *slu_conn_accept(const struct slu_conn_config *config, int fd, char *error, size_t size);

/* Closes at once, whatever is queued, and frees. NULL is fine. */
void slu_conn_free(struct slu_conn *c);

/* ---- event loop ---- */

enum { SLU_WANT_READ = 1, SLU_WANT_WRITE = 2 };

int slu_conn_fd(const struct slu_conn *c);        /* -1: none, only the timeout counts */
unsigned slu_conn_want(const struct slu_conn *c); /* SLU_WANT_* */
int slu_conn_timeout(const struct slu_conn *c);   /* ms until slu_conn_process() must run; 0: now; -1: never */

/* Does what can be done without waiting. 0, or the connection's error, also when it is closed already. SLU_ERR_RENEW is
 * no fault of anybody: connect again at once (see slu_tls_config.offload, ktls), and go on with the media message after
 * slu_session_stats.media_sent. */
int slu_conn_process(struct slu_conn *c);

/* The next event, see session.h. Pull all before the next wait. A failure that was held back until all that came
 * before it was pulled is found here, and returned by the next slu_conn_process(). */
bool slu_conn_event(struct slu_conn *c, struct slu_event *ev);

/* The next event that slu_session_handle() made, and none that comes after it: for sessions whose messages are handled
 * by hand. Pull them so before the next slu_conn_event(). */
bool slu_conn_outcome(struct slu_conn *c, struct slu_event *ev);

/* Waits at most timeout_ms (-1: as long as it takes) and processes, until an event is there (returns 1, and the event
 * in *ev), the time is over (0), or the connection has failed (<0) or is closed (SLU_ERR_CLOSED). */
int slu_conn_wait(struct slu_conn *c, struct slu_event *ev, int timeout_ms);

/* ---- what it carries ---- */

/* The session, to act on: publish, play, accept, status and so on. Never call slu_session_in/out/sent/tick on it. */
struct slu_session *slu_conn_session(struct slu_conn *c);

/* The stream name of the URL, or the one given. */
const char *slu_conn_stream(const struct slu_conn *c);

/* slu_session_send(), then nothing: call slu_conn_flush() when no more is ready. */
int slu_conn_send(struct slu_conn *c, const struct slu_msg *msg);

/* Writes what is queued, with one write call for each 3.9 MB (1 MiB where tiny chunks have to be gathered for plain
 * TCP). What the socket does not take now is written by slu_conn_process(). */
int slu_conn_flush(struct slu_conn *c);

/* The same, when more is sent at once: what does not fill a TLS record of 16 KiB is kept back until the next flush of
 * either kind or slu_conn_close(). For sending in bulk; a live frame waits for nobody. */
int slu_conn_flush_more(struct slu_conn *c);

/* Bytes that have been queued and that the kernel has not taken yet. */
size_t slu_conn_queued(const struct slu_conn *c);

/* ---- closing ---- */

/* Begins to close in order: what is queued drains while the peer acknowledges bytes (bounded by the stall deadline),
 * publishing or playing is ended, close_notify and the end of stream follow, and the peer's end is awaited, reading
 * all the while. From when all is acknowledged, this takes at most close_timeout_ms; half of it may pass before the
 * end of stream, until the server has said that publishing ended. slu_conn_process() goes on with it until
 * slu_conn_closed(). There are no more events, and nothing more can be sent. A peer that ends in order has the same
 * effect. */
int slu_conn_close(struct slu_conn *c);
bool slu_conn_closed(const struct slu_conn *c);

/* slu_conn_close(), and blocks until it is done. 0, or SLU_ERR_UNDELIVERED with slu_conn_stats.undelivered bytes that
 * the peer's kernel has not acknowledged. */
int slu_conn_finish(struct slu_conn *c);

/* ---- what it knows ---- */

/* One sentence that says what happened, to whom, and what to do next; "" before anything failed. */
const char *slu_conn_error(const struct slu_conn *c);

enum { SLU_TLS_CLIENT = 160 };

struct slu_conn_stats {
	struct slu_session_stats session;
	uint64_t wire_in, wire_out; /* bytes read from and written to the socket: TLS included, TCP and IP not */
	uint64_t writes;            /* write calls on the socket, from the first byte of the TLS handshake on */
	uint64_t reads;             /* read calls */
	uint64_t flushes;           /* that had something to write */
	uint64_t records;           /* TLS application data records sent */
	uint64_t short_records;     /* of them, those with fewer than 16 bytes of plaintext */
	uint64_t undelivered;       /* see slu_conn_finish() */
	uint32_t rtt_us;            /* smoothed round-trip time of TCP, TCP_INFO; 0: unknown */
	uint32_t retransmits;       /* segments in all, TCP_INFO */
	unsigned connect_ms;        /* resolve and connect */
	unsigned tls_ms;            /* TLS handshake */
	bool http;                  /* inside HTTP requests: RTMPT */
	bool tls;
	bool tls_resumed;
	bool tls_kernel;                 /* the kernel makes the records that are sent: slu_tls_config.offload "ktls" */
	const char *tls_version;         /* "TLSv1.3", static; "" without TLS */
	const char *tls_suite;           /* "TLS_AES_256_GCM_SHA384", static; "" without TLS */
	char tls_client[SLU_TLS_CLIENT]; /* server: the subject of the certificate that the client has shown and that
					    holds, "CN=cam1,O=Studio"; "" without one */
	char peer[64];                   /* "[::1]:1935"; "unix" */
};
void slu_conn_stats(struct slu_conn *c, struct slu_conn_stats *out);

/* The monotonic clock that connections use, in ms. */
uint64_t slu_now_ms(void);

#ifdef __cplusplus
}
#endif
#endif
