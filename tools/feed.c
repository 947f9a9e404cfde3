/* SPDX-License-Identifier: MIT */
#include "tools/feed.h"

#include <stdio.h>
#include <time.h>

#include <sluice/error.h>

#include "server/record_meta.h"
#include "tools/exit.h"
#include "tools/say.h"

static bool is_end_of_sequence(const struct slu_flv_tag *tag)
{
	if (tag->type != SLU_FLV_VIDEO || tag->size < 2)
		return false;
	if (tag->body[0] & 0x80) /* Enhanced RTMP, ExVideoTagHeader: PacketType SequenceEnd */
		return (tag->body[0] & 0x0f) == 2;
	return (tag->body[0] & 0x0f) == 7 && tag->body[1] == 2; /* E.4.3.1: AVC end of sequence */
}

/* The input's end: again from the top, or for good. A file without any frame would loop in a frenzy. */
static void ended(struct slu_feed *f, int err)
{
	f->ended = err;
	if (err != SLU_ERR_CLOSED || !f->options->loop || !f->timeline.framed)
		return;
	f->ended = slu_source_rewind(f->source);
	if (f->ended == 0)
		slu_timeline_restart(&f->timeline);
}

static void warn(struct slu_feed *f)
{
	if (f->quiet)
		return;
	if (f->timeline.jumps && !f->warned_jump)
		slu_say("warning: the input's timestamps went back, to %lu ms; they are sent so that they go forward",
			(unsigned long)f->tag.timestamp);
	if (f->timeline.still >= SLU_TIMELINE_STILL && !f->warned_still)
		slu_say("warning: the input's timestamps stand still at %lu ms; what bears none of its own is sent "
			"without pacing",
			(unsigned long)f->tag.timestamp);
	f->warned_jump = f->timeline.jumps > 0;
	f->warned_still |= f->timeline.still >= SLU_TIMELINE_STILL;
}

/* The room that recordings have in their metadata is nothing to be sent. What is not larger goes out as it is. */
static void strip(struct slu_feed *f)
{
	struct slu_buffer *stripped;

	if (f->tag.type != SLU_FLV_SCRIPT || f->tag.size < SLU_RECORD_META_ROOM)
		return;
	stripped = slu_record_meta_stream(f->tag.body, f->tag.size);
	if (!stripped)
		return;
	slu_buffer_put(f->metadata);
	f->metadata = f->owner = stripped;
	f->tag.body = slu_buffer_data(stripped);
	f->tag.size = slu_buffer_size(stripped);
}

int slu_feed_next(struct slu_feed *f)
{
	uint32_t timestamp;
	int got;

	while (!f->held && !f->ended) {
		got = slu_source_next(f->source, &f->tag, &f->owner);
		if (got == 0)
			return 0;
		if (got < 0) {
			ended(f, got);
			continue;
		}
		if (f->options->loop && is_end_of_sequence(&f->tag))
			continue;
		timestamp = slu_timeline_map(&f->timeline, &f->tag);
		warn(f);
		f->tag.timestamp = timestamp;
		strip(f);
		f->held = true;
	}
	return f->held ? 1 : f->ended;
}

struct slu_msg slu_feed_msg(const struct slu_feed *f)
{
	return (struct slu_msg){
		.type = f->tag.type,
		.timestamp = f->tag.timestamp,
		.data = f->tag.body,
		.size = f->tag.size,
		.owner = f->owner,
	};
}

void slu_feed_sent(struct slu_feed *f)
{
	f->held = false;
}

static double unix_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

int slu_feed_wait(struct slu_feed *f, uint64_t now_ms)
{
	uint64_t at = slu_timeline_position(&f->timeline, f->tag.timestamp);

	if (!f->paced || !f->timeline.clock)
		return 0;
	if (!f->clock_start) {
		f->clock_start = now_ms - at;
		f->origin_ms = unix_ms() - (double)at;
	}
	at += f->clock_start;
	return at > now_ms ? (int)(at - now_ms) : 0;
}

bool slu_feed_bulk(const struct slu_feed *f)
{
	return !f->paced && !slu_source_live(f->source);
}

const char *slu_feed_error(const struct slu_feed *f)
{
	return slu_source_error(f->source);
}

int slu_feed_open(struct slu_feed *f, const char *path, const struct slu_feed_options *options, bool quiet, char *error,
		  size_t size)
{
	f->options = options;
	f->quiet = quiet;
	f->source = slu_source_open(path, error, size);
	if (!f->source)
		return SLU_EXIT_INPUT;
	if (options->loop && slu_source_live(f->source)) {
		snprintf(error, size, "--loop needs a file: a pipe cannot be read again");
		return SLU_EXIT_USAGE;
	}
	f->paced =
		options->pace == SLU_PACE_REALTIME || (options->pace == SLU_PACE_AUTO && !slu_source_live(f->source));
	f->timeline.keep = options->keep_timestamps;
	if (slu_source_live(f->source) || slu_feed_next(f) > 0 || f->ended == SLU_ERR_CLOSED)
		return SLU_EXIT_OK;
	snprintf(error, size, "%s", slu_feed_error(f));
	return f->ended == SLU_ERR_NOMEM ? SLU_EXIT_OTHER : SLU_EXIT_INPUT;
}

void slu_feed_close(struct slu_feed *f)
{
	slu_source_close(f->source);
	slu_buffer_put(f->metadata);
}
