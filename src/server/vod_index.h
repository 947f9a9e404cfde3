/* SPDX-License-Identifier: MIT */
/*
 * The index of key frames that recorders write into onMetaData: "keyframes" holds two arrays of numbers, "times" in
 * seconds and "filepositions" in bytes. Nobody has standardised it, and everybody writes it so. What it says is a hint:
 * it may lie.
 */
#ifndef SLU_SERVER_VOD_INDEX_H
#define SLU_SERVER_VOD_INDEX_H

#include <stddef.h>
#include <stdint.h>

/* Where the last key frame up to ms is, or the back-th before that, by the index in the script tag at body (n bytes,
 * AMF0); 0 when it says nothing of that. Nothing is copied, however long the index is. */
uint64_t slu_vod_index_find(const uint8_t *body, size_t n, uint32_t ms, uint32_t back);

/* Where decoder configurations are behind the first frame, as our recorder tells in "sequenceheaders": how many of max
 * are in out, in order. */
size_t slu_vod_index_configs(const uint8_t *body, size_t n, uint64_t *out, size_t max);

#endif
