/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <librtmp/log.h>
#include <sluice/conn.h>

#include "crypto/tls_ctx.h"
#include "lines.h"
#include "options.h"
#include "settings.h"
#include "state.h"
#include "tls_kit.h"
#include "tls_options.h"

enum { HOUR = 60 * 60 * 1000 };

static uint64_t now = 1;
static char error[1024], heard[4096];

/* The linker has the library ask here what the time is. */
uint64_t __wrap_slu_now_ms(void);

uint64_t __wrap_slu_now_ms(void)
{
	return now;
}

static void hear(int level, const char *format, va_list args)
{
	size_t n = strlen(heard);

	(void)level;
	vsnprintf(heard + n, sizeof heard - n, format, args);
}

static void has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("\"%s\" lacks \"%s\"", text, part);
}

/* A session of these options, "name=value" up to a NULL. */
static RTMP *session(const char *const options[])
{
	RTMP *r = calloc(1, sizeof *r);

	assert_non_null(r);
	for (; *options; options++) {
		AVal name = {(char *)(uintptr_t)*options, (int)strcspn(*options, "=")}, value;

		value.av_val = name.av_val + name.av_len + 1;
		value.av_len = (int)strlen(value.av_val);
		if (!RTMP_SetOpt(r, &name, &value))
			fail_msg("%s: %s", *options, heard);
	}
	return r;
}

static void end(RTMP *r)
{
	slu_compat_free_state(r);
	free(r);
}

#define OPTIONS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define NOTHING      ((const char *const[]){NULL})

static struct slu_tls_ctx *try(const char *const options[])
{
	RTMP *r = session(options);
	struct slu_tls_ctx *ctx;

	error[0] = '\0';
	ctx = slu_compat_tls(r, error, sizeof error);
	end(r);
	return ctx;
}

static struct slu_tls_ctx *get(const char *const options[])
{
	struct slu_tls_ctx *ctx = try(options);

	if (!ctx)
		fail_msg("%s", error);
	return ctx;
}

static char *option(const char *name, const char *value)
{
	static char texts[4][300];
	static unsigned at;
	char *out = texts[at++ % 4];

	snprintf(out, sizeof texts[0], "%s=%s", name, value);
	return out;
}

static char *trust(void)
{
	return option("tlsCAFile", kit_ca.cert);
}

static struct slu_tls_ctx *server(const struct kit_cert *cert, enum slu_tls_version version)
{
	return kit_ctx(&(struct slu_tls_config){.server = true,
						.cert_file = cert->cert,
						.key_file = cert->key,
						.min_version = version,
						.max_version = version});
}

static void certificates_are_verified(void **state)
{
	struct slu_tls_ctx *ctx = get(NOTHING);

	(void)state;
	assert_false(ctx->config.insecure);
	assert_true(ctx->config.receives);
	assert_null(ctx->config.ca_file);
	kit_refused(ctx, server(&kit_server, 0), "live.example", SLU_ERR_CERTIFICATE, error, sizeof error);
	has(error, "is not trusted here");
}

/* What the core says of a certificate, as an application's user is told it. */
static void the_log_names_the_option(void **state)
{
	struct slu_log log = slu_compat_lines(SLU_LOG_DEBUG);
	struct slu_tls_ctx *ctx = get(OPTIONS(trust()));

	(void)state;
	heard[0] = '\0';
	kit_refused(ctx, server(&kit_server, 0), "other.example", SLU_ERR_CERTIFICATE, error, sizeof error);
	log.fn(log.arg, SLU_LOG_ERROR, error);
	has(heard, "the certificate is not for other.example but for live.example");
	has(heard, "with tlsVerify=0 and tlsPin");
	ctx = get(NOTHING);
	kit_refused(ctx, server(&kit_ca, 0), "live.example", SLU_ERR_CERTIFICATE, error, sizeof error);
	log.fn(log.arg, SLU_LOG_ERROR, error);
	has(heard, "give that certificate with tlsCAFile, or use tlsVerify=0 with tlsPin=sha256//");
	assert_null(strstr(heard, "--"));
}

