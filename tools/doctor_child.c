/* SPDX-License-Identifier: MIT */
#include "tools/doctor_child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { GRACE_MS = 1000, TICK_MS = 50, MOST = 8, WELL = 0 };

struct slu_child_line {
	int fd;
};

/* Before each message's bytes. */
struct head {
	uint8_t lane, ended;
	uint16_t size;
};

_Static_assert(sizeof(struct head) + SLU_CHILD_MESSAGE <= PIPE_BUF, "a message is written whole");

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- in the child ---- */

void slu_child_say(const struct slu_child_line *line, unsigned lane, bool ended, const void *data, size_t n)
{
	uint8_t message[sizeof(struct head) + SLU_CHILD_MESSAGE];
	const struct head head = {.lane = (uint8_t)lane, .ended = ended, .size = (uint16_t)n};

	memcpy(message, &head, sizeof head);
	if (n > 0)
		memcpy(message + sizeof head, data, n);
	/* Nobody listens any more: there is nothing left to do. */
	if (write(line->fd, message, sizeof head + n) < 0 && errno != EINTR)
		_exit(1);
}

/* One that is left must not keep open what somebody reads this process's output from. */
static void let_go(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (null < 0 || dup2(null, fd) < 0)
			close(fd);
	if (null > STDERR_FILENO)
		close(null);
}

/* The parent's end ends it, unless it hangs; and a signal for all, like that of Ctrl-C, ends it at once. */
static _Noreturn void live(const struct slu_child *c, int fd, pid_t parent)
{
	const struct slu_child_line line = {.fd = fd};

	let_go();
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	signal(SIGPIPE, SIG_DFL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	c->run(&line, c->arg);
	_exit(WELL);
}

/* ---- starting and ending ---- */

static void start(struct slu_child *c)
{
	const pid_t parent = getpid();
	int ends[2];

	c->over = true;
	c->end = SLU_CHILD_NONE;
	c->filled = 0;
	c->left = false;
	c->error = 0;
	if (pipe2(ends, O_CLOEXEC) < 0) {
		c->error = errno;
		return;
	}
	c->pid = fork();
	if (c->pid == 0) {
		close(ends[0]);
		live(c, ends[1], parent);
	}
	c->error = c->pid < 0 ? errno : 0;
	close(ends[1]);
	c->fd = ends[0];
	if (c->pid < 0) {
		close(c->fd);
		return;
	}
	c->over = false;
	memset(c->watched, 0, sizeof c->watched);
	c->watched[0] = true;
	c->spoke[0] = 0;
}

static bool gone_within(pid_t pid, int *status, int64_t ms)
{
	const int64_t until = now_ms() + ms;
	pid_t found;

	while ((found = waitpid(pid, status, WNOHANG)) == 0 && now_ms() < until)
		poll(NULL, 0, 1);
	return found != 0;
}

static void finish(struct slu_child *c, enum slu_child_end end)
{
	int status = 0;

	c->end = end;
	c->over = true;
	close(c->fd);
	if (end == SLU_CHILD_SILENT || end == SLU_CHILD_LATE)
		kill(c->pid, SIGKILL);
	c->left = !gone_within(c->pid, &status, GRACE_MS);
	if (end == SLU_CHILD_DONE && c->left) {
		/* It ends, but does not come to it: closing what it has open may hang as well. */
		c->end = SLU_CHILD_SILENT;
		c->lane = 0;
		kill(c->pid, SIGKILL);
		c->left = !gone_within(c->pid, &status, GRACE_MS);
	} else if (end == SLU_CHILD_DONE && (WIFSIGNALED(status) || WEXITSTATUS(status) != WELL)) {
		c->end = SLU_CHILD_DIED;
		c->error = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	}
}

/* ---- listening ---- */

/* One message of n bytes: what it takes, 0 when there is more to come, or -1. */
static int take(struct slu_child *c, const uint8_t *at, size_t n, int64_t now)
{
	struct head head;

	if (n < sizeof head)
		return 0;
	memcpy(&head, at, sizeof head);
	if (head.lane >= SLU_CHILD_LANES || head.ended > 1 || head.size > SLU_CHILD_MESSAGE)
		return -1;
	if (n < sizeof head + head.size)
		return 0;
	c->watched[head.lane] = !head.ended;
	c->spoke[head.lane] = now;
	if (c->heard)
		c->heard(c->arg, head.lane, at + sizeof head, head.size);
	return (int)(sizeof head + head.size);
}

static void listen_to(struct slu_child *c, int64_t now)
{
	const ssize_t got = read(c->fd, c->buffer + c->filled, sizeof c->buffer - c->filled);
	size_t used = 0;
	int took = 0;

	if (got < 0 && errno == EINTR)
		return;
	if (got <= 0) {
		finish(c, SLU_CHILD_DONE);
		return;
	}
	c->filled += (size_t)got;
	while ((took = take(c, c->buffer + used, c->filled - used, now)) > 0)
		used += (size_t)took;
	memmove(c->buffer, c->buffer + used, c->filled - used);
	c->filled -= used;
	if (took >= 0)
		return;
	kill(c->pid, SIGKILL);
	finish(c, SLU_CHILD_DIED);
}

static void watch(struct slu_child *c, int64_t now, int64_t silence_ms)
{
	for (unsigned lane = 0; lane < SLU_CHILD_LANES && !c->over; lane++) {
		if (!c->watched[lane] || now - c->spoke[lane] < silence_ms)
			continue;
		c->lane = lane;
		finish(c, SLU_CHILD_SILENT);
	}
}

/* Listens to all that speak, for a tick at most: false, when none is left. */
static bool attend(struct slu_child *children, size_t n, int64_t now)
{
	struct pollfd polls[MOST];
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		polls[i] = (struct pollfd){.fd = children[i].over ? -1 : children[i].fd, .events = POLLIN};
		any = any || !children[i].over;
	}
	if (!any || poll(polls, n, TICK_MS) <= 0)
		return any;
	for (size_t i = 0; i < n; i++)
		if (polls[i].revents)
			listen_to(&children[i], now);
	return true;
}

/* Time is counted as long as somebody listens: when this process was stopped, or slow, what the children said meanwhile
 * is still to be heard, and they may have waited to say more. */
void slu_children_run(struct slu_child *children, size_t n, unsigned silence_ms, unsigned limit_ms)
{
	int64_t last = now_ms(), now = 0;

	n = n < MOST ? n : MOST;
	for (size_t i = 0; i < n; i++)
		start(&children[i]);
	while (attend(children, n, now)) {
		const int64_t passed = now_ms() - last;

		last += passed;
		now += passed < 2 * TICK_MS ? passed : 2 * TICK_MS;
		for (size_t i = 0; i < n; i++) {
			watch(&children[i], now, silence_ms);
			if (!children[i].over && limit_ms > 0 && now >= limit_ms)
				finish(&children[i], SLU_CHILD_LATE);
		}
	}
}
