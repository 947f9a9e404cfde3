/* SPDX-License-Identifier: MIT */
/*
 * Ten thousand TLS connections over the provider leave nothing behind: no block of memory, locked page, descriptor or
 * thread, and no session of the device. Both ends are ours, and every other connection resumes the one before.
 */
#include "test.h"

#include <dirent.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <openssl/crypto.h>
#include <openssl/err.h>

#include "dc_tls.h"

/* These, and a tenth of them, are multiples of twice the number of ways. By the first of them, all that is kept for
 * good is there. */
enum { WARM = 1600, HALF = 4800, CONNECTIONS = 10080 };

/* ---- what is counted ---- */

struct count {
	long blocks; /* of OpenSSL's and of what is linked with this program */
	long descriptors, threads;
};

static atomic_long blocks;

void *__real_malloc(size_t n);
void *__real_realloc(void *p, size_t n);
void __real_free(void *p);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t items, size_t n);
void *__wrap_realloc(void *p, size_t n);
void __wrap_free(void *p);

void *__wrap_malloc(size_t n)
{
	void *p = __real_malloc(n);

	blocks += p != NULL;
	return p;
}

/* Not by the real one: musl's, linked statically, comes to __wrap_malloc() too. The same goes for realloc(). */
void *__wrap_calloc(size_t items, size_t n)
{
	void *p = n && items > SIZE_MAX / n ? NULL : __wrap_malloc(items * n);

	return p ? memset(p, 0, items * n) : NULL;
}

void *__wrap_realloc(void *p, size_t n)
{
	return p ? __real_realloc(p, n) : __wrap_malloc(n);
}

void __wrap_free(void *p)
{
	blocks -= p != NULL;
	__real_free(p);
}

static void *crypto_malloc(size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return malloc(n);
}

static void *crypto_realloc(void *p, size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return realloc(p, n);
}

static void crypto_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}

/* A number of /proc/self/status. */
static long status_of(const char *name)
{
	FILE *f = fopen("/proc/self/status", "re");
	size_t n = strlen(name);
	char line[256];
	long value = -1;

	assert_non_null(f);
	while (fgets(line, sizeof line, f))
		if (strncmp(line, name, n) == 0 && line[n] == ':')
			value = strtol(line + n + 1, NULL, 10);
	fclose(f);
	assert_true(value >= 0);
	return value;
}

static long open_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	long n = 0;

	assert_non_null(folder);
	while (readdir(folder))
		n++;
	closedir(folder);
	return n;
}

static struct count count(void)
{
	return (struct count){.blocks = blocks, .descriptors = open_descriptors(), .threads = status_of("Threads")};
}

/* ---- connections ---- */

