/* SPDX-License-Identifier: MIT */
/* The text of a kept result. */
#include "test.h"

#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include <sluice/error.h>

#include "../alloc_fail.h"
#include "crypto/kept.h"

static const struct slu_kept full = {
	.device = {"Cortex-A7, 4 processors, vector", "6.1.0 #1 SMP 100% \xc3\xa4 armv7l",
		   "OpenSSL 3.0.2, built on: today"},
	.made = 1790000000,
	.quick = true,
	.path = "/dev/crypto",
	.drivers = {{"devcrypto", "AES-CBC with HMAC-SHA1", "cbc-aes-caam"},
		    {"devcrypto", "AES-GCM", "-"},
		    {"ktls", "gcm(aes)", ""}},
	.ndrivers = 3,
	.sizes = {64, 1024, 16384},
	.nsizes = 3,
	.ways = {{"off", "TLS_CHACHA20_POLY1305_SHA256", SLU_TLS_1_3, false, {123.456789, 20, 0}},
		 {"devcrypto", "ECDHE-ECDSA-AES128-SHA", SLU_TLS_1_2, true, {SLU_KEPT_COST_MOST, 0.000001, 1.5}},
		 {"engine:devcrypto", "ECDHE-ECDSA-AES128-SHA", SLU_TLS_1_2, false, {1, 2, 2.99999996}}},
	.nways = 3,
};

static const char full_text[] = "sluice-measured 1\n"
				"made 1790000000\n"
				"quick 1\n"
				"cpu Cortex-A7,%204%20processors,%20vector\n"
				"kernel 6.1.0%20#1%20SMP%20100%25%20%C3%A4%20armv7l\n"
				"openssl OpenSSL%203.0.2,%20built%20on:%20today\n"
				"device /dev/crypto\n"
				"sizes 64 1024 16384\n"
				"driver devcrypto AES-CBC%20with%20HMAC-SHA1 cbc-aes-caam\n"
				"driver devcrypto AES-GCM %2D\n"
				"driver ktls gcm(aes) -\n"
				"way off TLS_CHACHA20_POLY1305_SHA256 1.3 - 123456789 20000000 0\n"
				"way devcrypto ECDHE-ECDSA-AES128-SHA 1.2 etm 1000000000000 1 1500000\n"
				"way engine:devcrypto ECDHE-ECDSA-AES128-SHA 1.2 - 1000000 2000000 3000000\n";

static struct slu_kept got;
static char error[200];

static int decode(const char *text)
{
	error[0] = '\0';
	return slu_kept_decode(&got, text, strlen(text), error, sizeof error);
}

static void same_way(const struct slu_kept_way *a, const struct slu_kept_way *b)
{
	assert_string_equal(a->door, b->door);
	assert_string_equal(a->suite, b->suite);
	assert_int_equal(a->version, b->version);
	assert_int_equal(a->etm, b->etm);
	for (size_t s = 0; s < SLU_KEPT_SIZES; s++)
		assert_true(fabs(a->ms_per_mb[s] - b->ms_per_mb[s]) < 1e-7);
}

static void is_full(void)
{
	assert_string_equal(got.device.cpu, full.device.cpu);
	assert_string_equal(got.device.kernel, full.device.kernel);
	assert_string_equal(got.device.openssl, full.device.openssl);
	assert_string_equal(got.path, full.path);
	assert_int_equal(got.made, full.made);
	assert_int_equal(got.quick, full.quick);
	assert_int_equal(got.ndrivers, full.ndrivers);
	assert_memory_equal(got.drivers, full.drivers, sizeof full.drivers);
	assert_int_equal(got.nsizes, full.nsizes);
	assert_memory_equal(got.sizes, full.sizes, sizeof full.sizes);
	assert_int_equal(got.nways, full.nways);
	for (size_t i = 0; i < full.nways; i++)
		same_way(&got.ways[i], &full.ways[i]);
}

static void there_and_back(void **state)
{
	struct slu_buf out;

	(void)state;
	slu_buf_init(&out, SLU_KEPT_MOST);
	assert_int_equal(slu_kept_encode(&full, &out), 0);
	assert_int_equal(out.len, sizeof full_text - 1);
	assert_memory_equal(out.data, full_text, out.len);
	slu_buf_clear(&out);
	assert_int_equal(decode(full_text), 0);
	is_full();
}

