/* SPDX-License-Identifier: MIT */
/*
 * One session of the device: a key, on a descriptor of its own (the kernel looks sessions up in a list, and they belong
 * to the open file). Opened by the first operation. Payload passes through an area of the session's own, aligned and
 * padded to whole cache lines, locked in memory where it can be, wiped at the end; an operation that passes its
 * deadline takes session, descriptor and area with it.
 *
 * Used by one thread at a time, and only in the process that opened it: in a forked child each operation returns
 * -ECHILD, and slu_dc_session_free() only closes the child's copy of the descriptor.
 *
 * Each operation returns 0 or -errno and gives out nothing on failure. -ETIMEDOUT (it hangs), -ENODEV and -ENXIO (it is
 * gone or off), and on opening the path -ENOENT, -EACCES and -EPERM have turned the device off and said so.
 * -EOPNOTSUPP: the device lacks the algorithm, and slu_dc_device_may_have() says so from now on; so does a kernel that
 * opens sessions for GCM or TLS records and then refuses the first request. -EAGAIN: no thread can be had. -EMSGSIZE:
 * the caller's mistake. Operations larger than the device's limit are the caller's to split.
 *
 * Closing goes the same way as opening: where a close hangs, it and those after it leave their descriptors open.
 */
#ifndef SLU_PROVIDER_SESSION_H
#define SLU_PROVIDER_SESSION_H

#include <stddef.h>
#include <stdint.h>

#include "device.h"

struct slu_dc_session;

struct slu_dc_key {
	enum slu_dc_algorithm algorithm;
	uint8_t key[32];
	size_t length; /* 16, 24, 32 */
	uint8_t mac_key[64];
	size_t mac_length;
};

/* Keeps a copy of the key. Costs no system call. NULL: no memory. */
struct slu_dc_session *slu_dc_session_new(struct slu_dc_device *d, const struct slu_dc_settings *s,
					  const struct slu_dc_key *key);
void slu_dc_session_free(struct slu_dc_session *session); /* NULL is fine */

/* CBC, ECB, CTR: n bytes, a multiple of 16, from in to out, which may be the same. iv of 16 bytes is not changed. */
int slu_dc_session_crypt(struct slu_dc_session *session, int encrypt, const uint8_t *iv, const uint8_t *in,
			 uint8_t *out, size_t n);

/* GCM, one ioctl. Encryption writes tag, decryption compares it: -EBADMSG. aad_length is 4096 at most. */
int slu_dc_session_gcm(struct slu_dc_session *session, int encrypt, const uint8_t iv[12], const uint8_t *aad,
		       size_t aad_length, const uint8_t *in, uint8_t *out, size_t n, uint8_t tag[16]);

/* MAC-then-encrypt of one TLS record (RFC 5246, 6.2.3.2), one ioctl: out gets total bytes (n, MAC and padding)
 * encrypted. header is the 13 bytes that the MAC covers first, with n as length. */
int slu_dc_session_tls(struct slu_dc_session *session, const uint8_t header[13], const uint8_t iv[16],
		       const uint8_t *in, size_t n, uint8_t *out, size_t total);

/* For what is produced ahead: at least size bytes of the session's area, to be filled, processed in place with
 * slu_dc_session_crypt_area(), and read until the next operation, or until it has to grow: its content is gone then.
 * NULL: no memory, or the session is lost. It is not to be touched after -ETIMEDOUT. Its content is key material when
 * the algorithm is ECB or CTR: locked says whether it lies in locked memory. */
uint8_t *slu_dc_session_area(struct slu_dc_session *session, size_t size, bool *locked);
int slu_dc_session_crypt_area(struct slu_dc_session *session, int encrypt, const uint8_t *iv, size_t n);
void slu_dc_session_wipe(struct slu_dc_session *session, size_t offset, size_t n); /* of the area */

/* True when it cannot serve any more: abandoned, or of another process. */
bool slu_dc_session_lost(const struct slu_dc_session *session);

#endif
