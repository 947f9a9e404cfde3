/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <arpa/inet.h>
#include <sys/un.h>

#include "net/address.h"

static void reads_numbers_only(void **state)
{
	static const char *const names[] = {"",      "example.com",     "127.0.0.1.",    "1.2.3",         "256.1.1.1",
					    "[::1]", "::1%nosuchiface", "::1%",          "12345::",       "localhost",
					    " ::1",  "1.2.3.4 ",        "fe80::1%1%lo9", "::1%4294967296"};
	struct slu_address a;

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
		assert_false(slu_address_parse(&a, names[i], 1935));
	assert_true(slu_address_parse(&a, "192.0.2.1", 1935));
	assert_int_equal(a.addr.ss_family, AF_INET);
	assert_int_equal(a.len, sizeof(struct sockaddr_in));
	assert_true(slu_address_parse(&a, "2001:db8::1", 443));
	assert_int_equal(a.addr.ss_family, AF_INET6);
	assert_int_equal(a.len, sizeof(struct sockaddr_in6));
	assert_int_equal(ntohs(((struct sockaddr_in6 *)&a.addr)->sin6_port), 443);
}

static void writes_what_it_reads(void **state)
{
	char text[SLU_ADDRESS_TEXT];
	struct slu_address a;

	(void)state;
	assert_true(slu_address_parse(&a, "192.0.2.1", 65535));
	assert_string_equal(slu_address_format(&a, text, sizeof text), "192.0.2.1:65535");
	assert_string_equal(slu_address_host(&a, text, sizeof text), "192.0.2.1");
	assert_true(slu_address_parse(&a, "2001:DB8:0::1", 1));
	assert_string_equal(slu_address_format(&a, text, sizeof text), "[2001:db8::1]:1");
	assert_true(slu_address_parse(&a, "fe80::1%1", 1));
	assert_int_equal(((struct sockaddr_in6 *)&a.addr)->sin6_scope_id, 1);
	assert_true(slu_address_parse(&a, "fe80::1%lo", 1935));
	assert_string_equal(slu_address_format(&a, text, sizeof text), "[fe80::1%lo]:1935");
	a.addr.ss_family = AF_UNIX;
	assert_string_equal(slu_address_format(&a, text, sizeof text), "unix");
}

static void names_endpoints(void **state)
{
	char text[SLU_ENDPOINT_TEXT], longer[600];

	(void)state;
	assert_string_equal(slu_endpoint_format("example.com", 1935, text, sizeof text), "example.com:1935");
	assert_string_equal(slu_endpoint_format("::1", 443, text, sizeof text), "[::1]:443");
	assert_string_equal(slu_endpoint_format("a\nb\x1b", 1, text, sizeof text), "a\\x0ab\\x1b:1");
	memset(longer, 'x', sizeof longer);
	longer[sizeof longer - 1] = '\0';
	assert_int_equal(strlen(slu_endpoint_format(longer, 65535, text, sizeof text)), 255 + 6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reads_numbers_only),
		cmocka_unit_test(writes_what_it_reads),
		cmocka_unit_test(names_endpoints),
	};

	return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
