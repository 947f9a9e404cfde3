/* SPDX-License-Identifier: MIT */
#include "test.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "dc_fake.h"
#include "in_child.h"
#include "provider/session.h"

enum { N = 4096, SHORT_MS = 80 };

static struct slu_dc_settings s;
static struct fake *fake;
static uint8_t in[N], out[N + 64], iv[16], tag[16];

/* Stood in for, see meson.build. */
static long allocations_left = -1;
void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size)
{
	return allocations_left >= 0 && allocations_left-- == 0 ? NULL : __real_calloc(n, size);
}

#ifdef __GLIBC__ /* with 64-bit offsets, as Meson asks for */
#define __real_mmap __real_mmap64
#define __wrap_mmap __wrap_mmap64
#endif
static bool no_mapping;
void *__real_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset);
void *__wrap_mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
	return no_mapping ? MAP_FAILED : __real_mmap(at, size, protection, flags, fd, offset);
}

static atomic_int unmapped, unmapped_dirty;
int __real_munmap(void *data, size_t size);
int __wrap_munmap(void *data, size_t size);
int __wrap_munmap(void *data, size_t size)
{
	const uint8_t *bytes = data;
	bool dirty = false;

	for (size_t i = 0; i < size; i++)
		dirty |= bytes[i] != 0;
	unmapped++;
	unmapped_dirty += dirty;
	return __real_munmap(data, size);
}

static int setup(void **state)
{
	(void)state;
	fake = fake_new(&s);
	for (unsigned i = 0; i < N; i++)
		in[i] = (uint8_t)(i * 7 + i / 256);
	memset(out, 0xaa, sizeof out);
	memset(iv, 0x11, sizeof iv);
	memset(tag, 0, sizeof tag);
	return 0;
}

static struct slu_dc_session *new_session(enum slu_dc_algorithm a)
{
	struct slu_dc_key key = {.algorithm = a, .length = 16, .mac_length = 32};
	struct slu_dc_session *session;

	memset(key.key, 0x42, sizeof key.key);
	memset(key.mac_key, 0x43, sizeof key.mac_key);
	session = slu_dc_session_new(fake_device(fake), &s, &key);
	assert_non_null(session);
	return session;
}

static int do_crypt(struct slu_dc_session *session)
{
	return slu_dc_session_crypt(session, 1, iv, in, out, N);
}

static int do_gcm(struct slu_dc_session *session, int encrypt, const uint8_t *from)
{
	return slu_dc_session_gcm(session, encrypt, iv, (const uint8_t *)"thirteen byte", 13, from, out, N, tag);
}

static int do_tls(struct slu_dc_session *session)
{
	return slu_dc_session_tls(session, (const uint8_t *)"thirteen byte", iv, in, N, out, N + 48);
}

static void assert_transformed(const uint8_t *data)
{
	for (unsigned i = 0; i < N; i++)
		assert_int_equal(data[i], in[i] ^ FAKE_XOR);
}

static void assert_untouched(void)
{
	for (unsigned i = 0; i < sizeof out; i++)
		assert_int_equal(out[i], 0xaa);
	for (unsigned i = 0; i < sizeof tag; i++)
		assert_int_equal(tag[i], 0);
}

static struct slu_dc_counters counters(void)
{
	struct slu_dc_counters c;

	slu_dc_device_counters(fake_device(fake), &c);
	return c;
}

/* ---- what the kernel is asked ---- */

static void test_lazy(void **state)
{
	struct slu_dc_session *session = new_session(SLU_DC_CBC);

	(void)state;
	slu_dc_session_free(session);
	slu_dc_session_free(NULL);
	for (int c = 0; c < FAKE_CALLS; c++)
		assert_int_equal(fake->calls[c], 0);
}