/* A comma for a point is what some of them have. */
static void a_locale_does_not_matter(void **state)
{
	static const char *const names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "C.UTF-8"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (setlocale(LC_ALL, names[i]))
			break;
	there_and_back(state);
	setlocale(LC_ALL, "C");
}

#define HEAD  "sluice-measured 1\nmade 1\nquick 0\ncpu a\nkernel b\nopenssl c\ndevice d\n"
#define SIZES "sizes 64 1024\n"
#define WAY   "way off S 1.2 - 1 2\n"

static void what_a_later_version_says_is_passed_over(void **state)
{
	(void)state;
	assert_int_equal(decode(HEAD "\nnews of the world\n " SIZES "wayward\nways 1\n" WAY), 0);
	assert_int_equal(got.nways, 1);
	assert_int_equal(got.nsizes, 2);
}

#define TEN(s)     s s s s s s s s s s
#define HUNDRED(s) TEN(TEN(s))

static const struct {
	const char *text, *error;
} broken[] = {
	{"", "it has no line \"made\""},
	{"sluice-measured 2\n", "line 1: it does not begin with \"sluice-measured 1\""},
	{"sluice-measured 1", "line 1: it ends in the middle"},
	{"sluice-measured 1 \n", "line 1: it does not begin with \"sluice-measured 1\""},
	{"\n" HEAD SIZES, "line 1: it does not begin with \"sluice-measured 1\""},
	{HEAD, "it has no line \"sizes\""},
	{"sluice-measured 1\nmade 1\ncpu a\nkernel b\nopenssl c\ndevice d\n" SIZES, "it has no line \"quick\""},
	{"sluice-measured 1\nmade -1\n", "line 2: this is no time"},
	{"sluice-measured 1\nmade\n", "line 2: this is no time"},
	{"sluice-measured 1\nmade 9223372036854775808\n", "line 2: this is no time"},
	{"sluice-measured 1\nmade 99999999999999999999999999\n", "line 2: this is no time"},
	{"sluice-measured 1\nmade 1 2\n", "line 2: there is too much in it"},
	{"sluice-measured 1\nmade 1\r\n", "line 2: this is no time"},
	{HEAD "made 2\n", "line 8: this was said before"},
	{"sluice-measured 1\nquick 2\n", "line 2: quick is 0 or 1"},
	{"sluice-measured 1\nquick yes\n", "line 2: quick is 0 or 1"},
	{"sluice-measured 1\ncpu\n", "line 2: this is no text, or too long"},
	{"sluice-measured 1\ncpu a b\n", "line 2: there is too much in it"},
	{"sluice-measured 1\ncpu a%00b\n", "line 2: this is no text, or too long"},
	{"sluice-measured 1\ncpu a%0Ab\n", "line 2: this is no text, or too long"},
	{"sluice-measured 1\ncpu a%7Fb\n", "line 2: this is no text, or too long"},
	{"sluice-measured 1\ncpu a\tb\n", "line 2: this is no text, or too long"},
	{"sluice-measured 1\ncpu a%\n", "line 2: this is no text, or too long"},
	{"sluice-measured 1\ncpu a%4\n", "line 2: this is no text, or too long"},
	{"sluice-measured 1\ncpu a%4G\n", "line 2: this is no text, or too long"},
	{"sluice-measured 1\ncpu a%4 1\n", "line 2: this is no text, or too long"},
	{"sluice-measured 1\ncpu " TEN("0123456789012345") "\n", "line 2: this is no text, or too long"},
	{"sluice-measured 1\nkernel " HUNDRED("%20%20%20%20") "\n", "line 2: this is no text, or too long"},
	{HEAD "sizes\n", "line 8: there is no size"},
	{HEAD "sizes 0\n", "line 8: sizes of records are from 1 to 16384, and rise"},
	{HEAD "sizes 16385\n", "line 8: sizes of records are from 1 to 16384, and rise"},
	{HEAD "sizes 64 64\n", "line 8: sizes of records are from 1 to 16384, and rise"},
	{HEAD "sizes 64 0x80\n", "line 8: sizes of records are from 1 to 16384, and rise"},
	{HEAD "sizes 1 2 3 4 5 6 7 8 9\n", "line 8: there are too many sizes"},
	{HEAD "driver devcrypto AES-CBC\n", "line 8: a driver is a door, an algorithm and a name"},
	{HEAD "driver 0123456789abcdef a b\n", "line 8: a driver is a door, an algorithm and a name"},
	{HEAD "driver a b c d\n", "line 8: there is too much in it"},
	{HEAD TEN("driver a b c\n") TEN("driver a b c\n") TEN("driver a b c\n"), "line 32: there are too many drivers"},
	{HEAD WAY SIZES, "line 8: a way comes before the sizes"},
	{HEAD SIZES "way on S 1.2 - 1 2\n", "line 9: who encrypts is off, devcrypto, ktls or engine:ID"},
	{HEAD SIZES "way - S 1.2 - 1 2\n", "line 9: who encrypts is off, devcrypto, ktls or engine:ID"},
	{HEAD SIZES "way devcrypto:min_size=0 S 1.2 - 1 2\n",
	 "line 9: who encrypts is off, devcrypto, ktls or engine:ID"},
	{HEAD SIZES "way engine: S 1.2 - 1 2\n", "line 9: who encrypts is off, devcrypto, ktls or engine:ID"},
	{HEAD SIZES "way engine:a,b=c S 1.2 - 1 2\n", "line 9: who encrypts is off, devcrypto, ktls or engine:ID"},
	{HEAD SIZES "way off - 1.2 - 1 2\n", "line 9: a way is a door, a suite, 1.2 or 1.3, and etm or -"},
	{HEAD SIZES "way off S 1.1 - 1 2\n", "line 9: a way is a door, a suite, 1.2 or 1.3, and etm or -"},
	{HEAD SIZES "way off S 1.2 mte 1 2\n", "line 9: a way is a door, a suite, 1.2 or 1.3, and etm or -"},
	{HEAD SIZES "way off S 1.2\n", "line 9: a way is a door, a suite, 1.2 or 1.3, and etm or -"},
	{HEAD SIZES "way off S 1.2 - 1\n", "line 9: a way has a cost for each size"},
	{HEAD SIZES "way off S 1.2 - 1 -2\n", "line 9: a way has a cost for each size"},
	{HEAD SIZES "way off S 1.2 - 1 2.5\n", "line 9: a way has a cost for each size"},
	{HEAD SIZES "way off S 1.2 - 1 1e3\n", "line 9: a way has a cost for each size"},
	{HEAD SIZES "way off S 1.2 - 1 nan\n", "line 9: a way has a cost for each size"},
	{HEAD SIZES "way off S 1.2 - 1 inf\n", "line 9: a way has a cost for each size"},
	{HEAD SIZES "way off S 1.2 - 1 1000000000001\n", "line 9: a way has a cost for each size"},
	{HEAD SIZES "way off S 1.2 - 1 18446744073709551617\n", "line 9: a way has a cost for each size"},
	{HEAD SIZES "way off S 1.2 - 1 2 3\n", "line 9: there is too much in it"},
	{HEAD SIZES HUNDRED(WAY), "line 73: there are too many ways"},
	{HEAD SIZES "way off S 1.2 - 1 2", "line 9: it ends in the middle"},
};

