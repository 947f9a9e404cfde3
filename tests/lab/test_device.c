/* SPDX-License-Identifier: MIT */
/* The model against published vectors: what is tested with it is only as right as it is. */
#include "unit/test.h"

#include <errno.h>
#include <pthread.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/bytes.h"
#include "device.h"
#include "provider/cryptodev.h"

/* NIST SP 800-38A, appendix F: AES-128. */
static const uint8_t nist_key[16] = {0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6,
				     0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c};
static const uint8_t nist_plain[32] = {0x6b, 0xc1, 0xbe, 0xe2, 0x2e, 0x40, 0x9f, 0x96, 0xe9, 0x3d, 0x7e,
				       0x11, 0x73, 0x93, 0x17, 0x2a, 0xae, 0x2d, 0x8a, 0x57, 0x1e, 0x03,
				       0xac, 0x9c, 0x9e, 0xb7, 0x6f, 0xac, 0x45, 0xaf, 0x8e, 0x51};
static const uint8_t nist_ecb[32] = {0x3a, 0xd7, 0x7b, 0xb4, 0x0d, 0x7a, 0x36, 0x60, 0xa8, 0x9e, 0xca,
				     0xf3, 0x24, 0x66, 0xef, 0x97, 0xf5, 0xd3, 0xd5, 0x85, 0x03, 0xb9,
				     0x69, 0x9d, 0xe7, 0x85, 0x89, 0x5a, 0x96, 0xfd, 0xba, 0xaf};
static const uint8_t nist_cbc_iv[16] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
static const uint8_t nist_cbc[32] = {0x76, 0x49, 0xab, 0xac, 0x81, 0x19, 0xb2, 0x46, 0xce, 0xe9, 0x8e,
				     0x9b, 0x12, 0xe9, 0x19, 0x7d, 0x50, 0x86, 0xcb, 0x9b, 0x50, 0x72,
				     0x19, 0xee, 0x95, 0xdb, 0x11, 0x3a, 0x91, 0x76, 0x78, 0xb2};
static const uint8_t nist_ctr_iv[16] = {0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7,
					0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff};
static const uint8_t nist_ctr[32] = {0x87, 0x4d, 0x61, 0x91, 0xb6, 0x20, 0xe3, 0x26, 0x1b, 0xef, 0x68,
				     0x64, 0x99, 0x0d, 0xb6, 0xce, 0x98, 0x06, 0xf6, 0x6b, 0x79, 0x70,
				     0xfd, 0xff, 0x86, 0x17, 0x18, 0x7b, 0xb9, 0xff, 0xfd, 0xff};

/* McGrew and Viega, The Galois/Counter Mode of Operation, appendix B, test case 4. */
static const uint8_t gcm_key[16] = {0xfe, 0xff, 0xe9, 0x92, 0x86, 0x65, 0x73, 0x1c,
				    0x6d, 0x6a, 0x8f, 0x94, 0x67, 0x30, 0x83, 0x08};
static const uint8_t gcm_iv[12] = {0xca, 0xfe, 0xba, 0xbe, 0xfa, 0xce, 0xdb, 0xad, 0xde, 0xca, 0xf8, 0x88};
static const uint8_t gcm_aad[20] = {0xfe, 0xed, 0xfa, 0xce, 0xde, 0xad, 0xbe, 0xef, 0xfe, 0xed,
				    0xfa, 0xce, 0xde, 0xad, 0xbe, 0xef, 0xab, 0xad, 0xda, 0xd2};
static const uint8_t gcm_plain[60] = {0xd9, 0x31, 0x32, 0x25, 0xf8, 0x84, 0x06, 0xe5, 0xa5, 0x59, 0x09, 0xc5,
				      0xaf, 0xf5, 0x26, 0x9a, 0x86, 0xa7, 0xa9, 0x53, 0x15, 0x34, 0xf7, 0xda,
				      0x2e, 0x4c, 0x30, 0x3d, 0x8a, 0x31, 0x8a, 0x72, 0x1c, 0x3c, 0x0c, 0x95,
				      0x95, 0x68, 0x09, 0x53, 0x2f, 0xcf, 0x0e, 0x24, 0x49, 0xa6, 0xb5, 0x25,
				      0xb1, 0x6a, 0xed, 0xf5, 0xaa, 0x0d, 0xe6, 0x57, 0xba, 0x63, 0x7b, 0x39};
