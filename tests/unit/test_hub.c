/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdlib.h>

#include <sluice/error.h>

#include "hub_kit.h"
#include "server/gop.h"

static void makes_keys(void **state)
{
	static const struct {
		const char *app, *name, *key;
	} good[] = {
		{"live", "cam", "live/cam"},
		{"/live/", "/cam", "live/cam"},
		{"live?token=1", "cam?token=2", "live/cam"},
		{"live/event", "cam", "live/event/cam"},
		{"live", "event//cam", "live/event/cam"},
		{"", "cam", "cam"},
		{"live?a/b", "..cam..", "live/..cam.."},
	};
	static const struct {
		const char *app, *name;
	} bad[] = {
		{"live", ""},  {"live", "?x"}, {"live", ".."},    {"..", "cam"}, {"live", "a/../b"},
		{"live", "."}, {"", ""},       {"live", "c\nam"}, {"live", "/"}, {"live/../..", "etc"},
	};
	char key[SLU_STREAM_KEY], name[SLU_STREAM_KEY + 1];

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_int_equal(slu_stream_key(key, good[i].app, good[i].name), 0);
		assert_string_equal(key, good[i].key);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_int_equal(slu_stream_key(key, bad[i].app, bad[i].name), SLU_ERR_INVALID);
	memset(name, 'n', sizeof name);
	name[SLU_STREAM_KEY - 6] = '\0';
	assert_int_equal(slu_stream_key(key, "live", name), 0);
	assert_int_equal(strlen(key), SLU_STREAM_KEY - 1);
	name[SLU_STREAM_KEY - 6] = 'n';
	name[SLU_STREAM_KEY - 5] = '\0';
	assert_int_equal(slu_stream_key(key, "live", name), SLU_ERR_INVALID);
}

static void sends_each_message_to_each_player(void **state)
{
	struct slu_hub *hub = hub_kit_new(NULL);
	struct slu_hub_stats stats;
	struct slu_hub_stream *s, *other;
	struct fake *f[3], *g = hub_fake_new();

	(void)state;
	assert_int_equal(slu_hub_publish(hub, "live/a", &s), 0);
	assert_int_equal(slu_hub_publish(hub, "live/b", &other), 0);
	for (int i = 0; i < 3; i++) {
		f[i] = hub_fake_new();
		assert_int_equal(slu_hub_play(hub, "live/a", &f[i]->p), 0);
	}
	assert_int_equal(slu_hub_play(hub, "live/b", &g->p), 0);
	slu_hub_stats(hub, &stats);
	assert_int_equal(stats.publishers, 2);
	assert_int_equal(stats.players, 4);
	AVC_CONFIG(s, 0);
	KEY(s, 0);
	for (uint32_t t = 1; t <= 100; t++) {
		INTER(s, t);
		/* By reference: the very bytes. */
		for (int i = 0; i < 3; i++)
			assert_ptr_equal(f[i]->seen[f[i]->n - 1].data, hub_last_data);
	}
	AAC(other, 7);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(f[i]->n, 102);
		assert_int_equal(f[i]->p.sent, 102);
		assert_int_equal(f[i]->p.dropped, 0);
		hub_saw(f[i], 101, 9, 100);
	}
	assert_int_equal(g->n, 1);
	slu_hub_leave(&f[1]->p);
	INTER(s, 101);
	assert_int_equal(f[0]->n, 103);
	assert_int_equal(f[1]->n, 102);
	assert_int_equal(f[2]->n, 103);
	slu_hub_unpublish(s);
	slu_hub_unpublish(other);
	for (int i = 0; i < 3; i++) {
		assert_int_equal(f[i]->ended, i != 1);
		slu_hub_leave(&f[i]->p);
		free(f[i]);
	}
	slu_hub_stats(hub, &stats);
	assert_int_equal(stats.streams, 0);
	slu_hub_free(hub);
	free(g);
}

static void refuses_a_second_publisher(void **state)
{
	struct slu_hub *hub = hub_kit_new(NULL);
	struct slu_hub_stream *s, *second;

	(void)state;
	assert_false(slu_hub_live(hub, "live/a"));
	assert_int_equal(slu_hub_publish(hub, "live/a", &s), 0);
	assert_int_equal(slu_hub_publish(hub, "live/a", &second), SLU_ERR_REFUSED);
	assert_true(slu_hub_live(hub, "live/a"));
	slu_hub_unpublish(s);
	assert_false(slu_hub_live(hub, "live/a"));
	assert_int_equal(slu_hub_publish(hub, "live/a", &s), 0);
	slu_hub_unpublish(s);
	slu_hub_free(hub);
}

