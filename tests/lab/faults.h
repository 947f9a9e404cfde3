/* SPDX-License-Identifier: MIT */
/* How the device fails: which faults there are, when one strikes, and what it does to a result. */
#ifndef SLU_TESTS_LAB_FAULTS_H
#define SLU_TESTS_LAB_FAULTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum lab_fault_name {
	/* algorithms that it lacks */
	LAB_NO_GCM,
	LAB_NO_TLS,
	LAB_NO_AUTHCRYPT,
	LAB_ECB_ONLY,
	LAB_CTR_ONLY,
	LAB_CBC_ONLY,
	/* wrong results */
	LAB_FLIP,
	LAB_WRONG,
	LAB_WRONG_LENGTH,
	LAB_WRONG_ALIGN,
	LAB_WRONG_ABOVE,
	LAB_IV_NOT_CHAINED,
	LAB_CTR16,
	LAB_CTR32,
	LAB_LEAK_AAD,
	LAB_LEAK_SESSION,
	/* refusals */
	LAB_LARGEST,
	LAB_EIO,
	LAB_ENOSPC,
	LAB_EINVAL,
	LAB_VANISH,
	/* time */
	LAB_SLOW,
	LAB_HANG,
	LAB_LATE_WRITE,
	/* what it says of itself */
	LAB_UNFLAGGED,
	LAB_FAULTS
};

enum lab_when { LAB_ALWAYS, LAB_AFTER, LAB_EVERY, LAB_AT };

struct lab_fault {
	bool on;
	enum lab_when when;
	uint64_t since;   /* how many operations had begun when it was set */
	uint64_t n, upto; /* its number, or its range */
};

struct lab_faults {
	struct lab_fault at[LAB_FAULTS];
};

/* begun: operations so far. 0, or -1 with the reason in error. */
int lab_faults_set(struct lab_faults *f, const char *spec, uint64_t begun, char *error, size_t size);

/* Whether it strikes operation number op, counted from 1. */
bool lab_fault_strikes(const struct lab_faults *f, enum lab_fault_name name, uint64_t op);

/* 0, or the -errno that operation op of n bytes is refused with. */
int lab_faults_refuse(const struct lab_faults *f, uint64_t op, size_t n);

/* The device lacks cipher, or the MAC beside it. */
bool lab_faults_lack(const struct lab_faults *f, uint32_t cipher, uint32_t mac);

/* What is known of an operation and those before it. */
struct lab_trace {
	uint64_t op;
	const void *src;
	size_t n;
	bool other_session; /* the operation before it was another session's */
	bool after_no_aad;  /* the authenticated operation before it had no associated data */
};

/* Spoils total bytes of result, of which the last tag_length are a tag: true when it did. */
bool lab_faults_spoil(const struct lab_faults *f, const struct lab_trace *t, uint8_t *out, size_t total,
		      size_t tag_length);

#endif
