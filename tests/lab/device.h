/* SPDX-License-Identifier: MIT */
/*
 * A model of Linux's /dev/crypto: what the kernel's module does with an ioctl, computed by OpenSSL's default provider
 * in a library context of its own, so that it can never go through the provider under test. It counts, and it fails on
 * demand the way real drivers do. Written once: for tests in the same process, as a struct slu_dc_kernel, and for the
 * device in user space (cuse.c).
 *
 * Its answers are those of the module: EINVAL for an unknown session, algorithm or ioctl and for a bad length; EBADMSG
 * for a wrong MAC or tag; and after CIOCAUTHCRYPT len, tag and tag_len are changed. Not modelled, and refused as
 * unknown: sessions of a hash alone, ciphers other than AES, SRTP, and CIOCCRYPT on a session with a MAC.
 *
 * Thread-safe. A device is never freed: the code under test keeps what it knows of one for the rest of the process, and
 * an operation that it abandoned may come back.
 */
#ifndef SLU_TESTS_LAB_DEVICE_H
#define SLU_TESTS_LAB_DEVICE_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "provider/kernel.h"

struct lab_device;
struct lab_engine;

/* Operations by OpenSSL, in this process. NULL: no memory. */
struct lab_device *lab_device_new(void);
/* By another engine (engine.h), which is the caller's and outlives the device. */
struct lab_device *lab_device_new_over(const struct lab_engine *engine);

/* In place of slu_dc_kernel_linux: any path is the device's. Its descriptors are no descriptors of the process. */
const struct slu_dc_kernel *lab_device_kernel(struct lab_device *d);

/*
 * Sets one fault, "NAME" or "NAME=ARGUMENT" (lab_faults_list() says which), from the next operation on; they combine.
 * "NAME=off" ends one, "none" all. 0, or -1 with the reason in error.
 */
int lab_device_fault(struct lab_device *d, const char *spec, char *error, size_t size);
void lab_faults_list(FILE *out);

/* Waits until so many operations hang. */
void lab_device_wait_hanging(struct lab_device *d, unsigned n);
/* Ends the operations that hang now: they return -EIO. With late-write they write to their buffers first. */
void lab_device_release(struct lab_device *d);

enum lab_algorithm { LAB_CBC, LAB_CTR, LAB_ECB, LAB_GCM, LAB_TLS_SHA1, LAB_TLS_SHA256, LAB_ALGORITHMS };

struct lab_tally {
	uint64_t operations, bytes;
};

struct lab_counters {
	uint64_t opens;                      /* descriptors */
	uint64_t open_now;                   /* those not closed yet; one in use by an operation stays open with it */
	uint64_t ioctls;                     /* of any kind, those refused too */
	uint64_t errors;                     /* ioctls that failed */
	uint64_t sessions;                   /* opened */
	uint64_t sessions_now;               /* and not closed yet */
	uint64_t crypt;                      /* CIOCCRYPT carried out */
	uint64_t authcrypt;                  /* CIOCAUTHCRYPT carried out */
	uint64_t bytes;                      /* their payload */
	uint64_t largest;                    /* the largest payload asked for in one request, refused ones too */
	uint64_t hung;                       /* operations that ever hung */
	uint64_t hanging;                    /* that hang now */
	uint64_t late_writes;                /* to the buffer of an operation that hung */
	uint64_t faulty;                     /* operations whose result a fault made wrong */
	struct lab_tally by[LAB_ALGORITHMS]; /* carried out */
};

void lab_device_counters(struct lab_device *d, struct lab_counters *out);
/* "name=value" lines, the members' names and "cbc", "cbc_bytes" and so on. */
void lab_counters_print(const struct lab_counters *c, FILE *out);
/* One of those lines; what is none of them is ignored. */
void lab_counters_scan(struct lab_counters *c, const char *line);

/* The two halves of lab_device_kernel() for a front that keeps its own descriptors. */
struct lab_file;
int lab_file_open(struct lab_device *d, struct lab_file **out); /* 0 or -errno */
void lab_file_close(struct lab_file *f);

/* When the structures' pointers are not the client's own memory: a late write has to be carried there. */
struct lab_late {
	void (*write)(void *arg, const uint8_t *dst, size_t n);
	void *arg;
};
int lab_file_ioctl(struct lab_file *f, unsigned long request, void *arg,
		   const struct lab_late *late); /* late: or NULL */

#endif
