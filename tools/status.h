/* SPDX-License-Identifier: MIT */
/* How it goes: a line on a terminal, or one JSON object a second and one at the end. sluice-push(1) documents the
 * fields. */
#ifndef SLU_TOOLS_STATUS_H
#define SLU_TOOLS_STATUS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <sluice/conn.h>
#include <sluice/tls.h>

#include "tools/exit.h"
#include "tools/options.h"

struct slu_status {
	const char *verb;
	FILE *json;   /* NULL: none */
	bool line;    /* on stderr, a terminal, unless the JSON goes there too */
	bool inbound; /* bitrates and counts are of what came in */
	uint64_t start_ms, next_ms;
	uint64_t last_ms, last_payload;
	bool verbose;
	uint32_t rtt_us; /* the last that was known: a closed connection has none */
};

/* The verb's numbers for one report. */
struct slu_progress {
	uint64_t media_ms;   /* of the stream, from its first frame */
	uint64_t messages;   /* audio, video and data, */
	uint64_t payload;    /* and their bytes */
	size_t queue;        /* bytes not yet taken by the kernel */
	unsigned long jumps; /* timestamps that went back, mended */
	uint64_t file_bytes; /* read from the input or written to the output */
	uint64_t file_calls; /* the system calls for it */
	unsigned renewals;   /* push: connections that were made again */
	double origin_ms;    /* push, paced: Unix time in ms at which timestamp 0 was due; else 0 */
};

/* data_on_stdout: JSON goes to stderr, since standard output carries the stream. */
void slu_status_init(struct slu_status *st, const char *verb, const struct slu_common_options *options, bool inbound,
		     bool data_on_stdout, uint64_t now_ms);

/* ms until the next report; -1: none is wanted. */
int slu_status_timeout(const struct slu_status *st, uint64_t now_ms);

/* True when a report is due: then call slu_status_report(). */
bool slu_status_due(const struct slu_status *st, uint64_t now_ms);
void slu_status_report(struct slu_status *st, uint64_t now_ms, const struct slu_progress *progress,
		       const struct slu_conn_stats *conn);

/* Takes note of what a connection that is about to be closed will not know any more. */
void slu_status_note(struct slu_status *st, const struct slu_conn_stats *conn);

/* The last word: takes the line away, or prints the summary object. error may be "". */
void slu_status_end(struct slu_status *st, uint64_t now_ms, const struct slu_progress *progress,
		    const struct slu_conn_stats *conn, const struct slu_tls_offload_stats *offload,
		    enum slu_exit status, const char *error);

#endif