/* Names that nobody publishes are bounded, and take no room from those that somebody does. */
static void limits_streams(void **state)
{
	struct slu_hub_config config = {.max_streams = 2};
	struct slu_hub *hub = hub_kit_new(&config);
	struct slu_hub_stream *a, *b, *c;
	struct slu_hub_stats stats;
	struct fake *f[4];

	(void)state;
	for (int i = 0; i < 4; i++)
		f[i] = hub_fake_new();
	assert_int_equal(slu_hub_play(hub, "x", &f[0]->p), 0);
	assert_int_equal(slu_hub_play(hub, "y", &f[1]->p), 0);
	assert_int_equal(slu_hub_play(hub, "z", &f[2]->p), SLU_ERR_LIMIT);
	assert_null(f[2]->p.stream);
	assert_int_equal(slu_hub_play(hub, "x", &f[2]->p), 0);
	assert_int_equal(slu_hub_publish(hub, "a", &a), 0);
	assert_int_equal(slu_hub_publish(hub, "x", &b), 0);
	assert_int_equal(slu_hub_publish(hub, "c", &c), SLU_ERR_LIMIT);
	assert_int_equal(slu_hub_publish(hub, "y", &c), SLU_ERR_LIMIT);
	assert_int_equal(slu_hub_play(hub, "z", &f[3]->p), 0); /* x is published now */
	slu_hub_stats(hub, &stats);
	assert_int_equal(stats.streams, 4);
	slu_hub_unpublish(a);
	assert_int_equal(slu_hub_publish(hub, "y", &c), 0);
	slu_hub_unpublish(b);
	slu_hub_unpublish(c);
	slu_hub_leave(&f[3]->p);
	slu_hub_stats(hub, &stats);
	assert_int_equal(stats.streams, 0);
	slu_hub_free(hub);
	for (int i = 0; i < 4; i++)
		free(f[i]);
}

static void players_may_wait(void **state)
{
	struct slu_hub *hub = hub_kit_new(NULL);
	struct slu_hub_stream *s;
	struct fake *f = hub_fake_new();

	(void)state;
	assert_int_equal(slu_hub_play(hub, "live/a", &f->p), 0);
	assert_int_equal(f->n, 0);
	assert_int_equal(slu_hub_publish(hub, "live/a", &s), 0);
	assert_int_equal(f->begun, 1);
	/* Pictures that depend on one that never came are worth nothing, and are not lost. */
	METADATA(s, 5);
	AVC_CONFIG(s, 5);
	INTER(s, 5);
	AAC(s, 6);
	INTER(s, 45);
	assert_int_equal(f->n, 3);
	hub_saw(f, 1, 9, 5);
	hub_saw(f, 2, 8, 6);
	KEY(s, 85);
	INTER(s, 125);
	assert_int_equal(f->n, 5);
	hub_saw(f, 3, 9, 85);
	hub_saw(f, 4, 9, 125);
	assert_int_equal(f->p.dropped, 0);
	slu_hub_unpublish(s);
	assert_int_equal(f->ended, 1);
	slu_hub_free(hub);
	free(f);
}

/* Of a stream that refreshes its pictures bit by bit none is a key frame: it is begun with anywhere, in the end. */
static void players_do_not_wait_for_ever_for_a_key_frame(void **state)
{
	struct slu_hub *hub = hub_kit_new(NULL);
	struct slu_hub_stream *s;
	struct fake *f = hub_fake_new();

	(void)state;
	assert_int_equal(slu_hub_play(hub, "live/a", &f->p), 0);
	assert_int_equal(slu_hub_publish(hub, "live/a", &s), 0);
	AVC_CONFIG(s, 0);
	INTER(s, 0);
	INTER(s, SLU_GOP_PATIENCE_MS);
	assert_int_equal(f->n, 1);
	INTER(s, SLU_GOP_PATIENCE_MS + 1);
	INTER(s, SLU_GOP_PATIENCE_MS + 41);
	assert_int_equal(f->n, 3);
	hub_saw(f, 1, 9, SLU_GOP_PATIENCE_MS + 1);
	slu_hub_unpublish(s);
	slu_hub_free(hub);
	free(f);
}

