/* SPDX-License-Identifier: MIT */
#include "bench.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "control.h"

const uint8_t nist_key[16] = {0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6,
			      0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c};
const uint8_t nist_plain[32] = {0x6b, 0xc1, 0xbe, 0xe2, 0x2e, 0x40, 0x9f, 0x96, 0xe9, 0x3d, 0x7e,
				0x11, 0x73, 0x93, 0x17, 0x2a, 0xae, 0x2d, 0x8a, 0x57, 0x1e, 0x03,
				0xac, 0x9c, 0x9e, 0xb7, 0x6f, 0xac, 0x45, 0xaf, 0x8e, 0x51};
const uint8_t nist_ecb[32] = {0x3a, 0xd7, 0x7b, 0xb4, 0x0d, 0x7a, 0x36, 0x60, 0xa8, 0x9e, 0xca,
			      0xf3, 0x24, 0x66, 0xef, 0x97, 0xf5, 0xd3, 0xd5, 0x85, 0x03, 0xb9,
			      0x69, 0x9d, 0xe7, 0x85, 0x89, 0x5a, 0x96, 0xfd, 0xba, 0xaf};
const uint8_t nist_cbc_iv[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
const uint8_t nist_cbc[32] = {0x76, 0x49, 0xab, 0xac, 0x81, 0x19, 0xb2, 0x46, 0xce, 0xe9, 0x8e,
			      0x9b, 0x12, 0xe9, 0x19, 0x7d, 0x50, 0x86, 0xcb, 0x9b, 0x50, 0x72,
			      0x19, 0xee, 0x95, 0xdb, 0x11, 0x3a, 0x91, 0x76, 0x78, 0xb2};
const uint8_t nist_ctr_iv[16] = {0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7,
				 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff};
const uint8_t nist_ctr[32] = {0x87, 0x4d, 0x61, 0x91, 0xb6, 0x20, 0xe3, 0x26, 0x1b, 0xef, 0x68,
			      0x64, 0x99, 0x0d, 0xb6, 0xce, 0x98, 0x06, 0xf6, 0x6b, 0x79, 0x70,
			      0xfd, 0xff, 0x86, 0x17, 0x18, 0x7b, 0xb9, 0xff, 0xfd, 0xff};

const uint8_t gcm_key[16] = {0xfe, 0xff, 0xe9, 0x92, 0x86, 0x65, 0x73, 0x1c,
			     0x6d, 0x6a, 0x8f, 0x94, 0x67, 0x30, 0x83, 0x08};
const uint8_t gcm_iv[12] = {0xca, 0xfe, 0xba, 0xbe, 0xfa, 0xce, 0xdb, 0xad, 0xde, 0xca, 0xf8, 0x88};
const uint8_t gcm_aad[20] = {0xfe, 0xed, 0xfa, 0xce, 0xde, 0xad, 0xbe, 0xef, 0xfe, 0xed,
			     0xfa, 0xce, 0xde, 0xad, 0xbe, 0xef, 0xab, 0xad, 0xda, 0xd2};
const uint8_t gcm_plain[60] = {0xd9, 0x31, 0x32, 0x25, 0xf8, 0x84, 0x06, 0xe5, 0xa5, 0x59, 0x09, 0xc5,
			       0xaf, 0xf5, 0x26, 0x9a, 0x86, 0xa7, 0xa9, 0x53, 0x15, 0x34, 0xf7, 0xda,
			       0x2e, 0x4c, 0x30, 0x3d, 0x8a, 0x31, 0x8a, 0x72, 0x1c, 0x3c, 0x0c, 0x95,
			       0x95, 0x68, 0x09, 0x53, 0x2f, 0xcf, 0x0e, 0x24, 0x49, 0xa6, 0xb5, 0x25,
			       0xb1, 0x6a, 0xed, 0xf5, 0xaa, 0x0d, 0xe6, 0x57, 0xba, 0x63, 0x7b, 0x39};
const uint8_t gcm_sealed[76] = {0x42, 0x83, 0x1e, 0xc2, 0x21, 0x77, 0x74, 0x24, 0x4b, 0x72, 0x21, 0xb7, 0x84,
				0xd0, 0xd4, 0x9c, 0xe3, 0xaa, 0x21, 0x2f, 0x2c, 0x02, 0xa4, 0xe0, 0x35, 0xc1,
				0x7e, 0x23, 0x29, 0xac, 0xa1, 0x2e, 0x21, 0xd5, 0x14, 0xb2, 0x54, 0x66, 0x93,
				0x1c, 0x7d, 0x8f, 0x6a, 0x5a, 0xac, 0x84, 0xaa, 0x05, 0x1b, 0xa3, 0x0b, 0x39,
				0x6a, 0x0a, 0xac, 0x97, 0x3d, 0x58, 0xe0, 0x91, 0x5b, 0xc9, 0x4f, 0xbc, 0x32,
				0x21, 0xa5, 0xdb, 0x94, 0xfa, 0xe9, 0x5a, 0xe7, 0x12, 0x1a, 0x47};

/* SLU_LAB_CUSE names cusecrypto: then the device is a real one, of another process; SLU_LAB_PASS is its --pass. */
static void start_server(struct bench *b)
{
	const char *program = getenv("SLU_LAB_CUSE"), *pass = getenv("SLU_LAB_PASS");
	char name[32], line[32];
	int out[2];
	FILE *f;

	snprintf(name, sizeof name, "lab%d", (int)getpid());
	snprintf(b->path, sizeof b->path, "/dev/%s", name);
	snprintf(b->control, sizeof b->control, "/tmp/%s", name);
	assert_int_equal(pipe(out), 0);
	b->server = fork();
	if (b->server == 0) {
		dup2(out[1], STDOUT_FILENO);
		execl(program, program, "--name", name, "--control", b->control, pass ? "--pass" : NULL, pass, NULL);
		_exit(127);
	}
	close(out[1]);
	f = fdopen(out[0], "r");
	assert_true(f && fgets(line, sizeof line, f));
	assert_string_equal(line, "ready\n");
	fclose(f);
	b->kernel = &slu_dc_kernel_linux;
}

static void stop_server(struct bench *b)
{
	assert_int_equal(kill(b->server, SIGTERM), 0);
	assert_int_equal(waitpid(b->server, NULL, 0), b->server);
	unlink(b->control);
}

int bench_open(struct bench *b)
{
	return b->kernel->open(b->kernel->user, b->path);
}

int bench_setup(void **state)
{
	static struct bench b;

	memset(&b, 0, sizeof b);
	if (getenv("SLU_LAB_CUSE")) {
		start_server(&b);
	} else {
		b.device = lab_device_new();
		assert_non_null(b.device);
		b.kernel = lab_device_kernel(b.device);
		strcpy(b.path, "/dev/crypto");
	}
	b.fd = bench_open(&b);
	assert_true(b.fd > 0);
	*state = &b;
	return 0;
}

int bench_teardown(void **state)
{
	struct bench *b = *state;

	b->kernel->close(b->kernel->user, b->fd);
	bench_wait_open(b, 0);
	assert_int_equal(bench_counters(b).sessions_now, 0);
	if (b->server)
		stop_server(b);
	return 0;
}

static FILE *ask(struct bench *b, const char *command, const char *argument)
{
	char line[128];
	FILE *answer;

	snprintf(line, sizeof line, "%s%s", command, argument);
	answer = control_ask(b->control, line);
	assert_non_null(answer);
	return answer;
}

int bench_try_fault(struct bench *b, const char *spec, char *error, size_t size)
{
	FILE *answer;
	int result;

	if (b->device)
		return lab_device_fault(b->device, spec, error, size);
	answer = ask(b, "fault ", spec);
	result = fgets(error, (int)size, answer) ? -1 : 0;
	fclose(answer);
	return result;
}

void bench_fault(struct bench *b, const char *spec)
{
	char error[200] = "";

	if (bench_try_fault(b, spec, error, sizeof error) != 0)
		fail_msg("%s", error);
}

struct lab_counters bench_counters(struct bench *b)
{
	struct lab_counters c = {0};
	char line[128];
	FILE *answer;

	if (b->device) {
		lab_device_counters(b->device, &c);
		return c;
	}
	answer = ask(b, "counters", "");
	while (fgets(line, sizeof line, answer))
		lab_counters_scan(&c, line);
	fclose(answer);
	return c;
}

void bench_release(struct bench *b)
{
	if (b->device)
		lab_device_release(b->device);
	else
		fclose(ask(b, "release", ""));
}

/* The limit of time is of a test that fails only. */
static void wait_for(struct bench *b, size_t counter, uint64_t n)
{
	for (int i = 0; i < 1000; i++) {
		struct lab_counters c = bench_counters(b);

		if (*(const uint64_t *)(const void *)((const char *)&c + counter) == n)
			return;
		usleep(10000);
	}
	fail_msg("A counter does not come to %u.", (unsigned)n);
}

void bench_wait_hanging(struct bench *b, uint64_t n)
{
	wait_for(b, offsetof(struct lab_counters, hanging), n);
}

void bench_wait_open(struct bench *b, uint64_t n)
{
	wait_for(b, offsetof(struct lab_counters, open_now), n);
}

int bench_call(struct bench *b, unsigned long request, void *arg)
{
	return b->kernel->ioctl(b->kernel->user, b->fd, request, arg);
}

int bench_try_session(struct bench *b, uint32_t cipher, uint32_t mac, const uint8_t *key, uint32_t *id)
{
	uint8_t copy[16], mac_key[20];
	struct slu_dc_session_op op = {.cipher = cipher, .mac = mac, .keylen = 16, .key = copy};
	int error;

	memcpy(copy, key, sizeof copy);
	memset(mac_key, 0x0b, sizeof mac_key);
	if (mac) {
		op.mackey = mac_key;
		op.mackeylen = sizeof mac_key;
	}
	error = bench_call(b, SLU_DC_CIOCGSESSION, &op);
	*id = op.ses;
	return error;
}

uint32_t bench_session(struct bench *b, uint32_t cipher, uint32_t mac, const uint8_t *key)
{
	uint32_t id;

	assert_int_equal(bench_try_session(b, cipher, mac, key, &id), 0);
	return id;
}

int bench_crypt_flags(struct bench *b, uint32_t id, int op, int flags, uint8_t *iv, const uint8_t *in, uint8_t *out,
		      size_t n)
{
	struct slu_dc_crypt_op c = {
		.ses = id, .op = (uint16_t)op, .flags = (uint16_t)flags, .len = (uint32_t)n, .dst = out, .iv = iv};

	memcpy(out, in, n);
	c.src = out;
	return bench_call(b, SLU_DC_CIOCCRYPT, &c);
}

int bench_crypt(struct bench *b, uint32_t id, int op, const uint8_t *iv, const uint8_t *in, uint8_t *out, size_t n)
{
	uint8_t copy[16] = {0};

	if (iv)
		memcpy(copy, iv, sizeof copy);
	return bench_crypt_flags(b, id, op, 0, iv ? copy : NULL, in, out, n);
}

int bench_gcm(struct bench *b, uint32_t id, int op, size_t aad_length, const uint8_t *in, uint8_t *out, size_t n)
{
	uint8_t iv[12], aad[20];
	struct slu_dc_auth_op a = {.ses = id,
				   .op = (uint16_t)op,
				   .len = (uint32_t)n,
				   .auth_len = (uint32_t)aad_length,
				   .auth_src = aad,
				   .src = out,
				   .dst = out,
				   .iv = iv,
				   .iv_len = 12};
	int error;

	memcpy(iv, gcm_iv, sizeof iv);
	memcpy(aad, gcm_aad, sizeof aad);
	memcpy(out, in, n);
	error = bench_call(b, SLU_DC_CIOCAUTHCRYPT, &a);
	assert_int_equal(a.len, error ? n : op == SLU_DC_ENCRYPT ? n + 16 : n - 16);
	return error;
}

int bench_tls(struct bench *b, uint32_t id, int op, uint8_t *data, size_t n)
{
	uint8_t header[13] = {0, 0, 0, 0, 0, 0, 0, 1, 23, 3, 3, 0, 60}, iv[16];
	struct slu_dc_auth_op a = {.ses = id,
				   .op = (uint16_t)op,
				   .flags = SLU_DC_FLAG_AEAD_TLS,
				   .len = (uint32_t)n,
				   .auth_len = sizeof header,
				   .auth_src = header,
				   .src = data,
				   .dst = data,
				   .iv = iv,
				   .iv_len = 16};
	int error;

	memcpy(iv, nist_cbc_iv, sizeof iv);
	error = bench_call(b, SLU_DC_CIOCAUTHCRYPT, &a);
	return error ? error : (int)a.len;
}