static void what_is_broken_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
		if (decode(broken[i].text) != SLU_ERR_INVALID || strcmp(error, broken[i].error) != 0)
			fail_msg("%s\nis: %s\nnot: %s", broken[i].text, error, broken[i].error);
	}
	assert_int_equal(slu_kept_decode(&got, HEAD "cp\0u", sizeof HEAD + 4, error, sizeof error), SLU_ERR_INVALID);
}

/* All that is cut off, but at the end of a line behind those that are needed, is missed. */
static void what_is_cut_off_is_refused(void **state)
{
	const size_t needed = strlen(HEAD SIZES);
	unsigned fine = 0;

	(void)state;
	for (size_t n = 0; n < sizeof HEAD SIZES WAY WAY; n++) {
		const int r = slu_kept_decode(&got, HEAD SIZES WAY WAY, n, error, sizeof error);

		fine += r == 0;
		assert_true(r == SLU_ERR_INVALID || n >= needed);
	}
	assert_int_equal(fine, 3);
}

static void cannot_be_written(const struct slu_kept *k)
{
	struct slu_buf out;

	slu_buf_init(&out, SLU_KEPT_MOST);
	assert_int_equal(slu_kept_encode(k, &out), SLU_ERR_INVALID);
	slu_buf_clear(&out);
}

