/* SPDX-License-Identifier: MIT */
/* TLS contexts that an engine of OpenSSL's serves. It is the whole process's, so that both ends here are. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <openssl/err.h>

#include "crypto/tls_ctx.h"
#include "engine_kit.h"
#include "tls_kit.h"

#define CHUNK ((size_t)64 * 1024)

static uint8_t payload[CHUNK];
static ENGINE *ours; /* "slu_ours", in OpenSSL's list */
static struct engine_counters *counters;

struct lines {
	unsigned n[SLU_LOG_DEBUG + 1]; /* by level */
	char last[SLU_LOG_DEBUG + 1][SLU_LOG_LINE];
};

static void keep(void *arg, enum slu_log_level level, const char *line)
{
	struct lines *l = arg;

	l->n[level]++;
	snprintf(l->last[level], sizeof l->last[level], "%s", line);
}

static void has(const char *sentence, const char *part)
{
	if (!strstr(sentence, part))
		fail_msg("\"%s\" lacks \"%s\"", sentence, part);
}

static struct engine_counters *counters_of(ENGINE *e)
{
	struct engine_counters *c = NULL;

	assert_int_equal(ENGINE_ctrl_cmd(e, "COUNTERS", 0, &c, NULL, 0), 1);
	return c;
}

static struct slu_tls_config config(const char *offload, struct lines *lines)
{
	return (struct slu_tls_config){.ca_file = kit_ca.cert,
				       .offload = offload,
				       .max_version = SLU_TLS_1_2,
				       .cipher_list = "ECDHE-ECDSA-AES128-SHA",
				       .log = {.fn = keep, .arg = lines, .level = SLU_LOG_INFO}};
}

static struct slu_tls_ctx *client(const char *offload, struct lines *lines)
{
	struct slu_tls_config c = config(offload, lines);

	return kit_ctx(&c);
}

/* One connection that carries the payload: 4 full records. Returns what the engine did for both ends after the
 * handshake. Which tickets it encrypts besides, in the handshake, depends on OpenSSL. */
static unsigned carry(struct slu_tls_ctx *c)
{
	struct slu_tls_ctx *s = kit_ctx(
		&(struct slu_tls_config){.server = true, .cert_file = kit_server.cert, .key_file = kit_server.key});
	unsigned before;
	struct kit_pair p;

	kit_opened(&p, c, s, "live.example");
	before = counters->operations;
	kit_carry(p.c, p.s, payload, sizeof payload);
	before = counters->operations - before;
	kit_pair_clear(&p);
	slu_tls_ctx_free(s);
	return before;
}

static void refused(const char *offload, const char *part)
{
	char error[600];

	assert_null(slu_tls_ctx_new(&(struct slu_tls_config){.offload = offload}, error, sizeof error));
	has(error, part);
	assert_int_equal(ERR_peek_error(), 0);
}

static bool is_default(void)
{
	ENGINE *e = ENGINE_get_cipher_engine(NID_aes_128_cbc);

	ENGINE_finish(e);
	return e != NULL;
}

static unsigned digested(void)
{
	unsigned before = counters->digests;
	uint8_t sum[EVP_MAX_MD_SIZE];

	assert_int_equal(EVP_Digest("abc", 3, sum, NULL, EVP_sha256(), NULL), 1);
	return counters->digests - before;
}

static void says_what_is_wrong(void **state)
{
	(void)state;
	refused("engine", "names no engine");
	refused("engine:,digests=on", "names no engine");
	refused("engine:slu_absent", "OpenSSL has no engine 'slu_absent' (");
	refused("engine:/nonexistent/engine.so", "/nonexistent/engine.so: cannot open shared object file");
	refused("engine:slu_ours,COLOUR=red", "the engine 'slu_ours' does not take the setting COLOUR=red (");
	refused("engine:slu_ours,OFFERS=much", "does not take the setting OFFERS=much");
	refused("engine:slu_ours,digests=some", "digests=some: say on or off");
	refused("engine:slu_ours,digests", "'digests' lacks a value");
	refused("engine:slu_ours,BROKEN=1", "the engine 'slu_ours' does not start (");
	refused("engine:slu_ours,BROKEN=0,OFFERS=none", "the engine 'slu_ours' offers no ciphers");
	assert_false(is_default());
	assert_int_equal(counters->inits, counters->finishes);
	slu_tls_ctx_free(client("engine:slu_ours,OFFERS=all", &(struct lines){0}));
}