static void late_players_begin_at_the_key_frame(void **state)
{
	struct slu_hub *hub = hub_kit_new(NULL);
	struct slu_hub_stream *s;
	struct fake *f = hub_fake_new();

	(void)state;
	assert_int_equal(slu_hub_publish(hub, "live/a", &s), 0);
	METADATA(s, 0);
	AVC_CONFIG(s, 0);
	AAC_CONFIG(s, 0);
	KEY(s, 1000);
	AAC(s, 1020);
	INTER(s, 1040);
	KEY(s, 2000);
	INTER(s, 2040);
	AAC(s, 2041);
	assert_int_equal(slu_hub_play(hub, "live/a", &f->p), 0);
	assert_int_equal(f->n, 6);
	hub_saw(f, 0, 18, 2000);
	hub_saw(f, 1, 9, 2000);
	hub_saw(f, 2, 8, 2000);
	hub_saw(f, 3, 9, 2000);
	hub_saw(f, 4, 9, 2040);
	hub_saw(f, 5, 8, 2041);
	INTER(s, 2080);
	assert_int_equal(f->n, 7);
	slu_hub_leave(&f->p);
	slu_hub_clear_metadata(s);
	f->n = 0;
	assert_int_equal(slu_hub_play(hub, "live/a", &f->p), 0);
	assert_int_equal(f->n, 6);
	hub_saw(f, 0, 9, 2000);
	slu_hub_unpublish(s);
	slu_hub_free(hub);
	free(f);
}

static void a_slow_player_loses_whole_groups(void **state)
{
	struct slu_hub_config config = {.max_queue = 50};
	struct slu_hub *hub = hub_kit_new(&config);
	struct slu_hub_stream *s;
	struct fake *slow = hub_fake_new(), *quick = hub_fake_new();

	(void)state;
	slow->fills = true;
	assert_int_equal(slu_hub_publish(hub, "live/a", &s), 0);
	assert_int_equal(slu_hub_play(hub, "live/a", &slow->p), 0);
	assert_int_equal(slu_hub_play(hub, "live/a", &quick->p), 0);
	AVC_CONFIG(s, 0);
	KEY(s, 0);
	for (uint32_t t = 1; t <= 10; t++)
		INTER(s, t);
	/* 5 + 4 * 10 bytes fit. */
	assert_int_equal(slow->n, 5);
	assert_int_equal(slow->p.dropped, 7);
	assert_int_equal(quick->n, 12);
	/* Configuration is no loss: it comes again. */
	AVC_CONFIG(s, 11);
	assert_int_equal(slow->n, 5);
	assert_int_equal(slow->p.dropped, 7);
	assert_int_equal(quick->n, 13);
	/* A key frame that finds the queue more than half full is of no use. */
	slow->queued = 20;
	KEY(s, 20);
	assert_int_equal(slow->n, 5);
	slow->queued = 0;
	/* Room, but nothing that depends on what was lost. */
	INTER(s, 21);
	AAC(s, 21);
	assert_int_equal(slow->n, 5);
	assert_int_equal(slow->p.dropped, 10);
	KEY(s, 30);
	INTER(s, 31);
	assert_int_equal(slow->n, 8);
	hub_saw(slow, 5, 9, 30); /* the configuration again, */
	hub_saw(slow, 6, 9, 30); /* the key frame */
	hub_saw(slow, 7, 9, 31);
	assert_int_equal(quick->n, 18);
	assert_int_equal(quick->p.dropped, 0);
	slu_hub_unpublish(s);
	slu_hub_free(hub);
	free(slow);
	free(quick);
}

static void a_slow_listener_goes_on_when_there_is_room(void **state)
{
	struct slu_hub_config config = {.max_queue = 20};
	struct slu_hub *hub = hub_kit_new(&config);
	struct slu_hub_stream *s;
	struct fake *f = hub_fake_new();

	(void)state;
	f->fills = true;
	assert_int_equal(slu_hub_publish(hub, "live/a", &s), 0);
	assert_int_equal(slu_hub_play(hub, "live/a", &f->p), 0);
	AAC_CONFIG(s, 0);
	for (uint32_t t = 0; t < 10; t++)
		AAC(s, t);
	assert_int_equal(f->n, 6);
	assert_int_equal(f->p.dropped, 5);
	f->queued = 0;
	AAC(s, 10);
	assert_int_equal(f->n, 8); /* its configuration came before it */
	slu_hub_unpublish(s);
	slu_hub_free(hub);
	free(f);
}