static void options_arrive(void **state)
{
	struct slu_tls_ctx *ctx = get(OPTIONS(
		"tlsVerify=no", trust(), option("tlsPin", kit_server.pin), option("tlsCert", kit_server.cert),
		option("tlsKey", kit_server.key), "tlsMin=1.2", "tlsMax=1.3", "tlsCiphers=ECDHE-RSA-AES128-GCM-SHA256",
		"tlsCiphersuites=TLS_AES_128_GCM_SHA256", "tlsGroups=P-256", "tlsOffload=ktls"));
	const struct slu_tls_config *c = &ctx->config;

	(void)state;
	assert_true(c->insecure);
	assert_string_equal(c->ca_file, kit_ca.cert);
	assert_string_equal(c->pin, kit_server.pin);
	assert_string_equal(c->cert_file, kit_server.cert);
	assert_string_equal(c->key_file, kit_server.key);
	assert_int_equal(c->min_version, SLU_TLS_1_2);
	assert_int_equal(c->max_version, SLU_TLS_1_3);
	assert_string_equal(c->cipher_list, "ECDHE-RSA-AES128-GCM-SHA256");
	assert_string_equal(c->ciphersuites, "TLS_AES_128_GCM_SHA256");
	assert_string_equal(c->groups, "P-256");
	assert_string_equal(c->offload, "ktls");
	slu_tls_ctx_free(ctx);
}

static void the_environment_counts(void **state)
{
	struct slu_tls_ctx *ctx;

	(void)state;
	setenv("LIBRTMP_TLS_CA_FILE", kit_ca.cert, 1);
	setenv("LIBRTMP_TLS_VERIFY", "0", 1);
	ctx = get(OPTIONS("tlsVerify=1"));
	unsetenv("LIBRTMP_TLS_CA_FILE");
	unsetenv("LIBRTMP_TLS_VERIFY");
	assert_false(ctx->config.insecure);
	assert_string_equal(ctx->config.ca_file, kit_ca.cert);
	slu_tls_ctx_free(ctx);
}

static void who_publishes_sends(void **state)
{
	RTMP *r = session(NOTHING);
	struct slu_tls_ctx *playing = slu_compat_tls(r, error, sizeof error), *publishing;

	(void)state;
	r->Link.protocol = RTMP_PROTOCOL_RTMPS | RTMP_FEATURE_WRITE;
	publishing = slu_compat_tls(r, error, sizeof error);
	assert_true(playing->config.receives);
	assert_false(publishing->config.receives);
	slu_tls_ctx_free(playing);
	slu_tls_ctx_free(publishing);
	end(r);
}

static bool resumed(struct slu_tls_ctx *c, struct slu_tls_ctx *s)
{
	struct slu_transport_stats stats = {0};
	struct kit_pair p;

	kit_opened(&p, c, s, "live.example");
	kit_carry(p.s, p.c, "tickets come first", 18);
	p.c->ops->stats(p.c, &stats);
	kit_pair_clear(&p);
	return stats.tls_resumed;
}

/* With both versions of TLS; what is another session is so in the way that it is told, too. */
static void the_same_is_shared(void **state)
{
	static const enum slu_tls_version versions[] = {SLU_TLS_1_2, SLU_TLS_1_3};

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct slu_tls_ctx *s = server(&kit_server, versions[i]), *a = get(OPTIONS(trust(), "tlsGroups=P-256")),
				   *b = get(OPTIONS("tlsGroups=P-256", trust())),
				   *c = get(OPTIONS(trust(), "tlsGroups=P-256:P-384"));

		assert_ptr_equal(a, b);
		assert_ptr_not_equal(a, c);
		assert_false(resumed(a, s));
		assert_true(resumed(b, s));
		assert_false(resumed(c, s));
		slu_tls_ctx_free(a);
		slu_tls_ctx_free(b);
		slu_tls_ctx_free(c);
		b = get(OPTIONS(trust(), "tlsGroups=P-256")); /* nobody had it any more */
		assert_true(resumed(b, s));
		slu_tls_ctx_free(b);
		slu_tls_ctx_free(s);
		now += HOUR;
	}
}

static void it_is_a_reference_of_ones_own(void **state)
{
	struct slu_tls_ctx *ctx = get(OPTIONS(trust()));

	(void)state;
	assert_int_equal(atomic_load(&ctx->refs), 2);
	slu_tls_ctx_free(get(OPTIONS(trust())));
	assert_int_equal(atomic_load(&ctx->refs), 2);
	slu_tls_ctx_free(ctx);
}

