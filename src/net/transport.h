/* SPDX-License-Identifier: MIT */
/*
 * A byte stream to a peer, non-blocking: TCP, TLS on top of it, RTMPT on top of either. A vtable, so that the
 * connection does not know which, and tests can put memory there.
 */
#ifndef SLU_NET_TRANSPORT_H
#define SLU_NET_TRANSPORT_H

#include <stddef.h>
#include <stdint.h>

#include <sluice/conn.h> /* SLU_WANT_*, struct slu_vec */

struct slu_transport_stats {
	uint64_t wire_in, wire_out; /* bytes through the socket */
	uint64_t writes, reads;     /* system calls on the socket that moved bytes or tried to */
	uint64_t records;           /* TLS application data records sent */
	uint64_t short_records;     /* of them, with fewer than 16 bytes of plaintext */
	unsigned connect_ms, tls_ms;
	bool http; /* RTMPT */
	bool tls, tls_resumed, tls_kernel;
	const char *tls_version, *tls_suite; /* static strings, "" without TLS */
	char tls_client[SLU_TLS_CLIENT];     /* subject of the client's certificate, "" without one */
	char peer[64];
};

struct slu_transport {
	const struct slu_transport_ops *ops;
};

struct slu_transport_ops {
	/* Goes on opening (resolve, connect, TLS handshake). 1: open; 0: not yet; <0. */
	int (*open)(struct slu_transport *t, uint64_t now_ms);
	/* Once open: drops the connection, unread and unsent bytes with it, and begins to open another one to the same
	 * end, with as much time as the first one had. fd() is another one then. 0, or <0: it cannot be opened again,
	 * and is of no more use. Stats go on, but for the times, which are those of the last connection. NULL: it never
	 * can. */
	int (*again)(struct slu_transport *t, uint64_t now_ms);
	/* Bytes read; 0: none now; SLU_ERR_CLOSED: the peer's orderly end (TLS: close_notify); <0. */
	long (*recv)(struct slu_transport *t, void *buf, size_t n);
	/* Takes bytes from the runs, in order, and makes one write call for what it took and what was left over.
	 * Returns the bytes taken, which may be fewer than given and 0: the rest is offered again later, the same bytes
	 * at other addresses if need be. Taken bytes that the socket did not take are pending(). TLS takes nothing
	 * while anything is pending. */
	long (*send)(struct slu_transport *t, const struct slu_vec *vec, size_t nvec);
	/* Writes what is pending, if anything. 1: nothing is pending any more; 0: something is; <0. */
	int (*flush)(struct slu_transport *t);
	size_t (*pending)(const struct slu_transport *t);
	/* No more will be sent: close_notify, shutdown(SHUT_WR). 1: done; 0: call again when writable; <0. Reading goes
	 * on. */
	int (*shutdown)(struct slu_transport *t);
	int (*fd)(const struct slu_transport *t);
	/* Once open: the TCP socket that carries just the bytes of send() and recv(); -1 or without this: there is
	 * none. */
	int (*socket)(const struct slu_transport *t);
	/* What it waits for of its own accord (while opening, or with bytes pending); the connection adds READ when it
	 * wants data. */
	unsigned (*want)(const struct slu_transport *t);
	/* Bytes that recv() would return without the socket becoming readable (decrypted already). */
	size_t (*buffered)(const struct slu_transport *t);
	/* send() takes nothing now, however much the socket would: something has to be received first. NULL: never so.
	 */
	bool (*waits)(const struct slu_transport *t);
	/* While opening: when open() must be called again at the latest; once open: when recv() must. UINT64_MAX:
	 * never. */
	uint64_t (*deadline)(const struct slu_transport *t);
	/* One sentence after a failure. */
	const char *(*error)(const struct slu_transport *t);
	void (*stats)(const struct slu_transport *t, struct slu_transport_stats *out);
	void (*free)(struct slu_transport *t);
};

#endif
