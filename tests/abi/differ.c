/* SPDX-License-Identifier: MIT */
#include "differ.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { BEHIND = 4096, PATIENCE = 1, KINDS = 16 };

extern const char RTMPProtocolStrings[][7];

#define CRASHED "crashed\n"
#define BEYOND  "read past the end\n"

#define X(name) .name = name,
const struct api differ_ours = {DIFFER_FUNCTIONS(X).flash_version = &RTMP_DefaultFlashVer,
				.protocols = RTMPProtocolStrings, .lower = RTMPProtocolStringsLower};
#undef X

static struct api debians;
static int tests, failed;
struct seen {
	char *text;
	size_t n;
};

/* One of many. */
struct job {
	differ_scenario *scenario;
	differ_reason *reason;
	struct input in;
	struct seen ours, theirs;
};

static struct job *jobs;
static int job_count;

static struct kind {
	const char *name;
	long n;
} kinds[KINDS];

bool differ_begin(void)
{
	void *library = dlopen("librtmp.so.1", RTLD_NOW | RTLD_LOCAL);
	bool whole;

	if (!library) {
		printf("1..0 # SKIP Debian's librtmp1 is not installed: %s\n", dlerror());
		return false;
	}
	debians.flash_version = dlsym(library, "RTMP_DefaultFlashVer");
	debians.protocols = dlsym(library, "RTMPProtocolStrings");
	debians.lower = dlsym(library, "RTMPProtocolStringsLower");
	whole = debians.flash_version && debians.protocols && debians.lower;
#define X(name)                                                                                                        \
	*(void **)&debians.name = dlsym(library, #name);                                                               \
	whole = whole && debians.name;
	DIFFER_FUNCTIONS(X)
#undef X
	if (!whole || *(void **)&debians.AMF_Decode == *(void *const *)&differ_ours.AMF_Decode) {
		printf("Bail out! librtmp.so.1 lacks functions, or is this program's own\n");
		exit(1);
	}
	return true;
}

/* Runs it on input, with fill behind that. */
static struct seen run(differ_scenario *scenario, const struct api *lib, const struct input *in, int fill)
{
	size_t n = in->n > 0 ? (size_t)in->n : 0;
	char *copy = malloc(n + BEHIND + 1);
	struct input own = {copy, in->n, in->number};
	struct seen seen = {NULL, 0};
	FILE *out = open_memstream(&seen.text, &seen.n);

	if (!copy || !out)
		abort();
	memset(copy, fill, n + BEHIND);
	copy[n + BEHIND] = 0;
	if (n)
		memcpy(copy, in->data, n);
	scenario(lib, &own, out);
	fclose(out);
	free(copy);
	return seen;
}

/* Writes what comes of each, after how long it is. */
static void child(const struct api *lib, struct job *const *list, int count, int fill, int pipe_end)
{
	const struct rlimit memory = {MEMORY, MEMORY};
	const struct itimerval patience = {.it_value.tv_sec = PATIENCE}; /* of computing */
	FILE *out = fdopen(pipe_end, "w");
	int null = open("/dev/null", O_WRONLY);

	dup2(null, 2);
	if (memory.rlim_cur)
		setrlimit(RLIMIT_AS, &memory);
	for (int i = 0; i < count && out; i++) {
		struct seen seen;

		setitimer(ITIMER_PROF, &patience, NULL);
		seen = run(list[i]->scenario, lib, &list[i]->in, fill);
		fwrite(&seen.n, sizeof seen.n, 1, out);
		fwrite(seen.text, 1, seen.n, out);
		fflush(out);
		free(seen.text);
	}
	_exit(0);
}

/* How many of them came whole. */
static int receive(FILE *in, struct seen *seen, int count)
{
	for (int i = 0; i < count; i++) {
		if (fread(&seen[i].n, sizeof seen[i].n, 1, in) != 1)
			return i;
		seen[i].text = calloc(1, seen[i].n + 1);
		if (!seen[i].text)
			abort();
		if (fread(seen[i].text, 1, seen[i].n, in) != seen[i].n) {
			free(seen[i].text);
			return i;
		}
	}
	return count;
}

static struct seen seen_text(const char *text)
{
	struct seen seen = {strdup(text), strlen(text)};

	if (!seen.text)
		abort();
	return seen;
}

/* In a process of its own, and in another when one ends early: the text of each, or that it crashed. */
static void run_apart(const struct api *lib, struct job *const *list, int count, int fill, struct seen *seen)
{
	while (count > 0) {
		int ends[2], whole;
		pid_t pid;
		FILE *in;

		fflush(stdout);
		if (pipe(ends) != 0 || (pid = fork()) < 0)
			abort();
		if (pid == 0) {
			close(ends[0]);
			child(lib, list, count, fill, ends[1]);
		}
		close(ends[1]);
		in = fdopen(ends[0], "r");
		whole = in ? receive(in, seen, count) : 0;
		if (!in || fclose(in) != 0 || waitpid(pid, NULL, 0) != pid)
			abort();
		if (whole < count)
			seen[whole++] = seen_text(lib == &debians ? CRASHED : "ours crashed\n");
		list += whole;
		seen += whole;
		count -= whole;
	}
}

static bool equal(const struct seen *a, const struct seen *b)
{
	return a->n == b->n && memcmp(a->text, b->text, a->n) == 0;
}

static void show(const char *who, const struct seen *seen)
{
	fprintf(stderr, "# %s:\n%.4000s", who, seen->text);
}

static void tell(bool ok, const char *test, const char *more)
{
	printf("%s %d - %s%s\n", ok ? "ok" : "not ok", ++tests, test, more);
	failed += !ok;
}

/* Debian's text counts when what is behind the input has no part in it. */
static void compare_again(struct job *job, struct seen *again)
{
	if (!equal(&job->theirs, again)) {
		free(job->theirs.text);
		job->theirs = seen_text(BEYOND);
	}
	free(again->text);
}

/* What Debian's makes of each. Where it differs from ours, once more with something else behind the input. */
static void ask_debians(struct job *list, int count)
{
	struct job **asked = calloc((size_t)count, sizeof *asked);
	struct seen *first = calloc((size_t)count, sizeof *first), *again = calloc((size_t)count, sizeof *again);
	int differing = 0;

	if (!asked || !first || !again)
		abort();
	for (int i = 0; i < count; i++)
		asked[i] = &list[i];
	run_apart(&debians, asked, count, 0, first);
	for (int i = 0; i < count; i++) {
		list[i].theirs = first[i];
		if (!equal(&list[i].ours, &first[i]))
			asked[differing++] = &list[i];
	}
	run_apart(&debians, asked, differing, 0xa5, again);
	for (int i = 0; i < differing; i++)
		compare_again(asked[i], &again[i]);
	free(asked);
	free(first);
	free(again);
}

static void forget(struct job *job)
{
	free(job->ours.text);
	free(job->theirs.text);
	free((char *)job->in.data);
}

static struct job new_job(differ_scenario *scenario, const void *data, int n, int number)
{
	char *copy = malloc(n > 0 ? (size_t)n : 1);

	if (!copy)
		abort();
	if (n > 0)
		memcpy(copy, data, (size_t)n);
	return (struct job){.scenario = scenario, .in = {copy, n, number}};
}

void differ(const char *test, differ_scenario *scenario, const void *data, int n, int number, const char *intended)
{
	struct job job = new_job(scenario, data, n, number), *list[] = {&job};
	struct seen again;
	char more[200] = "";
	bool ok;

	/* In processes of their own, for some of it is about what a process keeps. */
	run_apart(&differ_ours, list, 1, 0, &job.ours);
	run_apart(&differ_ours, list, 1, 0xa5, &again);
	ask_debians(&job, 1);
	ok = equal(&job.theirs, &job.ours) == !intended && equal(&job.ours, &again) &&
	     strncmp(job.ours.text, "ours", 4) != 0;
	if (intended)
		snprintf(more, sizeof more, ", which differs: %s", intended);
	tell(ok, test, more);
	if (!ok) {
		show("Debian's", &job.theirs);
		show("ours", &job.ours);
	}
	free(again.text);
	forget(&job);
}

static void count_kind(const char *name)
{
	struct kind *k = kinds;

	while (k->name && strcmp(k->name, name) != 0 && k < kinds + KINDS - 1)
		k++;
	k->name = name;
	k->n++;
}

static const char *reason_of(const struct job *job)
{
	if (strcmp(job->theirs.text, CRASHED) == 0)
		return "Debian's ends by a signal, or never";
	if (strcmp(job->theirs.text, BEYOND) == 0)
		return "Debian's reads past the end";
	return job->reason ? job->reason(&job->in, job->theirs.text, job->ours.text) : NULL;
}

void differ_many(differ_scenario *scenario, const void *data, int n, int number, differ_reason *reason)
{
	struct job job = new_job(scenario, data, n, number),
		   *more = realloc(jobs, ((size_t)job_count + 1) * sizeof *jobs);
	struct seen again;

	if (!more)
		abort();
	job.reason = reason;
	job.ours = run(scenario, &differ_ours, &job.in, 0);
	again = run(scenario, &differ_ours, &job.in, 0xa5);
	if (!equal(&job.ours, &again))
		tell(false, "ours", " reads past the end");
	free(again.text);
	jobs = more;
	jobs[job_count++] = job;
}

static void show_job(const struct job *job)
{
	fprintf(stderr, "# number %d, %d bytes:", job->in.number, job->in.n);
	for (int i = 0; i < job->in.n; i++)
		fprintf(stderr, " %02x", (unsigned char)job->in.data[i]);
	fprintf(stderr, "\n");
	show("Debian's", &job->theirs);
	show("ours", &job->ours);
}

void differ_many_end(const char *test)
{
	long same = 0, intended = 0, others = 0;
	char more[200];

	ask_debians(jobs, job_count);
	for (int i = 0; i < job_count; i++) {
		const char *why = equal(&jobs[i].ours, &jobs[i].theirs) ? NULL : reason_of(&jobs[i]);

		if (equal(&jobs[i].ours, &jobs[i].theirs)) {
			same++;
		} else if (why) {
			intended++;
			count_kind(why);
		} else if (others++ < 3) {
			show_job(&jobs[i]);
		}
		forget(&jobs[i]);
	}
	snprintf(more, sizeof more, ": %ld the same, %ld intended differences, %ld others", same, intended, others);
	tell(same && !others, test, more);
	for (int i = 0; i < KINDS && kinds[i].name; i++)
		printf("# %6ld: %s\n", kinds[i].n, kinds[i].name);
	memset(kinds, 0, sizeof kinds);
	free(jobs);
	jobs = NULL;
	job_count = 0;
}

uint32_t differ_random(uint32_t *seed, uint32_t n)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed % n;
}

int differ_end(void)
{
	printf("1..%d\n", tests);
	return failed != 0;
}
