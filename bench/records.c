/* SPDX-License-Identifier: MIT */
/*
 * Sends records of one size over TLS to a sink, and says how long each took to be made.
 *
 *     records PORT CA-FILE CIPHERS SIZE COUNT INTERVAL-US
 *
 * libssl writes to memory, so that the time is that of the record and not of a socket: from the call to the whole
 * record. Then it goes to the socket, with a system call of its own, and after the interval comes the next one. Prints
 * "SUITE BYTES MEDIAN-US P99-US". Which implementation libssl takes is up to the OpenSSL configuration.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

static unsigned char payload[SSL3_RT_MAX_PLAIN_LENGTH];

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int connect_to(int port)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	return fd >= 0 && !connect(fd, (struct sockaddr *)&addr, sizeof addr) ? fd : -1;
}

/* After the handshake: libssl writes to memory. */
static SSL *begin(SSL_CTX *ctx, int fd, BIO **out)
{
	SSL *ssl = SSL_new(ctx);

	if (!ssl || !SSL_set1_host(ssl, "localhost") || SSL_set_fd(ssl, fd) != 1 || SSL_connect(ssl) != 1)
		return NULL;
	*out = BIO_new(BIO_s_mem());
	if (*out)
		SSL_set0_wbio(ssl, *out);
	return *out ? ssl : NULL;
}

static int drain(BIO *out, int fd)
{
	char *data;
	long left = BIO_get_mem_data(out, &data);

	while (left > 0) {
		ssize_t n = write(fd, data, (size_t)left);

		if (n <= 0)
			return -1;
		data += n;
		left -= n;
	}
	return BIO_reset(out) == 1 ? 0 : -1;
}

static int send_records(SSL *ssl, BIO *out, int fd, int size, size_t count, long interval_us, double *took)
{
	struct timespec pause = {interval_us / 1000000, interval_us % 1000000 * 1000};

	for (size_t i = 0; i < count; i++) {
		double start = now_us();

		if (SSL_write(ssl, payload, size) != size)
			return -1;
		took[i] = now_us() - start;
		if (drain(out, fd))
			return -1;
		if (interval_us)
			nanosleep(&pause, NULL);
	}
	return 0;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Ends the connection in order: all that was sent arrives. */
static void end(SSL *ssl, BIO *out, int fd)
{
	char rest[4096];

	SSL_shutdown(ssl);
	drain(out, fd);
	shutdown(fd, SHUT_WR);
	while (read(fd, rest, sizeof rest) > 0)
		;
}

int main(int argc, char **argv)
{
	int size = argc == 7 ? atoi(argv[4]) : 0;
	size_t count = argc == 7 ? (size_t)atol(argv[5]) : 0;
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	double *took = calloc(count + 1, sizeof *took);
	SSL *ssl = NULL;
	BIO *out;
	int fd;

	if (size < 1 || size > (int)sizeof payload || !count) {
		fprintf(stderr, "usage: records PORT CA-FILE CIPHERS SIZE COUNT INTERVAL-US\n");
		return 2;
	}
	if (!ctx || !took || SSL_CTX_load_verify_locations(ctx, argv[2], NULL) != 1 ||
	    SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION) != 1 || SSL_CTX_set_cipher_list(ctx, argv[3]) != 1 ||
	    (fd = connect_to(atoi(argv[1]))) < 0 || !(ssl = begin(ctx, fd, &out)) ||
	    send_records(ssl, out, fd, size, count, atol(argv[6]), took)) {
		fprintf(stderr, "records: no connection, or not to the end\n");
		ERR_print_errors_fp(stderr);
		return 1;
	}
	end(ssl, out, fd);
	qsort(took, count, sizeof *took, compare);
	printf("%s %zu %.1f %.1f\n", SSL_get_cipher_name(ssl), (size_t)size * count, took[count / 2],
	       took[count * 99 / 100]);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	free(took);
	return 0;
}