static void what_could_not_be_read_again_is_not_written(void **state)
{
	static const double bad[] = {NAN, -NAN, INFINITY, -INFINITY, -0.001, SLU_KEPT_COST_MOST * 1.001};
	struct slu_kept k = full;

	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		k.ways[1].ms_per_mb[2] = bad[i];
		cannot_be_written(&k);
	}
	k = full;
	k.made = -1;
	cannot_be_written(&k);
	k = full;
	k.sizes[1] = 64;
	cannot_be_written(&k);
	k = full;
	k.nsizes = 0;
	cannot_be_written(&k);
	k = full;
	memcpy(k.device.kernel, "two\nlines", 10);
	cannot_be_written(&k);
	k = full;
	memcpy(k.ways[0].door, "devcrypto:min_size=0", 21);
	cannot_be_written(&k);
}

static void the_largest_of_all_fits(void **state)
{
	static struct slu_kept k;
	struct slu_buf out;

	(void)state;
	k = full;
	k.nsizes = SLU_KEPT_SIZES;
	k.nways = SLU_KEPT_WAYS;
	k.ndrivers = SLU_KEPT_DRIVERS;
	for (size_t s = 0; s < k.nsizes; s++)
		k.sizes[s] = 16000 + s;
	memset(k.device.cpu, 0xff, sizeof k.device.cpu - 1);
	memset(k.device.kernel, 0xff, sizeof k.device.kernel - 1);
	memset(k.device.openssl, 0xff, sizeof k.device.openssl - 1);
	memset(k.path, 0xff, sizeof k.path - 1);
	for (size_t i = 0; i < k.ndrivers; i++)
		memset(&k.drivers[i], ' ', sizeof k.drivers[i]);
	for (size_t i = 0; i < k.ndrivers; i++) {
		struct slu_kept_driver *d = &k.drivers[i];

		d->door[sizeof d->door - 1] = d->algorithm[sizeof d->algorithm - 1] = d->driver[sizeof d->driver - 1] =
			0;
	}
	for (size_t i = 0; i < k.nways; i++) {
		struct slu_kept_way *w = &k.ways[i];

		memset(w->door, ' ', sizeof w->door - 1);
		memcpy(w->door, "engine:", 7);
		memset(w->suite, ' ', sizeof w->suite - 1);
		w->version = SLU_TLS_1_2;
		for (size_t s = 0; s < k.nsizes; s++)
			w->ms_per_mb[s] = SLU_KEPT_COST_MOST;
	}
	slu_buf_init(&out, SLU_KEPT_MOST);
	assert_int_equal(slu_kept_encode(&k, &out), 0);
	assert_true(out.len > SLU_KEPT_MOST / 2);
	slu_buf_clear(&out);
	slu_buf_init(&out, 1000);
	assert_int_equal(slu_kept_encode(&k, &out), SLU_ERR_LIMIT);
	slu_buf_clear(&out);
}

static void without_memory_it_says_so(void **state)
{
	long n = 0;

	(void)state;
	for (int failed = 1; failed; n++) {
		struct slu_buf out;
		int r;

		slu_buf_init(&out, SLU_KEPT_MOST);
		alloc_fail_at(n);
		r = slu_kept_encode(&full, &out);
		failed = alloc_fail_end();
		assert_int_equal(r, failed ? SLU_ERR_NOMEM : 0);
		slu_buf_clear(&out);
	}
	assert_true(n > 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(there_and_back),
		cmocka_unit_test(a_locale_does_not_matter),
		cmocka_unit_test(what_a_later_version_says_is_passed_over),
		cmocka_unit_test(what_is_broken_is_refused),
		cmocka_unit_test(what_is_cut_off_is_refused),
		cmocka_unit_test(what_could_not_be_read_again_is_not_written),
		cmocka_unit_test(the_largest_of_all_fits),
		cmocka_unit_test(without_memory_it_says_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