static void test_crypt(void **state)
{
	struct slu_dc_session *session = new_session(SLU_DC_CBC);

	(void)state;
	assert_string_equal(slu_dc_device_driver(fake_device(fake), SLU_DC_CBC), "?");
	assert_int_equal(do_crypt(session), 0);
	assert_transformed(out);
	assert_int_equal(fake->session.cipher, SLU_DC_AES_CBC);
	assert_int_equal(fake->session.mac, 0);
	assert_int_equal(fake->session.keylen, 16);
	assert_int_equal(fake->key[15], 0x42);
	assert_int_equal(fake->crypt.ses, FAKE_SES);
	assert_int_equal(fake->crypt.op, SLU_DC_ENCRYPT);
	assert_int_equal(fake->crypt.flags, 0);
	assert_int_equal(fake->crypt.len, N);
	assert_memory_equal(fake->iv, iv, 16);
	/* Whole cache lines, and none of ours among them. */
	assert_int_equal((uintptr_t)fake->crypt.src % 128, 0);
	assert_ptr_equal(fake->crypt.dst, fake->crypt.src);
	assert_string_equal(slu_dc_device_driver(fake_device(fake), SLU_DC_CBC), "fake-aes");

	assert_int_equal(slu_dc_session_crypt(session, 0, iv, out, out, N), 0);
	assert_memory_equal(out, in, N);
	assert_int_equal(fake->crypt.op, SLU_DC_DECRYPT);
	slu_dc_session_free(session);
	assert_int_equal(fake->calls[FAKE_OPEN], 1);
	assert_int_equal(fake->calls[FAKE_SESSION], 1);
	assert_int_equal(fake->calls[FAKE_CRYPT], 2);
	assert_int_equal(fake->calls[FAKE_CLOSE], 1);
	assert_int_equal(counters().operations, 2);
	assert_int_equal(counters().bytes, 2 * N);
	assert_int_equal(counters().sessions, 1);
}

/* A second session knows the driver; an algorithm without an IV has none. */
static void test_info_is_asked_once(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct slu_dc_session *session = new_session(SLU_DC_ECB);

		assert_int_equal(slu_dc_session_crypt(session, 1, NULL, in, out, N), 0);
		assert_null(fake->crypt.iv);
		slu_dc_session_free(session);
	}
	assert_int_equal(fake->session.cipher, SLU_DC_AES_ECB);
	assert_int_equal(fake->calls[FAKE_INFO], 1);
	assert_int_equal(counters().sessions, 3);
}

/* Only the name is lost. */
static void test_info_fails(void **state)
{
	struct slu_dc_session *session = new_session(SLU_DC_CTR);

	(void)state;
	fake->errors[FAKE_INFO] = -EINVAL;
	assert_int_equal(do_crypt(session), 0);
	assert_int_equal(fake->session.cipher, SLU_DC_AES_CTR);
	assert_string_equal(slu_dc_device_driver(fake_device(fake), SLU_DC_CTR), "?");
	slu_dc_session_free(session);
}

static void test_gcm(void **state)
{
	struct slu_dc_session *session = new_session(SLU_DC_GCM);
	uint8_t sealed[N];

	(void)state;
	assert_int_equal(do_gcm(session, 1, in), 0);
	assert_transformed(out);
	for (int i = 0; i < 16; i++)
		assert_int_equal(tag[i], FAKE_TAG);
	assert_int_equal(fake->session.cipher, SLU_DC_AES_GCM);
	assert_int_equal(fake->auth.op, SLU_DC_ENCRYPT);
	assert_int_equal(fake->auth.flags, 0);
	assert_int_equal(fake->auth.len, N);
	assert_int_equal(fake->auth.tag_len, 16);
	assert_int_equal(fake->auth.iv_len, 12);
	assert_int_equal(fake->auth.auth_len, 13);
	assert_memory_equal(fake->aad, "thirteen byte", 13);
	assert_memory_equal(fake->iv, iv, 12);
	assert_ptr_equal(fake->auth.dst, fake->auth.src);
	/* The authenticated data keeps off the lines that are written. */
	assert_true(fake->auth.auth_src >= fake->auth.dst + N + 16);
	assert_int_equal((uintptr_t)fake->auth.auth_src % 128, 0);

	memcpy(sealed, out, N);
	assert_int_equal(do_gcm(session, 0, sealed), 0);
	assert_memory_equal(out, in, N);
	assert_int_equal(fake->auth.len, N + 16);

	memset(out, 0xaa, sizeof out);
	tag[3] ^= 1;
	assert_int_equal(do_gcm(session, 0, sealed), -EBADMSG);
	memset(tag, 0, sizeof tag);
	assert_untouched();
	assert_int_equal(counters().operations, 2);
	/* Nothing but a tag; and more than the kernel takes. */
	assert_int_equal(slu_dc_session_gcm(session, 1, iv, NULL, 0, NULL, NULL, 0, tag), 0);
	assert_null(fake->auth.auth_src);
	assert_int_equal(slu_dc_session_gcm(session, 1, iv, in, 4096, in, out, 16, tag), 0);
	assert_int_equal(slu_dc_session_gcm(session, 1, iv, in, 4097, in, out, 16, tag), -EMSGSIZE);
	assert_int_equal(fake->calls[FAKE_AUTH], 5);
	slu_dc_session_free(session);
}