static const uint8_t gcm_sealed[76] = {0x42, 0x83, 0x1e, 0xc2, 0x21, 0x77, 0x74, 0x24, 0x4b, 0x72, 0x21, 0xb7, 0x84,
				       0xd0, 0xd4, 0x9c, 0xe3, 0xaa, 0x21, 0x2f, 0x2c, 0x02, 0xa4, 0xe0, 0x35, 0xc1,
				       0x7e, 0x23, 0x29, 0xac, 0xa1, 0x2e, 0x21, 0xd5, 0x14, 0xb2, 0x54, 0x66, 0x93,
				       0x1c, 0x7d, 0x8f, 0x6a, 0x5a, 0xac, 0x84, 0xaa, 0x05, 0x1b, 0xa3, 0x0b, 0x39,
				       0x6a, 0x0a, 0xac, 0x97, 0x3d, 0x58, 0xe0, 0x91, 0x5b, 0xc9, 0x4f, 0xbc, 0x32,
				       0x21, 0xa5, 0xdb, 0x94, 0xfa, 0xe9, 0x5a, 0xe7, 0x12, 0x1a, 0x47};

/* A device of its own for each test, and one descriptor. */
struct bench {
	struct lab_device *device;
	const struct slu_dc_kernel *kernel;
	int fd;
};

static int setup(void **state)
{
	static struct bench b;

	b.device = lab_device_new();
	assert_non_null(b.device);
	b.kernel = lab_device_kernel(b.device);
	b.fd = b.kernel->open(b.kernel->user, "/dev/crypto");
	assert_true(b.fd > 0);
	*state = &b;
	return 0;
}

static int teardown(void **state)
{
	struct bench *b = *state;
	struct lab_counters c;

	b->kernel->close(b->kernel->user, b->fd);
	lab_device_counters(b->device, &c);
	assert_int_equal(c.open_now, 0);
	assert_int_equal(c.sessions_now, 0);
	return 0;
}

static void fault(struct bench *b, const char *spec)
{
	char error[200] = "";

	if (lab_device_fault(b->device, spec, error, sizeof error) != 0)
		fail_msg("%s", error);
}

static struct lab_counters counters(struct bench *b)
{
	struct lab_counters c;

	lab_device_counters(b->device, &c);
	return c;
}

static int call(struct bench *b, unsigned long request, void *arg)
{
	return b->kernel->ioctl(b->kernel->user, b->fd, request, arg);
}

static int try_session(struct bench *b, uint32_t cipher, uint32_t mac, const uint8_t *key, uint32_t *id)
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
	error = call(b, SLU_DC_CIOCGSESSION, &op);
	*id = op.ses;
	return error;
}

static uint32_t session(struct bench *b, uint32_t cipher, uint32_t mac, const uint8_t *key)
{
	uint32_t id;

	assert_int_equal(try_session(b, cipher, mac, key, &id), 0);
	return id;
}

static int crypt_flags(struct bench *b, uint32_t id, int op, int flags, uint8_t *iv, const uint8_t *in, uint8_t *out,
		       size_t n)
{
	struct slu_dc_crypt_op c = {
		.ses = id, .op = (uint16_t)op, .flags = (uint16_t)flags, .len = (uint32_t)n, .dst = out, .iv = iv};

	memcpy(out, in, n);
	c.src = out;
	return call(b, SLU_DC_CIOCCRYPT, &c);
}

/* In place, iv unchanged. */
static int crypt(struct bench *b, uint32_t id, int op, const uint8_t *iv, const uint8_t *in, uint8_t *out, size_t n)
{
	uint8_t copy[16] = {0};

	if (iv)
		memcpy(copy, iv, sizeof copy);
	return crypt_flags(b, id, op, 0, iv ? copy : NULL, in, out, n);
}

