/* SPDX-License-Identifier: MIT */
/*
 * The script tag that a recording begins with (E.4.4, E.5): onMetaData with what the publisher says, and room for what
 * is known at the end only: duration, sizes, and where the key frames are.
 *
 * Players look for all that at the beginning, so the room has to be there from the beginning, lest the whole file be
 * written again. It is a string that follows onMetaData's value, where nobody looks for anything. At the end it is
 * filled with members, all but its first bytes; then those, together with the three that end the value, are written
 * over with the beginning of the first member. Before that write the tag says what it said, and after it all: at no
 * time is there a tag of another size, or a duration that is not true.
 */
#ifndef SLU_SERVER_RECORD_META_H
#define SLU_SERVER_RECORD_META_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sluice/buffer.h>

#include "base/buf.h"
#include "server/record_index.h"

enum {
	SLU_RECORD_META_ROOM = 65536, /* bytes, of which a key frame takes 18 */
	SLU_RECORD_META_KEYS = 3600,  /* as many as surely fit */
	SLU_RECORD_META_COUNT = 14,   /* where in the body the number of members is: 32 bits */
	SLU_RECORD_META_CONFIGS = 16, /* decoder configurations that are told of */
	SLU_RECORD_META_SWITCH = 8,   /* bytes of the room that are to be written last */
};

/* In the body. */
struct slu_record_room {
	size_t at; /* where it begins: with the end of the value */
	uint32_t members;
};

/* What is known at the end. Times are timestamps, and go on past 32 bits. */
struct slu_record_facts {
	int64_t duration_ms, last_ms, last_key_ms;
	uint64_t audio_size, video_size; /* of tags with their headers */
	uint64_t data_size, file_size;   /* of all of them, with PreviousTagSize; of the file */
	uint64_t last_key_position;
	bool audio, video, key; /* there are such; a key frame */
	bool frames;            /* and not only configurations */
	/* Configurations behind the first frame, where the first of them are. */
	uint64_t configs[SLU_RECORD_META_CONFIGS];
	size_t nconfigs;
};

/* Whether a script tag's body is onMetaData. */
bool slu_record_is_meta(const uint8_t *body, size_t n);

/*
 * Appends the body of an onMetaData script tag to out, with the members of the one at data (n bytes, AMF0), but for
 * those that are known better at the end, and with the room after it. data may be NULL: then it has none. 0, or
 * SLU_ERR_AMF when data is not understood, SLU_ERR_LIMIT or SLU_ERR_NOMEM.
 */
int slu_record_meta_begin(struct slu_buf *out, struct slu_record_room *room, const uint8_t *data, size_t n);

/* Appends what is to be written into the room, from its beginning on, and makes room->members the number of all. The
 * index may have to be thinned for it. 0, SLU_ERR_LIMIT or SLU_ERR_NOMEM. */
int slu_record_meta_end(struct slu_buf *out, struct slu_record_room *room, const struct slu_record_facts *facts,
			struct slu_record_index *index);

/* The body of a recording's onMetaData for those who get a stream and not the file: without the room, and what is told
 * of places in the file. NULL when it is not understood, or out of memory. */
struct slu_buffer *slu_record_meta_stream(const uint8_t *data, size_t n);

#endif
