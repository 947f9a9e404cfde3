/* SPDX-License-Identifier: MIT */
/*
 * Where in an FLV file to begin for a given time: at the last key frame up to it (of a file without video: at the last
 * audio frame), with the metadata and the decoder configurations that are in force there.
 *
 * Tags are looked at one after the other, their first bytes only. The file's index of key frames, if it has one, saves
 * most of that: what it says is believed when the tags there bear it out, and else all is looked at. Each step is
 * short, so that whoever has more to do can do it in between.
 */
#ifndef SLU_SERVER_VOD_FIND_H
#define SLU_SERVER_VOD_FIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/gop.h"

/* A tag, by its first bytes. */
struct slu_vod_tag {
	uint64_t at;        /* of its header, in the file */
	uint32_t before;    /* the PreviousTagSize in front of it */
	uint8_t type;       /* 0: one that no player gets */
	uint32_t timestamp; /* ms */
	uint32_t size;      /* of its body */
	enum slu_gop_kind kind;
	unsigned track;
};

/* The tag at a place of the file, when one begins there that is whole; file_size may be less than is there by now. */
bool slu_vod_tag_at(int fd, uint64_t at, uint64_t file_size, struct slu_vod_tag *tag);

/* What decoders need before the first frame: where it is in the file; 0: there is none. */
struct slu_vod_setup {
	uint64_t metadata;
	struct {
		uint64_t at;
		unsigned track;
	} configs[SLU_GOP_CONFIGS];
	size_t nconfigs;
};

struct slu_vod_find {
	/* what was found, once slu_vod_find_step() says so */
	bool landed; /* or else there is no such frame, and the beginning is the place to begin at */
	struct slu_vod_tag landing;
	struct slu_vod_setup setup;
	/* private */
	int fd;
	uint32_t ms;
	uint64_t first, at, file_size;
	uint32_t before; /* what the next tag's PreviousTagSize has to be */
	bool video, index_asked;
	bool by_sound; /* the index has led to an audio frame */
	struct slu_vod_setup seen;
};

/* Looks for ms, a timestamp, in the file fd, whose first tag is at `first`. */
void slu_vod_find_begin(struct slu_vod_find *f, int fd, uint64_t first, uint32_t ms);
/* True when it is done. */
bool slu_vod_find_step(struct slu_vod_find *f);

#endif
