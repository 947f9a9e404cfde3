/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <sluice/error.h>

#include "server/record_name.h"

enum { NOON = 1764072000 }; /* 2025-11-25 12:00:00 UTC, a Tuesday */

static void is(const char *format, const char *key, const char *want)
{
	char out[SLU_RECORD_PATH], error[256];

	assert_int_equal(slu_record_name_check(format, error, sizeof error), 0);
	assert_int_equal(slu_record_name(out, format, key, NOON), 0);
	assert_string_equal(out, want);
}

static void is_none(const char *format, const char *key)
{
	char out[SLU_RECORD_PATH];

	assert_int_equal(slu_record_name(out, format, key, NOON), SLU_ERR_INVALID);
}

static void names_files_after_streams(void **state)
{
	(void)state;
	is("%k.flv", "live/cam", "live/cam.flv");
	is("%k.flv", "cam", "cam.flv");
	is("%k.flv", "live/event/cam.v-1_2", "live/event/cam.v-1_2.flv");
	is("%k.flv", "live/.hidden", "live/%2Ehidden.flv");
	is("%k.flv", "live/a b%\xc3\xa4\\\n:", "live/a%20b%25%C3%A4%5C%0A%3A.flv");
	is("%k.flv", "live/...", "live/%2E...flv");
	is("%k.flv", NULL, "*.flv");
	is("in/%k-%k.flv", NULL, "in/*-*.flv");
	is("x%k.flv", "live/cam", "xlive/cam.flv");
}

static void names_files_after_the_time(void **state)
{
	(void)state;
	is("%k/%Y-%m-%d_%H%M%S.flv", "live/cam", "live/cam/2025-11-25_120000.flv");
	is("%Y/%k.flv", "live/cam", "2025/live/cam.flv");
	is("100%%.flv", "live/cam", "100%.flv");
	is("a b.flv", "live/cam", "a b.flv");
	/* What strftime() makes is one part of a path, whatever is in it. */
	is("%D.flv", "live/cam", "11%2F25%2F25.flv");
	is("%T.flv", "live/cam", "12%3A00%3A00.flv");
	is("%A%j%u.flv", "live/cam", "Tuesday3292.flv");
}

static void stays_inside(void **state)
{
	char wide[SLU_RECORD_PART + 2], deep[2 * SLU_RECORD_DEPTH + 2], full[SLU_RECORD_PATH] = "";

	(void)state;
	is_none("%k.flv", "..");
	is_none("%k.flv", "../cam");
	is_none("%k.flv", "live/../../cam");
	is_none("%k.flv", "live/.");
	is_none("%k.flv", "/etc/cam");
	is_none("%k.flv", "live//cam");
	is_none("%k.flv", "live/");
	is_none("%k.flv", "");
	/* Not though there is something around it. */
	is_none("a%kb.flv", "..");
	is_none("a%kb.flv", "");
	is_none("../%k.flv", "cam");
	is_none("/%k.flv", "cam");
	memset(wide, 'w', sizeof wide - 1);
	wide[sizeof wide - 1] = '\0';
	is_none("%k.flv", wide);
	is_none("%k/x.flv", strcat(strcpy(full, "wwww"), wide));
	wide[SLU_RECORD_PART] = '\0';
	assert_int_equal(slu_record_name(full, "%k.flv", wide, NOON), 0);
	/* A byte that is escaped takes three. */
	memset(wide, ' ', SLU_RECORD_PART / 3 + 1);
	wide[SLU_RECORD_PART / 3 + 1] = '\0';
	is_none("%k.flv", wide);
	for (size_t i = 0; i <= SLU_RECORD_DEPTH; i++)
		memcpy(deep + 2 * i, "d/", 2);
	deep[2 * SLU_RECORD_DEPTH + 1] = '\0';
	is_none("%k.flv", deep);
	deep[2 * SLU_RECORD_DEPTH - 1] = '\0';
	assert_int_equal(slu_record_name(full, "%k.flv", deep, NOON), 0);
	/* Parts that are short enough, and too many of them for a path. */
	memset(wide, 'w', SLU_RECORD_PART);
	full[0] = '\0';
	for (int i = 0; i < 9; i++)
		strcat(strcat(full, wide), "/");
	full[strlen(full) - 1] = '\0';
	assert_true(strlen(full) < SLU_RECORD_PATH);
	is_none("%k/%k.flv", full);
}

static void refuses(const char *format, const char *why)
{
	char error[256] = "";

	assert_int_equal(slu_record_name_check(format, error, sizeof error), SLU_ERR_INVALID);
	assert_non_null(strstr(error, why));
}

static void refuses_formats_that_name_nothing(void **state)
{
	(void)state;
	refuses("", "must end in .flv");
	refuses("%k", "must end in .flv");
	refuses("%k.mp4", "must end in .flv");
	refuses(".flv", "must end in .flv");
	refuses("%k/.flv", "must end in .flv");
	refuses("/%k.flv", "below the folder");
	refuses("../%k.flv", "below the folder");
	refuses("a/../%k.flv", "below the folder");
	refuses("./%k.flv", "below the folder");
	refuses("a//%k.flv", "below the folder");
	refuses("%k\n.flv", "control characters");
	refuses("%Z.flv", "but not %Z");
	refuses("%-d.flv", "but not %-");
	refuses("%Ey.flv", "but not %E");
	refuses("%k.flv%", "but not %");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_files_after_streams),
		cmocka_unit_test(names_files_after_the_time),
		cmocka_unit_test(stays_inside),
		cmocka_unit_test(refuses_formats_that_name_nothing),
	};

	return cmocka_run_group_tests_name("record_name", tests, NULL, NULL);
}
