/* SPDX-License-Identifier: MIT */
/* A message with audio, video or data as the FLV that it is, or that is in it. */
#ifndef COMPAT_LIBRTMP_READ_FLV_H
#define COMPAT_LIBRTMP_READ_FLV_H

#include <stddef.h>
#include <stdint.h>

#include <librtmp/rtmp.h>

struct slu_flv_tag;

/* What of a message is taken, and when it plays: the timestamp `in` of the message is `out` of the stream. Of an
 * aggregate (RTMP 1.0, 7.1.6) those parts are taken that begin at `from` and after. */
struct slu_compat_flv {
	const RTMPPacket *packet;
	size_t from;
	uint32_t in, out;
};

/* All of packet, which is to be there as long as this is used; shift is from the server's clock to that of the file. */
struct slu_compat_flv slu_compat_flv(const RTMPPacket *packet, uint32_t shift);

/* The part of an aggregate that begins at *at, which then is behind it. FALSE: there is no further part, or it is cut
 * off. The last one may lack its PreviousTagSize. */
int slu_compat_part(const RTMPPacket *packet, size_t *at, struct slu_flv_tag *tag);

/* In bytes; 0 where not a part is whole. */
size_t slu_compat_flv_size(const struct slu_compat_flv *flv);

/* Writes as many. *types gains the FLV header's flags of what is in it. Returns the last tag's timestamp. */
uint32_t slu_compat_flv_write(const struct slu_compat_flv *flv, char *out, uint8_t *types);

/* The FLV header's flags for a tag of this type. */
uint8_t slu_compat_flv_flag(uint8_t type);

#endif
