/* SPDX-License-Identifier: MIT */
/*
 * What the first bytes of a body say: E.4.2.1 and E.4.3.1 of the FLV specification, and ExVideoTagHeader and
 * ExAudioTagHeader of Enhanced RTMP v2, whose ModEx prefixes and Multitrack wrappers are looked through.
 */
#include <sluice/flv.h>

#include "base/cursor.h"
#include "proto/flv_track.h"

enum { FRAME_KEY = 1, FRAME_GENERATED_KEY = 4, FRAME_COMMAND = 5 }; /* VideoFrameType */
enum { CODEC_AVC = 7, CODEC_HEVC = 12 };                            /* 12 is no standard, and widely spoken */
enum { SOUND_EX_HEADER = 9, SOUND_AAC = 10 };                       /* SoundFormat */
enum { LEGACY_SEQUENCE_HEADER = 0, LEGACY_FRAME = 1 };              /* AVCPacketType, AACPacketType */
enum { EX_SEQUENCE_START = 0, EX_CODED_FRAMES = 1, EX_CODED_FRAMES_X = 3, EX_MPEG2TS_START = 5, EX_MODEX = 7 };
enum { EX_FOURCC = 4 };
enum { EX_VIDEO_METADATA = 4, EX_AUDIO_CHANNELS = 4, EX_VIDEO_MULTITRACK = 6, EX_AUDIO_MULTITRACK = 5 };

/* The packet type behind any number of ModEx prefixes: a size less one (UI8; 255: UI16 follows), that many bytes, and
 * then a byte with the ModEx's type and the next packet type. */
static unsigned behind_modex(struct slu_cursor *c, unsigned packet)
{
	size_t size;

	while (packet == EX_MODEX && !c->bad) {
		size = slu_cursor_u8(c) + (size_t)1;
		if (size == 256)
			size = slu_cursor_u16(c) + (size_t)1;
		slu_cursor_take(c, size);
		packet = slu_cursor_u8(c) & 0x0f;
	}
	return packet;
}

static unsigned ex_video_flags(struct slu_cursor *c, uint8_t first)
{
	unsigned frame = first >> 4 & 0x07, packet = behind_modex(c, first & 0x0f);

	if (c->bad || (frame == FRAME_COMMAND && packet != EX_VIDEO_METADATA))
		return SLU_FLV_ENHANCED;
	if (packet == EX_VIDEO_MULTITRACK)
		packet = slu_cursor_u8(c) & 0x0f;
	if (c->bad)
		return SLU_FLV_ENHANCED;
	if (packet == EX_SEQUENCE_START || packet == EX_MPEG2TS_START)
		return SLU_FLV_ENHANCED | SLU_FLV_SEQUENCE_HEADER;
	if ((packet == EX_CODED_FRAMES || packet == EX_CODED_FRAMES_X) &&
	    (frame == FRAME_KEY || frame == FRAME_GENERATED_KEY))
		return SLU_FLV_ENHANCED | SLU_FLV_KEYFRAME;
	return SLU_FLV_ENHANCED;
}

static unsigned video_flags(struct slu_cursor *c)
{
	uint8_t first = slu_cursor_u8(c);
	unsigned frame = first >> 4, codec = first & 0x0f;
	bool key = frame == FRAME_KEY || frame == FRAME_GENERATED_KEY;
	uint8_t packet;

	if (first & 0x80)
		return ex_video_flags(c, first);
	if (codec != CODEC_AVC && codec != CODEC_HEVC)
		return key ? SLU_FLV_KEYFRAME : 0;
	packet = slu_cursor_u8(c);
	if (c->bad || frame == FRAME_COMMAND)
		return 0;
	if (packet == LEGACY_SEQUENCE_HEADER)
		return SLU_FLV_SEQUENCE_HEADER;
	return packet == LEGACY_FRAME && key ? SLU_FLV_KEYFRAME : 0;
}

static unsigned audio_flags(struct slu_cursor *c)
{
	uint8_t first = slu_cursor_u8(c);
	unsigned format = first >> 4, packet;

	if (format == SOUND_EX_HEADER) {
		packet = behind_modex(c, first & 0x0f);
		if (packet == EX_AUDIO_MULTITRACK)
			packet = slu_cursor_u8(c) & 0x0f;
		return !c->bad && packet == EX_SEQUENCE_START ? SLU_FLV_ENHANCED | SLU_FLV_SEQUENCE_HEADER
							      : SLU_FLV_ENHANCED;
	}
	packet = format == SOUND_AAC ? slu_cursor_u8(c) : LEGACY_FRAME;
	return !c->bad && packet == LEGACY_SEQUENCE_HEADER ? SLU_FLV_SEQUENCE_HEADER : 0;
}

unsigned slu_flv_flags(uint8_t type, const uint8_t *body, size_t size)
{
	struct slu_cursor c = slu_cursor(body, size);

	if (size == 0)
		return 0;
	if (type == SLU_FLV_VIDEO)
		return video_flags(&c);
	return type == SLU_FLV_AUDIO ? audio_flags(&c) : 0;
}

static bool is_enhanced(uint8_t type, uint8_t first)
{
	return type == SLU_FLV_VIDEO ? first & 0x80 : type == SLU_FLV_AUDIO && first >> 4 == SOUND_EX_HEADER;
}

unsigned slu_flv_track(uint8_t type, const uint8_t *body, size_t size)
{
	const unsigned multitrack = type == SLU_FLV_VIDEO ? EX_VIDEO_MULTITRACK : EX_AUDIO_MULTITRACK;
	struct slu_cursor c = slu_cursor(body, size);
	uint8_t first = slu_cursor_u8(&c);
	unsigned alone = (unsigned)type << 16;
	uint8_t track;

	if (!is_enhanced(type, first) || behind_modex(&c, first & 0x0f) != multitrack)
		return alone;
	/* Behind AvMultitrackType and the packet type comes a FourCC, whether it is of all tracks or of the first. */
	slu_cursor_u8(&c);
	slu_cursor_take(&c, EX_FOURCC);
	track = slu_cursor_u8(&c);
	return c.bad ? alone : alone | 0x100u | track;
}

bool slu_flv_describes(uint8_t type, const uint8_t *body, size_t size)
{
	bool video = type == SLU_FLV_VIDEO;
	struct slu_cursor c = slu_cursor(body, size);
	uint8_t first = slu_cursor_u8(&c);
	unsigned packet;

	if (!is_enhanced(type, first))
		return false;
	packet = behind_modex(&c, first & 0x0f);
	if (packet == (video ? EX_VIDEO_MULTITRACK : EX_AUDIO_MULTITRACK))
		packet = slu_cursor_u8(&c) & 0x0f;
	return !c.bad && packet == (video ? EX_VIDEO_METADATA : EX_AUDIO_CHANNELS);
}
