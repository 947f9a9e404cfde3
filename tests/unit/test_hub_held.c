/* SPDX-License-Identifier: MIT */
/* What of a stream waits for more before it goes to players, and for how long. */
#include "test.h"

#include <stdlib.h>

#include "hub_kit.h"

/* With gather_ms of 40, and a key frame that has gone out at 100 ms. */
static struct slu_hub *gathering(struct fake *f, struct slu_hub_stream **s)
{
	struct slu_hub_config config = {.gather_ms = 40};
	struct slu_hub *hub = hub_kit_new(&config);

	slu_hub_tick(hub, 100);
	assert_int_equal(slu_hub_publish(hub, "live/a", s), 0);
	assert_int_equal(slu_hub_play(hub, "live/a", &f->p), 0);
	KEY(*s, 0);
	assert_int_equal(f->n, 1);
	return hub;
}

static void sound_waits_for_a_picture(void **state)
{
	struct fake *f = hub_fake_new();
	struct slu_hub_stream *s;
	struct slu_hub *hub = gathering(f, &s);

	(void)state;
	assert_true(slu_hub_deadline(hub) == UINT64_MAX);
	AAC(s, 1);
	slu_hub_tick(hub, 110);
	AAC(s, 2);
	assert_int_equal(f->n, 1);
	assert_true(slu_hub_deadline(hub) == 140);
	INTER(s, 3);
	assert_int_equal(f->flushed, 2);
	assert_int_equal(f->n, 4);
	hub_saw(f, 1, 8, 1);
	hub_saw(f, 2, 8, 2);
	hub_saw(f, 3, 9, 3);
	assert_true(slu_hub_deadline(hub) == UINT64_MAX);
	slu_hub_unpublish(s);
	slu_hub_free(hub);
	free(f);
}

static void sound_waits_only_so_long(void **state)
{
	struct fake *f = hub_fake_new();
	struct slu_hub_stream *s;
	struct slu_hub *hub = gathering(f, &s);

	(void)state;
	AAC(s, 1);
	slu_hub_tick(hub, 139);
	slu_hub_send(hub);
	assert_int_equal(f->n, 1);
	slu_hub_tick(hub, 140);
	slu_hub_send(hub);
	assert_int_equal(f->n, 2);
	hub_saw(f, 1, 8, 1);
	assert_true(slu_hub_deadline(hub) == UINT64_MAX);
	for (uint32_t i = 0; i < 33; i++) /* one more than may wait */
		AAC(s, 10 + i);
	assert_int_equal(f->n, 2 + 32);
	hub_saw(f, 33, 8, 41);
	slu_hub_unpublish(s); /* what waits is not lost */
	assert_int_equal(f->n, 35);
	assert_int_equal(f->ended, 1);
	slu_hub_free(hub);
	free(f);
}

/* It gets what waits with all else that was before, and those that were there before it do too. */
static void nothing_waits_when_a_player_joins(void **state)
{
	struct fake *f = hub_fake_new(), *late = hub_fake_new();
	struct slu_hub_stream *s;
	struct slu_hub *hub = gathering(f, &s);

	(void)state;
	AAC(s, 1);
	assert_int_equal(slu_hub_play(hub, "live/a", &late->p), 0);
	assert_int_equal(f->n, 2);
	assert_int_equal(late->n, 2);
	hub_saw(late, 1, 8, 1);
	INTER(s, 2);
	assert_int_equal(f->n, 3);
	assert_int_equal(late->n, 3);
	AAC(s, 3); /* waits when the last of them leaves, and then nobody wants it */
	slu_hub_leave(&f->p);
	slu_hub_leave(&late->p);
	slu_hub_unpublish(s);
	assert_true(slu_hub_deadline(hub) == UINT64_MAX);
	slu_hub_free(hub);
	free(f);
	free(late);
}