static void encrypts_records(void **state)
{
	struct lines lines = {0};
	struct slu_tls_ctx *c = client("engine:slu_ours", &lines);
	size_t before = counters->bytes;
	struct slu_tls_offload_stats stats;
	char error[600];

	(void)state;
	assert_int_equal(carry(c), 2 * CHUNK / 16384);
	assert_true(counters->bytes - before >= 2 * CHUNK);
	assert_int_equal(slu_tls_reload(c, error, sizeof error), 0);
	assert_int_equal(carry(c), 2 * CHUNK / 16384);
	slu_tls_offload(c, &stats);
	assert_true(stats.on);
	assert_false(stats.counted || stats.off);
	assert_string_equal(stats.door, "engine");
	assert_string_equal(stats.drivers, "slu_ours: an engine that counts");
	assert_int_equal(stats.operations + stats.bytes + stats.sessions, 0);
	slu_tls_ctx_free(c);
	assert_int_equal(lines.n[SLU_LOG_INFO], 1);
	has(lines.last[SLU_LOG_INFO], "the engine slu_ours (an engine that counts) is OpenSSL's default for the whole");
	assert_int_equal(lines.n[SLU_LOG_WARN], 0);
}

static void serves_until_the_last_context_is_gone(void **state)
{
	struct lines lines = {0};
	struct slu_tls_ctx *none = client(NULL, &lines), *a, *b;

	(void)state;
	assert_int_equal(carry(none), 0);
	slu_tls_ctx_free(none);
	a = client("engine:slu_ours", &lines);
	b = client("engine:slu_ours", &lines);
	slu_tls_ctx_free(a);
	assert_true(is_default());
	assert_int_equal(carry(b), 2 * CHUNK / 16384);
	slu_tls_ctx_free(b);
	assert_false(is_default());
	assert_int_equal(counters->inits, counters->finishes);
	none = client("off", &lines);
	assert_int_equal(carry(none), 0);
	slu_tls_ctx_free(none);
}

static void serves_all_of_the_process(void **state)
{
	struct lines lines = {0};
	struct slu_tls_ctx *engine = client("engine:slu_ours", &lines), *none = client(NULL, &lines);

	(void)state;
	assert_int_equal(carry(none), 2 * CHUNK / 16384);
	slu_tls_ctx_free(none);
	slu_tls_ctx_free(engine);
}

static void is_one_at_a_time(void **state)
{
	struct lines lines = {0};
	struct slu_tls_ctx *c = client("engine:slu_ours", &lines);

	(void)state;
	refused("engine:slu_module", "'engine:slu_module' cannot be had beside 'engine:slu_ours', which is in use");
	refused("engine:slu_ours,digests=on", "beside 'engine:slu_ours', which is in use");
	assert_int_equal(carry(c), 2 * CHUNK / 16384);
	slu_tls_ctx_free(c);
	slu_tls_ctx_free(client("engine:slu_ours,digests=on", &lines));
}

static void makes_digests_when_asked(void **state)
{
	struct lines lines = {0};
	struct slu_tls_ctx *c = client("engine:slu_ours", &lines);

	(void)state;
	assert_int_equal(digested(), 0);
	slu_tls_ctx_free(c);
	c = client("engine:slu_ours,digests=on", &lines);
	assert_int_equal(digested(), 1);
	slu_tls_ctx_free(c);
	assert_int_equal(digested(), 0);
}

static void undoes_what_openssl_registered(void **state)
{
	(void)state;
	refused("engine:slu_ours,REGISTER=1,COLOUR=red", "COLOUR=red");
	assert_int_equal(digested(), 0);
	slu_tls_ctx_free(client("engine:slu_ours,REGISTER=1,digests=on", &(struct lines){0}));
	assert_int_equal(digested(), 0);
}

static void makes_no_digests_that_openssl_registered(void **state)
{
	struct slu_tls_ctx *c = client("engine:slu_ours,REGISTER=1", &(struct lines){0});

	(void)state;
	assert_int_equal(digested(), 0);
	slu_tls_ctx_free(c);
}

/* As an application or OpenSSL's configuration file has it. */
static void leaves_what_served_before(void **state)
{
	struct lines lines = {0};

	(void)state;
	assert_int_equal(ENGINE_set_default_ciphers(ours), 1);
	slu_tls_ctx_free(client("engine:slu_ours,digests=on", &lines));
	assert_true(is_default());
	assert_int_equal(digested(), 0);
	ENGINE_unregister_ciphers(ours);
	assert_false(is_default());
}

