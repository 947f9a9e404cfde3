/* SPDX-License-Identifier: MIT */
/* AES-CBC with HMAC of the provider, on devices that fail in mid-stream. */
#include "test.h"

#include <openssl/err.h>

#include "dc_stream.h"

static void strike(const struct dc_fault *fault)
{
	static const char *const devices[] = {"", "no-tls"};
	struct dc_trio t;

	for (size_t d = 0; d < 2; d++)
		for (size_t k = 0; k < DC_KINDS; k++) {
			dc_kit_device(&kit, devices[d]);
			dc_trio_open(&t, &dc_kinds[k], TLS1_VERSION + (unsigned)(d + k) % 3);
			dc_trio_record(&t, DATA, 5000);
			dc_kit_fault(&kit, fault->fault);
			for (size_t n = 0; n < 30; n++)
				dc_trio_record(&t, DATA, 4990 + n);
			dc_kit_expect(&kit, fault, devices[d]);
			dc_trio_close(&t);
		}
}

static void test_faults(void **state)
{
	static const struct dc_fault far = {"flip=5000", DC_SAID_WRONG, true};
	static const struct dc_fault at_lengths = {"wrong-length=5000-5040", DC_SAID_WRONG, true};

	(void)state;
	kit.provider->settings.check_every = 1;
	for (size_t f = 0; f < DC_FAULTS; f++)
		strike(&dc_faults[f]);
	strike(&far);
	strike(&at_lengths);
	kit.provider->settings.check_every = 0;
}

/* Too long for one request with the MAC, and for one without: it comes in pieces. */
static void test_small_device(void **state)
{
	struct dc_trio t;

	(void)state;
	dc_kit_device(&kit, "");
	dc_trio_open(&t, &dc_kinds[0], TLS1_2_VERSION);
	dc_trio_record(&t, DATA, 1000); /* it has served in TLS mode */
	dc_kit_fault(&kit, "largest=2000");
	for (int n = 0; n < 20; n++)
		dc_trio_record(&t, DATA, 5000);
	dc_trio_close(&t);
	assert_false(slu_dc_device_off(kit.provider->device));
	assert_int_equal(kit.lines, 2); /* of either once */
	assert_in_range(dc_kit_counters(&kit).errors, 2, 4);
	assert_true(dc_kit_counters(&kit).crypt >= 3 * 18);
}

static void test_hang(void **state)
{
	struct dc_trio t;

	(void)state;
	kit.provider->settings.deadline_ms = 100;
	dc_kit_device(&kit, "");
	dc_trio_open(&t, &dc_kinds[0], TLS1_2_VERSION);
	dc_trio_record(&t, DATA, 5000);
	dc_kit_fault(&kit, "hang");
	for (int n = 0; n < 5; n++)
		dc_trio_record(&t, DATA, 5000);
	dc_trio_close(&t);
	assert_true(slu_dc_device_off(kit.provider->device));
	assert_int_equal(dc_kit_books(&kit).abandoned, 1);
	dc_kit_release(&kit);
	kit.provider->settings.deadline_ms = 0;
}

/* Without software to stand in: a device that has only CBC is enough, one that has not is not. */
static void test_strict(void **state)
{
	static const struct {
		const char *faults;
		bool works;
	} cases[] = {{"", true}, {"no-tls", true}, {"ecb-only", false}, {"eio", false}, {"vanish", false}};
	static uint8_t record[ROOM];
	struct dc_stream s;

	(void)state;
	kit.provider->settings.fallback = false;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		dc_kit_device(&kit, cases[i].faults);
		dc_stream_open(&s, &dc_kinds[0], TLS1_2_VERSION, "provider=devcrypto", 1);
		for (int n = 0; n < 3; n++) {
			assert_true(dc_stream_seal(&s, 22, record, 1000) > 0); /* software's anyway */
			ERR_clear_error();
			assert_int_equal(dc_stream_seal(&s, DATA, record, 1000) > 0, cases[i].works);
			if (!cases[i].works)
				assert_int_equal(ERR_GET_REASON(ERR_peek_last_error()), SLU_DC_R_DEVICE);
		}
		ERR_clear_error();
		assert_int_equal(dc_kit_books(&kit).fallbacks, 0);
		dc_stream_close(&s);
	}
	dc_kit_device(&kit, "wrong");
	kit.provider->settings.check_every = 1;
	dc_stream_open(&s, &dc_kinds[0], TLS1_2_VERSION, "provider=devcrypto", 1);
	assert_int_equal(dc_stream_seal(&s, DATA, record, 1000), 0);
	dc_stream_close(&s);
	ERR_clear_error();
	kit.provider->settings.check_every = 0;
	kit.provider->settings.fallback = true;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_small_device),
		cmocka_unit_test(test_hang),
		cmocka_unit_test(test_strict),
	};

	return cmocka_run_group_tests(tests, dc_stream_setup, dc_kit_teardown);
}
