/* SPDX-License-Identifier: MIT */
/* What is sent next, and when: the tags of an FLV with the timestamps that they go out with, paced or as they come. */
#ifndef SLU_TOOLS_FEED_H
#define SLU_TOOLS_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sluice/session.h>

#include "tools/source.h"
#include "tools/timeline.h"

enum slu_pace { SLU_PACE_AUTO, SLU_PACE_REALTIME, SLU_PACE_FAST };

struct slu_feed_options {
	int pace; /* enum slu_pace: AUTO paces files, and sends at once what arrives in its own time */
	bool loop, keep_timestamps;
};

struct slu_feed {
	const struct slu_feed_options *options;
	struct slu_source *source;
	struct slu_timeline timeline;
	struct slu_flv_tag tag; /* when held: the next one, with the timestamp to send, */
	struct slu_buffer *owner;
	struct slu_buffer *metadata; /* of the input, less what only its file is told */
	bool held;
	bool paced, quiet;
	int ended;            /* what the input ended with; 0: it has not */
	uint64_t clock_start; /* when the timeline's clock stood at 0, in ms; 0: it has not started */
	double origin_ms;     /* the same as Unix time */
	bool warned_still, warned_jump;
};

/* Opens path, into a feed of zeros. quiet: no warnings of timestamps. 0, or an enum slu_exit and the sentence in error.
 * A file has its first tag held, and an input that is worth no connection is found here. */
int slu_feed_open(struct slu_feed *f, const char *path, const struct slu_feed_options *options, bool quiet, char *error,
		  size_t size);
void slu_feed_close(struct slu_feed *f);

/* The held tag as a message. */
struct slu_msg slu_feed_msg(const struct slu_feed *f);

/* 1: the next tag is held, until slu_feed_sent(); 0: none now (live only); SLU_ERR_CLOSED: the input is over; another
 * error: slu_feed_error() has the sentence. Errors are sticky. */
int slu_feed_next(struct slu_feed *f);
void slu_feed_sent(struct slu_feed *f);

/* ms until the held tag is due. */
int slu_feed_wait(struct slu_feed *f, uint64_t now_ms);

/* It need not be paced, and all of it is at hand. */
bool slu_feed_bulk(const struct slu_feed *f);

const char *slu_feed_error(const struct slu_feed *f);

#endif
