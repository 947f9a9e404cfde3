/* SPDX-License-Identifier: MIT */
#include "tools/timeline.h"

static int32_t diff(uint32_t a, uint32_t b)
{
	return (int32_t)(a - b);
}

/* Where a new run begins: after the last frame of each track has had its time. */
static uint32_t run_end(const struct slu_timeline *t)
{
	uint32_t end = t->end;

	for (int i = 0; i < SLU_TRACKS; i++) {
		uint32_t track_end = t->tracks[i].last + t->tracks[i].step;

		/* A track that fell silent so long ago that the difference wraps is not ahead. */
		if (t->tracks[i].seen && diff(track_end, end) > 0 && diff(track_end, end) <= SLU_TIMELINE_GAP)
			end = track_end;
	}
	return end;
}

/* The first frame of a run: where it is far from metadata and decoder configuration, which stand at 0 in a stream that
 * was joined late, the run starts with it. */
static void first_frame(struct slu_timeline *t, uint32_t in)
{
	int32_t ahead = diff(in + t->shift, t->end);

	t->framed = true;
	if (!t->keep && (ahead > SLU_TIMELINE_START || ahead < -SLU_TIMELINE_JITTER))
		t->shift = t->end - in;
	if (!t->clock)
		t->played_until = in + t->shift;
	t->clock = true;
}

static void advance(struct slu_timeline *t, uint32_t out)
{
	int32_t d = diff(out, t->played_until);

	if (diff(out, t->end) > 0)
		t->end = out;
	if (!t->clock)
		return;
	if (d > 0 && d <= SLU_TIMELINE_GAP)
		t->played += (uint32_t)d;
	if (d > 0 || d < -SLU_TIMELINE_GAP)
		t->played_until = out;
}

static void note(struct slu_timeline *t, struct slu_track *track, uint32_t out)
{
	int32_t d = diff(out, track->last);

	track->still = track->seen && d == 0 ? track->still + 1 : 0;
	if (track->still > t->still)
		t->still = track->still;
	if (track->seen && d > 0 && d <= SLU_TIMELINE_GAP)
		track->step = (uint32_t)d;
	track->seen = true;
	track->last = out;
}

static uint32_t mend_frame(struct slu_timeline *t, const struct slu_track *track, uint32_t in)
{
	uint32_t out = in + t->shift;
	int32_t ahead = diff(out, t->end);
	int32_t step = track->seen ? diff(out, track->last) : 0;

	if (step >= -SLU_TIMELINE_JITTER && ahead >= -SLU_TIMELINE_SKEW && ahead <= SLU_TIMELINE_FAR) {
		if (step >= 0)
			return out;
		t->jumps++;
		return track->last;
	}
	t->jumps++;
	out = run_end(t);
	t->shift = out - in;
	return out;
}

static uint32_t mend_other(const struct slu_timeline *t, uint32_t in)
{
	uint32_t out = in + t->shift;
	int32_t ahead = diff(out, t->end);

	return ahead < -SLU_TIMELINE_JITTER || ahead > SLU_TIMELINE_FAR ? t->end : out;
}

static void begin_run(struct slu_timeline *t, uint32_t in)
{
	if (t->keep)
		t->end = t->played_until = in;
	else
		t->shift = (t->started ? run_end(t) : 0) - in;
	t->run_began = t->played;
	t->started = true;
	t->restart = t->framed = false;
}

uint32_t slu_timeline_map(struct slu_timeline *t, const struct slu_flv_tag *tag)
{
	bool header = slu_flv_flags(tag->type, tag->body, tag->size) & SLU_FLV_SEQUENCE_HEADER;
	bool frame = tag->type != SLU_FLV_SCRIPT && !header;
	struct slu_track *track = &t->tracks[tag->type == SLU_FLV_AUDIO ? SLU_TRACK_AUDIO : SLU_TRACK_VIDEO];
	uint32_t out = tag->timestamp;

	if (!t->started || t->restart)
		begin_run(t, tag->timestamp);
	if (frame && !t->framed)
		first_frame(t, tag->timestamp);
	if (!t->keep)
		out = frame ? mend_frame(t, track, tag->timestamp) : mend_other(t, tag->timestamp);
	if (frame)
		note(t, track, out);
	advance(t, out);
	return out;
}

void slu_timeline_restart(struct slu_timeline *t)
{
	t->restart = t->started;
	if (!t->framed || t->played != t->run_began || run_end(t) != t->end)
		return;
	/* Nothing moved: what follows would be due at once, again and again. */
	t->played += SLU_TIMELINE_FRAME;
	if (!t->keep) {
		/* The clock may stand before the end: a gap, and a track behind it. */
		t->end += SLU_TIMELINE_FRAME;
		t->played_until = t->end;
	}
}

uint64_t slu_timeline_position(const struct slu_timeline *t, uint32_t timestamp)
{
	int32_t behind = diff(t->played_until, timestamp);

	return behind > 0 && (uint64_t)behind < t->played ? t->played - (uint64_t)behind : t->played;
}
