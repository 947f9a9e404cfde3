/* SPDX-License-Identifier: MIT */
/* Where an FLV file that was broken off can be gone on with: behind the last key frame that is whole in it. */
#ifndef SLU_TOOLS_FLV_TAIL_H
#define SLU_TOOLS_FLV_TAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct slu_flv_tail {
	bool is_flv;               /* it has the header of one */
	bool has_audio, has_video; /* frames, anywhere in it */
	uint8_t type;              /* of the frame: video, or audio where there is nothing else; 0: there is none */
	uint32_t timestamp;        /* of the frame */
	uint64_t body;             /* where in the file its body lies */
	size_t size;               /* of its body */
	uint64_t end;              /* where the tag ends, its PreviousTagSize included */
	uint32_t first;            /* the timestamp of the first frame of all */
	uint64_t duration_at;      /* where onMetaData's duration lies; 0: nowhere */
	uint64_t metadata;         /* where the body of the first onMetaData lies; 0: nowhere */
	size_t metadata_size;
};

/* Goes through the tags of an open file, up to the first that is cut off or is none. 0 or SLU_ERR_IO. */
int slu_flv_tail(int fd, struct slu_flv_tail *tail);

/* Likewise, as if the file ended so many bytes after it begins. */
int slu_flv_tail_within(int fd, uint64_t size, struct slu_flv_tail *tail);

#endif
