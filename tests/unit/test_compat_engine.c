/* SPDX-License-Identifier: MIT */
/* Contexts that are kept, and OpenSSL's engines, of which there is one at a time. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include <librtmp/rtmp.h>
#include <sluice/tls.h>

#include "state.h"
#include "tls_kit.h"
#include "tls_options.h"

static char error[1024];

static struct slu_tls_ctx *get(const char *module)
{
	static const AVal name = AVC("tlsOffload");
	char text[512];
	AVal value = {text, snprintf(text, sizeof text, "engine:%s/%s.so", getenv("SLU_TEST_ENGINES"), module)};
	RTMP *r = calloc(1, sizeof *r);
	struct slu_tls_ctx *ctx;

	assert_non_null(r);
	assert_true(RTMP_SetOpt(r, &name, &value));
	ctx = slu_compat_tls(r, error, sizeof error);
	slu_compat_free_state(r);
	free(r);
	return ctx;
}

static void one_that_nobody_uses_makes_room(void **state)
{
	struct slu_tls_ctx *first = get("slu_module"), *second;

	(void)state;
	if (!first)
		fail_msg("%s", error);
	assert_null(get("slu_named"));
	if (!strstr(error, "which is in use") || !strstr(error, "(set: tlsOffload)"))
		fail_msg("%s", error);
	slu_tls_ctx_free(first);
	first = get("slu_module"); /* kept again */
	slu_tls_ctx_free(first);
	second = get("slu_named");
	if (!second)
		fail_msg("%s", error);
	slu_tls_ctx_free(second);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(one_that_nobody_uses_makes_room)};

	return cmocka_run_group_tests_name("compat_engine", tests, NULL, NULL);
}