static int gcm(struct bench *b, uint32_t id, int op, size_t aad_length, const uint8_t *in, uint8_t *out, size_t n)
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
	error = call(b, SLU_DC_CIOCAUTHCRYPT, &a);
	assert_int_equal(a.len, error ? n : op == SLU_DC_ENCRYPT ? n + 16 : n - 16);
	return error;
}

static void computes_the_published_vectors(void **state)
{
	static const struct {
		uint32_t cipher;
		const uint8_t *iv, *sealed;
	} vectors[] = {{SLU_DC_AES_ECB, NULL, nist_ecb},
		       {SLU_DC_AES_CBC, nist_cbc_iv, nist_cbc},
		       {SLU_DC_AES_CTR, nist_ctr_iv, nist_ctr}};
	struct bench *b = *state;
	struct lab_counters c;
	uint8_t out[32];

	for (size_t i = 0; i < 3; i++) {
		uint32_t id = session(b, vectors[i].cipher, 0, nist_key);

		assert_int_equal(crypt(b, id, SLU_DC_ENCRYPT, vectors[i].iv, nist_plain, out, 32), 0);
		assert_memory_equal(out, vectors[i].sealed, 32);
		assert_int_equal(crypt(b, id, SLU_DC_DECRYPT, vectors[i].iv, vectors[i].sealed, out, 32), 0);
		assert_memory_equal(out, nist_plain, 32);
	}
	c = counters(b);
	assert_int_equal(c.crypt, 6);
	assert_int_equal(c.authcrypt, 0);
	assert_int_equal(c.bytes, 6 * 32);
	assert_int_equal(c.sessions, 3);
	assert_int_equal(c.ioctls, 9);
	assert_int_equal(c.errors, 0);
	assert_int_equal(c.faulty, 0);
	assert_int_equal(c.by[LAB_ECB].operations, 2);
	assert_int_equal(c.by[LAB_CBC].bytes, 64);
}

static void computes_gcm(void **state)
{
	struct bench *b = *state;
	uint32_t id = session(b, SLU_DC_AES_GCM, 0, gcm_key);
	uint8_t out[76];

	assert_int_equal(gcm(b, id, SLU_DC_ENCRYPT, 20, gcm_plain, out, 60), 0);
	assert_memory_equal(out, gcm_sealed, 76);
	assert_int_equal(gcm(b, id, SLU_DC_DECRYPT, 20, gcm_sealed, out, 76), 0);
	assert_memory_equal(out, gcm_plain, 60);
	assert_int_equal(gcm(b, id, SLU_DC_DECRYPT, 19, gcm_sealed, out, 76), -EBADMSG);
	assert_int_equal(gcm(b, id, SLU_DC_DECRYPT, 20, gcm_sealed, out, 15), -EINVAL);
	assert_int_equal(counters(b).authcrypt, 2);
	assert_int_equal(counters(b).errors, 2);
	assert_int_equal(counters(b).by[LAB_GCM].bytes, 120);
}

/* One record in TLS mode: n bytes of content in data, which has room; its new length or -errno. */
static int tls(struct bench *b, uint32_t id, int op, uint8_t *data, size_t n)
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
	error = call(b, SLU_DC_CIOCAUTHCRYPT, &a);
	return error ? error : (int)a.len;
}

/* RFC 5246, 6.2.3.2, put together here from OpenSSL's own functions. */
static size_t tls_expected(const EVP_MD *digest, uint8_t *out, const uint8_t *plain, size_t n)
{
	static const uint8_t header[13] = {0, 0, 0, 0, 0, 0, 0, 1, 23, 3, 3, 0, 60};
	uint8_t text[512], mac_key[20];
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	unsigned mac;
	size_t total;
	int done;

	memset(mac_key, 0x0b, sizeof mac_key);
	memcpy(text, header, 13);
	memcpy(text + 13, plain, n);
	assert_non_null(HMAC(digest, mac_key, 20, text, 13 + n, text + 13 + n, &mac));
	for (total = n + mac + 1; total % 16 != 0; total++)
		;
	memset(text + 13 + n + mac, (int)(total - n - mac - 1), total - n - mac);
	assert_true(EVP_EncryptInit_ex(ctx, EVP_aes_128_cbc(), NULL, nist_key, nist_cbc_iv));
	assert_true(EVP_CIPHER_CTX_set_padding(ctx, 0) && EVP_EncryptUpdate(ctx, out, &done, text + 13, (int)total));
	EVP_CIPHER_CTX_free(ctx);
	assert_int_equal(done, total);
	return total;
}

