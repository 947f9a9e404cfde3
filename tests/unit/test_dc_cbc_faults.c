/* SPDX-License-Identifier: MIT */
/* AES-CBC of the provider against OpenSSL's own, on devices that fail, and in a child. */
#include "test.h"

#include <openssl/err.h>

#include "dc_pair.h"
#include "in_child.h"

static void strike(const struct dc_fault *fault)
{
	for (int encrypt = 0; encrypt < 2; encrypt++) {
		struct dc_pair p;

		dc_kit_device(&kit, "");
		dc_pair_open(&p, 256, encrypt, 0);
		dc_pair_update(&p, 0, text, 4096);
		dc_kit_fault(&kit, fault->fault);
		for (size_t n = 0; n < 40; n++)
			dc_pair_update(&p, 0, text + n, 3072);
		dc_kit_expect(&kit, fault, "");
		dc_pair_close(&p);
	}
}

static void test_faults(void **state)
{
	static const struct dc_fault far = {"flip=200", DC_SAID_WRONG, true};
	static const struct dc_fault at_lengths = {"wrong-length=3000-3100", DC_SAID_WRONG, true};
	static const struct dc_fault small = {"largest=2000", EINVAL, false}; /* requests get smaller */

	(void)state;
	kit.provider->settings.check_every = 1;
	kit.provider->settings.decrypt = true;
	for (size_t f = 0; f < DC_FAULTS; f++)
		strike(&dc_faults[f]);
	strike(&far);
	strike(&at_lengths);
	strike(&small);
	kit.provider->settings.check_every = 0;
	kit.provider->settings.decrypt = false;
}

static void test_hang(void **state)
{
	struct dc_pair p;

	(void)state;
	dc_kit_device(&kit, "");
	kit.provider->settings.deadline_ms = 100;
	dc_pair_open(&p, 128, 1, 1);
	dc_pair_update(&p, 0, text, 4000);
	dc_kit_fault(&kit, "hang");
	for (int n = 0; n < 5; n++)
		dc_pair_update(&p, 0, text, 4000);
	dc_pair_close(&p);
	assert_true(slu_dc_device_off(kit.provider->device));
	assert_int_equal(dc_kit_books(&kit).abandoned, 1);
	assert_int_equal(kit.lines, 1);
	dc_kit_release(&kit);
	kit.provider->settings.deadline_ms = 0;
}

/* A child goes on in software, and leaves its parent's session alone. */
static int child_goes_on(void *pair)
{
	const uint64_t before = dc_kit_counters(&kit).crypt;

	dc_pair_update(pair, 0, text, 4000);
	dc_pair_close(pair);
	return dc_kit_counters(&kit).crypt == before ? 0 : 1;
}

static void test_fork(void **state)
{
	struct dc_pair p;

	(void)state;
	dc_kit_device(&kit, "");
	dc_pair_open(&p, 128, 1, 1);
	dc_pair_update(&p, 0, text, 4000);
	assert_int_equal(in_child(child_goes_on, &p), 0);
	dc_pair_update(&p, 0, text, 4000);
	assert_int_equal(dc_kit_counters(&kit).crypt, 2);
	dc_pair_close(&p);
}

/* Without software to stand in, what the device cannot do fails, and says so. */
static void test_strict(void **state)
{
	static const char *const faults[] = {"eio", "ecb-only", "vanish", "wrong"};
	struct dc_pair p;
	int length;

	(void)state;
	kit.provider->settings.fallback = false;
	kit.provider->settings.check_every = 1;
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
		for (int n = 0; n < 2; n++) {
			dc_kit_device(&kit, "");
			dc_pair_open(&p, 128, 1, 1);
			assert_int_equal(EVP_CipherUpdate(p.ctx[0], buffer[0], &length, text, 160), 1);
			if (n) {
				dc_pair_close(&p);
				dc_pair_open(&p, 128, 1, 1);
			}
			dc_kit_fault(&kit, faults[i]);
			if (!n && strcmp(faults[i], "ecb-only") == 0) { /* its session lives on */
				dc_pair_close(&p);
				continue;
			}
			assert_int_equal(EVP_CipherUpdate(p.ctx[0], buffer[0], &length, text, 160), 0);
			assert_int_equal(ERR_GET_REASON(ERR_peek_last_error()), SLU_DC_R_DEVICE);
			ERR_clear_error();
			assert_int_equal(dc_kit_books(&kit).fallbacks, 0);
			dc_pair_close(&p);
		}
	kit.provider->settings.check_every = 0;
	kit.provider->settings.fallback = true;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_hang),
		cmocka_unit_test(test_fork),
		cmocka_unit_test(test_strict),
	};

	return cmocka_run_group_tests(tests, dc_pair_setup, dc_kit_teardown);
}