static void test_tls(void **state)
{
	struct slu_dc_session *session = new_session(SLU_DC_CBC_SHA256), *sha1 = new_session(SLU_DC_CBC_SHA1);

	(void)state;
	assert_int_equal(do_tls(session), 0);
	assert_transformed(out);
	for (int i = 0; i < 48; i++)
		assert_int_equal(out[N + i], FAKE_TAG);
	assert_int_equal(out[N + 48], 0xaa);
	assert_int_equal(fake->session.cipher, SLU_DC_AES_CBC);
	assert_int_equal(fake->session.mac, SLU_DC_SHA2_256_HMAC);
	assert_int_equal(fake->session.mackeylen, 32);
	assert_int_equal(fake->mac_key[31], 0x43);
	assert_int_equal(fake->auth.flags, SLU_DC_FLAG_AEAD_TLS);
	assert_int_equal(fake->auth.op, SLU_DC_ENCRYPT);
	assert_int_equal(fake->auth.len, N);
	assert_int_equal(fake->auth.tag_len, 32);
	assert_int_equal(fake->auth.auth_len, 13);
	assert_memory_equal(fake->aad, "thirteen byte", 13);
	assert_memory_equal(fake->iv, iv, 16);
	assert_ptr_equal(fake->auth.dst, fake->auth.src);
	assert_int_equal((uintptr_t)fake->auth.dst % 128, 0);

	/* The kernel pads as little as it can: no other total is possible. */
	assert_int_equal(slu_dc_session_tls(session, in, iv, in, N, out, N + 32), -EMSGSIZE);
	assert_int_equal(slu_dc_session_tls(session, in, iv, in, N, out, N + 64), -EMSGSIZE);
	assert_int_equal(slu_dc_session_tls(sha1, in, iv, in, 100, out, 128), 0);
	assert_int_equal(fake->session.mac, SLU_DC_SHA1_HMAC);
	assert_int_equal(fake->auth.tag_len, 20);
	assert_int_equal(fake->calls[FAKE_AUTH], 2);
	slu_dc_session_free(session);
	slu_dc_session_free(sha1);
}

static void test_area(void **state)
{
	struct slu_dc_session *session = new_session(SLU_DC_ECB);
	bool locked;
	uint8_t *area = slu_dc_session_area(session, N, &locked);

	(void)state;
	assert_non_null(area);
	assert_int_equal((uintptr_t)area % 128, 0);
	assert_int_equal(fake->calls[FAKE_OPEN], 0);
	memcpy(area, in, N);
	assert_int_equal(slu_dc_session_crypt_area(session, 1, NULL, N), 0);
	assert_transformed(area);
	assert_ptr_equal(fake->crypt.src, area);
	assert_ptr_equal(slu_dc_session_area(session, N, &locked), area);
	assert_transformed(area);
	slu_dc_session_wipe(session, 16, 32);
	assert_int_equal(area[15], in[15] ^ FAKE_XOR);
	for (int i = 16; i < 48; i++)
		assert_int_equal(area[i], 0);
	assert_int_equal(area[48], in[48] ^ FAKE_XOR);
	slu_dc_session_wipe(session, N - 16, SIZE_MAX); /* not beyond its end */
	assert_int_equal(area[N - 1], 0);
	area = slu_dc_session_area(session, 200000, &locked);
	assert_non_null(area);
	memset(area, 1, 200000);
	assert_int_equal(slu_dc_session_crypt_area(session, 1, NULL, 200000), 0);
	assert_int_equal(slu_dc_session_crypt_area(session, 1, NULL, 400000), -EMSGSIZE);
	assert_int_equal(area[199999], 1 ^ FAKE_XOR);
	assert_int_equal(slu_dc_session_crypt(session, 1, NULL, in, out, (size_t)INT32_MAX + 1), -EMSGSIZE);
	slu_dc_session_free(session);
}

static void test_wiped(void **state)
{
	struct slu_dc_session *session = new_session(SLU_DC_CBC_SHA256);
	bool locked;

	(void)state;
	unmapped = unmapped_dirty = 0;
	assert_int_equal(do_tls(session), 0);
	/* The kernel has the keys now. */
	for (int i = 0; i < 32; i++) {
		assert_int_equal(fake->session.key[i], 0);
		assert_int_equal(fake->session.mackey[i], 0);
	}
	/* A larger area, and the end. */
	assert_non_null(slu_dc_session_area(session, 100000, &locked));
	assert_int_equal(unmapped, 1);
	memset(slu_dc_session_area(session, 100000, &locked), 1, 100000);
	slu_dc_session_free(session);
	assert_int_equal(unmapped, 2);
	assert_int_equal(unmapped_dirty, 0);
}

