/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>

#include "tools/dump_args.h"

static struct slu_amf_writer *w;
static struct slu_amf_doc *doc;
static struct slu_dump_args args;

static void put_text(const char *name, const char *value)
{
	slu_amf_put_name(w, name);
	slu_amf_put_string(w, value);
}

/* connect, up to and with its object */
static int begin(void **state)
{
	(void)state;
	w = slu_amf_writer_new(SLU_AMF0, 1 << 20);
	doc = slu_amf_doc_new(NULL);
	slu_amf_put_string(w, "connect");
	slu_amf_put_number(w, 1);
	slu_amf_begin_object(w, NULL);
	put_text("app", "live");
	put_text("tcUrl", "rtmp://host/live");
	put_text("nobody knows", "this");
	return 0;
}

static int end(void **state)
{
	(void)state;
	slu_dump_args_clear(&args);
	slu_amf_doc_free(doc);
	slu_amf_writer_free(w);
	return 0;
}

static void read_connect(void)
{
	const uint8_t *data;
	size_t n;

	assert_int_equal(slu_amf_writer_end(w, &data, &n), 0);
	assert_int_equal(slu_amf_decode(doc, SLU_AMF0, data, n), 0);
	slu_dump_args_connect(&args, slu_amf_root(doc));
}

static void line_is(const char *want)
{
	char *line = slu_dump_args_line(&args);

	assert_non_null(line);
	assert_string_equal(line, want);
	free(line);
}

static void in_the_order_of_old(void **state)
{
	(void)state;
	put_text("pageUrl", "http://p/");
	put_text("swfUrl", "http://s/x.swf");
	put_text("flashVer", "LNX 9");
	slu_amf_end(w);
	slu_amf_put_boolean(w, true);
	read_connect();
	assert_true(args.has_url);
	slu_dump_args_add_text(&args, 'o', "foo.flv");
	slu_dump_args_add_text(&args, 'y', "foo");
	slu_dump_args_add_text(&args, 'j', "token");
	line_is("rtmpdump -r \"rtmp://host/live\" -a \"live\" -f \"LNX 9\" -W \"http://s/x.swf\" -p \"http://p/\""
		" -j \"token\" -C B:1 -y \"foo\" -o foo.flv");
	assert_false(args.lossy);
}

static void extra_values(void **state)
{
	(void)state;
	slu_amf_end(w);
	slu_amf_put_number(w, 3);
	slu_amf_put_number(w, 1e-9);
	slu_amf_put_string(w, "a b");
	slu_amf_put_null(w);
	slu_amf_begin_object(w, NULL);
	slu_amf_put_name(w, "n");
	slu_amf_put_number(w, -0.5);
	put_text("s", "v:w");
	slu_amf_put_name(w, "b");
	slu_amf_put_boolean(w, false);
	slu_amf_put_name(w, "o");
	slu_amf_begin_object(w, NULL);
	slu_amf_put_name(w, "z");
	slu_amf_put_null(w);
	slu_amf_end(w);
	slu_amf_end(w);
	read_connect();
	line_is("rtmpdump -r \"rtmp://host/live\" -a \"live\" -C N:3.000000 -C N:1.0000000000000001e-09 -C \"S:a b\""
		" -C Z: -C O:1 -C NN:n:-0.500000 -C NS:s:v:w -C NB:b:0 -C NO:o:1 -C NZ:z: -C O:0 -C O:0");
	assert_false(args.lossy);
}

static void what_has_no_letter(void **state)
{
	(void)state;
	slu_amf_end(w);
	slu_amf_put_date(w, 1, 0);
	read_connect();
	line_is("rtmpdump -r \"rtmp://host/live\" -a \"live\" -C Z:");
	assert_true(args.lossy);
}

static void a_name_with_a_colon(void **state)
{
	(void)state;
	slu_amf_end(w);
	slu_amf_begin_object(w, NULL);
	put_text("a:b", "c");
	slu_amf_end(w);
	read_connect();
	line_is("rtmpdump -r \"rtmp://host/live\" -a \"live\" -C O:1 -C O:0");
	assert_true(args.lossy);
}

static void no_more_than_fits(void **state)
{
	(void)state;
	slu_amf_end(w);
	for (int i = 0; i < 1000; i++)
		slu_amf_put_boolean(w, true);
	read_connect();
	assert_true(args.lossy && args.n < SLU_DUMP_ARGS);
	slu_dump_args_add_text(&args, 'y', "foo");
	slu_dump_args_add_text(&args, 'o', "foo.flv");
	assert_int_equal(args.items[args.n - 1].letter, 'o');
	assert_int_equal(args.items[args.n - 2].letter, 'y');
}

static void objects_that_are_too_deep(void **state)
{
	(void)state;
	slu_amf_end(w);
	for (int i = 0; i < 40; i++) {
		slu_amf_begin_object(w, NULL);
		slu_amf_put_name(w, "o");
	}
	slu_amf_put_null(w);
	for (int i = 0; i < 40; i++)
		slu_amf_end(w);
	read_connect();
	assert_true(args.lossy);
	assert_true(args.n == 2 + 2 * 16);
}

/* AMF0's reference to the object that it is in. */
static void an_object_that_holds_itself(void **state)
{
	static const uint8_t bytes[] = {2, 0, 1, 'c', 0, 0, 0, 0, 0, 0, 0, 0, 0, 5, 3, 0, 1, 'o', 7, 0, 0, 0, 0, 9};

	(void)state;
	assert_int_equal(slu_amf_decode(doc, SLU_AMF0, bytes, sizeof bytes), 0);
	slu_dump_args_connect(&args, slu_amf_root(doc));
	assert_true(args.lossy && args.n <= 2 * 16);
	assert_false(args.has_url);
}

static void for_a_program(void **state)
{
	char **argv;

	(void)state;
	slu_dump_args_add_text(&args, 'y', "-o/etc/passwd");
	slu_dump_args_add_text(&args, 'r', "--help");
	slu_dump_args_add_text(&args, 'a', "");
	argv = slu_dump_args_argv(&args);
	assert_non_null(argv);
	assert_string_equal(argv[0], "rtmpdump");
	assert_string_equal(argv[1], "--rtmp=--help");
	assert_string_equal(argv[2], "--app=");
	assert_string_equal(argv[3], "--playpath=-o/etc/passwd");
	assert_null(argv[4]);
	free(argv);
}

static void up_to_the_first_nul(void **state)
{
	(void)state;
	slu_dump_args_add(&args, 'y', (struct slu_amf_str){"a\0b", 3});
	line_is("rtmpdump -y \"a\"");
	assert_true(args.lossy);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(in_the_order_of_old),         TEST(extra_values),      TEST(what_has_no_letter),
		TEST(a_name_with_a_colon),         TEST(no_more_than_fits), TEST(objects_that_are_too_deep),
		TEST(an_object_that_holds_itself), TEST(for_a_program),     TEST(up_to_the_first_nul),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
