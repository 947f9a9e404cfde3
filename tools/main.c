/* SPDX-License-Identifier: MIT */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <sluice/sluice.h>

#include "tools/exit.h"
#include "tools/say.h"
#include "tools/verbs.h"

struct verb {
	const char *name;
	const char *summary;
	int (*run)(int argc, char **argv);
};

static const struct verb verbs[] = {
	{"push", "publish an FLV file or pipe to an RTMP or RTMPS server", slu_verb_push},
	{"pull", "play a stream into an FLV file or pipe", slu_verb_pull},
	{"serve", "take and hand on streams, and record them", slu_verb_serve},
	{"probe", "tell what a server accepts of TLS, and what to choose", slu_verb_probe},
	{"doctor", "tell what this device has for TLS, and what it costs", slu_verb_doctor},
};

enum { VERBS = sizeof verbs / sizeof verbs[0] };

static const struct {
	int status;
	const char *meaning;
} exits[] = {
#define EXIT_ROW(name, value, meaning) {value, meaning},
	SLU_EXITS(EXIT_ROW)
#undef EXIT_ROW
};

static void help(FILE *to)
{
	fputs("Usage: sluice VERB [options] ...\nLive video over RTMP and RTMPS.\n\n", to);
	for (size_t i = 0; i < VERBS; i++)
		fprintf(to, "  %-9s %s\n", verbs[i].name, verbs[i].summary);
	fputs("\n  sluice VERB --help tells of a verb, sluice --version of versions.\n\nExit status:\n", to);
	for (size_t i = 0; i < sizeof exits / sizeof exits[0]; i++)
		fprintf(to, "  %3d  %s\n", exits[i].status, exits[i].meaning);
}

static int version(void)
{
	printf("sluice %s, %s", slu_version(), slu_tls_library());
	if (strcmp(slu_tls_library(), slu_tls_library_built()) != 0)
		printf(" (built with %s)", slu_tls_library_built());
	puts("");
	return SLU_EXIT_OK;
}

/* Where standard input, output or error is closed, the next file that is opened would take its place, and what is said
 * would end in the stream. Opened the wrong way round, /dev/null refuses as a closed one does. */
static void hold_standard_files(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
			return;
}

int main(int argc, char **argv)
{
	const char *word = argc > 1 ? argv[1] : "";

	hold_standard_files();

	for (size_t i = 0; i < VERBS; i++) {
		if (strcmp(word, verbs[i].name) == 0) {
			slu_say_verb(verbs[i].name);
			return verbs[i].run(argc - 1, argv + 1);
		}
	}
	if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0)
		return version();
	if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0) {
		help(stdout);
		return SLU_EXIT_OK;
	}
	if (word[0])
		slu_say("there is no verb \"%s\"; sluice --help lists them", word);
	else
		help(stderr);
	return SLU_EXIT_USAGE;
}
