/* SPDX-License-Identifier: MIT */
/* The tests of all doors: what each algorithm of each came to. */
#ifndef SLU_TOOLS_DOCTOR_TESTS_H
#define SLU_TOOLS_DOCTOR_TESTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct cJSON;

enum { SLU_TESTED_MOST = 48 };

struct slu_tested {
	char door[128];      /* "devcrypto" */
	char algorithm[48];  /* "AES-CBC" */
	char driver[64];     /* "?": it did not say */
	const char *verdict; /* "passed": static */
	bool lacking;        /* the door does not have it, which is no fault */
	bool usable;
	uint64_t operations;
	uint32_t largest;
	char text[600]; /* the sentence */
};

struct slu_doctor_tests {
	const char *device; /* of the door devcrypto */
	bool quick;
	void (*progress)(double done, const char *what);
	struct slu_tested all[SLU_TESTED_MOST];
	size_t n;
};

/* Each algorithm of the device, in processes of its own. */
void slu_doctor_test_device(struct slu_doctor_tests *t);

/* What failed a test is not worth measuring: all that the door has is sound, and it has been tested. */
bool slu_doctor_door_usable(const struct slu_doctor_tests *t, const char *door);

/* For people; and as the member "tests". */
void slu_doctor_tests_print(const struct slu_doctor_tests *t, FILE *to);
void slu_doctor_tests_add_json(const struct slu_doctor_tests *t, struct cJSON *to);

#endif
