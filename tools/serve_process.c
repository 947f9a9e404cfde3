/* SPDX-License-Identifier: MIT */
#include "tools/serve_process.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tools/exit.h"
#include "tools/say.h"

enum { OWN_FILES = 64 /* listeners, signals, the folder, the log, and what is open for a moment */, NAME = 256 };

void slu_serve_run_no_more(void)
{
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

void slu_serve_want_files(unsigned connections, bool quiet)
{
	/* A connection that is recorded, or plays a recording, has a file besides its socket. */
	rlim_t least = OWN_FILES + (rlim_t)connections, most = least + connections;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= most)
		return;
	limit.rlim_cur = limit.rlim_max < most ? limit.rlim_max : most;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0)
		getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur < least && !quiet)
		slu_say("warning: %u connections want %lu open files, and %lu are allowed: those who are too many will "
			"wait; "
			"raise the limit (LimitNOFILE= of a service, 'ulimit -Hn' of a shell), or give a lower "
			"--max-connections",
			connections, (unsigned long)least, (unsigned long)limit.rlim_cur);
}

/* ---- another user ---- */

struct user {
	char name[NAME]; /* "" for one that only has a number */
	uid_t uid;
	gid_t gid;
};

/* A number that is no name, as those of containers. */
static bool is_number(const char *text, uint32_t *out)
{
	char *end;
	unsigned long long n = strtoull(text, &end, 10);

	*out = (uint32_t)n;
	return *text >= '0' && *text <= '9' && !*end && n < UINT32_MAX; /* which is none, -1 */
}

static int unknown(const char *what, const char *name)
{
	slu_say("--user: this system has no %s \"%s\"", what, name);
	return SLU_EXIT_USAGE;
}

static int find_group(const char *name, gid_t *out)
{
	const struct group *g = getgrnam(name);
	uint32_t number;

	if (!g && !is_number(name, &number))
		return unknown("group", name);
	*out = g ? g->gr_gid : number;
	return 0;
}

static int find_user(const char *name, const char *group, struct user *out)
{
	const struct passwd *p = getpwnam(name);
	uint32_t number;

	if (!p && !is_number(name, &number))
		return unknown("user", name);
	if (!p && !group) {
		slu_say("--user: %s has no group here: give one too, as %s:GROUP", name, name);
		return SLU_EXIT_USAGE;
	}
	*out = (struct user){.uid = p ? p->pw_uid : number, .gid = p ? p->pw_gid : 0};
	snprintf(out->name, sizeof out->name, "%s", p ? name : "");
	return group ? find_group(group, &out->gid) : 0;
}

/* NAME or NAME:GROUP. */
static int parse_user(const char *text, struct user *out)
{
	char name[NAME];
	char *group;
	int status;

	if (strlen(text) >= sizeof name)
		return unknown("user", text);
	strcpy(name, text);
	group = strchr(name, ':');
	if (group)
		*group++ = '\0';
	status = find_user(name, group, out);
	if (status || (out->uid != 0 && out->gid != 0))
		return status;
	slu_say("--user: %s is root, or of its group: name another one", text);
	return SLU_EXIT_USAGE;
}

/* For all threads, and for good: the saved IDs too. */
static bool change(const struct user *u)
{
	uid_t r, e, s;
	gid_t rg, eg, sg;

	if ((u->name[0] ? initgroups(u->name, u->gid) : setgroups(1, &u->gid)) != 0)
		return false;
	if (setresgid(u->gid, u->gid, u->gid) != 0 || setresuid(u->uid, u->uid, u->uid) != 0)
		return false;
	errno = EPERM;
	if (getresuid(&r, &e, &s) != 0 || getresgid(&rg, &eg, &sg) != 0 || r != u->uid || e != r || s != r ||
	    rg != u->gid || eg != rg || sg != rg)
		return false;
	return setuid(0) != 0 && setgid(0) != 0 && setgroups(1, &u->gid) != 0;
}

static void warn_of(const char *path, const char *user)
{
	if (path && access(path, R_OK) != 0)
		slu_say("warning: user %s cannot read %s (%s): SIGHUP will leave what was read from it", user, path,
			strerror(errno));
}

static void warn_of_all(const struct serve_options *o)
{
	const char *const files[] = {o->client_ca, o->keys, o->users};

	for (size_t i = 0; i < o->cert.n; i++)
		warn_of(o->cert.items[i], o->user);
	for (size_t i = 0; i < o->key.n; i++)
		warn_of(o->key.items[i], o->user);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		warn_of(files[i], o->user);
}

static int stay(bool warns)
{
	if (geteuid() == 0 && warns)
		slu_say("warning: the server runs as root, which it needs no longer: --user NAME gives that up");
	return 0;
}

int slu_serve_become_user(const struct serve_options *o, bool reached)
{
	struct user user;
	int status;

	if (!o->user)
		return stay(reached && !o->common.quiet);
	if (geteuid() != 0) {
		slu_say("only root can become another user: leave --user out, or start as root");
		return SLU_EXIT_USAGE;
	}
	status = parse_user(o->user, &user);
	if (status)
		return status;
	if (!change(&user)) {
		slu_say("cannot become user %s for good: %s", o->user, strerror(errno));
		return SLU_EXIT_OTHER;
	}
	/* Keys are in memory: no core file, and no debugger of that user's. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (!o->common.quiet)
		warn_of_all(o);
	return 0;
}