static void warns_once_of_a_suite_that_it_lacks(void **state)
{
	struct lines lines = {0};
	struct slu_tls_config c = config("engine:slu_ours", &lines);
	struct slu_tls_ctx *ctx;

	(void)state;
	c.cipher_list = "ECDHE-ECDSA-AES256-GCM-SHA384";
	ctx = kit_ctx(&c);
	for (int i = 0; i < 2; i++)
		assert_int_equal(carry(ctx), 0);
	assert_int_equal(lines.n[SLU_LOG_WARN], 1);
	has(lines.last[SLU_LOG_WARN], "the engine slu_ours has no cipher for ECDHE-ECDSA-AES256-GCM-SHA384");
	slu_tls_ctx_free(ctx);
}

static const char *module(const char *name)
{
	static char offload[400];

	snprintf(offload, sizeof offload, "engine:%s/%s.so", getenv("SLU_TEST_ENGINES"), name);
	return offload;
}

/* Again, when OpenSSL has it already; and when the same file has another name. */
static void loads_modules_by_path(void **state)
{
	const size_t scheme = strlen("engine:");
	struct engine_counters *before = counters;
	struct lines lines = {0};
	char link[KIT_PATH + 40];
	const char *offload = module("slu_module");

	(void)state;
	snprintf(link, sizeof link, "engine:%s/link.so", kit_folder());
	assert_int_equal(symlink(offload + scheme, link + scheme), 0);
	for (int i = 0; i < 3; i++) {
		struct slu_tls_ctx *c = client(i < 2 ? offload : link, &lines);
		ENGINE *e = ENGINE_by_id("slu_module");

		assert_non_null(e);
		counters = counters_of(e);
		ENGINE_free(e);
		assert_ptr_not_equal(counters, before);
		assert_int_equal(carry(c), 2 * CHUNK / 16384);
		slu_tls_ctx_free(c);
		assert_int_equal(counters->inits, counters->finishes);
	}
	counters = before;
	unlink(link + scheme);
	has(lines.last[SLU_LOG_INFO], "the engine slu_module (");
	refused(module("slu_double"), "conflicting engine id"); /* it has the ID of the other */
}

static void finds_modules_by_name(void **state)
{
	struct lines lines = {0};
	struct slu_tls_ctx *c;

	(void)state;
	setenv("OPENSSL_ENGINES", getenv("SLU_TEST_ENGINES"), 1);
	c = client("engine:slu_named", &lines);
	assert_true(is_default());
	slu_tls_ctx_free(c);
	assert_false(is_default());
	has(lines.last[SLU_LOG_INFO], "the engine slu_named (");
}

/* Nobody has kept a reference. */
static void releases_it(void **state)
{
	(void)state;
	slu_tls_ctx_free(client("engine:slu_ours", &(struct lines){0}));
	assert_int_equal(ENGINE_remove(ours), 1);
	assert_int_equal(counters->destroyed, 0);
	ENGINE_free(ours);
	assert_int_equal(counters->destroyed, 1);
}

static int setup(void **state)
{
	for (size_t i = 0; i < sizeof payload; i++)
		payload[i] = (uint8_t)(i * 7 >> 3);
	ENGINE_load_builtin_engines(); /* which registers all that are listed by then */
	ours = ENGINE_new();
	if (!ours || !engine_kit_bind(ours, "slu_ours") || !ENGINE_add(ours))
		return -1;
	counters = counters_of(ours);
	return kit_setup(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_what_is_wrong),
		cmocka_unit_test(encrypts_records),
		cmocka_unit_test(serves_until_the_last_context_is_gone),
		cmocka_unit_test(serves_all_of_the_process),
		cmocka_unit_test(is_one_at_a_time),
		cmocka_unit_test(makes_digests_when_asked),
		cmocka_unit_test(undoes_what_openssl_registered),
		cmocka_unit_test(makes_no_digests_that_openssl_registered),
		cmocka_unit_test(leaves_what_served_before),
		cmocka_unit_test(warns_once_of_a_suite_that_it_lacks),
		cmocka_unit_test(loads_modules_by_path),
		cmocka_unit_test(finds_modules_by_name),
		cmocka_unit_test(releases_it), /* the last */
	};

	return cmocka_run_group_tests_name("engine", tests, setup, kit_teardown);
}
