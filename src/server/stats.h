/* SPDX-License-Identifier: MIT */
/* How it goes, of each stream and of all, over an interval. Bytes of an interval are exact: none counts twice, and none
 * is left out. */
#ifndef SLU_SERVER_STATS_H
#define SLU_SERVER_STATS_H

#include <stddef.h>
#include <stdint.h>

#include "server/codecs.h"

/* Bytes are those of audio, video and data, messages are theirs. */
struct slu_stream_stats {
	double seconds; /* of the interval */
	unsigned id;    /* of its publisher; 0: there is none yet */
	const char *address, *app;
	const char *stream;           /* its name, where that is known to be no key; else "" */
	size_t players, waiting;      /* waiting: of them, for a publisher or a key frame */
	uint64_t bytes_in, bytes_out; /* in the interval */
	uint64_t messages_in_all, bytes_in_all;
	uint64_t messages_out_all, bytes_out_all, dropped_all;
	uint64_t recorded;         /* size of the current recording, with */
	uint64_t recording_queued; /* what waits to be written */
	struct slu_codecs codecs;
};

struct slu_server_stats {
	double seconds;
	unsigned connections;
	size_t streams, publishers, players;
	uint64_t bytes_in, bytes_out; /* of all connections, TLS included, in the interval, */
	uint64_t bytes_in_all, bytes_out_all;
	double cpu_seconds;        /* that the process took in the interval */
	uint64_t resident;         /* bytes of the process in memory; 0: unknown */
	uint64_t memory;           /* bytes that are counted, see loop_memory.c, */
	uint64_t recording_queued; /* and of them those that wait to be written */
	uint64_t refused, refused_all;
};

/* Told all streams, then the server. */
struct slu_stats_listener {
	void (*stream)(void *arg, const struct slu_stream_stats *stats); /* NULL: nobody listens */
	void (*server)(void *arg, const struct slu_server_stats *stats);
	void *arg;
};

#endif
