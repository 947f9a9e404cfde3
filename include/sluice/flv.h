/* SPDX-License-Identifier: MIT */
/*
 * FLV files and streams (Adobe, "Video File Format Specification", version 10.1, annex E), with Enhanced RTMP's tags
 * (Veovera, "Enhanced RTMP v2") passed through unchanged: a tag's body is never interpreted further than its first
 * bytes, and never altered.
 *
 * Both directions work on memory; neither opens files. Thread safety: distinct objects are independent.
 */
#ifndef SLUICE_FLV_H
#define SLUICE_FLV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { SLU_FLV_HEADER_SIZE = 13 }; /* file header (9) and PreviousTagSize0 (4) */
enum { SLU_FLV_TAG_HEADER_SIZE = 11 };
enum { SLU_FLV_TAG_OVERHEAD = 15 };   /* tag header and PreviousTagSize */
enum { SLU_FLV_MAX_BODY = 0xffffff }; /* a tag's DataSize has 24 bits */

/* TagType, E.4.1; the same numbers as RTMP's message types. */
enum slu_flv_type { SLU_FLV_AUDIO = 8, SLU_FLV_VIDEO = 9, SLU_FLV_SCRIPT = 18 };

/* One tag, by value. body points into the bytes that were read. */
struct slu_flv_tag {
	uint8_t type;       /* 8, 9 or 18 */
	uint32_t timestamp; /* ms, all 32 bits (TimestampExtended included); wraps after 49.7 days */
	const uint8_t *body;
	size_t size; /* of body */
};

/* What the first bytes of an audio or video body say (legacy and Enhanced, behind ModEx and Multitrack too). A
 * sequence header is no key frame, though its FrameType says so. */
enum {
	SLU_FLV_KEYFRAME = 1, /* video: a key frame */
	SLU_FLV_SEQUENCE_HEADER =
		2,           /* decoder configuration: AVCDecoderConfigurationRecord, AudioSpecificConfig, ... */
	SLU_FLV_ENHANCED = 4 /* FourCC codec: ExVideoTagHeader, ExAudioTagHeader */
};
unsigned slu_flv_flags(uint8_t type, const uint8_t *body, size_t size);

/*
 * Reading. The caller holds the bytes; the reader holds only where it is. Give it all unread bytes that are at hand:
 *
 *   1   a tag is in *tag, its body pointing into data, and *used bytes are done with. The body stays where it is, so
 *       drop those bytes only when done with the tag.
 *   0   more bytes are needed. *used bytes may be dropped (headers, skipped tags); at least reader.need bytes, from
 *       there, are wanted next time, and any smaller number is fine too.
 *   <0  SLU_ERR_FLV; slu_flv_error() has the sentence. Sticky.
 *
 * Tags of unknown type and encrypted tags (Filter set) are skipped and counted. PreviousTagSize is checked, and a
 * wrong one is counted and no error, for writers that get it wrong abound; but when no tag can begin after it, the
 * stream is corrupt there. DataOffset over 9 is honoured. Each call takes at most one tag, of at most 16 MiB; all
 * splits of a stream give the same tags.
 */
struct slu_flv_reader {
	size_t need;                   /* bytes wanted, with the present bytes */
	uint64_t offset;               /* bytes taken so far */
	unsigned long tags;            /* returned */
	unsigned long skipped;         /* unknown or encrypted tags passed over */
	unsigned long wrong_prev_size; /* PreviousTagSize that did not match */
	bool has_audio, has_video;     /* the file header's TypeFlags */
	/* private */
	uint32_t prev_size;
	uint64_t skip;
	bool lost;
	int state;
	int err;
	char error[160];
};

void slu_flv_reader_init(struct slu_flv_reader *r);
int slu_flv_read(struct slu_flv_reader *r, const uint8_t *data, size_t n, size_t *used, struct slu_flv_tag *tag);
/* At the end of input with n unread bytes: 0 when the stream ended between tags (a missing last PreviousTagSize is
 * fine), SLU_ERR_FLV when it was cut off in a tag or never was an FLV. */
int slu_flv_reader_end(struct slu_flv_reader *r, size_t n);
const char *slu_flv_error(const struct slu_flv_reader *r);

/*
 * Writing: headers into the caller's storage, bodies stay where they are. A stream is the file header, then for each
 * tag its header, its body, and its PreviousTagSize.
 */
void slu_flv_write_header(uint8_t out[SLU_FLV_HEADER_SIZE], bool has_audio, bool has_video);
/* SLU_ERR_INVALID when the type is none of the three or the body is over SLU_FLV_MAX_BODY. */
int slu_flv_write_tag_header(uint8_t out[SLU_FLV_TAG_HEADER_SIZE], const struct slu_flv_tag *tag);
void slu_flv_write_prev_size(uint8_t out[4], const struct slu_flv_tag *tag);

#ifdef __cplusplus
}
#endif
#endif
