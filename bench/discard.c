/* SPDX-License-Identifier: MIT */
/*
 * The floors' sink: accepts one connection after the other, reads it to its end in blocks of 64 KiB, forgets it.
 *
 *     discard plain            discard tls CERT-FILE KEY-FILE
 *
 * Listens on 127.0.0.1 and prints the port.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/ssl.h>

static char block[65536];

static int listen_on_loopback(void)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof addr;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, len) || listen(fd, 16) ||
	    getsockname(fd, (struct sockaddr *)&addr, &len))
		return -1;
	printf("%d\n", ntohs(addr.sin_port));
	fflush(stdout);
	return fd;
}

static void drain_tls(SSL_CTX *ctx, int fd)
{
	SSL *ssl = SSL_new(ctx);

	if (ssl && SSL_set_fd(ssl, fd) == 1 && SSL_accept(ssl) == 1) {
		while (SSL_read(ssl, block, sizeof block) > 0)
			;
		SSL_shutdown(ssl);
	}
	SSL_free(ssl);
}

int main(int argc, char **argv)
{
	SSL_CTX *ctx = NULL;
	int listener, fd;

	if (!(argc == 2 && !strcmp(argv[1], "plain")) && !(argc == 4 && !strcmp(argv[1], "tls"))) {
		fprintf(stderr, "usage: discard plain | discard tls CERT-FILE KEY-FILE\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	if (argc == 4) {
		ctx = SSL_CTX_new(TLS_server_method());
		if (!ctx || SSL_CTX_use_certificate_chain_file(ctx, argv[2]) != 1 ||
		    SSL_CTX_use_PrivateKey_file(ctx, argv[3], SSL_FILETYPE_PEM) != 1) {
			fprintf(stderr, "discard: cannot use %s and %s\n", argv[2], argv[3]);
			return 1;
		}
		SSL_CTX_set_read_ahead(ctx, 1);
	}
	listener = listen_on_loopback();
	if (listener < 0) {
		perror("discard");
		return 1;
	}
	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		if (ctx)
			drain_tls(ctx, fd);
		else
			while (read(fd, block, sizeof block) > 0)
				;
		close(fd);
	}
	return 1;
}
