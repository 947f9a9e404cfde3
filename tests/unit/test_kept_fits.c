/* SPDX-License-Identifier: MIT */
/* Whether a kept result is of this device. */
#include "test.h"

#include <errno.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include <openssl/crypto.h>

#include "crypto/kept.h"
#include "leave_out.h"
#include "provider/cryptodev.h"
#include "provider/kernel.h"

/* ---- a crypto device, and files of /proc: the linker puts them in the others' places ---- */

char *__wrap_slu_proc_text(const char *path);

static const char *cpuinfo, *proc_crypto;

static struct {
	int open_error, session_error;
	bool hangs, silent;
	const char *driver, *stitched;
	unsigned opens, closes, sessions;
	uint32_t mac;
	char path[64];
} device;
static sem_t released, closed;

char *__wrap_slu_proc_text(const char *path)
{
	const char *text = strcmp(path, "/proc/cpuinfo") == 0 ? cpuinfo : proc_crypto;

	return text ? strdup(text) : NULL;
}

static int fake_open(void *user, const char *path)
{
	(void)user;
	snprintf(device.path, sizeof device.path, "%s", path);
	if (device.hangs)
		sem_wait(&released);
	device.opens += !device.open_error;
	return device.open_error ? device.open_error : 1000;
}

static int fake_session(struct slu_dc_session_op *op)
{
	if (device.session_error)
		return device.session_error;
	if (op->cipher != SLU_DC_AES_CBC || op->keylen != 16 || !op->key ||
	    (op->mac && (op->mackeylen != (op->mac == SLU_DC_SHA1_HMAC ? 20U : 32U) || !op->mackey)))
		return -EINVAL;
	device.sessions++;
	device.mac = op->mac;
	op->ses = 7;
	return 0;
}

static int fake_ioctl(void *user, int fd, unsigned long request, void *arg)
{
	struct slu_dc_session_info *info = arg;

	(void)user;
	if (fd == 1000 && request == SLU_DC_CIOCGSESSION)
		return fake_session(arg);
	if (fd != 1000 || request != SLU_DC_CIOCGSESSINFO || info->ses != 7 || device.silent)
		return -EINVAL;
	snprintf(info->cipher.driver, sizeof info->cipher.driver, "%s", device.mac ? device.stitched : device.driver);
	return 0;
}

static void fake_close(void *user, int fd)
{
	(void)user;
	device.closes += fd == 1000;
	sem_post(&closed);
}

static const struct slu_dc_kernel fake = {fake_open, fake_ioctl, fake_close, NULL};
extern const struct slu_dc_kernel __real_slu_dc_kernel_linux;
struct slu_dc_kernel __wrap_slu_dc_kernel_linux;

/* ---- a result of this device ---- */

static struct slu_kept kept;
static char why[800];

static int setup(void **state)
{
	static const struct slu_kept_driver drivers[] = {
		{"devcrypto", "AES-CBC", "cbc-chip"},
		{"devcrypto", "AES-CBC with HMAC-SHA1", "both-chip"},
		{"ktls", "gcm(aes)", "gcm-chip"},
	};

	(void)state;
	__wrap_slu_dc_kernel_linux = fake;
	memset(&device, 0, sizeof device);
	sem_init(&closed, 0, 0);
	device.driver = "cbc-chip";
	device.stitched = "both-chip";
	cpuinfo = "processor : 0\nmodel name : A Core\nFeatures : neon\n";
	proc_crypto = "name : gcm(aes)\ndriver : gcm-chip\ntype : aead\npriority : 100\n";
	unsetenv("OPENSSL_armcap");
	memset(&kept, 0, sizeof kept);
	slu_kept_device(&kept.device);
	memcpy(kept.path, "/dev/other", 11);
	memcpy(kept.drivers, drivers, sizeof drivers);
	kept.ndrivers = 3;
	kept.nways = 1;
	memcpy(kept.ways[0].door, "off", 4);
	why[0] = '\0';
	return 0;
}

static void is_of(const char *door)
{
	snprintf(kept.ways[0].door, sizeof kept.ways[0].door, "%s", door);
}

static void fits(void)
{
	if (!slu_kept_fits(&kept, why, sizeof why))
		fail_msg("%s", why);
}

static void does_not_fit(const char *reason)
{
	assert_false(slu_kept_fits(&kept, why, sizeof why));
	assert_string_equal(why, reason);
}

static void a_device_is_told_by_these(void **state)
{
	struct slu_kept_device d;
	struct utsname u;
	char text[200];

	(void)state;
	cpuinfo = "processor : 0\nmodel name : A\tCore\nFeatures : aes pmull sha1 sha2 neon\n";
	setenv("OPENSSL_armcap", "0x5", 1);
	slu_kept_device(&d);
	assert_int_equal(strncmp(d.cpu, "A Core, ", 8), 0);
	assert_non_null(strstr(d.cpu, " processors, aes clmul sha1 sha256 vector"));
	assert_int_equal(uname(&u), 0);
	assert_int_equal(strncmp(d.kernel, u.release, strlen(u.release)), 0);
	assert_non_null(strstr(d.kernel, u.version));
	assert_non_null(strstr(d.kernel, u.machine));
	snprintf(text, sizeof text, "%s, %s, OPENSSL_armcap=0x5", OpenSSL_version(OPENSSL_VERSION),
		 OpenSSL_version(OPENSSL_BUILT_ON));
	assert_string_equal(d.openssl, text);
	cpuinfo = NULL;
	slu_kept_device(&d);
	assert_int_equal(strncmp(d.cpu, "unnamed, ", 9), 0);
	assert_non_null(strstr(d.cpu, " processors, plain"));
}

