/* SPDX-License-Identifier: MIT */
/*
 * Counts what a publisher sends, whoever wrote it: passes one TCP connection on and looks at TLS record headers.
 *
 *     relay TARGET-PORT
 *
 * Listens on 127.0.0.1, prints the port, relays the first connection to 127.0.0.1:TARGET-PORT, and at its end prints
 * "bytes N records N tiny N": bytes from client to server, TLS records of application data among them (0 on a plain
 * connection), and those whose record length leaves room for no more than one byte of TLS 1.3 plaintext.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { APPLICATION_DATA = 23, ONE_BYTE = 1 + 1 + 16 /* content, its type, and the tag */ };

struct counter {
	unsigned long long bytes, records, tiny;
	uint8_t header[5];
	size_t have; /* of header */
	size_t body; /* left of the record's body */
	int plain;   /* the first byte was no TLS record's */
};

static void count(struct counter *c, const uint8_t *p, size_t n)
{
	if (!c->bytes && n && (p[0] < 20 || p[0] > 23))
		c->plain = 1;
	c->bytes += n;
	while (n && !c->plain) {
		size_t step;

		if (c->body) {
			step = n < c->body ? n : c->body;
			c->body -= step;
			p += step;
			n -= step;
			continue;
		}
		c->header[c->have++] = *p++;
		n--;
		if (c->have < sizeof c->header)
			continue;
		c->have = 0;
		c->body = (size_t)c->header[3] << 8 | c->header[4];
		if (c->header[0] == APPLICATION_DATA) {
			c->records++;
			c->tiny += c->body <= ONE_BYTE;
		}
	}
}

static int pass(int from, int to, struct counter *c)
{
	static uint8_t block[1 << 18];
	ssize_t n = read(from, block, sizeof block), done;

	if (n <= 0) {
		shutdown(to, SHUT_WR);
		return 0;
	}
	if (c)
		count(c, block, (size_t)n);
	for (ssize_t at = 0; at < n; at += done) {
		done = write(to, block + at, (size_t)(n - at));
		if (done <= 0)
			return 0;
	}
	return 1;
}

static int loopback(uint16_t port, int listening)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof addr;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	addr.sin_port = htons(port);
	if (fd < 0)
		return -1;
	if (!listening)
		return connect(fd, (struct sockaddr *)&addr, len) ? -1 : fd;
	if (bind(fd, (struct sockaddr *)&addr, len) || listen(fd, 1) || getsockname(fd, (struct sockaddr *)&addr, &len))
		return -1;
	printf("%d\n", ntohs(addr.sin_port));
	fflush(stdout);
	return fd;
}

int main(int argc, char **argv)
{
	struct counter c = {.bytes = 0};
	struct pollfd p[2];
	int listener, client, server;

	if (argc != 2) {
		fprintf(stderr, "usage: relay TARGET-PORT\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	listener = loopback(0, 1);
	client = listener < 0 ? -1 : accept(listener, NULL, NULL);
	server = loopback((uint16_t)atoi(argv[1]), 0);
	if (client < 0 || server < 0) {
		perror("relay");
		return 1;
	}
	p[0] = (struct pollfd){.fd = client, .events = POLLIN};
	p[1] = (struct pollfd){.fd = server, .events = POLLIN};
	while ((p[0].fd >= 0 || p[1].fd >= 0) && poll(p, 2, 30000) > 0) {
		if (p[0].revents && !pass(client, server, &c))
			p[0].fd = -1;
		if (p[1].revents && !pass(server, client, NULL))
			p[1].fd = -1;
	}
	printf("bytes %llu records %llu tiny %llu\n", c.bytes, c.records, c.tiny);
	return 0;
}