/* Each way that a record can take, with a device of its own. */
static struct way {
	struct dc_suite suite;
	uint64_t options;
	const char *faults;
	enum { IN_SOFTWARE, ALL_OF_IT } decryption;
	struct lab_device *model;
	struct slu_dc_device *device;
	struct dc_tls tls;
	uint64_t requests; /* that it carried out */
} ways[] = {
	{.suite = {TLS1_3_VERSION, "TLS_AES_128_GCM_SHA256", DC_EC}, .faults = ""},
	{.suite = {TLS1_3_VERSION, "TLS_AES_256_GCM_SHA384", DC_EC}, .faults = "ecb-only"},
	{.suite = {TLS1_2_VERSION, "ECDHE-ECDSA-AES256-GCM-SHA384", DC_EC},
	 .faults = "ctr-only",
	 .decryption = ALL_OF_IT},
	{.suite = {TLS1_2_VERSION, "ECDHE-ECDSA-AES128-GCM-SHA256", DC_EC}, .faults = "ecb-only eio=every:5"},
	{.suite = {TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA256", DC_EC},
	 .options = SSL_OP_NO_ENCRYPT_THEN_MAC,
	 .faults = "enospc=every:3"},
	{.suite = {TLS1_2_VERSION, "ECDHE-ECDSA-AES256-SHA", DC_EC},
	 .options = SSL_OP_NO_ENCRYPT_THEN_MAC,
	 .faults = "no-tls",
	 .decryption = ALL_OF_IT},
	{.suite = {TLS1_2_VERSION, "ECDHE-ECDSA-AES128-SHA", DC_EC}, .faults = "", .decryption = ALL_OF_IT},
	{.suite = {TLS1_2_VERSION, "ECDHE-ECDSA-AES256-SHA384", DC_EC}, .faults = "flip"},
};

enum { WAYS = sizeof ways / sizeof *ways };

static void begin(struct way *w)
{
	dc_kit_device(&kit, w->faults);
	w->model = kit.device;
	w->device = kit.provider->device;
	dc_tls_init(&w->tls, &w->suite, DC_BOTH_OURS, w->options);
	/* Sessions go with tickets alone, and no end keeps any. */
	for (int end = DC_CLIENT; end <= DC_SERVER; end++) {
		SSL_CTX_clear_options(w->tls.ctx[end], SSL_OP_NO_TICKET);
		SSL_CTX_set_session_cache_mode(w->tls.ctx[end], SSL_SESS_CACHE_OFF);
	}
}

/* Long enough for key stream ahead of time. */
static void connect_once(struct way *w)
{
	struct dc_tls *t = &w->tls;
	bool resumes = t->session != NULL;

	kit.provider->device = w->device;
	kit.provider->settings.decrypt = w->decryption == ALL_OF_IT;
	dc_tls_join(t);
	assert_int_equal(SSL_session_reused(t->ssl[DC_CLIENT]), resumes);
	dc_tls_send(t, DC_CLIENT, 8, 700);
	dc_tls_send(t, DC_SERVER, 2, 900);
	SSL_SESSION_free(t->session);
	t->session = resumes ? NULL : SSL_get1_session(t->ssl[DC_CLIENT]);
	SSL_shutdown(t->ssl[DC_CLIENT]);
	dc_tls_part(t);
}

static void check_devices(void)
{
	for (struct way *w = ways; w < ways + WAYS; w++) {
		struct lab_counters c;

		lab_device_counters(w->model, &c);
		assert_int_equal(c.open_now, 0);
		assert_int_equal(c.sessions_now, 0);
		assert_true(c.crypt + c.authcrypt > w->requests || slu_dc_device_off(w->device));
		w->requests = c.crypt + c.authcrypt;
	}
}

static struct count after_connections(unsigned n)
{
	static unsigned done;

	for (; done < n; done++)
		connect_once(&ways[done % WAYS]);
	for (struct way *w = ways; w < ways + WAYS; w++)
		assert_null(w->tls.session); /* the last was resumed */
	check_devices();
	assert_int_equal(status_of("VmLck"), 0); /* the areas of sessions are */
	ERR_clear_error();
	return count();
}

static void assert_same(const struct count *a, const struct count *b)
{
	assert_int_equal(a->blocks, b->blocks);
	assert_int_equal(a->descriptors, b->descriptors);
	assert_int_equal(a->threads, b->threads);
}

static void test_nothing_is_left(void **state)
{
	const unsigned share = is_emulated() ? 10 : 1; /* all would take an emulator minutes */
	struct count warm, half, all;

	(void)state;
	warm = after_connections(WARM / share);
	half = after_connections(HALF / share);
	all = after_connections(CONNECTIONS / share);
	assert_same(&warm, &half);
	assert_same(&warm, &all);
}

static int setup(void **state)
{
	dc_tls_setup(state);
	kit.provider->settings.check_first = 2;
	kit.provider->settings.deadline_ms = 60000;
	for (struct way *w = ways; w < ways + WAYS; w++)
		begin(w);
	return 0;
}

static int teardown(void **state)
{
	for (struct way *w = ways; w < ways + WAYS; w++)
		dc_tls_clear(&w->tls);
	return dc_tls_teardown(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_left),
	};

	/* Before anything else is asked of OpenSSL. */
	if (CRYPTO_set_mem_functions(crypto_malloc, crypto_realloc, crypto_free) != 1)
		return 1;
	return cmocka_run_group_tests(tests, setup, teardown);
}
