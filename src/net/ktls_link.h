/* SPDX-License-Identifier: MIT */
/*
 * A connection of this process with itself over the loopback interface whose sending end the kernel encrypts for, with
 * keys that the caller knows: no handshake, and the receiving end sees the records. To test the kernel's TLS and to
 * measure it. Documentation/networking/tls.rst in Linux.
 */
#ifndef SLU_NET_KTLS_LINK_H
#define SLU_NET_KTLS_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "net/ktls_probe.h"

struct slu_ktls_keys {
	enum slu_ktls_cipher cipher;
	bool tls13; /* else TLS 1.2 */
	uint8_t key[32];
	uint8_t iv[12]; /* AES: 4 bytes of salt, and the first record's explicit nonce with TLS 1.2 */
	uint8_t sequence[8];
};

/* What the kernel does, replaceable: tests stand in for it. A function that fails returns -errno. */
struct slu_ktls_layer {
	/* ends[0] sends, ends[1] receives; the buffers between take four full records. keys NULL: nothing encrypts. */
	int (*open)(void *user, const struct slu_ktls_keys *keys, int ends[2]);
	/* Other keys for what is sent from now on. */
	int (*rekey)(void *user, int end, const struct slu_ktls_keys *keys);
	/* One call: bytes that were taken. more: their record is not to be closed yet (MSG_MORE). */
	ssize_t (*send)(void *user, int end, const struct iovec *iov, size_t n, bool more);
	/* The same with bytes of a file (sendfile(2)). */
	ssize_t (*send_file)(void *user, int end, int file, off_t at, size_t n);
	void (*close)(void *user, const int ends[2]);
	void *user;
};

extern const struct slu_ktls_layer slu_ktls_linux;

/* The first step of two, of which slu_ktls_linux.rekey is the second: the socket is to have TLS. May load the kernel's
 * module tls. 0 or -errno; ENOENT means that there is none. */
int slu_ktls_attach(int fd);

#endif
