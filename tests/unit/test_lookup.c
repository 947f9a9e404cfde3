/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <poll.h>

#include <sluice/error.h>

#include "record_kit.h"
#include "tools/lookup.h"

/* Keeps out of the home of whoever runs this. */
static int begin(void **state)
{
	return kit_setup(state) == 0 ? setenv("HOME", kit_path, 1) : -1;
}

static void wait_for(const struct slu_lookup *l)
{
	struct pollfd p = {.fd = slu_lookup_fd(l), .events = POLLIN};

	assert_int_equal(poll(&p, 1, 60000), 1);
	assert_true(slu_lookup_done(l));
}

static void a_failure(void **state)
{
	struct slu_lookup *l = slu_lookup_begin("http://127.0.0.1:1/player.swf", 30);
	struct slu_player player = {.size = 5};
	char error[1200] = "";

	(void)state;
	assert_non_null(l);
	wait_for(l);
	assert_int_equal(slu_lookup_result(l, &player, error, sizeof error), SLU_ERR_CONNECT);
	assert_int_equal(player.size, 0);
	assert_non_null(strstr(error, "127.0.0.1:1"));
	slu_lookup_end(l);
}

/* The entry that a player is kept in: no web server is asked for it. */
static void what_is_kept(void **state)
{
	struct slu_player player = {.size = 0};
	char error[1200] = "", path[64];
	struct slu_lookup *l;
	FILE *to;

	(void)state;
	snprintf(path, sizeof path, "%s/.swfinfo", kit_path);
	to = fopen(path, "w");
	assert_non_null(to);
	fprintf(to,
		"url: http://127.0.0.1:1/player.swf\nctim: Sun, 06 Nov 1994 08:49:37 GMT\ndate: Sun, 06 Nov 1994 "
		"08:49:37 GMT\n"
		"size: 000012ab\nhash: %064d\n",
		7);
	assert_int_equal(fclose(to), 0);
	l = slu_lookup_begin("http://127.0.0.1:1/player.swf", 100000);
	assert_non_null(l);
	wait_for(l);
	assert_int_equal(slu_lookup_result(l, &player, error, sizeof error), 0);
	assert_int_equal(player.size, 0x12ab);
	assert_int_equal(player.hash[31], 7);
	slu_lookup_end(l);
}

static void nobody_waits_for_it(void **state)
{
	struct slu_lookup *l = slu_lookup_begin("http://127.0.0.1:1/player.swf", 30);

	(void)state;
	assert_non_null(l);
	slu_lookup_end(l);
	slu_lookup_end(NULL);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, kit_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_failure),
		TEST(what_is_kept),
		TEST(nobody_waits_for_it),
	};

	slu_lookup_prepare(); /* and the last one leaves a thread behind */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
