/* SPDX-License-Identifier: MIT */
/* A device of its own for each test, one descriptor, and requests by function call. The device is in the process, or
 * with SLU_LAB_CUSE, the path of cusecrypto, a real one: so the same tests show that CUSE changes nothing. */
#ifndef SLU_TESTS_LAB_BENCH_H
#define SLU_TESTS_LAB_BENCH_H

#include "unit/test.h"

#include <sys/types.h>

#include "device.h"
#include "provider/cryptodev.h"

/* NIST SP 800-38A, appendix F: AES-128. */
extern const uint8_t nist_key[16], nist_plain[32], nist_ecb[32];
extern const uint8_t nist_cbc_iv[16], nist_cbc[32], nist_ctr_iv[16], nist_ctr[32];
/* McGrew and Viega, The Galois/Counter Mode of Operation, appendix B, test case 4; the tag is the sealed text's end. */
extern const uint8_t gcm_key[16], gcm_iv[12], gcm_aad[20], gcm_plain[60], gcm_sealed[76];

struct bench {
	struct lab_device *device; /* NULL: another process's */
	const struct slu_dc_kernel *kernel;
	int fd;
	pid_t server;
	char path[48], control[48];
};

/* cmocka's: *state is the bench. Teardown expects nothing left open. */
int bench_setup(void **state);
int bench_teardown(void **state);

int bench_open(struct bench *b); /* one descriptor more, or -errno */

int bench_try_fault(struct bench *b, const char *spec, char *error, size_t size);
void bench_fault(struct bench *b, const char *spec);
void bench_release(struct bench *b);
void bench_wait_hanging(struct bench *b, uint64_t n);
void bench_wait_open(struct bench *b, uint64_t n); /* a descriptor's end comes to the device a little later */
struct lab_counters bench_counters(struct bench *b);
int bench_call(struct bench *b, unsigned long request, void *arg);

/* Keys of 16 bytes; a MAC's is twenty times 0x0b. */
int bench_try_session(struct bench *b, uint32_t cipher, uint32_t mac, const uint8_t *key, uint32_t *id);
uint32_t bench_session(struct bench *b, uint32_t cipher, uint32_t mac, const uint8_t *key);

/* CIOCCRYPT from in to out, by way of out; the second without writing to iv. */
int bench_crypt_flags(struct bench *b, uint32_t id, int op, int flags, uint8_t *iv, const uint8_t *in, uint8_t *out,
		      size_t n);
int bench_crypt(struct bench *b, uint32_t id, int op, const uint8_t *iv, const uint8_t *in, uint8_t *out, size_t n);

/* With gcm_iv and the first bytes of gcm_aad. */
int bench_gcm(struct bench *b, uint32_t id, int op, size_t aad_length, const uint8_t *in, uint8_t *out, size_t n);

/* One record in TLS mode, in data, which has room: its new length or -errno. */
int bench_tls(struct bench *b, uint32_t id, int op, uint8_t *data, size_t n);

#endif