/* The flags of the mapping that holds p, two letters each: proc(5), VmFlags. */
static void mapping_flags(const void *p, char *flags, size_t size)
{
	FILE *f = fopen("/proc/self/smaps", "r");
	unsigned long long from, to;
	char line[200];
	bool here = false;

	assert_non_null(f);
	flags[0] = '\0';
	while (fgets(line, sizeof line, f)) {
		if (sscanf(line, "%llx-%llx ", &from, &to) == 2)
			here = (uintptr_t)p >= from && (uintptr_t)p < to;
		if (here && strncmp(line, "VmFlags:", 8) == 0)
			snprintf(flags, size, "%s", line);
	}
	fclose(f);
}

/* What a mapping's flags say here: qemu-user has flags of its own. */
static bool flags_are_told(void)
{
	void *data = __real_mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char flags[200];

	assert_ptr_not_equal(data, MAP_FAILED);
	assert_int_equal(madvise(data, 4096, MADV_DONTDUMP), 0);
	mapping_flags(data, flags, sizeof flags);
	__real_munmap(data, 4096);
	return strstr(flags, " dd") != NULL;
}

/* Not in core dumps; and locked as it says. */
static int area_is_kept_private(void)
{
	struct slu_dc_session *session = new_session(SLU_DC_ECB);
	bool locked = true;
	const uint8_t *area = slu_dc_session_area(session, N, &locked);
	char flags[200];
	bool is_locked;

	mapping_flags(area, flags, sizeof flags);
	slu_dc_session_free(session);
	/* Sanitizers make mlock() do nothing, successfully. */
	is_locked = SANITIZED ? locked : strstr(flags, " lo") != NULL;
	return strstr(flags, " dd") && is_locked == locked ? locked : -1;
}

static int child_may_lock_nothing(void *unused)
{
	const struct rlimit none = {0, 0};

	(void)unused;
	if (setrlimit(RLIMIT_MEMLOCK, &none) || (geteuid() == 0 && seteuid(65534)))
		return 2;
	return area_is_kept_private() == SANITIZED ? 0 : 1;
}

static void test_private(void **state)
{
	(void)state;
	assert_true(area_is_kept_private() >= 0);
	assert_int_equal(in_child(child_may_lock_nothing, NULL), 0);
}

/* ---- failures ---- */

static void test_no_memory(void **state)
{
	const struct slu_dc_key key = {.algorithm = SLU_DC_CBC, .length = 16};
	struct slu_dc_device *d = fake_device(fake);
	struct slu_dc_session *session;
	bool locked;

	(void)state;
	for (long n = 0; n < 2; n++) {
		allocations_left = n;
		assert_null(slu_dc_session_new(d, &s, &key));
	}
	allocations_left = 2;
	session = slu_dc_session_new(d, &s, &key);
	assert_non_null(session);
	assert_int_equal(allocations_left, 2 - 2);
	allocations_left = -1;
	assert_null(slu_dc_session_area(session, SIZE_MAX, &locked));
	assert_null(slu_dc_session_area(session, (size_t)INT32_MAX + 1, &locked));
	no_mapping = true;
	assert_null(slu_dc_session_area(session, N, &locked));
	assert_int_equal(do_crypt(session), -ENOMEM);
	no_mapping = false;
	assert_int_equal(do_crypt(session), 0);
	no_mapping = true;
	assert_null(slu_dc_session_area(session, 100000, &locked));
	no_mapping = false;
	assert_int_equal(do_crypt(session), 0); /* with what it has */
	assert_transformed(out);
	slu_dc_session_free(session);
	allocations_left = 0;
	assert_null(slu_dc_device_get(&fake->kernel, "/dev/another"));
	assert_int_equal(allocations_left, -1);
	assert_int_equal(fake->calls[FAKE_OPEN], 1);
}

