/* SPDX-License-Identifier: MIT */
/*
 * A line with a delay between two network namespaces, for kernels without sch_netem, and what went over it.
 *
 *     delay MILLISECONDS COMMAND...
 *
 * Has a tun device at either end: "near" in the namespace that it is started in, 10.98.0.1, and "far" in one that it
 * makes, 10.98.0.2, where it starts COMMAND. Each packet is handed over after MILLISECONDS, in either direction. Each
 * line on stdin is answered by a line: "connections N packets N wire N payload N", what has passed since the last one:
 * TCP connections begun at the near end, TCP packets over IPv4 in both directions, their bytes, and those of them that
 * TCP carries. At the end of stdin it ends COMMAND and itself. Needs root, or a user namespace of its own: unshare -rn.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PACKET = 2048, ROOM = 4096, PROTOCOL_TCP = 6, FLAG_SYN = 2, FLAG_ACK = 16, SECOND = 1000000000 };

struct packet {
	int64_t due; /* by the monotonic clock, in nanoseconds */
	size_t len;
	uint8_t data[PACKET];
};

/* Packets on their way to a device, the oldest first: the delay is the same for all. */
struct way {
	int from, to;
	size_t first, n;
	struct packet packets[ROOM];
};

struct counter {
	unsigned long connections, packets, wire, payload;
};

static int64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * SECOND + t.tv_nsec;
}

/* RFC 791, 3.1, and RFC 9293, 3.1. */
static void count(struct counter *c, const uint8_t *p, size_t n)
{
	size_t ip, tcp;

	if (n < 20 || p[0] >> 4 != 4 || p[9] != PROTOCOL_TCP)
		return;
	ip = (size_t)(p[0] & 15) * 4;
	if (n < ip + 20)
		return;
	tcp = (size_t)(p[ip + 12] >> 4) * 4;
	c->packets++;
	c->wire += n;
	c->payload += n < ip + tcp ? 0 : n - ip - tcp;
	c->connections += (p[ip + 13] & (FLAG_SYN | FLAG_ACK)) == FLAG_SYN;
}

/* All that waits to be read; what finds no room is lost, as on any line. */
static void take(struct way *w, int64_t delay, struct counter *c)
{
	static uint8_t lost[PACKET];
	struct packet *p;
	ssize_t n;

	for (;;) {
		p = &w->packets[(w->first + w->n) % ROOM];
		n = read(w->from, w->n < ROOM ? p->data : lost, PACKET);
		if (n <= 0)
			return;
		count(c, w->n < ROOM ? p->data : lost, (size_t)n);
		if (w->n == ROOM)
			continue;
		p->len = (size_t)n;
		p->due = now() + delay;
		w->n++;
	}
}

/* Hands over what is due; when the next one is, or -1. */
static int64_t hand_over(struct way *w)
{
	for (; w->n; w->n--, w->first = (w->first + 1) % ROOM) {
		const struct packet *p = &w->packets[w->first];

		if (p->due > now())
			return p->due;
		if (write(w->to, p->data, p->len) < 0 && errno != EAGAIN && errno != EINVAL && errno != EIO)
			perror("delay: write");
	}
	return -1;
}

static int64_t sooner(int64_t a, int64_t b)
{
	if (a < 0 || b < 0)
		return a < 0 ? b : a;
	return a < b ? a : b;
}

/* Until stdin ends. A line may come in parts: its end is what counts. */
static void forward(struct way *out, struct way *in, int64_t delay)
{
	struct pollfd p[3] = {
		{.fd = out->from, .events = POLLIN}, {.fd = in->from, .events = POLLIN}, {.fd = 0, .events = POLLIN}};
	struct counter c = {.packets = 0};
	char line[64];
	ssize_t n = 1;

	while (n > 0) {
		int64_t due = sooner(hand_over(out), hand_over(in)), left = due < 0 ? SECOND : due - now();
		struct timespec wait = {.tv_sec = left > 0 ? left / SECOND : 0,
					.tv_nsec = left > 0 ? left % SECOND : 0};

		if (ppoll(p, 3, &wait, NULL) < 0 && errno != EINTR)
			return;
		take(out, delay, &c);
		take(in, delay, &c);
		if (!p[2].revents)
			continue;
		n = read(0, line, sizeof line);
		if (n <= 0 || line[n - 1] != '\n')
			continue;
		printf("connections %lu packets %lu wire %lu payload %lu\n", c.connections, c.packets, c.wire,
		       c.payload);
		fflush(stdout);
		memset(&c, 0, sizeof c);
	}
}

static int set(int fd, uint16_t request, struct ifreq *ifr, const char *address)
{
	struct sockaddr_in addr = {.sin_family = AF_INET};

	inet_pton(AF_INET, address, &addr.sin_addr);
	memcpy(&ifr->ifr_addr, &addr, sizeof addr);
	return ioctl(fd, request, ifr);
}

/* Brings an interface up, with an address where it has none. */
static int up(const char *name, const char *address)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), failed;
	struct ifreq ifr;

	if (fd < 0)
		return -1;
	memset(&ifr, 0, sizeof ifr);
	snprintf(ifr.ifr_name, sizeof ifr.ifr_name, "%s", name);
	failed = address && (set(fd, SIOCSIFADDR, &ifr, address) || set(fd, SIOCSIFNETMASK, &ifr, "255.255.255.252"));
	if (!failed)
		failed = ioctl(fd, SIOCGIFFLAGS, &ifr);
	ifr.ifr_flags |= IFF_UP;
	if (!failed)
		failed = ioctl(fd, SIOCSIFFLAGS, &ifr);
	close(fd);
	return failed ? -1 : 0;
}

/* A tun device in the namespace that the process is in. */
static int end_of_line(const char *name, const char *address)
{
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	struct ifreq ifr;

	memset(&ifr, 0, sizeof ifr);
	ifr.ifr_flags = IFF_TUN | IFF_NO_PI;
	snprintf(ifr.ifr_name, sizeof ifr.ifr_name, "%s", name);
	if (fd < 0 || ioctl(fd, TUNSETIFF, &ifr) || up(name, address)) {
		fprintf(stderr, "delay: the device \"%s\": %s\n", name, strerror(errno));
		exit(1);
	}
	return fd;
}

static pid_t start(char **argv)
{
	pid_t child = fork();

	if (child)
		return child;
	close(0);
	open("/dev/null", O_RDONLY);
	dup2(2, 1); /* stdout is for the counters */
	execvp(argv[0], argv);
	fprintf(stderr, "delay: %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

int main(int argc, char **argv)
{
	static struct way out, in;
	long ms = argc > 2 ? strtol(argv[1], NULL, 10) : 0;
	pid_t child;

	if (ms <= 0 || ms > 10000) {
		fprintf(stderr, "usage: delay MILLISECONDS COMMAND...\n");
		return 2;
	}
	out.from = in.to = end_of_line("near", "10.98.0.1");
	if (up("lo", NULL) || unshare(CLONE_NEWNET) || up("lo", NULL)) {
		perror("delay: a network namespace");
		return 1;
	}
	in.from = out.to = end_of_line("far", "10.98.0.2");
	child = start(argv + 2);
	printf("ready\n");
	fflush(stdout);
	forward(&out, &in, (int64_t)ms * 1000000);
	kill(child, SIGTERM);
	waitpid(child, NULL, 0);
	return 0;
}