static void makes_whole_tls_records(void **state)
{
	static const struct {
		uint32_t mac;
		const EVP_MD *(*digest)(void);
		enum lab_algorithm algorithm;
	} kinds[] = {{SLU_DC_SHA1_HMAC, EVP_sha1, LAB_TLS_SHA1}, {SLU_DC_SHA2_256_HMAC, EVP_sha256, LAB_TLS_SHA256}};
	struct bench *b = *state;
	uint8_t data[512], expected[512], plain[60];

	memcpy(plain, gcm_plain, 60);
	for (size_t i = 0; i < 2; i++) {
		uint32_t id = session(b, SLU_DC_AES_CBC, kinds[i].mac, nist_key);

		for (size_t n = 0; n <= 60; n++) {
			size_t total = tls_expected(kinds[i].digest(), expected, plain, n);

			memcpy(data, plain, n);
			data[total] = 0x77; /* and not a byte further */
			assert_int_equal(tls(b, id, SLU_DC_ENCRYPT, data, n), total);
			assert_memory_equal(data, expected, total);
			assert_int_equal(data[total], 0x77);
			assert_int_equal(tls(b, id, SLU_DC_DECRYPT, data, total), n);
			assert_memory_equal(data, plain, n);
			expected[total - 1] ^= 1; /* the padding's length, or the MAC */
			assert_int_equal(tls(b, id, SLU_DC_DECRYPT, expected, total), -EBADMSG);
		}
		assert_int_equal(counters(b).by[kinds[i].algorithm].operations, 2 * 61);
	}
	assert_int_equal(counters(b).authcrypt, 4 * 61);
}

static void answers_errors_as_the_module_does(void **state)
{
	struct bench *b = *state;
	struct slu_dc_session_info info = {0};
	uint8_t buffer[64] = {0};
	struct slu_dc_auth_op a = {.len = 16, .src = buffer, .dst = buffer + 16, .flags = SLU_DC_FLAG_AEAD_TLS};
	uint32_t id, cbc = session(b, SLU_DC_AES_CBC, 0, nist_key), none = cbc + 1;

	assert_int_equal(try_session(b, 0, 0, nist_key, &id), -EINVAL);
	assert_int_equal(try_session(b, 99, 0, nist_key, &id), -EINVAL);
	assert_int_equal(try_session(b, SLU_DC_AES_CBC, 99, nist_key, &id), -EINVAL);
	assert_int_equal(call(b, _IO('c', 1), buffer), -EINVAL);
	assert_int_equal(crypt(b, none, SLU_DC_ENCRYPT, NULL, nist_plain, buffer, 16), -EINVAL);
	assert_int_equal(crypt(b, cbc, SLU_DC_ENCRYPT, NULL, nist_plain, buffer, 17), -EINVAL);
	assert_int_equal(crypt(b, cbc, 2, NULL, nist_plain, buffer, 16), -EINVAL);
	a.ses = session(b, SLU_DC_AES_CBC, SLU_DC_SHA1_HMAC, nist_key);
	assert_int_equal(call(b, SLU_DC_CIOCAUTHCRYPT, &a), -EINVAL); /* not in place */
	a.dst = buffer;
	a.auth_len = 4097;
	a.auth_src = buffer;
	assert_int_equal(call(b, SLU_DC_CIOCAUTHCRYPT, &a), -EINVAL);
	a.auth_len = 13;
	assert_int_equal(call(b, SLU_DC_CIOCAUTHCRYPT, &a), 0);
	assert_int_equal(a.len, 48);
	assert_int_equal(a.tag_len, 20);
	info.ses = none;
	assert_int_equal(call(b, SLU_DC_CIOCGSESSINFO, &info), -EINVAL);
	info.ses = a.ses;
	assert_int_equal(call(b, SLU_DC_CIOCGSESSINFO, &info), 0);
	assert_string_equal(info.cipher.name, "cbc(aes)");
	assert_string_equal(info.cipher.driver, "lab-cbc-aes");
	assert_string_equal(info.hash.name, "hmac(sha1)");
	assert_int_equal(info.flags, 1);
	assert_int_equal(call(b, SLU_DC_CIOCFSESSION, &cbc), 0);
	assert_int_equal(call(b, SLU_DC_CIOCFSESSION, &cbc), -ENOENT);
	assert_int_equal(crypt(b, cbc, SLU_DC_ENCRYPT, NULL, nist_plain, buffer, 16), -EINVAL);
	assert_int_equal(b->kernel->ioctl(b->kernel->user, 3, SLU_DC_CIOCGSESSINFO, &info), -EBADF);
	assert_int_equal(counters(b).sessions_now, 1);
}