/* Values that run into one another when they are put together. */
static void the_like_is_not_the_same(void **state)
{
	struct slu_tls_ctx *a = get(OPTIONS("tlsCiphers=ALL", "tlsGroups=P-256")),
			   *b = get(OPTIONS("tlsCiphers=ALL", "tlsGroups=P-256:P-384")),
			   *c = get(OPTIONS("tlsMin=1.2")), *d = get(OPTIONS("tlsMax=1.2"));

	(void)state;
	assert_ptr_not_equal(a, b);
	assert_ptr_not_equal(c, d);
	slu_tls_ctx_free(a);
	slu_tls_ctx_free(b);
	slu_tls_ctx_free(c);
	slu_tls_ctx_free(d);
}

static void they_are_few(void **state)
{
	enum { MANY = 20, KEPT = 8 };
	static const char *const more[] = {"!PSK", "!SRP", "!MD5", "!RC4"};
	struct slu_tls_ctx *all[MANY], *again;
	char size[40];
	int kept = 0;

	(void)state;
	for (int i = 0; i < MANY; i++) {
		snprintf(size, sizeof size, "tlsCiphers=ALL:@SECLEVEL=%d:%s", i % 5, more[i / 5]);
		all[i] = get(OPTIONS(size));
		again = get(OPTIONS(size));
		assert_ptr_equal(all[i], again);
		slu_tls_ctx_free(again);
		now++;
	}
	for (int i = 0; i < MANY; i++) {
		kept += atomic_load(&all[i]->refs) == 2;
		assert_int_equal(atomic_load(&all[i]->refs), i < MANY - KEPT ? 1 : 2);
		slu_tls_ctx_free(all[i]);
	}
	assert_int_equal(kept, KEPT);
}

static void they_age(void **state)
{
	struct slu_tls_ctx *a = get(OPTIONS(trust())), *b;

	(void)state;
	now += HOUR - 1;
	b = get(OPTIONS(trust()));
	assert_ptr_equal(a, b);
	slu_tls_ctx_free(b);
	now++;
	b = get(OPTIONS(trust()));
	assert_ptr_not_equal(a, b);
	assert_int_equal(atomic_load(&a->refs), 1);
	slu_tls_ctx_free(a);
	slu_tls_ctx_free(b);
}

static void copy(const char *from, const char *to)
{
	FILE *in = fopen(from, "r"), *out;
	int c;

	unlink(to);
	out = fopen(to, "w");
	assert_true(in && out);
	while ((c = getc(in)) != EOF)
		putc(c, out);
	fclose(in);
	assert_int_equal(fclose(out), 0);
}

/* A certificate is renewed while the process runs. */
static void files_are_replaced(void **state)
{
	char path[KIT_PATH + 8];
	struct kit_cert other;
	struct slu_tls_ctx *a, *b;

	(void)state;
	kit_make(&other, "other", &(struct kit_request){.cn = "Other CA", .ca = true});
	snprintf(path, sizeof path, "%s/trusted", kit_folder());
	copy(other.cert, path);
	a = get(OPTIONS(option("tlsCAFile", path)));
	copy(kit_ca.cert, path);
	b = get(OPTIONS(option("tlsCAFile", path)));
	assert_ptr_not_equal(a, b);
	slu_tls_ctx_free(a);
	a = server(&kit_server, 0);
	assert_false(resumed(b, a));
	slu_tls_ctx_free(a);
	slu_tls_ctx_free(b);
	kit_free(&other);
}

static void failures_name_what_was_set(void **state)
{
	(void)state;
	setenv("LIBRTMP_TLS_MAX", "1.2", 1);
	assert_null(try(OPTIONS("tlsMin=1.3")));
	unsetenv("LIBRTMP_TLS_MAX");
	assert_string_equal(error,
			    "the minimum TLS version 1.3 is above the maximum 1.2 (set: tlsMin, LIBRTMP_TLS_MAX)");
	assert_null(try(OPTIONS(option("tlsKey", kit_server.key))));
	assert_string_equal(error, "a client key needs its certificate too (set: tlsKey)");
	assert_null(try(OPTIONS("tlsCAFile=/dev/null")));
	has(error, "(set: tlsCAFile)");
	assert_null(try(OPTIONS(option("tlsCert", kit_server.cert), option("tlsKey", kit_ca.key))));
	has(error, "does not belong to the certificate ");
	has(error, "server.pem (set: tlsCert, tlsKey)");
	setenv("LIBRTMP_TLS_GROUPS", "X-1", 1);
	assert_null(try(NOTHING));
	unsetenv("LIBRTMP_TLS_GROUPS");
	has(error, "LIBRTMP_TLS_GROUPS: ");
	slu_tls_ctx_free(get(NOTHING));
}

