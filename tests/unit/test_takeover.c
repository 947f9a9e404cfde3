/* SPDX-License-Identifier: MIT */
/* One publisher takes over from another: what its players, and those who come later, get. */
#include "test.h"

#include <stdlib.h>

#include "hub_kit.h"

#define HEVC_CONFIG(s, t) hub_say(s, 9, t, "\x90hvc1config", 11)
#define HEVC_KEY(s, t)    hub_say(s, 9, t, "\x93hvc1key", 8)
#define HEVC_INTER(s, t)  hub_say(s, 9, t, "\xa3hvc1inter", 10)

struct scene {
	struct slu_hub *hub;
	struct slu_hub_stream *s;
	struct fake *f;
};

/* A stream of a second up to t = 5040, with a player that has seen all of it. */
static struct scene begin(void)
{
	struct scene n = {.hub = hub_kit_new(NULL), .f = hub_fake_new()};

	assert_int_equal(slu_hub_publish(n.hub, "live/a", &n.s), 0);
	assert_int_equal(slu_hub_play(n.hub, "live/a", &n.f->p), 0);
	METADATA(n.s, 0);
	AVC_CONFIG(n.s, 0);
	AAC_CONFIG(n.s, 0);
	KEY(n.s, 5000);
	INTER(n.s, 5040);
	AAC(n.s, 5023);
	assert_int_equal(n.f->n, 6);
	n.f->n = 0;
	return n;
}

static void end(struct scene *n)
{
	assert_int_equal(n->f->ended, 0);
	assert_int_equal(n->f->p.dropped, 0);
	slu_hub_unpublish(n->s);
	assert_int_equal(n->f->ended, 1);
	slu_hub_free(n->hub);
	free(n->f);
}

static void players_stay_and_go_on(void **state)
{
	struct scene n = begin();

	(void)state;
	slu_hub_take_over(n.s, 10);
	METADATA(n.s, 0);
	AVC_CONFIG(n.s, 0);
	AAC_CONFIG(n.s, 0);
	assert_int_equal(n.f->n, 0);
	AAC(n.s, 900000);
	INTER(n.s, 900010);
	assert_int_equal(n.f->n, 0);
	KEY(n.s, 900040);
	assert_int_equal(n.f->n, 4);
	hub_saw(n.f, 0, 18, 5090);
	hub_saw(n.f, 1, 9, 5090);
	hub_saw(n.f, 2, 8, 5090);
	hub_saw(n.f, 3, 9, 5090); /* 5040, the gap, and 40 since the new one's first frame */
	INTER(n.s, 900080);
	AAC(n.s, 900063);
	hub_saw(n.f, 4, 9, 5130);
	hub_saw(n.f, 5, 8, 5113);
	end(&n);
}

/* The new one goes on from where the old one was, also when that had set its clock back. */
static void goes_on_from_a_clock_that_was_set_back(void **state)
{
	struct scene n = begin();

	(void)state;
	KEY(n.s, 20000);
	KEY(n.s, 100);
	n.f->n = 0;
	slu_hub_take_over(n.s, 10);
	KEY(n.s, 0);
	hub_saw(n.f, n.f->n - 1, 9, 110);
	end(&n);
}

static void codecs_may_change(void **state)
{
	struct scene n = begin();
	struct fake *late = hub_fake_new();

	(void)state;
	slu_hub_take_over(n.s, 10);
	HEVC_CONFIG(n.s, 0);
	HEVC_INTER(n.s, 0);
	HEVC_KEY(n.s, 40);
	HEVC_INTER(n.s, 80);
	assert_int_equal(n.f->n, 3);
	hub_saw(n.f, 0, 9, 5090);
	assert_int_equal(n.f->seen[0].data[0], 0x90);
	hub_saw(n.f, 1, 9, 5090);
	assert_int_equal(n.f->seen[1].data[0], 0x93);
	/* One that comes now gets nothing of the first publisher: neither its metadata nor its sound's configuration.
	 */
	assert_int_equal(slu_hub_play(n.hub, "live/a", &late->p), 0);
	assert_int_equal(late->n, 3);
	hub_saw(late, 0, 9, 5090);
	assert_int_equal(late->seen[0].data[0], 0x90);
	hub_saw(late, 1, 9, 5090);
	hub_saw(late, 2, 9, 5130);
	slu_hub_leave(&late->p);
	free(late);
	end(&n);
}

