/* SPDX-License-Identifier: MIT */
/*
 * Timestamps as a server expects them, and when to send what.
 *
 * What comes in may start anywhere, jump, stand still or begin again; servers and players expect each track to go
 * forward. So the first timestamp becomes 0 and, from there:
 *   - a track that goes back by at most SLU_TIMELINE_JITTER is held at its last timestamp;
 *   - one that goes back further, or is out of all proportion to the other track, begins a new run, which goes on where
 *     the last one ended;
 *   - metadata and decoder configuration that go back are held at the furthest timestamp, and begin nothing;
 *   - a gap forward is passed through as it is, but pacing does not wait for more than SLU_TIMELINE_GAP;
 *   - timestamps that stand still are passed through and counted.
 * All of it is modulo 2^32. Tracks may be out of step with each other, as muxers leave them.
 */
#ifndef SLU_TOOLS_TIMELINE_H
#define SLU_TOOLS_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

#include <sluice/flv.h>

enum {
	SLU_TIMELINE_JITTER = 500,
	SLU_TIMELINE_START = 1000, /* the first frame further than this from what precedes it: joined late */
	SLU_TIMELINE_GAP = 10000,
	SLU_TIMELINE_SKEW = 60000,  /* a frame further behind the furthest one is of another run */
	SLU_TIMELINE_FAR = 1 << 30, /* and one further ahead, 12 days: 32 bits tell ahead from behind up to 24 */
	SLU_TIMELINE_FRAME = 40,    /* a run of no duration, one picture for instance, lasts that long in a loop */
	SLU_TIMELINE_STILL = 64     /* tags of a track at one timestamp that make it "standing still" */
};

enum { SLU_TRACK_AUDIO, SLU_TRACK_VIDEO, SLU_TRACKS };

struct slu_track {
	bool seen;
	uint32_t last; /* timestamp that went out */
	uint32_t step; /* the last step forward that was more than none */
	unsigned still;
};

/* Zero-initialised, but for keep: timestamps are passed through as they are. */
struct slu_timeline {
	bool keep;
	bool started; /* a tag came */
	bool framed;  /* an audio or video frame came in this run */
	bool clock;   /* one came in any run */
	bool restart;
	uint32_t shift; /* out = in + shift */
	struct slu_track tracks[SLU_TRACKS];
	uint32_t end;          /* the furthest timestamp that went out */
	unsigned long jumps;   /* back, mended */
	unsigned long still;   /* a track stood still this many tags at the most */
	uint64_t run_began;    /* what played was when this run began */
	uint64_t played;       /* ms from the first frame to the furthest one, long gaps left out */
	uint32_t played_until; /* the timestamp that played stands for */
};

/* The timestamp that tag goes out with. */
uint32_t slu_timeline_map(struct slu_timeline *t, const struct slu_flv_tag *tag);

/* The input begins again: its next tag goes on where this run ends. */
void slu_timeline_restart(struct slu_timeline *t);

/* Where a timestamp that went out stands on the clock that starts at 0 with the first audio or video frame: what pacing
 * goes by. */
uint64_t slu_timeline_position(const struct slu_timeline *t, uint32_t timestamp);

#endif