static void test_errors_give_nothing_out(void **state)
{
	struct slu_dc_session *cbc = new_session(SLU_DC_CBC), *gcm = new_session(SLU_DC_GCM),
			      *tls = new_session(SLU_DC_CBC_SHA256);

	(void)state;
	fake->errors[FAKE_CRYPT] = fake->errors[FAKE_AUTH] = -EIO;
	assert_int_equal(do_crypt(cbc), -EIO);
	assert_int_equal(do_gcm(gcm, 1, in), -EIO);
	assert_int_equal(do_tls(tls), -EIO);
	assert_untouched();
	assert_int_equal(counters().operations, 0);
	assert_int_equal(counters().bytes, 0);
	/* And the session is as good as before. */
	fake->errors[FAKE_CRYPT] = 0;
	assert_int_equal(do_crypt(cbc), 0);
	assert_transformed(out);
	assert_int_equal(fake->calls[FAKE_OPEN], 3);
	assert_false(slu_dc_device_off(fake_device(fake)));
	slu_dc_session_free(cbc);
	slu_dc_session_free(gcm);
	slu_dc_session_free(tls);
}

/* What the worker and the session say of themselves is not taken from a driver. */
static void test_drivers_that_speak_as_we_do(void **state)
{
	struct slu_dc_session *session = new_session(SLU_DC_CBC);

	(void)state;
	fake->errors[FAKE_CRYPT] = -ETIMEDOUT;
	assert_int_equal(do_crypt(session), -EIO);
	fake->errors[FAKE_CRYPT] = -EAGAIN;
	assert_int_equal(do_crypt(session), -EBUSY);
	fake->errors[FAKE_CRYPT] = -ECHILD;
	assert_int_equal(do_crypt(session), -EIO);
	fake->errors[FAKE_CRYPT] = -EOPNOTSUPP;
	assert_int_equal(do_crypt(session), -EINVAL);
	assert_false(slu_dc_session_lost(session));
	assert_int_equal(counters().abandoned, 0);
	slu_dc_session_free(session);
	assert_int_equal(fake->calls[FAKE_CLOSE], 1);
}

static void test_a_session_that_cannot_be_opened_now(void **state)
{
	struct slu_dc_session *session = new_session(SLU_DC_CBC);
	int descriptors = fake_descriptors();

	(void)state;
	fake->errors[FAKE_OPEN] = -EMFILE;
	assert_int_equal(do_crypt(session), -EMFILE);
	fake->errors[FAKE_OPEN] = 0;
	fake->errors[FAKE_SESSION] = -ENOMEM;
	assert_int_equal(do_crypt(session), -ENOMEM);
	assert_int_equal(fake_descriptors(), descriptors);
	assert_int_equal(counters().sessions, 0);
	assert_true(slu_dc_device_may_have(fake_device(fake), SLU_DC_CBC));
	/* The key is still there for the next attempt. */
	fake->errors[FAKE_SESSION] = 0;
	memset(fake->key, 0, sizeof fake->key);
	assert_int_equal(do_crypt(session), 0);
	assert_int_equal(fake->key[15], 0x42);
	slu_dc_session_free(session);
	assert_int_equal(fake_descriptors(), descriptors);
}

static void test_unknown_algorithms_are_asked_for_once(void **state)
{
	struct slu_dc_session *session = new_session(SLU_DC_GCM);

	(void)state;
	fake->errors[FAKE_SESSION] = -EINVAL;
	assert_int_equal(do_gcm(session, 1, in), -EOPNOTSUPP);
	assert_false(slu_dc_device_may_have(fake_device(fake), SLU_DC_GCM));
	assert_true(slu_dc_device_may_have(fake_device(fake), SLU_DC_ECB));
	assert_int_equal(do_gcm(session, 1, in), -EOPNOTSUPP);
	slu_dc_session_free(session);
	session = new_session(SLU_DC_GCM);
	assert_int_equal(do_gcm(session, 1, in), -EOPNOTSUPP);
	slu_dc_session_free(session);
	assert_int_equal(fake->calls[FAKE_OPEN], 1);
	assert_int_equal(fake->calls[FAKE_CLOSE], 1);
	assert_untouched();
	assert_false(slu_dc_device_off(fake_device(fake)));
}

/* AES-192 alone is missing from some hardware. */
static void test_an_unknown_key_size(void **state)
{
	struct slu_dc_key key = {.algorithm = SLU_DC_CBC, .length = 24};
	struct slu_dc_session *session = slu_dc_session_new(fake_device(fake), &s, &key);

	(void)state;
	fake->errors[FAKE_SESSION] = -EINVAL;
	assert_int_equal(do_crypt(session), -EOPNOTSUPP);
	assert_int_equal(do_crypt(session), -EOPNOTSUPP);
	assert_int_equal(fake->calls[FAKE_OPEN], 1);
	assert_true(slu_dc_device_may_have(fake_device(fake), SLU_DC_CBC));
	slu_dc_session_free(session);
}

