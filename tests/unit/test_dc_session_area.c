/* SPDX-License-Identifier: MIT */
/* The memory of sessions: what passes through it, who else sees it, and what happens without. */
#include "test.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "dc_session_kit.h"
#include "in_child.h"

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

/* Not in core dumps, nor in children; and locked as it says. */
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
	return strstr(flags, " dd") && strstr(flags, " wf") && is_locked == locked ? locked : -1;
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

static void test_no_memory(void **state)
{
	const struct slu_dc_key key = {.algorithm = SLU_DC_CBC, .length = 16};
	struct slu_dc_device *d = fake_device(fake);
	struct slu_dc_session *session;
	bool locked;

	(void)state;
	for (long n = 0; n < 2; n++) {
		allocations_left = n;
		assert_null(slu_dc_session_new(d, &settings, &key));
	}
	allocations_left = 2;
	session = slu_dc_session_new(d, &settings, &key);
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

int main(void)
{
	struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_area, setup),
		cmocka_unit_test_setup(test_wiped, setup),
		cmocka_unit_test_setup(test_private, setup),
		cmocka_unit_test_setup(test_no_memory, setup),
	};

	if (!flags_are_told())
		LEAVE_OUT(tests, test_private, "/proc/self/smaps does not tell the flags of mappings");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
