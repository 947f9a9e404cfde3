/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdio.h>
#include <string.h>

#include "provider/device.h"

static struct slu_dc_settings s;
static char error[200];

static int set(const char *name, const char *value)
{
	error[0] = '\0';
	return slu_dc_settings_set(&s, name, value, error, sizeof error);
}

static int setup(void **state)
{
	(void)state;
	memset(&s, 0xa5, sizeof s);
	slu_dc_settings_init(&s);
	return 0;
}

static void test_defaults(void **state)
{
	(void)state;
	assert_string_equal(s.path, "/dev/crypto");
	assert_int_equal(s.min_size, 4096);
	assert_int_equal(s.largest, 0);
	assert_int_equal(s.check_first, 16);
	assert_int_equal(s.check_every, 64);
	assert_int_equal(s.ahead, 12);
	assert_int_equal(s.deadline_ms, 1000);
	assert_false(s.decrypt);
	assert_true(s.fallback);
	assert_non_null(s.log);
}

static void test_each_number(void **state)
{
	const struct {
		const char *name;
		uint32_t *value;
		const char *least, *most, *too_many;
	} all[] = {
		{"min_size", &s.min_size, "0", "1073741824", "1073741825"},
		{"largest", &s.largest, "16", "16777216", "16777217"},
		{"check_first", &s.check_first, "0", "4294967295", "4294967296"},
		{"check_every", &s.check_every, "0", "4294967295", "4294967296"},
		{"ahead", &s.ahead, "0", "64", "65"},
		{"deadline_ms", &s.deadline_ms, "10", "3600000", "3600001"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		char text[24];

		assert_int_equal(set(all[i].name, all[i].least), 0);
		snprintf(text, sizeof text, "%lu", (unsigned long)*all[i].value);
		assert_string_equal(text, all[i].least);
		assert_int_equal(set(all[i].name, all[i].most), 0);
		snprintf(text, sizeof text, "%lu", (unsigned long)*all[i].value);
		assert_string_equal(text, all[i].most);
		assert_int_equal(set(all[i].name, all[i].too_many), -1);
		assert_non_null(strstr(error, all[i].name));
		assert_non_null(strstr(error, all[i].most));
		snprintf(text, sizeof text, "%lu", (unsigned long)*all[i].value);
		assert_string_equal(text, all[i].most); /* as it was */
		assert_int_equal(set(all[i].name, "0"), 0);
		assert_int_equal(*all[i].value, 0);
	}
}

static void test_not_a_number(void **state)
{
	static const char *const bad[] = {
		"", " 1", "-1", "+1", "1 ", "0x10", "16k", "1e3", "one", "1.0", "99999999999999999999999"};

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_int_equal(set("min_size", bad[i]), -1);
		assert_true(error[0]);
		assert_int_equal(s.min_size, 4096);
	}
	/* Below the least, and not zero. */
	assert_int_equal(set("largest", "15"), -1);
	assert_int_equal(set("deadline_ms", "9"), -1);
	assert_int_equal(s.deadline_ms, 1000);
}

static void test_switches(void **state)
{
	static const char *const words[][2] = {
		{"on", "off"}, {"yes", "no"}, {"true", "false"}, {"1", "0"}, {"ON", "Off"}};

	(void)state;
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		assert_int_equal(set("decrypt", words[i][0]), 0);
		assert_true(s.decrypt);
		assert_int_equal(set("decrypt", words[i][1]), 0);
		assert_false(s.decrypt);
		assert_int_equal(set("fallback", words[i][1]), 0);
		assert_false(s.fallback);
		assert_int_equal(set("fallback", words[i][0]), 0);
		assert_true(s.fallback);
	}
	assert_int_equal(set("cbc", "off"), 0);
	assert_false(s.cbc);
	assert_true(s.gcm);
	assert_int_equal(set("gcm", "off"), 0);
	assert_false(s.gcm);
	assert_int_equal(set("fallback", "maybe"), -1);
	assert_string_equal(error, "fallback=maybe: say on or off");
	assert_true(s.fallback);
}

static void test_device(void **state)
{
	char path[200];

	(void)state;
	assert_int_equal(set("device", "/tmp/crypto"), 0);
	assert_string_equal(s.path, "/tmp/crypto");
	assert_int_equal(set("device", "crypto"), -1);
	assert_int_equal(set("device", ""), -1);
	memset(path, '/', sizeof path);
	path[sizeof s.path] = '\0';
	assert_int_equal(set("device", path), -1);
	assert_string_equal(s.path, "/tmp/crypto");
	path[sizeof s.path - 1] = '\0';
	assert_int_equal(set("device", path), 0);
	assert_string_equal(s.path, path);
}

static void test_unknown(void **state)
{
	struct slu_dc_settings before = s;

	(void)state;
	assert_int_equal(set("minsize", "1"), -1);
	assert_non_null(strstr(error, "minsize is no setting"));
	assert_non_null(strstr(error, "min_size"));
	assert_memory_equal(&before, &s, sizeof s);
	/* A sentence that does not fit is cut, not written beyond. */
	memset(error, 'x', sizeof error);
	assert_int_equal(slu_dc_settings_set(&s, "minsize", "1", error, 8), -1);
	assert_int_equal(strlen(error), 7);
	assert_int_equal(error[8], 'x');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_defaults, setup),     cmocka_unit_test_setup(test_each_number, setup),
		cmocka_unit_test_setup(test_not_a_number, setup), cmocka_unit_test_setup(test_switches, setup),
		cmocka_unit_test_setup(test_device, setup),       cmocka_unit_test_setup(test_unknown, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