/* Sound goes on at once when there are no pictures; those that come without a key frame are left out. */
static void sound_alone_goes_on_at_once(void **state)
{
	struct scene n = begin();

	(void)state;
	slu_hub_take_over(n.s, 1);
	AAC_CONFIG(n.s, 0);
	AAC(n.s, 0);
	assert_int_equal(n.f->n, 2);
	hub_saw(n.f, 0, 8, 5041);
	hub_saw(n.f, 1, 8, 5041);
	INTER(n.s, 10);
	assert_int_equal(n.f->n, 2);
	AAC(n.s, 23);
	assert_int_equal(n.f->n, 3);
	AVC_CONFIG(n.s, 40);
	KEY(n.s, 40);
	INTER(n.s, 80);
	assert_int_equal(n.f->n, 6);
	hub_saw(n.f, 4, 9, 5081);
	end(&n);
}

static void wishes_are_kept(void **state)
{
	struct scene n = begin();

	(void)state;
	n.f->p.no_audio = true;
	slu_hub_take_over(n.s, 1);
	AAC_CONFIG(n.s, 0);
	AVC_CONFIG(n.s, 0);
	AAC(n.s, 0);
	KEY(n.s, 40);
	AAC(n.s, 41);
	assert_int_equal(n.f->n, 2);
	n.f->p.paused = true;
	slu_hub_take_over(n.s, 1);
	AVC_CONFIG(n.s, 0);
	KEY(n.s, 0);
	assert_int_equal(n.f->n, 2);
	n.f->p.paused = false;
	slu_hub_resume(&n.f->p);
	INTER(n.s, 40);
	assert_int_equal(n.f->n, 2);
	KEY(n.s, 80);
	assert_int_equal(n.f->n, 4);
	end(&n);
}

/* Again and again, with clocks that lie anywhere: time never goes back, and never leaps. */
static void time_goes_on(void **state)
{
	static const uint32_t clocks[] = {0, 4000000000u, 1000, 86400000, UINT32_MAX - 20};
	struct scene n = begin();
	uint32_t last = 5040;

	(void)state;
	for (size_t i = 0; i < sizeof clocks / sizeof clocks[0]; i++) {
		slu_hub_take_over(n.s, 40);
		AVC_CONFIG(n.s, 0);
		for (uint32_t k = 0; k < 5; k++) {
			if (k == 0)
				KEY(n.s, clocks[i]);
			else
				INTER(n.s, clocks[i] + 40 * k);
			assert_int_equal(n.f->seen[n.f->n - 1].timestamp, last + 40);
			last += 40;
		}
	}
	for (size_t i = 1; i < n.f->n; i++)
		assert_true(n.f->seen[i].timestamp >= n.f->seen[i - 1].timestamp);
	end(&n);
}

static void the_hub_knows_whose_it_is(void **state)
{
	struct slu_hub *hub = hub_kit_new(NULL);
	struct slu_hub_stream *s, *same;
	int first, second;

	(void)state;
	assert_int_equal(slu_hub_publish(hub, "live/a", &s), 0);
	assert_null(slu_hub_publisher(s));
	slu_hub_set_publisher(s, &first);
	assert_int_equal(slu_hub_publish(hub, "live/a", &same), SLU_ERR_REFUSED);
	assert_ptr_equal(same, s);
	assert_ptr_equal(slu_hub_publisher(same), &first);
	slu_hub_take_over(s, 0);
	slu_hub_set_publisher(s, &second);
	assert_ptr_equal(slu_hub_publisher(s), &second);
	slu_hub_unpublish(s);
	slu_hub_free(hub);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(players_stay_and_go_on),    cmocka_unit_test(goes_on_from_a_clock_that_was_set_back),
		cmocka_unit_test(codecs_may_change),         cmocka_unit_test(sound_alone_goes_on_at_once),
		cmocka_unit_test(wishes_are_kept),           cmocka_unit_test(time_goes_on),
		cmocka_unit_test(the_hub_knows_whose_it_is),
	};

	return cmocka_run_group_tests_name("takeover", tests, NULL, NULL);
}