/* It is told once, until it goes on; who wants no pictures goes on with sound; and who plays again begins anew. */
static void is_slow_once(void **state)
{
	struct slu_hub_config config = {.max_queue = 20};
	struct slu_hub *hub = hub_kit_new(&config);
	struct slu_hub_stream *s;
	struct fake *f = hub_fake_new();

	(void)state;
	f->p.no_video = true;
	f->queued = 20;
	assert_int_equal(slu_hub_publish(hub, "live/a", &s), 0);
	KEY(s, 0);
	assert_int_equal(slu_hub_play(hub, "live/a", &f->p), 0);
	AAC(s, 0);
	AAC(s, 20);
	assert_int_equal(f->slowed, 1);
	f->queued = 0;
	AAC(s, 40);
	assert_int_equal(f->n, 1);
	f->queued = 20;
	AAC(s, 60);
	assert_int_equal(f->slowed, 2);
	f->answer = SLU_ERR_RESET;
	f->queued = 0;
	AAC(s, 80);
	assert_true(f->p.failed);
	slu_hub_leave(&f->p);
	f->answer = 0;
	assert_int_equal(slu_hub_play(hub, "live/a", &f->p), 0);
	AAC(s, 100);
	assert_int_equal(f->n, 2);
	slu_hub_unpublish(s);
	slu_hub_free(hub);
	free(f);
}

/* Where there is no room for all that is kept, the next key frame will do; and nothing is caught up with in a pause. */
static void joins_with_what_it_has_room_for(void **state)
{
	struct slu_hub_config config = {.max_queue = 25};
	struct slu_hub *hub = hub_kit_new(&config);
	struct slu_hub_stream *s;
	struct fake *f = hub_fake_new(), *paused = hub_fake_new();

	(void)state;
	assert_int_equal(slu_hub_publish(hub, "live/a", &s), 0);
	KEY(s, 0);
	INTER(s, 40);
	paused->p.paused = true;
	assert_int_equal(slu_hub_play(hub, "live/a", &paused->p), 0);
	assert_int_equal(paused->n, 0);
	f->queued = 6; /* and 20 that are kept */
	assert_int_equal(slu_hub_play(hub, "live/a", &f->p), 0);
	assert_int_equal(f->n, 0);
	f->queued = 0;
	INTER(s, 80);
	assert_int_equal(f->n, 0);
	KEY(s, 120);
	assert_int_equal(f->n, 1);
	assert_int_equal(f->p.dropped, 0);
	slu_hub_unpublish(s);
	slu_hub_free(hub);
	free(f);
	free(paused);
}

static void waits_for_a_key_frame_when_none_is_kept(void **state)
{
	struct slu_hub_config config = {.max_gop = 25};
	struct slu_hub *hub = hub_kit_new(&config);
	struct slu_hub_stream *s;
	struct fake *f = hub_fake_new();

	(void)state;
	assert_int_equal(slu_hub_publish(hub, "live/a", &s), 0);
	AVC_CONFIG(s, 0);
	KEY(s, 0);
	INTER(s, 1);
	INTER(s, 2);
	assert_int_equal(slu_hub_play(hub, "live/a", &f->p), 0);
	assert_int_equal(f->n, 1);
	INTER(s, 3);
	AAC(s, 3);
	assert_int_equal(f->n, 1);
	KEY(s, 4);
	INTER(s, 5);
	assert_int_equal(f->n, 4);
	hub_saw(f, 2, 9, 4);
	slu_hub_unpublish(s);
	slu_hub_free(hub);
	free(f);
}

