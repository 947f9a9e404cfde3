/* SPDX-License-Identifier: MIT */
#include "server/codecs.h"

#include <stdio.h>
#include <string.h>

#include <sluice/amf.h>
#include <sluice/flv.h>

enum { MAX_SIDE = 65535, MAX_RATE = 1000, PACKET_MULTITRACK_VIDEO = 6, PACKET_MULTITRACK_AUDIO = 5 };

/* E.4.2.1 and E.4.3.1, in the FourCCs that Enhanced RTMP has for the same, where it has any. */
static const char *const sounds[16] = {
	[1] = "adpcm", [2] = ".mp3", [3] = "pcm",   [4] = "nelly",  [5] = "nelly", [6] = "nelly",
	[7] = "alaw",  [8] = "ulaw", [10] = "mp4a", [11] = "speex", [14] = ".mp3"};
static const char *const pictures[16] = {
	[2] = "flv1", [3] = "flashsv", [4] = "vp6f", [5] = "vp6a", [6] = "flashs2", [7] = "avc1", [12] = "hvc1"};

/* A FourCC, if it looks like one: behind a Multitrack header's own byte. ModEx hides it: then it is not known. */
static void four_cc(char out[8], const struct slu_msg *msg)
{
	unsigned packet = msg->data[0] & 15;
	size_t at = packet == (msg->type == SLU_MSG_VIDEO ? PACKET_MULTITRACK_VIDEO : PACKET_MULTITRACK_AUDIO) ? 2 : 1;

	if (msg->size < at + 4)
		return;
	for (size_t i = 0; i < 4; i++)
		if (msg->data[at + i] < 0x21 || msg->data[at + i] > 0x7e)
			return;
	memcpy(out, msg->data + at, 4);
	out[4] = '\0';
}

static void see(struct slu_codecs *out, const struct slu_msg *msg)
{
	bool video = msg->type == SLU_MSG_VIDEO;
	char *to = video ? out->video : out->audio;
	const char *name;

	if ((!video && msg->type != SLU_MSG_AUDIO) || !msg->size || to[0])
		return;
	if (slu_flv_flags(msg->type, msg->data, msg->size) & SLU_FLV_ENHANCED) {
		four_cc(to, msg);
		return;
	}
	name = video ? pictures[msg->data[0] & 15] : sounds[msg->data[0] >> 4];
	snprintf(to, 8, "%s", name ? name : "");
}

static double number(const struct slu_amf_value *meta, const char *name, double max)
{
	double value = 0;

	return slu_amf_number(slu_amf_get(meta, name), &value) && value > 0 && value <= max ? value : 0;
}

static void read_metadata(struct slu_codecs *out, const struct slu_msg *msg)
{
	struct slu_amf_doc *doc = slu_amf_doc_new(NULL);
	const struct slu_amf_value *meta;

	if (doc && slu_amf_decode(doc, SLU_AMF0, msg->data, msg->size) == 0) {
		meta = slu_amf_at(slu_amf_root(doc), 1);
		out->width = (unsigned)number(meta, "width", MAX_SIDE);
		out->height = (unsigned)number(meta, "height", MAX_SIDE);
		out->frame_rate = number(meta, "framerate", MAX_RATE);
	}
	slu_amf_doc_free(doc);
}

void slu_codecs_find(struct slu_codecs *out, const struct slu_gop *g)
{
	memset(out, 0, sizeof *out);
	for (size_t i = 0; i < g->nconfigs; i++)
		see(out, &g->configs[i]);
	/* Not all have a configuration. */
	for (size_t i = 0; i < g->nframes && !(out->video[0] && out->audio[0]); i++)
		see(out, &g->frames[i]);
	if (g->metadata.owner)
		read_metadata(out, &g->metadata);
}