/* Not even to a server that anybody would trust, for it may not be the one of the pin. */
static void who_connects_again_says_them_again(void **state)
{
	char url[] = "rtmps://h/app/play", option[] = "tlsPin", pin[] = "";
	AVal name = {option, 6}, none = {pin, 0};
	RTMP *r = session(OPTIONS("tlsVerify=0", "chunkSize=5"));
	struct slu_tls_ctx *ctx;

	(void)state;
	for (int i = 0; i < 2; i++) {
		slu_compat_free_state(r);
		assert_null(slu_compat_tls(r, error, sizeof error));
		has(error, "options of TLS are gone with it");
		assert_true(i ? slu_compat_setup_url(r, url) : RTMP_SetOpt(r, &name, &none));
		ctx = slu_compat_tls(r, error, sizeof error);
		if (!ctx)
			fail_msg("%s", error);
		slu_tls_ctx_free(ctx);
	}
	free(r->Link.playpath0.av_val);
	end(r);
	r = session(OPTIONS("chunkSize=5"));
	slu_compat_free_state(r);
	ctx = slu_compat_tls(r, error, sizeof error);
	assert_non_null(ctx);
	slu_tls_ctx_free(ctx);
	end(r);
}

static void sentences_fit(void **state)
{
	char room[60];
	RTMP *r = session(OPTIONS("tlsMin=1.3", "tlsMax=1.2"));

	(void)state;
	memset(room, 'x', sizeof room);
	assert_null(slu_compat_tls(r, room, sizeof room - 1));
	assert_string_equal(room, "the minimum TLS version 1.3 is above the maximum 1.2 (set:");
	assert_int_equal(room[59], 'x');
	end(r);
}

static pthread_barrier_t together;

/* What it gets first. */
static void *one_of_many(void *arg)
{
	char text[512];
	struct slu_tls_ctx **out = arg;
	RTMP *r = calloc(1, sizeof *r);

	pthread_barrier_wait(&together);
	*out = r ? slu_compat_tls(r, text, sizeof text) : NULL;
	for (int i = 0; i < 50 && r; i++)
		slu_tls_ctx_free(slu_compat_tls(r, text, sizeof text));
	free(r);
	return NULL;
}

static void any_thread(void **state)
{
	enum { THREADS = 4 };
	struct slu_tls_ctx *got[THREADS] = {NULL};
	pthread_t threads[THREADS];

	(void)state;
	now += HOUR; /* the first makes it, which takes a while */
	assert_int_equal(pthread_barrier_init(&together, NULL, THREADS), 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, one_of_many, &got[i]), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&together);
	assert_non_null(got[0]);
	assert_int_equal(atomic_load(&got[0]->refs), THREADS + 1);
	for (int i = 0; i < THREADS; i++) {
		assert_ptr_equal(got[i], got[0]);
		slu_tls_ctx_free(got[i]);
	}
}

static int setup(void **state)
{
	RTMP_LogSetCallback(hear);
	return kit_setup(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(certificates_are_verified),
		cmocka_unit_test(the_log_names_the_option),
		cmocka_unit_test(options_arrive),
		cmocka_unit_test(the_environment_counts),
		cmocka_unit_test(who_publishes_sends),
		cmocka_unit_test(the_same_is_shared),
		cmocka_unit_test(it_is_a_reference_of_ones_own),
		cmocka_unit_test(the_like_is_not_the_same),
		cmocka_unit_test(they_are_few),
		cmocka_unit_test(they_age),
		cmocka_unit_test(files_are_replaced),
		cmocka_unit_test(failures_name_what_was_set),
		cmocka_unit_test(who_connects_again_says_them_again),
		cmocka_unit_test(sentences_fit),
		cmocka_unit_test(any_thread),
	};

	return cmocka_run_group_tests_name("compat_tls", tests, setup, kit_teardown);
}