static void honours_wishes(void **state)
{
	struct slu_hub *hub = hub_kit_new(NULL);
	struct slu_hub_stream *s;
	struct fake *f = hub_fake_new();

	(void)state;
	assert_int_equal(slu_hub_publish(hub, "live/a", &s), 0);
	assert_int_equal(slu_hub_play(hub, "live/a", &f->p), 0);
	f->p.no_video = true;
	KEY(s, 0);
	AAC(s, 0);
	assert_int_equal(f->n, 1);
	f->p.no_video = false;
	slu_hub_resume(&f->p);
	INTER(s, 1);
	AAC(s, 1);
	assert_int_equal(f->n, 1);
	KEY(s, 2);
	AAC(s, 2);
	assert_int_equal(f->n, 3);
	f->p.paused = true;
	KEY(s, 3);
	assert_int_equal(f->n, 3);
	f->p.paused = false;
	slu_hub_resume(&f->p);
	KEY(s, 4);
	assert_int_equal(f->n, 4);
	f->p.no_audio = true;
	AAC(s, 5);
	assert_int_equal(f->n, 4);
	slu_hub_unpublish(s);
	slu_hub_free(hub);
	free(f);
}

static void a_dead_player_gets_nothing_more(void **state)
{
	struct slu_hub *hub = hub_kit_new(NULL);
	struct slu_hub_stream *s;
	struct fake *dead = hub_fake_new(), *full = hub_fake_new();

	(void)state;
	assert_int_equal(slu_hub_publish(hub, "live/a", &s), 0);
	assert_int_equal(slu_hub_play(hub, "live/a", &dead->p), 0);
	assert_int_equal(slu_hub_play(hub, "live/a", &full->p), 0);
	dead->answer = SLU_ERR_RESET;
	full->answer = SLU_ERR_LIMIT;
	KEY(s, 0);
	dead->answer = full->answer = 0;
	KEY(s, 1);
	assert_int_equal(dead->n, 0);
	assert_int_equal(full->n, 1);
	slu_hub_unpublish(s);
	assert_int_equal(dead->ended, 0);
	assert_int_equal(full->ended, 1);
	slu_hub_free(hub);
	free(dead);
	free(full);
}

/* A stream of which no key frame ever comes is joined anywhere, once that is sure: sound and all. */
static void joins_a_stream_without_key_frames(void **state)
{
	struct slu_hub *hub = hub_kit_new(NULL);
	struct slu_hub_stream *s;
	struct fake *f = hub_fake_new();

	(void)state;
	assert_int_equal(slu_hub_publish(hub, "live/a", &s), 0);
	AVC_CONFIG(s, 0);
	AAC_CONFIG(s, 0);
	KEY(s, 1000);
	AAC_CONFIG(s, 0);
	assert_int_equal(slu_hub_play(hub, "live/a", &f->p), 0);
	slu_hub_leave(&f->p);
	hub_say(s, 9, 20000, "\x17\x00\x00\x00\x00new", 8); /* so that there is no group */
	assert_int_equal(slu_hub_play(hub, "live/a", &f->p), 0);
	f->n = 0;
	INTER(s, 20040);
	AAC(s, 30000);
	assert_int_equal(f->n, 0);
	assert_int_equal(f->p.dropped, 0); /* nothing of it for its own slowness */
	AAC(s, 31001);
	assert_int_equal(f->n, 3);
	hub_saw(f, 2, 8, 31001);
	INTER(s, 31040);
	assert_int_equal(f->n, 4);
	slu_hub_unpublish(s);
	slu_hub_free(hub);
	free(f);
}

/* Nor does the key frame of another track begin anything. */
static void resumes_at_the_main_track(void **state)
{
	struct slu_hub *hub = hub_kit_new(NULL);
	struct slu_hub_stream *s;
	struct fake *f = hub_fake_new();

	(void)state;
	assert_int_equal(slu_hub_publish(hub, "live/a", &s), 0);
	assert_int_equal(slu_hub_play(hub, "live/a", &f->p), 0);
	AVC_CONFIG(s, 0);
	hub_say(s, 9, 0, "\x96\x00hvc1\x01", 7);
	KEY(s, 0);
	slu_hub_resume(&f->p);
	f->n = 0;
	hub_say(s, 9, 40, "\x96\x03hvc1\x01key", 10);
	assert_int_equal(f->n, 0);
	KEY(s, 80);
	assert_int_equal(f->n, 3);
	slu_hub_unpublish(s);
	slu_hub_free(hub);
	free(f);
}

