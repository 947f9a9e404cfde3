/* SPDX-License-Identifier: MIT */
/* Where an FLV file that was broken off can be gone on with: behind the last key frame that is whole in it. */
#ifndef SLU_TOOLS_FLV_TAIL_H
#define SLU_TOOLS_FLV_TAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct slu_flv_tail {
	bool has_audio, has_video; /* frames, anywhere in it */
	uint8_t type;              /* of the frame: video, or audio where there is nothing else; 0: there is none */
	uint32_t timestamp;        /* of the frame */
	uint64_t body;             /* where in the file its body lies */
	size_t size;               /* of its body */
	uint8_t *frame;            /* its body */
	uint64_t end;              /* where the tag ends, its PreviousTagSize included */
	uint32_t first;            /* the timestamp of the first frame of all */
	uint64_t duration_at;      /* where onMetaData's duration lies; 0: nowhere */
	uint8_t *metadata;         /* the body of the first onMetaData; NULL: there is none */
	size_t metadata_size;
};

/*
 * Looks at an open file, which is not changed. The frame is the last but skip. True, with type 0 for a file that has
 * none yet, as one that is empty or was cut off early: it is to be begun anew. False where going on would harm what is
 * there, or cannot be: why has what is to be said behind "FILE cannot be gone on with: ". To be cleared either way.
 */
bool slu_flv_tail(int fd, unsigned long skip, struct slu_flv_tail *tail, char *why, size_t size);
void slu_flv_tail_clear(struct slu_flv_tail *tail);

#endif
