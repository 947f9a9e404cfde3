/* SPDX-License-Identifier: MIT */
/*
 * What a publisher cannot go below: reads a file in blocks of 64 KiB, copies each once, and writes it.
 *
 *     floor tls HOST PORT CA-FILE FILE      SSL_write of 16 KiB blocks
 *     floor plain HOST PORT - FILE          write of 64 KiB blocks to TCP
 *     floor hold HOST PORT CA-FILE SECONDS  only holds a TLS connection: the memory that OpenSSL takes
 *
 * No framing, no pacing, no protocol. The sink is sink.c, as for all others.
 */
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

enum { BLOCK = 65536, RECORD = 16384 };

static void die(const char *what)
{
	perror(what);
	ERR_print_errors_fp(stderr);
	exit(1);
}

static int connect_to(const char *host, const char *port)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *ai;
	int fd, one = 1;

	if (getaddrinfo(host, port, &hints, &ai))
		die("getaddrinfo");
	fd = socket(ai->ai_family, ai->ai_socktype | SOCK_CLOEXEC, 0);
	if (fd < 0 || connect(fd, ai->ai_addr, ai->ai_addrlen))
		die("connect");
	freeaddrinfo(ai);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	return fd;
}

static SSL *tls_over(int fd, const char *host, const char *ca_file)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	SSL *ssl;

	if (!ctx || SSL_CTX_load_verify_locations(ctx, ca_file, NULL) != 1)
		die("CA file");
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	ssl = SSL_new(ctx);
	if (!ssl || SSL_set_fd(ssl, fd) != 1 || X509_VERIFY_PARAM_set1_host(SSL_get0_param(ssl), host, 0) != 1)
		die("SSL_new");
	SSL_set_tlsext_host_name(ssl, host);
	if (SSL_connect(ssl) != 1)
		die("SSL_connect");
	return ssl;
}

static void write_all(int fd, const char *data, size_t n)
{
	while (n) {
		ssize_t done = write(fd, data, n);

		if (done <= 0)
			die("write");
		data += done;
		n -= (size_t)done;
	}
}

static void seal_all(SSL *ssl, const char *data, size_t n)
{
	while (n) {
		int done = SSL_write(ssl, data, n < RECORD ? (int)n : RECORD);

		if (done <= 0)
			die("SSL_write");
		data += done;
		n -= (size_t)done;
	}
}

int main(int argc, char **argv)
{
	static char block[BLOCK], copy[BLOCK];
	SSL *ssl = NULL;
	int fd, in;
	ssize_t n;

	if (argc != 6) {
		fprintf(stderr, "usage: floor tls|plain|hold HOST PORT CA-FILE FILE|SECONDS\n");
		return 2;
	}
	fd = connect_to(argv[2], argv[3]);
	if (strcmp(argv[1], "plain") != 0)
		ssl = tls_over(fd, argv[2], argv[4]);
	if (!strcmp(argv[1], "hold")) {
		sleep((unsigned)atoi(argv[5]));
		return 0;
	}
	in = open(argv[5], O_RDONLY | O_CLOEXEC);
	if (in < 0)
		die(argv[5]);
	while ((n = read(in, block, sizeof block)) > 0) {
		memcpy(copy, block, (size_t)n);
		if (ssl)
			seal_all(ssl, copy, (size_t)n);
		else
			write_all(fd, copy, (size_t)n);
	}
	if (ssl)
		SSL_shutdown(ssl);
	shutdown(fd, SHUT_WR);
	while (read(fd, block, sizeof block) > 0)
		;
	return n < 0;
}