/* A 64-bit kernel opens sessions for 32-bit programs that it then cannot serve. */
static void test_first_request_refused(void **state)
{
	static const int errors[] = {-EINVAL, -ENOTTY, -EOPNOTSUPP};

	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
		struct slu_dc_session *gcm, *tls;

		setup(state);
		gcm = new_session(SLU_DC_GCM);
		tls = new_session(SLU_DC_CBC_SHA256);
		fake->errors[FAKE_AUTH] = errors[i];
		assert_int_equal(do_gcm(gcm, 1, in), -EOPNOTSUPP);
		assert_int_equal(fake->lines, 1);
		assert_non_null(strstr(fake->line, "AES-GCM"));
		assert_non_null(strstr(fake->line, "fake-aes"));
		assert_int_equal(do_gcm(gcm, 1, in), -EOPNOTSUPP);
		assert_int_equal(fake->calls[FAKE_AUTH], 1);
		assert_int_equal(do_tls(tls), -EOPNOTSUPP);
		assert_int_equal(fake->lines, 2);
		assert_false(slu_dc_device_may_have(fake_device(fake), SLU_DC_GCM));
		assert_false(slu_dc_device_may_have(fake_device(fake), SLU_DC_CBC_SHA256));
		assert_true(slu_dc_device_may_have(fake_device(fake), SLU_DC_CBC));
		assert_untouched();
		slu_dc_session_free(gcm);
		slu_dc_session_free(tls);
	}
}

/* One that it has served is refused for its size or its luck. */
static void test_later_request_refused(void **state)
{
	struct slu_dc_session *session = new_session(SLU_DC_GCM);

	(void)state;
	assert_int_equal(do_gcm(session, 1, in), 0);
	fake->errors[FAKE_AUTH] = -EINVAL;
	assert_int_equal(do_gcm(session, 1, in), -EINVAL);
	assert_true(slu_dc_device_may_have(fake_device(fake), SLU_DC_GCM));
	assert_int_equal(fake->lines, 0);
	slu_dc_session_free(session);
}

static void test_gone(void **state)
{
	static const struct {
		enum fake_call call;
		int error, returned;
		const char *says;
	} all[] = {
		{FAKE_OPEN, -ENOENT, -ENOENT, "load the kernel's module"},
		{FAKE_OPEN, -ENXIO, -ENXIO, "load the kernel's module"},
		{FAKE_OPEN, -ENODEV, -ENODEV, "load the kernel's module"},
		{FAKE_OPEN, -EACCES, -EACCES, "the right to read and write"},
		{FAKE_SESSION, -ENODEV, -ENODEV, "opening a session for AES-CBC"},
		{FAKE_CRYPT, -ENODEV, -ENODEV, "an operation for AES-CBC"},
		{FAKE_CRYPT, -ENOTCONN, -ENODEV, "an operation for AES-CBC"},
	};

	for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
		struct slu_dc_session *session;

		setup(state);
		session = new_session(SLU_DC_CBC);
		fake->errors[all[i].call] = all[i].error;
		assert_int_equal(do_crypt(session), all[i].returned);
		assert_true(slu_dc_device_off(fake_device(fake)));
		assert_int_equal(fake->lines, 1);
		assert_non_null(strstr(fake->line, fake->path));
		assert_non_null(strstr(fake->line, all[i].says));
		/* Nothing is asked of it any more. */
		fake->errors[all[i].call] = 0;
		assert_int_equal(do_crypt(session), -ENODEV);
		assert_int_equal(fake->calls[all[i].call], 1);
		assert_int_equal(fake->lines, 1);
		assert_untouched();
		slu_dc_session_free(session);
		assert_int_equal(fake->calls[FAKE_CLOSE], all[i].call != FAKE_OPEN);
	}
}

/* ---- hanging ---- */

static void test_hang(void **state)
{
	for (int call = FAKE_OPEN; call <= FAKE_AUTH; call++) {
		struct slu_dc_session *session;
		int descriptors;

		setup(state);
		descriptors = fake_descriptors();
		session = new_session(call == FAKE_AUTH ? SLU_DC_GCM : SLU_DC_CBC);
		fake->hang = call;
		s.deadline_ms = SHORT_MS;
		assert_int_equal(call == FAKE_AUTH ? do_gcm(session, 1, in) : do_crypt(session), -ETIMEDOUT);
		sem_wait(&fake->inside);
		assert_true(slu_dc_session_lost(session));
		assert_true(slu_dc_device_off(fake_device(fake)));
		assert_int_equal(counters().abandoned, 1);
		assert_int_equal(fake->lines, 1);
		assert_non_null(strstr(fake->line, "within 80 ms"));
		assert_int_equal(do_crypt(session), -ENODEV);
		assert_null(slu_dc_session_area(session, 16, &(bool){false}));
		slu_dc_session_wipe(session, 0, 16);
		slu_dc_session_free(session);
		assert_untouched();

		/* It comes back, and writes into what is its own for ever. */
		fake_end_hang(fake);
		assert_untouched();
		/* Its descriptor is not closed: the kernel may still work on it. */
		if (call >= FAKE_CRYPT) {
			assert_int_equal(fake->calls[FAKE_CLOSE], 0);
			assert_int_equal(fake_descriptors(), descriptors + 1);
		}
		assert_int_equal(fake->calls[FAKE_CRYPT] + fake->calls[FAKE_AUTH], call >= FAKE_CRYPT);
	}
}

