/* SPDX-License-Identifier: MIT */
/*
 * Going on with a recording that was broken off: the server is asked to play from the last key frame that the file has,
 * and what it sends is passed over until that very frame has come, byte for byte. What follows it belongs behind it.
 *
 * Servers differ in their clocks. To most, timestamps are those of the recording; to Adobe's, the one that was asked
 * for is 0. The frame says which: it comes with its own timestamp, or with 0, and then all that follow are moved.
 */
#ifndef SLU_PROTO_FLV_RESUME_H
#define SLU_PROTO_FLV_RESUME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sluice/flv.h>

/* Zero-initialised, but for what is said of the file. Nothing is copied. */
struct slu_flv_resume {
	struct slu_flv_tag frame; /* the last key frame of the file, or its last audio frame if that is all it has */
	const uint8_t *metadata;  /* its onMetaData, if the server's has to be the same */
	size_t metadata_size;     /* 0: it need not be */
	unsigned patience;        /* how many tags may come before the frame; 0: any, with timestamps up to its own */

	bool found;      /* the frame has come */
	bool settled;    /* so has one that is later: all is taken */
	uint32_t shift;  /* from the server's clock to the file's */
	unsigned passed; /* tags that came before the frame */
};

enum slu_flv_resume_step {
	SLU_FLV_RESUME_PASS,     /* the file has it */
	SLU_FLV_RESUME_TAKE,     /* it goes on with this; its timestamp has been moved to the file's clock */
	SLU_FLV_RESUME_OTHER,    /* the metadata are those of another stream */
	SLU_FLV_RESUME_NOT_FOUND /* the frame does not come: the server has another stream, or did not go there */
};

/* What to do with the next tag that the server sent. After either of the last two, there is no more to ask. */
enum slu_flv_resume_step slu_flv_resume_tag(struct slu_flv_resume *r, struct slu_flv_tag *tag);

/* Whether it is the frame itself, whatever its timestamp. */
bool slu_flv_resume_is_frame(const struct slu_flv_resume *r, const struct slu_flv_tag *tag);

#endif
