/* SPDX-License-Identifier: MIT */
/*
 * One server, asked: the plan (plan.h) over sockets. Several steps are under way at a time, each on a connection of its
 * own, and connections that will be needed for sure are made while others are answered. An event loop may drive any
 * number of scans:
 *
 *     s = slu_scan_new(&config, host, port, now, error, sizeof error);
 *     while ((n = slu_scan_step(s, now)) == 0)
 *             wait until slu_scan_fd(s) is readable, or slu_scan_deadline(s) has come
 *     ... slu_scan_report(s) ...
 *     slu_scan_free(s);
 *
 * The connection that has stood longest is used first, so that one made ahead keeps no server busy that takes one at a
 * time. Where nothing is answered while others wait all the same, these are closed and the rest is asked one by one.
 * A server that was answering and now resets or closes a connection before any answer is asked again after a pause
 * that doubles, and from then on one by one; if that does not help either, it was its answer, and all goes on as
 * before.
 *
 * A connection is closed as soon as its answer is known, after what has come by then was read: so the server sees an
 * orderly end, and no reset, at the cost of one system call. Nothing is waited for: what may come later is of a server
 * that was told to go on, and it meets a closed socket wherever a client goes away.
 */
#ifndef SLU_PROBE_SCAN_H
#define SLU_PROBE_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/tcp.h"

struct slu_report;
struct slu_trust;

enum { SLU_SCAN_LANES = 16 };

struct slu_scan_config {
	struct slu_tcp_config tcp;     /* how it connects; strings are copied */
	const char *server_name;       /* to send, and to verify the certificate for; NULL: the host. Copied */
	const struct slu_trust *trust; /* longer-lived, any number of scans may share it; NULL: no chain is verified */
	bool full;                     /* as in plan.h */
	unsigned lanes;                /* steps under way at a time, 0: 4, at most SLU_SCAN_LANES. One connection less
					  than that is made ahead: with 1, there is never more than one */
	unsigned rate;                 /* connections a second, beyond the first 2 * lanes - 1; 0: 100 */
	unsigned answer_ms;            /* for one answer, 0: 5000 */
	unsigned total_ms;             /* for all, 0: 60000 */
	uint64_t seed;                 /* of the hellos' random bytes; 0: the system's random */
};

struct slu_scan; /* opaque */

/* Begins with a host (a name or a numeric address). NULL when out of memory or when the configuration is wrong (then
 * error says why). */
struct slu_scan *slu_scan_new(const struct slu_scan_config *config, const char *host, uint16_t port, uint64_t now_ms,
			      char *error, size_t size);

/* 1: done; 0: not yet; <0, for good: SLU_ERR_NOMEM. What is wrong with the server is in the report. */
int slu_scan_step(struct slu_scan *s, uint64_t now_ms);

/* An epoll descriptor that becomes readable when slu_scan_step() can do something. */
int slu_scan_fd(const struct slu_scan *s);

/* When slu_scan_step() must run again though the descriptor had no news; UINT64_MAX: never. */
uint64_t slu_scan_deadline(const struct slu_scan *s);

/* Hellos and handshakes that were answered so far. */
unsigned slu_scan_progress(const struct slu_scan *s);

/* Valid as long as s is; complete once slu_scan_step() has said 1. Its round trips are those of the critical path, with
 * the connections on it that could not be made ahead. */
const struct slu_report *slu_scan_report(const struct slu_scan *s);

/* Abandons what is under way. NULL is fine. */
void slu_scan_free(struct slu_scan *s);

#endif