static void test_hang_at_close(void **state)
{
	struct slu_dc_session *first = new_session(SLU_DC_CBC), *second = new_session(SLU_DC_CBC);

	(void)state;
	assert_int_equal(do_crypt(first), 0);
	assert_int_equal(do_crypt(second), 0);
	fake->hang = FAKE_CLOSE;
	s.deadline_ms = SHORT_MS;
	slu_dc_session_free(first);
	sem_wait(&fake->inside);
	assert_true(slu_dc_device_off(fake_device(fake)));
	assert_int_equal(fake->lines, 1);
	assert_non_null(strstr(fake->line, "closing a session"));
	/* No other waits for a deadline again. */
	slu_dc_session_free(second);
	assert_int_equal(fake->calls[FAKE_CLOSE], 1);
	fake_end_hang(fake);
}

/* The area of the hung operation is not given to the next. */
static void test_late_write_harms_nobody(void **state)
{
	struct slu_dc_session *hung = new_session(SLU_DC_CBC), *next;
	bool locked;
	uint8_t *area, *other_area;

	area = slu_dc_session_area(hung, N, &locked);
	fake->hang = FAKE_CRYPT;
	s.deadline_ms = SHORT_MS;
	assert_int_equal(do_crypt(hung), -ETIMEDOUT);
	slu_dc_session_free(hung);

	struct fake *late = fake;

	setup(state); /* another device: that one is off */
	next = new_session(SLU_DC_CBC);
	other_area = slu_dc_session_area(next, N, &locked);
	assert_non_null(other_area);
	assert_true(other_area + N <= area || area + N <= other_area);
	memcpy(other_area, in, N);
	sem_wait(&late->inside);
	fake_end_hang(late);
	assert_memory_equal(other_area, in, N);
	assert_int_equal(area[0], FAKE_LATE); /* it is still there, and was written */
	assert_int_equal(do_crypt(next), 0);
	assert_transformed(out);
	slu_dc_session_free(next);
}

static void test_signals_are_blocked(void **state)
{
	struct slu_dc_session *session = new_session(SLU_DC_CBC);

	(void)state;
	assert_int_equal(do_crypt(session), 0);
	assert_int_equal(sigismember(&fake->mask, SIGUSR1), 1);
	assert_int_equal(sigismember(&fake->mask, SIGCHLD), 1);
	/* Without a deadline there is no other thread. */
	s.deadline_ms = 0;
	assert_int_equal(do_crypt(session), 0);
	assert_int_equal(sigismember(&fake->mask, SIGUSR1), 0);
	slu_dc_session_free(session);
}

/* ---- processes, threads, many ---- */

static int child_uses(void *inherited)
{
	struct slu_dc_session *own;
	int descriptors = fake_descriptors(), calls = fake->calls[FAKE_CRYPT];

	if (!slu_dc_session_lost(inherited) || do_crypt(inherited) != -ECHILD ||
	    slu_dc_session_area(inherited, 16, &(bool){false}) || fake->calls[FAKE_CRYPT] != calls)
		return 1;
	slu_dc_session_free(inherited);
	if (fake_descriptors() != descriptors - 1 || fake_threads() != 0)
		return 2;
	own = new_session(SLU_DC_CBC);
	if (do_crypt(own) != 0 || out[0] != (in[0] ^ FAKE_XOR))
		return 3;
	slu_dc_session_free(own);
	return fake_descriptors() == descriptors - 1 ? 0 : 4;
}

static void test_fork(void **state)
{
	struct slu_dc_session *session = new_session(SLU_DC_CBC);

	(void)state;
	assert_int_equal(do_crypt(session), 0);
	assert_int_equal(in_child(child_uses, session), 0);
	/* The parent's is as it was. */
	memset(out, 0xaa, sizeof out);
	assert_int_equal(do_crypt(session), 0);
	assert_transformed(out);
	slu_dc_session_free(session);
}