/* The largest first; players to come wait for a key frame then, and those who play notice nothing. */
static void spares_what_is_kept(void **state)
{
	struct slu_hub *hub = hub_kit_new(NULL);
	struct slu_hub_stream *s, *other;
	struct fake *f = hub_fake_new(), *late = hub_fake_new();
	size_t first, second;

	(void)state;
	assert_int_equal(slu_hub_spare(hub), 0);
	assert_int_equal(slu_hub_publish(hub, "live/a", &s), 0);
	assert_int_equal(slu_hub_publish(hub, "live/b", &other), 0);
	assert_int_equal(slu_hub_play(hub, "live/b", &f->p), 0);
	KEY(s, 0);
	KEY(other, 0);
	INTER(other, 1);
	first = slu_hub_spare(hub);
	second = slu_hub_spare(hub);
	assert_true(first > second && second > 0);
	assert_int_equal(slu_hub_spare(hub), 0);
	INTER(other, 2);
	assert_int_equal(f->n, 3);
	assert_int_equal(slu_hub_play(hub, "live/b", &late->p), 0);
	INTER(other, 3);
	assert_int_equal(late->n, 0);
	KEY(other, 4);
	assert_int_equal(late->n, 1);
	assert_int_equal(f->n, 5);
	assert_int_equal(f->p.dropped, 0);
	slu_hub_unpublish(s);
	slu_hub_unpublish(other);
	slu_hub_free(hub);
	free(f);
	free(late);
}

/* Of those who have left too, through publishers; and each byte once in what is new. */
static void counts_what_passes(void **state)
{
	struct slu_hub *hub = hub_kit_new(NULL);
	struct slu_hub_stream *s;
	struct fake *f[2] = {hub_fake_new(), hub_fake_new()};
	struct slu_hub_counts n;
	uint64_t in = 0, out = 0;

	(void)state;
	assert_int_equal(slu_hub_play(hub, "live/a", &f[0]->p), 0);
	assert_int_equal(slu_hub_publish(hub, "live/a", &s), 0);
	assert_int_equal(slu_hub_play(hub, "live/a", &f[1]->p), 0);
	hub_say(s, 9, 0, "\x17\x01key", 5);
	slu_hub_count(s, &n);
	assert_true(n.published);
	assert_int_equal(n.players, 2);
	assert_int_equal(n.waiting, 0);
	assert_int_equal(n.messages_in, 1);
	assert_int_equal(n.new_in, 5);
	assert_int_equal(n.new_out, 10);
	in += n.new_in;
	out += n.new_out;
	slu_hub_leave(&f[0]->p);
	hub_say(s, 9, 40, "\x27\x01inter", 7);
	slu_hub_resume(&f[1]->p);
	hub_say(s, 9, 80, "\x27\x01inter", 7);
	slu_hub_count(s, &n);
	assert_int_equal(n.players, 1);
	assert_int_equal(n.waiting, 1);
	in += n.new_in;
	out += n.new_out;
	assert_int_equal(n.messages_in, 3);
	assert_int_equal(n.bytes_in, 19);
	assert_int_equal(in, 19);
	assert_int_equal(n.messages_out, 3);
	assert_int_equal(n.bytes_out, 17);
	assert_int_equal(out, 17);
	slu_hub_count(s, &n);
	assert_int_equal(n.new_in, 0);
	assert_int_equal(n.new_out, 0);
	slu_hub_unpublish(s);
	slu_hub_free(hub);
	free(f[0]);
	free(f[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(makes_keys),
		cmocka_unit_test(counts_what_passes),
		cmocka_unit_test(spares_what_is_kept),
		cmocka_unit_test(sends_each_message_to_each_player),
		cmocka_unit_test(refuses_a_second_publisher),
		cmocka_unit_test(limits_streams),
		cmocka_unit_test(players_may_wait),
		cmocka_unit_test(players_do_not_wait_for_ever_for_a_key_frame),
		cmocka_unit_test(late_players_begin_at_the_key_frame),
		cmocka_unit_test(a_slow_player_loses_whole_groups),
		cmocka_unit_test(a_slow_listener_goes_on_when_there_is_room),
		cmocka_unit_test(is_slow_once),
		cmocka_unit_test(joins_with_what_it_has_room_for),
		cmocka_unit_test(waits_for_a_key_frame_when_none_is_kept),
		cmocka_unit_test(honours_wishes),
		cmocka_unit_test(a_dead_player_gets_nothing_more),
		cmocka_unit_test(joins_a_stream_without_key_frames),
		cmocka_unit_test(resumes_at_the_main_track),
	};

	return cmocka_run_group_tests_name("hub", tests, NULL, NULL);
}
