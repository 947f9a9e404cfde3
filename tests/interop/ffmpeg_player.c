/* SPDX-License-Identifier: MIT */
/*
 * Plays through libavformat as its user tells it, with the calls that a player with buttons makes.
 *
 *     ffmpeg_player [-OPTION VALUE]... URL STEP...
 *
 * "read N": N packets, or all up to the end without N; "end": all up to the end, and go on; "until MS": packets up to
 * the first video key frame of that time or later; "seek MS", "pause", "play". Prints a line for each step, and for
 * each packet "audio" or "video", its time in milliseconds, its size, and the Adler-32 of its bytes.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libavformat/avformat.h"
#include "libavutil/adler32.h"
#include "libavutil/dict.h"

struct player {
	AVFormatContext *format;
	AVPacket *packet;
};

/* One packet; 1 when it is a video key frame of that time or later, negative at the end. */
static int packet(struct player *p, int64_t until)
{
	AVStream *stream;
	int64_t ms;
	int video, found, error = av_read_frame(p->format, p->packet);

	if (error < 0) {
		printf("end %s\n", error == AVERROR_EOF ? "of the stream" : av_err2str(error));
		return error;
	}
	stream = p->format->streams[p->packet->stream_index];
	ms = av_rescale_q(p->packet->dts, stream->time_base, (AVRational){1, 1000});
	video = stream->codecpar->codec_type == AVMEDIA_TYPE_VIDEO;
	printf("%s %" PRId64 " %d %08x\n", video ? "video" : "audio", ms, p->packet->size,
	       (unsigned)av_adler32_update(1, p->packet->data, (size_t)p->packet->size));
	found = video && p->packet->flags & AV_PKT_FLAG_KEY && ms >= until;
	av_packet_unref(p->packet);
	return found;
}

/* The step that begins at argv[0]: how many arguments it took, or negative. */
static int step(struct player *p, char **argv)
{
	int error = 0, arguments = 1;

	printf("%s\n", argv[0]);
	if (!strcmp(argv[0], "read")) {
		for (long n = argv[1] ? atol(argv[1]) : -1; n && error >= 0; n--)
			error = packet(p, INT64_MAX);
		if (!argv[1])
			return error == AVERROR_EOF ? 1 : error;
		arguments = 2;
	} else if (!strcmp(argv[0], "end")) {
		while (error >= 0)
			error = packet(p, INT64_MAX);
		error = error == AVERROR_EOF ? 0 : error;
	} else if (!strcmp(argv[0], "until") && argv[1]) {
		while (!error)
			error = packet(p, atol(argv[1]));
		arguments = 2;
	} else if (!strcmp(argv[0], "seek") && argv[1]) {
		error = av_seek_frame(p->format, -1, atol(argv[1]) * (AV_TIME_BASE / 1000), 0);
		arguments = 2;
	} else if (!strcmp(argv[0], "pause")) {
		error = av_read_pause(p->format);
	} else if (!strcmp(argv[0], "play")) {
		error = av_read_play(p->format);
	} else {
		error = AVERROR(EINVAL);
	}
	return error < 0 ? error : arguments;
}

int main(int argc, char **argv)
{
	struct player p = {.packet = av_packet_alloc()};
	AVDictionary *options = NULL;
	int taken = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (; argc > 2 && argv[1][0] == '-'; argc -= 2, argv += 2)
		av_dict_set(&options, argv[1] + 1, argv[2], 0);
	if (argc < 2 || !p.packet || avformat_open_input(&p.format, argv[1], NULL, &options) < 0) {
		fprintf(stderr, "ffmpeg_player: cannot open it\n");
		return 1;
	}
	for (char **at = argv + 2; *at && taken >= 0; at += taken)
		taken = step(&p, at);
	if (taken < 0)
		fprintf(stderr, "ffmpeg_player: %s\n", av_err2str(taken));
	av_dict_free(&options);
	avformat_close_input(&p.format);
	av_packet_free(&p.packet);
	return taken < 0;
}
