/* SPDX-License-Identifier: MIT */
/* What the doctor found out, kept for the verbs and programs that choose by it: src/crypto/kept.h. */
#ifndef SLU_TOOLS_DOCTOR_KEEP_H
#define SLU_TOOLS_DOCTOR_KEEP_H

#include <stdbool.h>
#include <stdio.h>

#include "crypto/kept.h"
#include "tools/doctor_tests.h"
#include "tools/pricelist.h"

struct cJSON;

struct slu_doctor_keep {
	char file[4096];   /* where it is, or was to be; "": nowhere */
	bool given;        /* that was named, and is not where "auto" looks by itself */
	char before[1024]; /* why the result that was there could not be used any more; "": it could, or there was none
			    */
	char error[1024];  /* why nothing is kept; "": it is */
	unsigned left_out; /* ways whose cost came out as nothing or less: the machine was not quiet */
};

/* The ways that were measured, and whose door passed its tests. Returns how many were left out for their costs. */
unsigned slu_doctor_kept(const struct slu_pricelist *prices, const struct slu_doctor_tests *tests, bool quick,
			 struct slu_kept *out);

/* Writes that; file: NULL for the usual place. False: it is not kept, and out says why. */
bool slu_doctor_keep(const struct slu_pricelist *prices, const struct slu_doctor_tests *tests, bool quick,
		     const char *file, struct slu_doctor_keep *out);

/* A line or two; what went wrong is not among them. And as the member "kept". */
void slu_doctor_keep_print(const struct slu_doctor_keep *k, FILE *to);
void slu_doctor_keep_add_json(const struct slu_doctor_keep *k, struct cJSON *to);

#endif
