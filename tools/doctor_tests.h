/* SPDX-License-Identifier: MIT */
/* The tests of all doors: what each algorithm of each came to. */
#ifndef SLU_TOOLS_DOCTOR_TESTS_H
#define SLU_TOOLS_DOCTOR_TESTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "tools/inventory.h"

struct cJSON;

enum { SLU_TESTED_MOST = 48 };

struct slu_tested {
	char door[128];      /* "devcrypto", "ktls", "engine:ID" */
	char algorithm[48];  /* "AES-CBC"; "AES-128-GCM with TLS 1.2" */
	char cipher[48];     /* the same; ktls: the kernel's name of it, "gcm(aes)" */
	char driver[64];     /* "?": nobody says */
	const char *verdict; /* "passed": static */
	bool lacking;        /* the door does not have it, which is no fault */
	bool usable;
	uint64_t operations;
	uint32_t largest;
	char text[600]; /* the sentence */
};

struct slu_doctor_tests {
	const struct slu_inventory *inventory;
	bool quick;
	void (*progress)(double done, const char *what); /* of one door: from 0 to 1 */
	const char *now;                                 /* the device or engine under test */
	struct slu_tested all[SLU_TESTED_MOST];
	size_t n;
};

/* Of each door that there is, each algorithm in processes of its own. */
void slu_doctor_test_device(struct slu_doctor_tests *t);
void slu_doctor_test_ktls(struct slu_doctor_tests *t);
void slu_doctor_test_engine(struct slu_doctor_tests *t, const char *what); /* as slu_engine_get() takes it */

/* How many tests the kernel's TLS takes. */
unsigned slu_doctor_ktls_count(const struct slu_inventory *inv);

/* What failed a test is not worth measuring: all that the door has is sound, and it has been tested. */
bool slu_doctor_door_usable(const struct slu_doctor_tests *t, const char *door);

/* The kernel's TLS has each cipher for itself. */
bool slu_doctor_ktls_usable(const struct slu_doctor_tests *t, enum slu_ktls_cipher c, bool tls13);

/* The kernel's name of it, as in struct slu_tested. */
const char *slu_doctor_ktls_cipher(enum slu_ktls_cipher c);

/* For people; and as the member "tests". */
void slu_doctor_tests_print(const struct slu_doctor_tests *t, FILE *to);
void slu_doctor_tests_add_json(const struct slu_doctor_tests *t, struct cJSON *to);

#endif
