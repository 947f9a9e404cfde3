/* SPDX-License-Identifier: MIT */
#include "tools/notify.h"

#include <inttypes.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <sluice/conn.h> /* slu_now_ms() */

enum { TEXT = 256, SEND_S = 1, MOST_MS = 3600000 };

/* "/run/systemd/notify", or "@" and the name of an abstract socket. */
static socklen_t parse(const char *path, struct sockaddr_un *out)
{
	size_t n = strlen(path);

	*out = (struct sockaddr_un){.sun_family = AF_UNIX};
	if ((*path != '/' && *path != '@') || n >= sizeof out->sun_path)
		return 0;
	memcpy(out->sun_path, path, n);
	if (*path == '@')
		out->sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
}

/* Whoever listens there starts and ends us: that it does not hear is its own concern. */
static void notify(const char *text)
{
	const struct timeval patience = {.tv_sec = SEND_S};
	const char *path = secure_getenv("NOTIFY_SOCKET");
	struct sockaddr_un address;
	socklen_t size = path ? parse(path, &address) : 0;
	int fd = size ? socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;

	if (fd < 0)
		return;
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	(void)sendto(fd, text, strlen(text), MSG_NOSIGNAL, (const struct sockaddr *)&address, size);
	close(fd);
}

static void notify_of(const char *what, unsigned clients)
{
	char text[TEXT];

	snprintf(text, sizeof text, "%s\nSTATUS=%u clients are connected.\n", what, clients);
	notify(text);
}

void slu_notify_ready(unsigned clients)
{
	notify_of("READY=1", clients);
}

void slu_notify_reloading(void)
{
	struct timespec now;
	char text[TEXT];

	clock_gettime(CLOCK_MONOTONIC, &now);
	snprintf(text, sizeof text, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64 "\n",
		 (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000);
	notify(text);
}

void slu_notify_stopping(void)
{
	notify("STOPPING=1\nSTATUS=Ends all connections.\n");
}

/* In ms; 0: nobody wants to know. What is meant for another process, as for a shell that has started us, is not for us
 * (sd_watchdog_enabled(3)). */
static uint64_t interval(void)
{
	const char *usec = secure_getenv("WATCHDOG_USEC"), *pid = secure_getenv("WATCHDOG_PID");

	if (!usec || (pid && strtoll(pid, NULL, 10) != getpid()))
		return 0;
	return strtoull(usec, NULL, 10) / 2 / 1000;
}

int slu_notify_alive(unsigned clients)
{
	static uint64_t every = UINT64_MAX, next;
	uint64_t now;

	if (every == UINT64_MAX)
		every = interval();
	if (!every)
		return -1;
	now = slu_now_ms();
	if (now >= next) {
		notify_of("WATCHDOG=1", clients);
		next = now + every;
	}
	return next - now < MOST_MS ? (int)(next - now) : MOST_MS;
}
