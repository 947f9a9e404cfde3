/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "crypto/selftest.h"
#include "provider/cryptodev.h"
#include "tests/lab/device.h"

/* A kernel that passes all on to the lab's device, and meddles with what comes back. */
struct meddler {
	struct slu_dc_kernel kernel;
	const struct slu_dc_kernel *below;
	struct lab_device *device;
	/* After a request that was carried out. auth: NULL, or crypt is. */
	void (*after)(struct slu_dc_crypt_op *crypt, struct slu_dc_auth_op *auth);
	/* In place of the answer: what it gives, or 1 to ask the device. */
	int (*answer)(unsigned long request, void *arg);
	int open_error;
	atomic_uint within, most_within;
	bool forgives; /* wrong tags */
	bool crowds;   /* requests meet, and those that met others are wrong */
};

static int meddler_open(void *user, const char *path)
{
	struct meddler *m = user;

	return m->open_error ? m->open_error : m->below->open(m->below->user, path);
}

static void meddler_close(void *user, int fd)
{
	struct meddler *m = user;

	m->below->close(m->below->user, fd);
}

/* Waits for a second one, but not for ever: there may be none. */
static bool meets(struct meddler *m)
{
	atomic_fetch_add(&m->within, 1);
	for (int i = 0; i < 50; i++) {
		unsigned now = atomic_load(&m->within);

		if (now > 1) {
			atomic_store(&m->most_within, now);
			return true;
		}
		usleep(1000);
	}
	return false;
}

static int meddler_ioctl(void *user, int fd, unsigned long request, void *arg)
{
	struct meddler *m = user;
	bool crypt = request == SLU_DC_CIOCCRYPT, auth = request == SLU_DC_CIOCAUTHCRYPT;
	bool met = m->crowds && (crypt || auth) && meets(m);
	int error = m->answer ? m->answer(request, arg) : 1;

	if (error == 1)
		error = m->below->ioctl(m->below->user, fd, request, arg);
	if (m->crowds && (crypt || auth))
		atomic_fetch_sub(&m->within, 1);
	if (m->forgives && error == -EBADMSG)
		error = 0;
	if (!error && met && crypt)
		((struct slu_dc_crypt_op *)arg)->dst[0] ^= 1;
	if (!error && m->after && (crypt || auth))
		m->after(crypt ? arg : NULL, auth ? arg : NULL);
	return error;
}

static struct meddler *meddler_new(struct meddler *m)
{
	memset(m, 0, sizeof *m);
	m->device = lab_device_new();
	m->below = lab_device_kernel(m->device);
	m->kernel = (struct slu_dc_kernel){meddler_open, meddler_ioctl, meddler_close, m};
	return m;
}

static struct slu_verdict run_over(struct meddler *m, enum slu_dc_algorithm a, bool quick)
{
	const struct slu_selftest test = {.kernel = &m->kernel, .quick = quick};
	struct slu_verdict v;
	struct lab_counters c;

	slu_selftest_run(&test, a, &v);
	lab_device_counters(m->device, &c);
	assert_int_equal(c.open_now, 0);
	return v;
}

/* ---- what is asked for ---- */

/* Requests of the whole and of the quick tests: what the table of sweeps comes to. */
static const struct {
	const char *driver;
	unsigned whole, quick;
} counts[SLU_DC_ALGORITHMS] = {
	[SLU_DC_CBC] = {"lab-cbc-aes", 2249, 477},      [SLU_DC_ECB] = {"lab-ecb-aes", 1689, 385},
	[SLU_DC_CTR] = {"lab-ctr-aes", 3961, 539},      [SLU_DC_GCM] = {"lab-gcm-aes", 5902, 884},
	[SLU_DC_CBC_SHA1] = {"lab-cbc-aes", 1260, 148}, [SLU_DC_CBC_SHA256] = {"lab-cbc-aes", 1260, 148},
};

