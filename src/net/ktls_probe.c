/* SPDX-License-Identifier: MIT */
#include "net/ktls_probe.h"

#include <errno.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* linux/tls.h and linux/tcp.h, whose age is that of the headers that are installed: the ABI is the same everywhere. */
enum { TCP_UPPER_LAYER = 31, TLS_LEVEL = 282, TLS_SENDS = 1, TLS_1_2 = 0x0303, TLS_1_3 = 0x0304, INFO_MOST = 56 };

struct crypto_info {
	uint16_t version, cipher;
	uint8_t keys[INFO_MOST - 4]; /* IV, key, salt, sequence number: zeros do */
};

/* By enum slu_ktls_cipher. */
static const struct {
	const char *name;
	uint16_t id;
	socklen_t size; /* of the structure of this cipher, tls12_crypto_info_* */
} ciphers[SLU_KTLS_CIPHERS] = {
	{"AES-128-GCM", 51, 40},
	{"AES-256-GCM", 52, 56},
	{"ChaCha20-Poly1305", 54, 56},
	{"AES-128-CCM", 53, 40},
};

const char *slu_ktls_cipher_name(enum slu_ktls_cipher c)
{
	return ciphers[c].name;
}

/* A socket that is connected, for a listener that nobody accepts from. */
static int connect_to(int listener)
{
	struct sockaddr_in address;
	socklen_t length = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && !getsockname(listener, (struct sockaddr *)&address, &length) &&
	    !connect(fd, (struct sockaddr *)&address, length))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static int listen_here(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && !bind(fd, (struct sockaddr *)&address, sizeof address) && !listen(fd, 1))
		return fd;
	if (fd >= 0)
		close(fd);
	return -1;
}

static int set_keys(int fd, enum slu_ktls_cipher c, uint16_t version)
{
	struct crypto_info info = {.version = version, .cipher = ciphers[c].id};

	return setsockopt(fd, TLS_LEVEL, TLS_SENDS, &info, ciphers[c].size) ? errno : 0;
}

/* The error of the layer, or else of the cipher in *refused. A connection serves one trial: there is no way back. */
static int attempt(int listener, enum slu_ktls_cipher c, uint16_t version, int *refused, bool *rekeys)
{
	int fd = connect_to(listener), error = 0, peer;

	if (fd < 0)
		return errno;
	peer = accept(listener, NULL, NULL);
	if (setsockopt(fd, IPPROTO_TCP, TCP_UPPER_LAYER, "tls", sizeof "tls"))
		error = errno;
	else
		*refused = set_keys(fd, c, version);
	if (!error && !*refused && version == TLS_1_3)
		*rekeys = set_keys(fd, c, version) == 0;
	if (peer >= 0)
		close(peer);
	close(fd);
	return error;
}

void slu_ktls_probe(struct slu_ktls *out)
{
	int listener = listen_here();

	memset(out, 0, sizeof *out);
	if (listener < 0)
		out->error = errno;
	for (int c = 0; c < SLU_KTLS_CIPHERS && !out->error; c++) {
		out->error = attempt(listener, (enum slu_ktls_cipher)c, TLS_1_2, &out->tls12[c], &out->rekeys);
		if (!out->error)
			out->error = attempt(listener, (enum slu_ktls_cipher)c, TLS_1_3, &out->tls13[c], &out->rekeys);
	}
	if (listener >= 0)
		close(listener);
}
