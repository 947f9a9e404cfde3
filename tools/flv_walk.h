/* SPDX-License-Identifier: MIT */
/*
 * The tags of an FLV file one by one, as far as it is sound.
 *
 * A download that broke off leaves a file that ends within its last tag, and nothing is lost with that part of one. It
 * is another matter where a tag is damaged in the middle of a file, for there is more behind it. So each tag has to be
 * one (FLV 10.1, E.4.1), and the size behind it the same as the one in it; and what looks like a last tag that is cut
 * off must have no whole tags within: those mean that its size is wrong.
 */
#ifndef SLU_TOOLS_FLV_WALK_H
#define SLU_TOOLS_FLV_WALK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct slu_flv_walk {
	int fd;
	uint64_t size; /* of the file */
	uint64_t at;   /* where the next tag begins; at the end or after an error, what is none */
	uint8_t cut;   /* the type of the tag that the file ends in; 0: it ends with a whole one */
};

enum { SLU_FLV_WALK_BEGIN = 64 };

struct slu_flv_walk_tag {
	uint8_t type;
	uint32_t timestamp;
	uint64_t at, body, end; /* where it begins; its body does; it ends, the size behind it included */
	size_t size;            /* of its body */
	uint8_t begin[SLU_FLV_WALK_BEGIN];
	size_t begins; /* how many bytes of the body are there */
};

/* An open file, which may end anywhere, in its header or before. 0, SLU_ERR_IO, or SLU_ERR_FLV: it is none. */
int slu_flv_walk_begin(struct slu_flv_walk *w, int fd);

/* 1 and a whole tag of any type; 0: there is no more; SLU_ERR_FLV: what begins at w->at is damaged; SLU_ERR_IO;
 * SLU_ERR_NOMEM. */
int slu_flv_walk_next(struct slu_flv_walk *w, struct slu_flv_walk_tag *tag);

/* As many bytes as there are, up to n; <0 after an error. */
ssize_t slu_flv_walk_read(const struct slu_flv_walk *w, void *out, size_t n, uint64_t at);

#endif