static void a_right_device_passes(void **state)
{
	(void)state;
	for (int a = 0; a < SLU_DC_ALGORITHMS; a++) {
		for (int quick = 0; quick < 2; quick++) {
			struct meddler m;
			struct slu_verdict v = run_over(meddler_new(&m), (enum slu_dc_algorithm)a, quick);
			struct lab_counters c;
			/* A tag that is refused is right, but not carried out: three or one with GCM. */
			unsigned refused = a == SLU_DC_GCM ? 3 : 0;

			lab_device_counters(m.device, &c);
			assert_int_equal(v.kind, SLU_PASSED);
			assert_int_equal(v.operations, quick ? counts[a].quick : counts[a].whole);
			assert_int_equal(c.crypt + c.authcrypt, v.operations - refused);
			assert_int_equal(c.errors, refused);
			assert_string_equal(v.driver, counts[a].driver);
			assert_int_equal(v.keys, 7);
			assert_int_equal(v.largest, a < SLU_DC_CBC_SHA1 ? 135168 : 16384);
			assert_false(v.has_shape || v.has_previous || v.avoided || v.error || v.tries);
		}
	}
}

struct heard {
	unsigned notes, steps, last_step, without_shape;
	bool in_order;
};

static void hear(void *arg, const struct slu_selftest_note *note)
{
	struct heard *h = arg;

	h->notes++;
	h->without_shape += !note->has_shape;
	h->steps += h->notes == 1 || note->step != h->last_step;
	h->in_order = h->in_order && note->step >= h->last_step && note->done <= note->total + (note->total == 0);
	h->last_step = note->step;
}

static void each_request_is_told_before(void **state)
{
	struct meddler m;
	struct heard h = {.in_order = true};
	const struct slu_selftest test = {.kernel = &meddler_new(&m)->kernel, .quick = true, .note = hear, .arg = &h};
	struct slu_verdict v;

	(void)state;
	slu_selftest_run(&test, SLU_DC_GCM, &v);
	assert_int_equal(v.kind, SLU_PASSED);
	assert_int_equal(h.notes, v.operations + 2); /* and opening, and closing */
	assert_int_equal(h.without_shape, 2);
	assert_true(h.in_order);
	assert_string_equal(slu_selftest_step_name(h.last_step), "closing the sessions");
	assert_int_equal(h.steps, 17); /* opening, known answers, 14 sweeps of GCM, closing */
}

/* ---- other flaws than wrong bytes ---- */

static void before_result(struct slu_dc_crypt_op *c, struct slu_dc_auth_op *a)
{
	(c ? c->dst : a->dst)[-1] ^= 1;
}

static void behind_result(struct slu_dc_crypt_op *c, struct slu_dc_auth_op *a)
{
	/* CIOCAUTHCRYPT says how much it made. */
	(c ? c->dst + c->len : a->dst + a->len + (a->op == SLU_DC_DECRYPT ? 16 : 0))[0] ^= 1;
}

static void source(struct slu_dc_crypt_op *c, struct slu_dc_auth_op *a)
{
	if (c && c->src != c->dst)
		c->src[0] ^= 1;
	if (a && a->src != a->dst)
		a->src[0] ^= 1;
}

static void iv(struct slu_dc_crypt_op *c, struct slu_dc_auth_op *a)
{
	uint8_t *bytes = c ? c->iv : a->iv;

	if (bytes && !((c ? c->flags : a->flags) & SLU_DC_FLAG_WRITE_IV))
		bytes[3] ^= 1;
}

static void behind_iv(struct slu_dc_crypt_op *c, struct slu_dc_auth_op *a)
{
	uint8_t *bytes = c ? c->iv : a->iv;

	if (bytes)
		bytes[16] ^= 1;
}

