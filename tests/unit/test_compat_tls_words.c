/* SPDX-License-Identifier: MIT */
#include "test.h"

#include "tls_words.h"

static const char *put(const char *sentence)
{
	static char out[300];

	return slu_compat_tls_words(out, sizeof out, sentence);
}

static void each_has_its_option(void **state)
{
	(void)state;
	assert_string_equal(put("give it with --ca-file, or have it"), "give it with tlsCAFile, or have it");
	assert_string_equal(put("use --insecure with --pin sha256//AA="), "use tlsVerify=0 with tlsPin=sha256//AA=");
	assert_string_equal(put("give that one with --pin, else"), "give that one with tlsPin, else");
	assert_string_equal(put("(--cert, --cert-key)"), "(tlsCert, tlsKey)");
	assert_string_equal(put("check --ciphers, --ciphersuites, --tls-min and --tls-max"),
			    "check tlsCiphers, tlsCiphersuites, tlsMin and tlsMax");
	assert_string_equal(put("try --tls-min 1.0 or --tls-max 1.2"), "try tlsMin=1.0 or tlsMax=1.2");
	assert_string_equal(put("try --security-level 0, or --ciphers ECDHE"),
			    "try tlsCiphers=DEFAULT@SECLEVEL=0, or tlsCiphers=ECDHE");
	assert_string_equal(put("try without --groups"), "try without tlsGroups");
	assert_string_equal(put("--insecure"), "tlsVerify=0");
}

static void what_has_none_has_another_way(void **state)
{
	(void)state;
	assert_string_equal(put("use that name, or give it with --server-name"),
			    "use that name, or trust its key alone with tlsVerify=0 and tlsPin");
	assert_string_equal(put("check the host in the URL, or give --server-name"), "check the host in the URL");
}

static void the_rest_stays(void **state)
{
	(void)state;
	assert_string_equal(put(""), "");
	assert_string_equal(put("a - b -- c --d"), "a - b -- c --d");
}

static void it_is_cut(void **state)
{
	char out[12] = "0123456789a";

	(void)state;
	assert_string_equal(slu_compat_tls_words(out, 6, "0--ca-file"), "0tlsC");
	assert_string_equal(out + 6, "6789a");
	assert_string_equal(slu_compat_tls_words(out, 4, "01--ca-file"), "01t");
	assert_string_equal(slu_compat_tls_words(out, 1, "x"), "");
	out[0] = 'y';
	slu_compat_tls_words(out, 0, "x");
	assert_int_equal(out[0], 'y');
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_has_its_option),
		cmocka_unit_test(what_has_none_has_another_way),
		cmocka_unit_test(the_rest_stays),
		cmocka_unit_test(it_is_cut),
	};

	return cmocka_run_group_tests_name("compat_tls_words", tests, NULL, NULL);
}