static void another_device(void **state)
{
	char before[240], sentence[800];

	(void)state;
	fits();
	cpuinfo = "processor : 0\nmodel name : A Core\n";
	assert_false(slu_kept_fits(&kept, why, sizeof why));
	assert_int_equal(strncmp(why, "it was made with the processor A Core, ", 39), 0);
	setup(NULL);
	memcpy(kept.device.kernel, "1.2.3 other", 12);
	assert_false(slu_kept_fits(&kept, why, sizeof why));
	assert_int_equal(strncmp(why, "it was made with the kernel 1.2.3 other, and this is ", 53), 0);
	setup(NULL);
	memcpy(before, kept.device.openssl, sizeof before);
	setenv("OPENSSL_armcap", "0", 1);
	snprintf(sentence, sizeof sentence, "it was made with %s, and this is %s, OPENSSL_armcap=0", before, before);
	does_not_fit(sentence);
}

/* Where nothing goes through it, the device is left alone. */
static void drivers_of_a_device(void **state)
{
	static const char *const doors[] = {"devcrypto", "engine:devcrypto", "engine:/opt/engines/devcrypto.so"};

	(void)state;
	device.open_error = -ENOENT;
	fits();
	is_of("engine:other");
	fits();
	is_of("engine:/opt/devcrypto/other.so");
	fits();
	is_of("engine:devcrypto2");
	fits();
	is_of("ktls");
	fits();
	for (size_t i = 0; i < sizeof doors / sizeof *doors; i++) {
		setup(NULL);
		is_of(doors[i]);
		fits();
		assert_string_equal(device.path, "/dev/other");
		assert_int_equal(device.sessions, 2);
		assert_int_equal(device.opens, 2);
		assert_int_equal(device.closes, 2);
		device.stitched = "cbc-generic";
		does_not_fit("it was made with the driver both-chip for AES-CBC with HMAC-SHA1 of /dev/other, and now "
			     "that is cbc-generic");
		device.session_error = -EINVAL;
		does_not_fit("AES-CBC of /dev/other cannot be had now: Invalid argument");
		device.open_error = -EACCES;
		does_not_fit("AES-CBC of /dev/other cannot be had now: Permission denied");
		assert_int_equal(device.opens, device.closes);
		memcpy(kept.drivers[0].algorithm, "AES-XTS", 8);
		does_not_fit("it is of an algorithm of /dev/other that this program does not know, AES-XTS");
		memcpy(kept.drivers, kept.drivers + 2, sizeof *kept.drivers);
		kept.ndrivers = 1;
		does_not_fit("it does not say whose work /dev/other was");
	}
}

static void a_device_that_does_not_say(void **state)
{
	(void)state;
	is_of("devcrypto");
	device.silent = true;
	does_not_fit("it was made with the driver cbc-chip for AES-CBC of /dev/other, and now that is ?");
	memcpy(kept.drivers[0].driver, "?", 2);
	memcpy(kept.drivers[1].driver, "?", 2);
	fits();
}

static void what_is_no_crypto_device(void **state)
{
	const bool emulated = is_emulated(); /* qemu-user passes on what it knows */
	char reason[128];

	(void)state;
	__wrap_slu_dc_kernel_linux = __real_slu_dc_kernel_linux;
	is_of("devcrypto");
	memcpy(kept.path, "/dev/null", 10);
	snprintf(reason, sizeof reason, "AES-CBC of /dev/null cannot be had now: %s",
		 strerror(emulated ? ENOSYS : ENOTTY));
	does_not_fit(reason);
}

static void a_device_that_hangs_is_not_waited_for(void **state)
{
	char reason[128];

	(void)state;
	is_of("devcrypto");
	device.hangs = true;
	snprintf(reason, sizeof reason, "AES-CBC of /dev/other cannot be had now: %s", strerror(ETIMEDOUT));
	does_not_fit(reason);
	/* The thread that was left comes back, and is done before the next test begins. */
	sem_post(&released);
	sem_wait(&closed);
	assert_int_equal(device.closes, 1);
}

static void drivers_of_the_kernels_tls(void **state)
{
	(void)state;
	is_of("ktls");
	fits();
	assert_int_equal(device.opens, 0);
	proc_crypto = "name : gcm(aes)\ndriver : gcm-chip\ntype : aead\npriority : 100\n\n"
		      "name : gcm(aes)\ndriver : gcm-new\ntype : aead\npriority : 101\n";
	does_not_fit("it was made with the kernel's driver gcm-chip for gcm(aes), and now that is gcm-new");
	is_of("off");
	fits();
	is_of("ktls");
	proc_crypto = "name : cbc(aes)\ndriver : x\ntype : skcipher\n"; /* not loaded yet */
	fits();
	proc_crypto = NULL;
	fits();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_device_is_told_by_these, setup),
		cmocka_unit_test_setup(another_device, setup),
		cmocka_unit_test_setup(drivers_of_a_device, setup),
		cmocka_unit_test_setup(a_device_that_does_not_say, setup),
		cmocka_unit_test_setup(what_is_no_crypto_device, setup),
		cmocka_unit_test_setup(a_device_that_hangs_is_not_waited_for, setup),
		cmocka_unit_test_setup(drivers_of_the_kernels_tls, setup),
	};

	sem_init(&released, 0, 0);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