static void finds_what_else_is_written_to(void **state)
{
	static const struct {
		void (*after)(struct slu_dc_crypt_op *c, struct slu_dc_auth_op *a);
		enum slu_dc_algorithm algorithm;
		enum slu_flaw flaw;
		bool avoided;
	} cases[] = {
		{before_result, SLU_DC_CBC, SLU_FLAW_AROUND, false},
		{before_result, SLU_DC_GCM, SLU_FLAW_AROUND, false},
		{behind_result, SLU_DC_CTR, SLU_FLAW_AROUND, false},
		{behind_result, SLU_DC_GCM, SLU_FLAW_AROUND, false},
		{behind_result, SLU_DC_CBC_SHA1, SLU_FLAW_AROUND, false},
		{source, SLU_DC_ECB, SLU_FLAW_SOURCE, true},
		{source, SLU_DC_GCM, SLU_FLAW_SOURCE, true},
		{iv, SLU_DC_CBC, SLU_FLAW_IV, false},
		{iv, SLU_DC_CBC_SHA256, SLU_FLAW_IV, false},
		{behind_iv, SLU_DC_CTR, SLU_FLAW_IV, false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct meddler m;
		struct slu_verdict v;

		meddler_new(&m)->after = cases[i].after;
		v = run_over(&m, cases[i].algorithm, true);
		assert_int_equal(v.kind, SLU_WRONG);
		assert_int_equal(v.flaw, cases[i].flaw);
		assert_int_equal(v.avoided, cases[i].avoided);
		assert_true(v.has_shape && !v.has_previous);
		assert_int_equal(v.tries, 0);
	}
}

static void finds_that_a_wrong_tag_is_taken(void **state)
{
	struct meddler m;
	struct slu_verdict v;
	char text[600];

	(void)state;
	meddler_new(&m)->forgives = true;
	v = run_over(&m, SLU_DC_GCM, true);
	assert_int_equal(v.kind, SLU_WRONG);
	assert_int_equal(v.flaw, SLU_FLAW_TAG);
	assert_int_equal(v.shape.at[SLU_SHAPE_TAMPERED], 1);
	assert_int_equal(v.shape.at[SLU_SHAPE_LENGTH], 1);
	assert_false(slu_verdict_usable(&v));
	assert_string_equal(slu_verdict_sentence(&v, text, sizeof text),
			    "AES-GCM by driver lab-gcm-aes takes a wrong tag for a right one; the smallest request "
			    "that shows it: decrypting 1 byte with a key of 16 bytes and 13 bytes of associated data, "
			    "with a wrong tag. Do not use it, and tell whoever maintains the driver.");
}

/* ---- what it has ---- */

static int no_192(unsigned long request, void *arg)
{
	return request == SLU_DC_CIOCGSESSION && ((struct slu_dc_session_op *)arg)->keylen == 24 ? -EINVAL : 1;
}

static void does_without_keys_of_192_bits(void **state)
{
	struct meddler m;
	struct slu_verdict v;
	char text[600];

	(void)state;
	meddler_new(&m)->answer = no_192;
	v = run_over(&m, SLU_DC_CBC, false);
	assert_int_equal(v.kind, SLU_PASSED);
	assert_int_equal(v.keys, 5);
	assert_true(v.operations > 1000 && v.operations < counts[SLU_DC_CBC].whole);
	assert_non_null(strstr(slu_verdict_sentence(&v, text, sizeof text), "; it takes no keys of 192 bits."));
}

static int whole_blocks(unsigned long request, void *arg)
{
	return request == SLU_DC_CIOCCRYPT && ((struct slu_dc_crypt_op *)arg)->len % 16 ? -EINVAL : 1;
}

/* A driver that says of CTR that it has blocks. */
static void does_without_parts_of_blocks(void **state)
{
	struct meddler m;
	struct slu_verdict v;

	(void)state;
	meddler_new(&m)->answer = whole_blocks;
	v = run_over(&m, SLU_DC_CTR, false);
	assert_int_equal(v.kind, SLU_ERROR);
	assert_int_equal(v.error, EINVAL);
	assert_int_equal(v.shape.at[SLU_SHAPE_LENGTH], 1);
	assert_true(v.avoided && slu_verdict_usable(&v));
	assert_int_equal(v.largest, 135168);
	/* Once it is known, nothing of the kind is asked for. */
	assert_int_equal(v.operations, 713);
}

static void tells_why_there_is_no_device(void **state)
{
	static const struct {
		int error;
		enum slu_verdict_kind kind;
		const char *sentence;
	} cases[] = {
		{ENOENT, SLU_GONE,
		 "AES-CBC cannot be tested: there is no device (No such file or directory). Load the kernel's module "
		 "cryptodev and the hardware's driver."},
		{EACCES, SLU_GONE,
		 "AES-CBC cannot be tested: Permission denied. Give this user the right to read and write "
		 "/dev/crypto."},
		{EMFILE, SLU_ERROR, NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct meddler m;
		struct slu_verdict v;
		char text[600];

		meddler_new(&m)->open_error = -cases[i].error;
		v = run_over(&m, SLU_DC_CBC, true);
		assert_int_equal(v.kind, cases[i].kind);
		assert_int_equal(v.error, cases[i].error);
		assert_int_equal(v.operations, 0);
		if (cases[i].sentence)
			assert_string_equal(slu_verdict_sentence(&v, text, sizeof text), cases[i].sentence);
	}
}

/* ---- many at once ---- */

static struct slu_verdict load_over(struct meddler *m, enum slu_dc_algorithm a, unsigned process)
{
	const struct slu_selftest test = {.kernel = &m->kernel, .quick = true};
	struct slu_verdict v = {.algorithm = a,
				.kind = SLU_PASSED,
				.driver = "lab-cbc-aes",
				.keys = 5,
				.largest = 5000,
				.operations = 7};
	struct lab_counters c;

	slu_selftest_load(&test, process, 0, &v);
	lab_device_counters(m->device, &c);
	assert_int_equal(c.open_now, 0);
	return v;
}

static void many_sessions_at_once(void **state)
{
	(void)state;
	for (int a = 0; a < SLU_DC_ALGORITHMS; a++) {
		struct meddler m;
		struct slu_verdict v = load_over(meddler_new(&m), (enum slu_dc_algorithm)a, 1);
		struct lab_counters c;

		lab_device_counters(m.device, &c);
		assert_int_equal(v.kind, SLU_PASSED);
		assert_int_equal(v.operations, 7 + 4 * 64);
		assert_int_equal(c.crypt + c.authcrypt, 4 * 64);
		assert_int_equal(c.largest, 4096);         /* no more than is known to be right */
		assert_in_range(c.sessions, 4 + 1, 4 * 4); /* two keys of two sizes in four threads at most */
	}
}

static void finds_what_fails_in_a_crowd_only(void **state)
{
	struct meddler m;
	struct slu_verdict v;
	char text[600];

	(void)state;
	meddler_new(&m)->crowds = true;
	v = load_over(&m, SLU_DC_CBC, 0);
	assert_true(atomic_load(&m.most_within) > 1);
	assert_int_equal(v.kind, SLU_WRONG);
	assert_true(v.crowded && v.has_shape && !v.avoided);
	assert_string_equal(slu_selftest_step_name(v.step), "many sessions at once");
	assert_non_null(strstr(slu_verdict_sentence(&v, text, sizeof text), ", while other sessions work at the same "
									    "time. Do not use it"));
}

static void finds_what_fails_alone_too(void **state)
{
	struct meddler m;
	struct slu_verdict v;
	char error[100];

	(void)state;
	meddler_new(&m);
	assert_int_equal(lab_device_fault(m.device, "wrong-length=48", error, sizeof error), 0);
	v = load_over(&m, SLU_DC_CTR, 0);
	assert_int_equal(v.kind, SLU_WRONG);
	assert_false(v.crowded);
	assert_int_equal(v.shape.at[SLU_SHAPE_LENGTH], 48);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_right_device_passes),
		cmocka_unit_test(each_request_is_told_before),
		cmocka_unit_test(finds_what_else_is_written_to),
		cmocka_unit_test(finds_that_a_wrong_tag_is_taken),
		cmocka_unit_test(does_without_keys_of_192_bits),
		cmocka_unit_test(does_without_parts_of_blocks),
		cmocka_unit_test(tells_why_there_is_no_device),
		cmocka_unit_test(many_sessions_at_once),
		cmocka_unit_test(finds_what_fails_in_a_crowd_only),
		cmocka_unit_test(finds_what_fails_alone_too),
	};

	return cmocka_run_group_tests_name("selftest", tests, NULL, NULL);
}
