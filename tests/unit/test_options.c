/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "tools/exit.h"
#include "tools/help.h"
#include "tools/options.h"
#include "tools/say.h"

struct all {
	struct slu_common_options common;
	struct slu_net_options net;
	struct slu_tls_options tls;
	long wait_ms;
	struct slu_opt_list files;
};

static struct all all;
static int first;
static char said[4096];

static const struct slu_opt own[] = {
	{"wait", 'w', SLU_OPT_MS, true, "S", "wait a while", offsetof(struct all, wait_ms), 1, 5000},
	{"file", 'f', SLU_OPT_LIST, false, "FILE", "one more", offsetof(struct all, files), 0, 0},
};

static int parse_into(struct slu_usage *usage, struct slu_opt_group groups[5], const char *line)
{
	static char copy[1024];
	char *argv[32], *word, *save = NULL;
	int argc = 0;

	memset(&all, 0, sizeof all);
	groups[0] = (struct slu_opt_group){"", own, 2, &all, false};
	groups[1] = slu_options_common(&all.common);
	groups[2] = slu_options_net(&all.net);
	groups[3] = slu_options_certificates(&all.tls);
	groups[4] = slu_options_tls(&all.tls);
	*usage = (struct slu_usage){.verb = "try",
				    .operands = "[options] A [B]",
				    .what = "Try.",
				    .min_operands = 1,
				    .max_operands = 2,
				    .groups = groups,
				    .ngroups = 5};
	strcpy(copy, line);
	argv[argc++] = strdup("try");
	for (word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	argv[argc] = NULL;
	argc = slu_options_parse(usage, argc, argv, &first);
	free(argv[0]);
	return argc;
}

static int parse(const char *line)
{
	struct slu_opt_group groups[5];
	struct slu_usage usage;

	return parse_into(&usage, groups, line);
}

/* Parses and keeps what is said on stderr. */
static int parse_loudly(const char *line)
{
	int saved = dup(STDERR_FILENO), fds[2], status;
	ssize_t n;

	assert_int_equal(pipe(fds), 0);
	dup2(fds[1], STDERR_FILENO);
	close(fds[1]);
	slu_say_verb("try");
	status = parse(line);
	fflush(stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	n = read(fds[0], said, sizeof said - 1);
	close(fds[0]);
	said[n > 0 ? n : 0] = '\0';
	return status;
}

static void quiet_stderr(bool quiet)
{
	static int saved = -1;
	int null = open("/dev/null", O_WRONLY);

	if (quiet)
		saved = dup(STDERR_FILENO);
	fflush(stderr);
	dup2(quiet ? null : saved, STDERR_FILENO);
	if (!quiet)
		close(saved);
	close(null);
}

static void lists_take_one_value_after_the_other(void **state)
{
	char line[256] = "A";

	(void)state;
	assert_int_equal(parse("A"), -1);
	assert_int_equal(all.files.n, 0);
	assert_int_equal(parse("--file one -f two A --file=three"), -1);
	assert_int_equal(all.files.n, 3);
	assert_string_equal(all.files.items[0], "one");
	assert_string_equal(all.files.items[1], "two");
	assert_string_equal(all.files.items[2], "three");
	for (int i = 0; i < SLU_OPT_LIST_MAX; i++)
		strcat(line, " -fx");
	assert_int_equal(parse(line), -1);
	assert_int_equal(all.files.n, SLU_OPT_LIST_MAX);
	strcat(line, " -fx");
	assert_int_equal(parse_loudly(line), SLU_EXIT_USAGE);
	assert_non_null(strstr(said, "--file can be given 16 times at most"));
}

static void every_value_gets_where_it_belongs(void **state)
{
	struct slu_tls_config tls = {0};
	struct slu_conn_config conn = {0};

	(void)state;
	assert_int_equal(parse("--json -vv -6 --bind ::1 --interface lo --send-buffer 5000 --digest "
			       "--connect-timeout 1.5 --tls-timeout 2 --reply-timeout 3 --stall-timeout 0.25 "
			       "--address 192.0.2.1 A"),
			 -1);
	slu_options_to_conn(&all.net, &conn);
	assert_true(all.common.json);
	assert_int_equal(slu_options_verbosity(&all.common), 2);
	assert_int_equal(conn.ip, SLU_IPV6);
	assert_string_equal(conn.bind_address, "::1");
	assert_string_equal(conn.bind_interface, "lo");
	assert_int_equal(conn.send_buffer, 5000);
	assert_int_equal(conn.connect_timeout_ms, 1500);
	assert_int_equal(conn.tls_timeout_ms, 2000);
	assert_int_equal(conn.session.handshake_timeout_ms, 3000);
	assert_int_equal(conn.session.command_timeout_ms, 3000);
	assert_int_equal(conn.stall_timeout_ms, 250);
	assert_int_equal(conn.session.handshake, SLU_HANDSHAKE_DIGEST);
	assert_string_equal(all.net.address, "192.0.2.1");

	assert_int_equal(parse("-q -4 --ca-file a --ca-path b --pin c --server-name d --cert e --cert-key f --insecure "
			       "--tls-min 1.2 --tls-max TLSv1.3 --ciphers g --ciphersuites h --groups i A"),
			 -1);
	assert_int_equal(slu_options_verbosity(&all.common), -1);
	assert_int_equal(all.net.ip, SLU_IPV4);
	assert_int_equal(parse("--ca-file a --ca-path b --pin c --server-name d --cert e --cert-key f --insecure "
			       "--tls-min 1.2 --tls-max TLSv1.3 --ciphers g --ciphersuites h --groups i "
			       "--no-resumption --keylog j --security-level 3 A"),
			 -1);
	slu_options_to_tls(&all.tls, &tls);
	assert_string_equal(tls.ca_file, "a");
	assert_string_equal(tls.ca_path, "b");
	assert_string_equal(tls.pin, "c");
	assert_string_equal(tls.server_name, "d");
	assert_string_equal(tls.cert_file, "e");
	assert_string_equal(tls.key_file, "f");
	assert_true(tls.insecure);
	assert_int_equal(tls.min_version, SLU_TLS_1_2);
	assert_int_equal(tls.max_version, SLU_TLS_1_3);
	assert_string_equal(tls.cipher_list, "g");
	assert_string_equal(tls.ciphersuites, "h");
	assert_string_equal(tls.groups, "i");
	assert_true(tls.no_resumption);
	assert_string_equal(tls.keylog_file, "j");
	assert_int_equal(tls.security_level, 3);
}

static void security_level_zero_is_not_the_default(void **state)
{
	struct slu_tls_config tls = {0};

	(void)state;
	assert_int_equal(parse("A"), -1);
	slu_options_to_tls(&all.tls, &tls);
	assert_int_equal(tls.security_level, 0);
	assert_int_equal(parse("--security-level 0 A"), -1);
	slu_options_to_tls(&all.tls, &tls);
	assert_int_equal(tls.security_level, -1);
}

static void operands_and_optional_arguments(void **state)
{
	(void)state;
	assert_int_equal(parse("A --wait B"), -1);
	assert_int_equal(first, 2);
	assert_int_equal(all.wait_ms, 5000);
	assert_int_equal(parse("--wait=2 A"), -1);
	assert_int_equal(all.wait_ms, 2000);
	assert_int_equal(parse("-- -"), -1);
	assert_int_equal(first, 2);
}

static void mistakes_are_told_in_one_line(void **state)
{
	static const struct {
		const char *line, *part;
	} mistakes[] = {
		{"", "usage: sluice try [options] A [B]"},
		{"A B C", "usage: sluice try"},
		{"--nonsense A", "there is no option --nonsense"},
		{"--nonsense=secret A", "there is no option --nonsense;"},
		{"--key client.pem A", "there is no option --key;"}, /* and not --keylog, which would write to it */
		{"--key=client.pem A", "there is no option --key;"},
		{"A --insec", "there is no option --insec;"},
		{"-Z A", "there is no option -Z"},
		{"A --bind", "--bind needs an argument: IP"},
		{"--json=5 A", "--json takes no argument"},
		{"--send-buffer x A", "--send-buffer takes a number from 1 to 1073741824"},
		{"--send-buffer 0 A", "--send-buffer takes a number"},
		{"--send-buffer 1k A", "--send-buffer takes a number"},
		{"--connect-timeout -1 A", "--connect-timeout takes 0.001 to 86400 seconds"},
		{"--connect-timeout nan A", "seconds"},
		{"--connect-timeout 1e9 A", "seconds"},
		{"--wait=6 A", "--wait takes 0.001 to 5 seconds"},
		{"--tls-min 2 A", "--tls-min takes a TLS version"},
		{"--security-level 6 A", "--security-level takes a number from 0 to 5"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
		assert_int_equal(parse_loudly(mistakes[i].line), SLU_EXIT_USAGE);
		if (strncmp(said, "sluice try: ", 12) != 0 || !strstr(said, mistakes[i].part) ||
		    strchr(said, '\n') != said + strlen(said) - 1 || strstr(said, "secret"))
			fail_msg("\"%s\" makes: %s", mistakes[i].line, said);
	}
}

/* What C's own functions would take for one. */
static void numbers_are_digits(void **state)
{
	static const char *const no[] = {" 5", "\t5", "5 ", "+5", "0x10", "1e3", "", "5,", "5.0", "--5"};
	static const char *const no_seconds[] = {" 5", "+5", "-5", "0x1", "1e0", "", ".", "1.2.3", "inf", "-0"};
	struct slu_opt_group groups[1];
	struct slu_usage usage = {.verb = "try", .max_operands = 1, .groups = groups, .ngroups = 1};

	(void)state;
	groups[0] = slu_options_net(&all.net);
	for (size_t i = 0; i < 2 * sizeof no / sizeof no[0]; i++) {
		bool ms = i % 2;
		const char *text = ms ? no_seconds[i / 2] : no[i / 2];
		char value[64], verb[] = "try", *argv[] = {verb, value, NULL};
		int operands;

		snprintf(value, sizeof value, "--%s=%s", ms ? "connect-timeout" : "send-buffer", text);
		quiet_stderr(true);
		if (slu_options_parse(&usage, 2, argv, &operands) != SLU_EXIT_USAGE)
			fail_msg("%s is taken", value);
		quiet_stderr(false);
	}
	assert_int_equal(parse("--connect-timeout .5 A"), -1);
	assert_int_equal(all.net.connect_ms, 500);
}

static void help_fits_and_names_all(void **state)
{
	struct slu_opt_group groups[5];
	struct slu_usage usage;
	char text[16384] = "";
	FILE *f;

	(void)state;
	assert_int_equal(parse_into(&usage, groups, "A"), -1);
	for (int whole = 0; whole < 2; whole++) {
		size_t lines = 0;

		f = fmemopen(text, sizeof text, "w");
		slu_help(f, &usage, whole);
		fclose(f);
		for (char *line = text; *line; lines++) {
			assert_true(strcspn(line, "\n") < 80);
			line += strcspn(line, "\n") + 1;
		}
		if (!whole)
			assert_in_range(lines, 5, 24);
		for (size_t g = 0; g < 4; g++) {
			for (size_t i = 0; i < groups[g].count; i++) {
				char name[64];

				snprintf(name, sizeof name, "--%s", groups[g].opts[i].name);
				assert_non_null(strstr(text, name));
				assert_int_equal(whole || !groups[g].brief,
						 strstr(text, groups[g].opts[i].help) != NULL);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lists_take_one_value_after_the_other),
		cmocka_unit_test(every_value_gets_where_it_belongs),
		cmocka_unit_test(security_level_zero_is_not_the_default),
		cmocka_unit_test(operands_and_optional_arguments),
		cmocka_unit_test(mistakes_are_told_in_one_line),
		cmocka_unit_test(numbers_are_digits),
		cmocka_unit_test(help_fits_and_names_all),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