static void *many_operations(void *arg)
{
	struct slu_dc_key key = {.algorithm = SLU_DC_CBC, .length = 16};
	uint8_t mine[256], there[256];

	memset(mine, *(uint8_t *)arg, sizeof mine);
	for (int i = 0; i < 20; i++) {
		struct slu_dc_session *session = slu_dc_session_new(fake_device(fake), &s, &key);

		for (int j = 0; j < 20; j++)
			if (slu_dc_session_crypt(session, 1, NULL, mine, there, sizeof mine) ||
			    there[255] != (mine[255] ^ FAKE_XOR))
				return arg;
		slu_dc_session_free(session);
	}
	return NULL;
}

static void test_threads(void **state)
{
	enum { THREADS = 8 };
	pthread_t threads[THREADS];
	uint8_t marks[THREADS];

	(void)state;
	for (int i = 0; i < THREADS; i++) {
		marks[i] = (uint8_t)i;
		assert_int_equal(pthread_create(&threads[i], NULL, many_operations, &marks[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		void *wrong;

		pthread_join(threads[i], &wrong);
		assert_null(wrong);
	}
	assert_int_equal(counters().operations, THREADS * 400);
	assert_int_equal(counters().bytes, THREADS * 400 * 256);
	assert_int_equal(counters().sessions, THREADS * 20);
	assert_int_equal(fake->calls[FAKE_CLOSE], THREADS * 20);
}

static long resident_pages(void)
{
	FILE *f = fopen("/proc/self/statm", "r");
	long size, resident;

	assert_non_null(f);
	assert_int_equal(fscanf(f, "%ld %ld", &size, &resident), 2);
	fclose(f);
	return resident;
}

static void test_ten_thousand_sessions(void **state)
{
	int descriptors = fake_descriptors(), threads = 0;
	long pages = 0;

	(void)state;
	for (int i = 0; i < 10000; i++) {
		struct slu_dc_session *session = new_session(SLU_DC_CBC);

		assert_int_equal(do_crypt(session), 0);
		slu_dc_session_free(session);
		if (i == 99) {
			pages = resident_pages();
			threads = fake_threads();
		}
	}
	assert_int_equal(fake_descriptors(), descriptors);
	assert_int_equal(fake_threads(), threads);
	/* One page a session would be 9,900. */
	assert_true(SANITIZED || resident_pages() < pages + 500);
	assert_int_equal(counters().sessions, 10000);
	assert_int_equal(fake->calls[FAKE_CLOSE], 10000);
}

int main(void)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_lazy, setup),
		cmocka_unit_test_setup(test_crypt, setup),
		cmocka_unit_test_setup(test_info_is_asked_once, setup),
		cmocka_unit_test_setup(test_info_fails, setup),
		cmocka_unit_test_setup(test_gcm, setup),
		cmocka_unit_test_setup(test_tls, setup),
		cmocka_unit_test_setup(test_area, setup),
		cmocka_unit_test_setup(test_wiped, setup),
		cmocka_unit_test_setup(test_private, setup),
		cmocka_unit_test_setup(test_no_memory, setup),
		cmocka_unit_test_setup(test_errors_give_nothing_out, setup),
		cmocka_unit_test_setup(test_drivers_that_speak_as_we_do, setup),
		cmocka_unit_test_setup(test_a_session_that_cannot_be_opened_now, setup),
		cmocka_unit_test_setup(test_unknown_algorithms_are_asked_for_once, setup),
		cmocka_unit_test_setup(test_an_unknown_key_size, setup),
		cmocka_unit_test(test_first_request_refused),
		cmocka_unit_test_setup(test_later_request_refused, setup),
		cmocka_unit_test(test_gone),
		cmocka_unit_test(test_hang),
		cmocka_unit_test_setup(test_hang_at_close, setup),
		cmocka_unit_test_setup(test_late_write_harms_nobody, setup),
		cmocka_unit_test_setup(test_signals_are_blocked, setup),
		cmocka_unit_test_setup(test_fork, setup),
		cmocka_unit_test_setup(test_threads, setup),
		cmocka_unit_test_setup(test_ten_thousand_sessions, setup),
	};

	if (fork_is_emulated())
		LEAVE_OUT(tests, test_fork, QEMU_FORKS);
	if (!flags_are_told())
		LEAVE_OUT(tests, test_private, "/proc/self/smaps does not tell the flags of mappings");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