/* All that came at once is one write to each player, in order; a configuration begins another. */
static void what_came_at_once_is_flushed_once(void **state)
{
	struct fake *f[3] = {hub_fake_new(), hub_fake_new(), hub_fake_new()};
	struct slu_hub_stream *s;
	struct slu_hub *hub = hub_kit_new(NULL);

	(void)state;
	hub_current = NULL;
	assert_int_equal(slu_hub_publish(hub, "live/a", &s), 0);
	for (size_t i = 0; i < 3; i++)
		assert_int_equal(slu_hub_play(hub, "live/a", &f[i]->p), 0);
	KEY(s, 0);
	AAC(s, 1);
	INTER(s, 2);
	INTER(s, 3);
	assert_int_equal(f[0]->n, 0);
	slu_hub_send(hub);
	slu_hub_send(hub);
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(f[i]->n, 4);
		assert_int_equal(f[i]->flushed, 1);
		for (uint32_t k = 0; k < 4; k++)
			hub_saw(f[i], k, k == 1 ? 8 : 9, k);
	}
	INTER(s, 4);
	AVC_CONFIG(s, 5);
	assert_int_equal(f[0]->flushed, 2);
	assert_int_equal(f[0]->n, 5);
	slu_hub_send(hub);
	assert_int_equal(f[0]->n, 6);
	slu_hub_unpublish(s);
	slu_hub_free(hub);
	for (size_t i = 0; i < 3; i++)
		free(f[i]);
}

static void what_is_not_small_sound_does_not_wait(void **state)
{
	static const char large[3000] = "\xaf\x01";
	struct fake *f = hub_fake_new(), *listener = hub_fake_new();
	struct slu_hub_stream *s, *radio;
	struct slu_hub *hub = gathering(f, &s);

	(void)state;
	hub_say(s, 8, 1, large, sizeof large);
	AAC_CONFIG(s, 2);
	METADATA(s, 3);
	assert_int_equal(f->n, 4);
	assert_int_equal(slu_hub_publish(hub, "live/radio", &radio), 0);
	assert_int_equal(slu_hub_play(hub, "live/radio", &listener->p), 0);
	AAC(radio, 1); /* there will be no picture */
	assert_int_equal(listener->n, 1);
	slu_hub_unpublish(s);
	slu_hub_unpublish(radio);
	slu_hub_free(hub);
	free(f);
	free(listener);
}

/* What is due at once says so, sound alone waits for nobody, and a large one neither. */
static void only_small_sound_beside_pictures_waits(void **state)
{
	struct slu_hub_config config = {.gather_ms = 40};
	struct slu_hub *hub = hub_kit_new(&config);
	struct slu_hub_stream *s;
	struct fake *f = hub_fake_new();
	char sound[2049] = "\xaf\x01";

	(void)state;
	hub_current = NULL;
	slu_hub_tick(hub, 100);
	assert_int_equal(slu_hub_publish(hub, "live/a", &s), 0);
	assert_int_equal(slu_hub_play(hub, "live/a", &f->p), 0);
	assert_false(slu_hub_gathers(s));
	AAC(s, 0);
	assert_int_equal(slu_hub_deadline(hub), 0);
	slu_hub_send(hub);
	assert_int_equal(f->n, 1);
	KEY(s, 0);
	assert_true(slu_hub_gathers(s));
	slu_hub_send(hub);
	hub_say(s, 8, 1, sound, 2048);
	assert_int_equal(slu_hub_deadline(hub), 140);
	slu_hub_send(hub);
	assert_int_equal(f->n, 2);
	hub_say(s, 8, 2, sound, 2049);
	assert_int_equal(slu_hub_deadline(hub), 0);
	slu_hub_send(hub);
	assert_int_equal(f->n, 4);
	slu_hub_unpublish(s);
	slu_hub_free(hub);
	free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sound_waits_for_a_picture),
		cmocka_unit_test(sound_waits_only_so_long),
		cmocka_unit_test(nothing_waits_when_a_player_joins),
		cmocka_unit_test(what_came_at_once_is_flushed_once),
		cmocka_unit_test(what_is_not_small_sound_does_not_wait),
		cmocka_unit_test(only_small_sound_beside_pictures_waits),
	};

	return cmocka_run_group_tests_name("hub_held", tests, NULL, NULL);
}
