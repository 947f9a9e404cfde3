/* SPDX-License-Identifier: MIT */
/* What else the first bytes of a body say, in Enhanced RTMP v2: which track it belongs to ("Multitrack Streaming"), and
 * whether it describes that. */
#ifndef SLU_PROTO_FLV_TRACK_H
#define SLU_PROTO_FLV_TRACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Distinct for audio and video, and for each track of either; the track of one without Multitrack has a number of its
 * own. Where one body has several tracks, that of the first. ModEx prefixes are looked through. */
unsigned slu_flv_track(uint8_t type, const uint8_t *body, size_t size);

/* Whether it is of the things that hold for a track until they come again, besides its decoder configuration: colours
 * of pictures (VideoPacketType.Metadata), or channels of sound (AudioPacketType.MultichannelConfig). */
bool slu_flv_describes(uint8_t type, const uint8_t *body, size_t size);

#endif
