/* SPDX-License-Identifier: MIT */
#include "tools/serve_stats.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "tools/json_text.h"
#include "tools/say.h"

enum { NAME = 600, WHAT = 2 * NAME + 128, CODECS = 96, RECORDING = 96 };

/* The clock has milliseconds: an interval may have none. */
static double rate(uint64_t bytes, double seconds)
{
	return seconds > 0 ? (double)bytes * 8 / seconds : 0;
}

static void add(cJSON *o, const char *name, uint64_t value)
{
	cJSON_AddNumberToObject(o, name, (double)value);
}

static void add_interval(cJSON *o, double seconds, uint64_t in, uint64_t out)
{
	cJSON_AddNumberToObject(o, "seconds", seconds);
	cJSON_AddNumberToObject(o, "bits_per_second_in", rate(in, seconds));
	cJSON_AddNumberToObject(o, "bits_per_second_out", rate(out, seconds));
}

/* ---- a stream ---- */

static void stream_json(struct slu_serve_log *log, const struct slu_stream_stats *s)
{
	cJSON *o = slu_serve_log_object(log, "stream");

	if (s->id) {
		add(o, "client", s->id);
		cJSON_AddStringToObject(o, "address", s->address);
		slu_json_add_text(o, "app", s->app);
	}
	if (s->stream[0])
		slu_json_add_text(o, "stream", s->stream);
	add(o, "players", s->players);
	add(o, "waiting", s->waiting);
	add_interval(o, s->seconds, s->bytes_in, s->bytes_out);
	add(o, "messages_in", s->messages_in_all);
	add(o, "bytes_in", s->bytes_in_all);
	add(o, "messages_out", s->messages_out_all);
	add(o, "bytes_out", s->bytes_out_all);
	add(o, "dropped", s->dropped_all);
	add(o, "recorded", s->recorded);
	add(o, "recording_queued", s->recording_queued);
	slu_json_add_text(o, "video", s->codecs.video);
	slu_json_add_text(o, "audio", s->codecs.audio);
	add(o, "width", s->codecs.width);
	add(o, "height", s->codecs.height);
	cJSON_AddNumberToObject(o, "frame_rate", s->codecs.frame_rate);
	slu_serve_log_json(log, o);
}

static void name_stream(char out[WHAT], const struct slu_stream_stats *s)
{
	char app[NAME], stream[NAME];

	slu_serve_log_quote(app, sizeof app, s->app, strlen(s->app));
	slu_serve_log_quote(stream, sizeof stream, s->stream, strlen(s->stream));
	if (s->id)
		snprintf(out, WHAT, "of #%u, %s, at \"%s\"%s%s", s->id, s->address, app, stream[0] ? " as " : "",
			 stream);
	else
		snprintf(out, WHAT, "that nobody publishes yet");
}

static void name_codecs(char out[CODECS], const struct slu_codecs *c)
{
	char video[16], audio[16];
	int n;

	slu_serve_log_quote(video, sizeof video, c->video, strlen(c->video));
	slu_serve_log_quote(audio, sizeof audio, c->audio, strlen(c->audio));
	n = snprintf(out, CODECS, "%s%s%s", video, video[0] && audio[0] ? "+" : "", audio);
	if (c->width && c->height)
		snprintf(out + n, CODECS - (size_t)n, " %ux%u", c->width, c->height);
}

static void stream_text(const struct slu_stream_stats *s)
{
	char what[WHAT], codecs[CODECS], recording[RECORDING] = "";

	name_stream(what, s);
	name_codecs(codecs, &s->codecs);
	if (s->recorded)
		snprintf(recording, sizeof recording, ", %" PRIu64 " bytes recorded and %" PRIu64 " of them waiting",
			 s->recorded, s->recording_queued);
	slu_say("stream %s: %zu players, %zu of them waiting, %.0f kb/s in and %.0f out, in all %" PRIu64
		" messages of %" PRIu64 " bytes in and %" PRIu64 " of %" PRIu64 " out, %" PRIu64 " dropped%s%s%s",
		what, s->players, s->waiting, rate(s->bytes_in, s->seconds) / 1000,
		rate(s->bytes_out, s->seconds) / 1000, s->messages_in_all, s->bytes_in_all, s->messages_out_all,
		s->bytes_out_all, s->dropped_all, recording, codecs[0] ? "; " : "", codecs);
}

void slu_serve_stats_stream(void *arg, const struct slu_stream_stats *s)
{
	struct slu_serve_log *log = arg;

	if (log->options->json)
		stream_json(log, s);
	else
		stream_text(s);
}

/* ---- all ---- */

static void server_json(struct slu_serve_log *log, const struct slu_server_stats *s)
{
	cJSON *o = slu_serve_log_object(log, "server");

	add(o, "connections", s->connections);
	add(o, "streams", s->streams);
	add(o, "publishers", s->publishers);
	add(o, "players", s->players);
	add_interval(o, s->seconds, s->bytes_in, s->bytes_out);
	add(o, "bytes_in", s->bytes_in_all);
	add(o, "bytes_out", s->bytes_out_all);
	cJSON_AddNumberToObject(o, "cpu_seconds", s->cpu_seconds);
	add(o, "resident", s->resident);
	add(o, "memory", s->memory);
	add(o, "recording_queued", s->recording_queued);
	add(o, "refused", s->refused);
	add(o, "refused_all", s->refused_all);
	slu_serve_log_json(log, o);
}

void slu_serve_stats_server(void *arg, const struct slu_server_stats *s)
{
	struct slu_serve_log *log = arg;

	if (log->options->json) {
		server_json(log, s);
		return;
	}
	slu_say("%u connections, %zu streams, %zu publishers, %zu players, %.0f kb/s in and %.0f out, in all %" PRIu64
		" bytes in and %" PRIu64 " out, %.3f s of CPU in %.3f s, %" PRIu64 " KB resident, %" PRIu64
		" KB counted, %" PRIu64 " of them waiting for files, %" PRIu64 " refused, in all %" PRIu64,
		s->connections, s->streams, s->publishers, s->players, rate(s->bytes_in, s->seconds) / 1000,
		rate(s->bytes_out, s->seconds) / 1000, s->bytes_in_all, s->bytes_out_all, s->cpu_seconds, s->seconds,
		s->resident / 1024, s->memory / 1024, s->recording_queued / 1024, s->refused, s->refused_all);
}