static void keeps_sessions_to_their_file(void **state)
{
	struct bench *b = *state;
	struct bench other = *b;
	uint32_t id = session(b, SLU_DC_AES_ECB, 0, nist_key);
	uint8_t out[16];

	other.fd = b->kernel->open(b->kernel->user, "/dev/crypto");
	assert_int_not_equal(other.fd, b->fd);
	assert_int_equal(crypt(&other, id, SLU_DC_ENCRYPT, NULL, nist_plain, out, 16), -EINVAL);
	assert_int_not_equal(session(&other, SLU_DC_AES_ECB, 0, nist_key), id);
	assert_int_equal(counters(b).sessions_now, 2);
	b->kernel->close(b->kernel->user, other.fd);
	assert_int_equal(counters(b).sessions_now, 1);
	assert_int_equal(counters(b).open_now, 1);
	assert_int_equal(crypt(b, id, SLU_DC_ENCRYPT, NULL, nist_plain, out, 16), 0);
}

static void chains_ivs(void **state)
{
	struct bench *b = *state;
	uint32_t cbc = session(b, SLU_DC_AES_CBC, 0, nist_key), ctr = session(b, SLU_DC_AES_CTR, 0, nist_key);
	uint8_t out[32], iv[16];

	for (int broken = 0; broken < 2; broken++) {
		memcpy(iv, nist_cbc_iv, 16);
		assert_int_equal(crypt_flags(b, cbc, 0, SLU_DC_FLAG_WRITE_IV, iv, nist_plain, out, 16), 0);
		assert_memory_equal(iv, broken ? nist_cbc_iv : nist_cbc, 16);
		assert_int_equal(crypt(b, cbc, 0, NULL, nist_plain + 16, out, 16), 0); /* the session's own */
		assert_int_equal(memcmp(out, nist_cbc + 16, 16) == 0, !broken);
		memcpy(iv, nist_ctr_iv, 16);
		assert_int_equal(crypt_flags(b, ctr, 0, SLU_DC_FLAG_WRITE_IV, iv, nist_plain, out, 16), 0);
		assert_int_equal(slu_be16(iv + 14), broken ? 0xfeff : 0xff00);
		fault(b, "iv-not-chained");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(computes_the_published_vectors, setup, teardown),
		cmocka_unit_test_setup_teardown(computes_gcm, setup, teardown),
		cmocka_unit_test_setup_teardown(makes_whole_tls_records, setup, teardown),
		cmocka_unit_test_setup_teardown(answers_errors_as_the_module_does, setup, teardown),
		cmocka_unit_test_setup_teardown(keeps_sessions_to_their_file, setup, teardown),
		cmocka_unit_test_setup_teardown(chains_ivs, setup, teardown),
	};

	return cmocka_run_group_tests_name("lab device", tests, NULL, NULL);
}
