/* SPDX-License-Identifier: MIT */
/* Statistics, every so often: see stats.h. */
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "conn/over.h"
#include "server/loop_impl.h"
#include "server/recorder.h"

struct told {
	struct slu_loop *loop;
	double seconds;
};

/* ---- of one stream ---- */

static void say_publisher(struct slu_stream_stats *s, const struct slu_peer *peer)
{
	s->id = peer->id;
	s->address = peer->address;
	s->app = peer->app;
	s->stream = peer->named ? peer->key : "";
	if (peer->recorder)
		slu_recorder_sizes(peer->recorder, &s->recorded, &s->recording_queued);
}

static void say_stream(void *arg, struct slu_hub_stream *stream)
{
	const struct told *told = arg;
	const struct slu_stats_listener *to = &told->loop->config.stats;
	struct slu_hub_counts n;
	struct slu_stream_stats s;

	slu_hub_count(stream, &n);
	s = (struct slu_stream_stats){
		.seconds = told->seconds,
		.address = "",
		.app = "",
		.stream = "",
		.players = n.players,
		.waiting = n.waiting,
		.bytes_in = n.new_in,
		.bytes_out = n.new_out,
		.messages_in_all = n.messages_in,
		.bytes_in_all = n.bytes_in,
		.messages_out_all = n.messages_out,
		.bytes_out_all = n.bytes_out,
		.dropped_all = n.dropped,
	};
	slu_codecs_find(&s.codecs, slu_hub_kept(stream));
	if (n.published)
		say_publisher(&s, slu_hub_publisher(stream));
	to->stream(to->arg, &s);
}

/* ---- of all ---- */

static double cpu_seconds(void)
{
	struct rusage u;

	if (getrusage(RUSAGE_SELF, &u) != 0)
		return 0;
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

/* proc(5): the second number of statm is in pages. */
static uint64_t resident(void)
{
	FILE *f = fopen("/proc/self/statm", "re");
	unsigned long long total, pages = 0;
	long page = sysconf(_SC_PAGESIZE);

	if (f && fscanf(f, "%llu %llu", &total, &pages) != 2)
		pages = 0;
	if (f)
		fclose(f);
	return pages * (page > 0 ? (uint64_t)page : 0);
}

/* Of those that are there and of those that have gone. */
static void wire(const struct slu_loop *loop, uint64_t *in, uint64_t *out)
{
	uint64_t of_in, of_out;

	*in = loop->gone_in;
	*out = loop->gone_out;
	for (const struct client *c = loop->clients; c; c = c->next) {
		slu_conn_wire(c->peer->conn, &of_in, &of_out);
		*in += of_in;
		*out += of_out;
	}
}

void slu_loop_stats_forget(struct slu_loop *loop, const struct client *c)
{
	uint64_t in, out;

	slu_conn_wire(c->peer->conn, &in, &out);
	loop->gone_in += in;
	loop->gone_out += out;
}

static size_t players(const struct slu_loop *loop)
{
	size_t n = 0;

	for (const struct client *c = loop->clients; c; c = c->next)
		n += c->peer->playing;
	return n;
}

static void say_server(struct slu_loop *loop, double seconds)
{
	const struct slu_stats_listener *to = &loop->config.stats;
	struct slu_server_stats s = {.seconds = seconds, .connections = slu_loop_connections(loop)};
	double cpu = cpu_seconds();
	struct slu_hub_stats hub;

	slu_hub_stats(loop->peers.hub, &hub);
	s.streams = hub.streams;
	s.publishers = hub.publishers;
	s.players = players(loop);
	wire(loop, &s.bytes_in_all, &s.bytes_out_all);
	s.bytes_in = s.bytes_in_all - loop->told_in;
	s.bytes_out = s.bytes_out_all - loop->told_out;
	s.cpu_seconds = cpu - loop->told_cpu;
	s.resident = resident();
	s.memory = slu_loop_memory(loop);
	s.recording_queued = loop->peers.recorders ? slu_recorders_queued(loop->peers.recorders) : 0;
	s.refused_all = loop->peers.refusals.total;
	s.refused = s.refused_all - loop->told_refused;
	loop->told_in = s.bytes_in_all;
	loop->told_out = s.bytes_out_all;
	loop->told_cpu = cpu;
	loop->told_refused = s.refused_all;
	to->server(to->arg, &s);
}

/* ---- when ---- */

void slu_loop_stats_begin(struct slu_loop *loop)
{
	loop->stats_at = loop->config.stats_ms ? loop->peers.now_ms + loop->config.stats_ms : UINT64_MAX;
	loop->told_at = loop->peers.now_ms;
	loop->told_cpu = cpu_seconds();
}

void slu_loop_stats_on_time(struct slu_loop *loop)
{
	uint64_t now = loop->peers.now_ms;
	struct told told = {.loop = loop, .seconds = (double)(now - loop->told_at) / 1000};

	if (now < loop->stats_at)
		return;
	slu_hub_each(loop->peers.hub, say_stream, &told);
	say_server(loop, told.seconds);
	loop->told_at = now;
	loop->stats_at += loop->config.stats_ms;
	if (loop->stats_at <= now)
		loop->stats_at = now + loop->config.stats_ms;
}
