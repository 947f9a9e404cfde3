/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

#include "tools/status.h"

static const struct slu_conn_stats conn = {
	.wire_out = 1100000,
	.writes = 70,
	.records = 77,
	.rtt_us = 23400,
	.undelivered = 5,
	.tls = true,
	.tls_version = "TLSv1.3",
	.tls_suite = "TLS_AES_256_GCM_SHA384",
	.peer = "[::1]:443",
};

static double number_of(const cJSON *o, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(o, name);

	assert_true(cJSON_IsNumber(item));
	return item->valuedouble;
}

static const char *text_of(const cJSON *o, const char *name)
{
	const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(o, name));

	assert_non_null(text);
	return text;
}

/* What the status printed, one line, as an object. */
static cJSON *printed(struct slu_status *st, char *text, size_t size)
{
	char *end;
	cJSON *o;

	fflush(st->json);
	end = strchr(text, '\n');
	assert_non_null(end);
	assert_int_equal(end[1], '\0');
	o = cJSON_Parse(text);
	assert_non_null(o);
	rewind(st->json);
	memset(text, 0, size);
	return o;
}

static void reports_once_a_second(void **state)
{
	struct slu_common_options options = {.json = true};
	struct slu_progress progress = {.media_ms = 900, .messages = 70, .payload = 500000, .queue = 12};
	const struct slu_tls_offload_stats none = {.on = false};
	struct slu_status st;
	char text[4096] = "";
	cJSON *o;

	(void)state;
	slu_status_init(&st, "push", &options, false, false, 10000);
	st.json = fmemopen(text, sizeof text, "w");
	assert_false(slu_status_due(&st, 10999));
	assert_int_equal(slu_status_timeout(&st, 10400), 600);
	assert_true(slu_status_due(&st, 11000));
	slu_status_report(&st, 11000, &progress, &conn);
	o = printed(&st, text, sizeof text);
	assert_string_equal(text_of(o, "event"), "status");
	assert_string_equal(text_of(o, "verb"), "push");
	assert_true(number_of(o, "elapsed_ms") == 1000);
	assert_true(number_of(o, "media_ms") == 900);
	assert_true(number_of(o, "bitrate_now") == 4000000);
	assert_true(number_of(o, "queue_bytes") == 12);
	assert_true(number_of(o, "tls_records") == 77);
	assert_true(number_of(o, "rtt_ms") == (double)23.4); /* a literal has more digits on a 387 */
	assert_string_equal(text_of(o, "tls_suite"), "TLS_AES_256_GCM_SHA384");
	cJSON_Delete(o);

	/* A loop that was away comes back to the beat. */
	progress.payload = 750000;
	assert_int_equal(slu_status_timeout(&st, 13500), 0);
	slu_status_report(&st, 13500, &progress, &conn);
	o = printed(&st, text, sizeof text);
	assert_true(number_of(o, "bitrate_now") == 800000);
	assert_true(number_of(o, "bitrate_mean") == 1714285);
	cJSON_Delete(o);
	assert_int_equal(slu_status_timeout(&st, 13500), 500);

	slu_status_end(&st, 14000, &progress, &conn, &none, SLU_EXIT_UNDELIVERED, "5 bytes are lost");
	o = printed(&st, text, sizeof text);
	assert_string_equal(text_of(o, "event"), "summary");
	assert_string_equal(text_of(o, "exit"), "undelivered");
	assert_true(number_of(o, "exit_status") == (double)SLU_EXIT_UNDELIVERED);
	assert_string_equal(text_of(o, "error"), "5 bytes are lost");
	assert_true(number_of(o, "undelivered_bytes") == 5);
	assert_null(cJSON_GetObjectItem(o, "tls_offload"));
	cJSON_Delete(o);
	fclose(st.json);
}

static void sums_up_the_offload(void **state)
{
	const struct slu_tls_offload_stats offload = {.on = true,
						      .door = "devcrypto",
						      .counted = true,
						      .drivers = "AES-GCM: cryptd(gcm)",
						      .operations = 90,
						      .bytes = 1474560,
						      .fallbacks = 8,
						      .checks = 17,
						      .mismatches = 1,
						      .abandoned = 2,
						      .sessions = 3,
						      .off = true};
	struct slu_common_options options = {.json = true};
	struct slu_progress progress = {0};
	struct slu_status st;
	char text[4096] = "";
	cJSON *o, *t;

	(void)state;
	slu_status_init(&st, "push", &options, false, false, 0);
	st.json = fmemopen(text, sizeof text, "w");
	slu_status_end(&st, 1000, &progress, &conn, &offload, SLU_EXIT_OK, "");
	o = printed(&st, text, sizeof text);
	t = cJSON_GetObjectItem(o, "tls_offload");
	assert_non_null(t);
	assert_string_equal(text_of(t, "door"), "devcrypto");
	assert_string_equal(text_of(t, "drivers"), "AES-GCM: cryptd(gcm)");
	assert_true(cJSON_IsTrue(cJSON_GetObjectItem(t, "off")));
	assert_true(number_of(t, "operations") == 90 && number_of(t, "bytes") == 1474560);
	assert_true(number_of(t, "fallbacks") == 8 && number_of(t, "checks") == 17);
	assert_true(number_of(t, "mismatches") == 1 && number_of(t, "abandoned") == 2);
	assert_true(number_of(t, "sessions") == 3);
	cJSON_Delete(o);
	fclose(st.json);
}

static void has_no_counters_of_an_engine(void **state)
{
	const struct slu_tls_offload_stats offload = {.on = true, .door = "engine", .drivers = "padlock: VIA PadLock"};
	struct slu_common_options options = {.json = true};
	struct slu_progress progress = {0};
	struct slu_status st;
	char text[4096] = "";
	cJSON *o, *t;

	(void)state;
	slu_status_init(&st, "push", &options, false, false, 0);
	st.json = fmemopen(text, sizeof text, "w");
	slu_status_end(&st, 1000, &progress, &conn, &offload, SLU_EXIT_OK, "");
	o = printed(&st, text, sizeof text);
	t = cJSON_GetObjectItem(o, "tls_offload");
	assert_int_equal(cJSON_GetArraySize(t), 2);
	assert_string_equal(text_of(t, "door"), "engine");
	assert_string_equal(text_of(t, "drivers"), "padlock: VIA PadLock");
	cJSON_Delete(o);
	fclose(st.json);
}

static void nobody_watching_wakes_nobody(void **state)
{
	struct slu_common_options options = {.quiet = true};
	struct slu_status st;

	(void)state;
	slu_status_init(&st, "push", &options, false, false, 0);
	assert_int_equal(slu_status_timeout(&st, 99999), -1);
	assert_false(slu_status_due(&st, 99999));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reports_once_a_second),
		cmocka_unit_test(sums_up_the_offload),
		cmocka_unit_test(has_no_counters_of_an_engine),
		cmocka_unit_test(nobody_watching_wakes_nobody),
	};

	return cmocka_run_group_tests_name("status", tests, NULL, NULL);
}
