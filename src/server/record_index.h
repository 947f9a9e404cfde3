/* SPDX-License-Identifier: MIT */
/* Where the key frames of a recording are: as many as there is room for, spread over all of it. */
#ifndef SLU_SERVER_RECORD_INDEX_H
#define SLU_SERVER_RECORD_INDEX_H

#include <stddef.h>
#include <stdint.h>

struct slu_record_key {
	int64_t time_ms;
	uint64_t position;
};

struct slu_record_index {
	struct slu_record_key *keys;
	size_t n, cap, max;
	uint64_t seen, every; /* of those that were added, each so-manieth is kept */
};

/* max is 2 or more. */
void slu_record_index_init(struct slu_record_index *x, size_t max);
void slu_record_index_clear(struct slu_record_index *x);

/* Once there are max, or when out of memory, every other one goes, and of those to come as many. */
void slu_record_index_add(struct slu_record_index *x, int64_t time_ms, uint64_t position);

/* Lets every other one go until there are no more than max. */
void slu_record_index_thin(struct slu_record_index *x, size_t max);

#endif
