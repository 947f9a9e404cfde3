/* SPDX-License-Identifier: MIT */
/* Which track of a stream a body belongs to (Enhanced RTMP v2, "Multitrack Streaming"). */
#ifndef SLU_PROTO_FLV_TRACK_H
#define SLU_PROTO_FLV_TRACK_H

#include <stddef.h>
#include <stdint.h>

/* Distinct for audio and video, and for each track of either; the track of one without Multitrack has a number of its
 * own. Where one body has several tracks, that of the first. ModEx prefixes are looked through. */
unsigned slu_flv_track(uint8_t type, const uint8_t *body, size_t size);

#endif
