/* SPDX-License-Identifier: MIT */
/* What each suite costs each way, at record sizes from 64 bytes to 16 KiB: measured, and told. */
#ifndef SLU_TOOLS_PRICELIST_H
#define SLU_TOOLS_PRICELIST_H

#include <stdbool.h>
#include <stdio.h>

#include "tools/measure.h"

struct cJSON;

enum { SLU_PRICE_SIZES = 5, SLU_PRICE_WAYS = 64, SLU_PRICE_DOOR = 128, SLU_PRICE_ENGINES = 4 };

struct slu_price {
	struct slu_way way;
	char door[SLU_PRICE_DOOR]; /* as slu_tls_config.offload: "off", "devcrypto" (settings left out), "ktls",
				      "engine:ID" */
	const char *engine;        /* for people: the door, and "software" for "off" */
	struct slu_cost costs[SLU_PRICE_SIZES];
	char error[256]; /* why it could not be measured, or "" */
};

struct slu_pricelist {
	size_t sizes[SLU_PRICE_SIZES];
	size_t nsizes;
	struct slu_price prices[SLU_PRICE_WAYS];
	size_t nprices;
	double unevenness; /* of the machine while it was idle: see spinner.h */
};

/* What is to be measured besides software: the doors that have passed their tests. */
struct slu_price_doors {
	const char *device; /* the crypto device; NULL: none */
	bool ktls12[SLU_KTLS_CIPHERS], ktls13[SLU_KTLS_CIPHERS];
	/* As slu_engine_get() takes them. They are measured last, and after that this process must not fork: OpenSSL's
	 * devcrypto does not outlive it. */
	const char *engines[SLU_PRICE_ENGINES];
	size_t nengines;
};

/* Takes nprices * nsizes * seconds and a little. progress is told what is next, from 0 to 1. 0, or -1 with errno set:
 * nothing was measured. */
int slu_pricelist_measure(struct slu_pricelist *list, const struct slu_price_doors *doors, double seconds, bool quick,
			  void (*progress)(double done, const char *what));

void slu_pricelist_print(const struct slu_pricelist *list, FILE *to);
void slu_pricelist_add_json(const struct slu_pricelist *list, struct cJSON *to);

#endif
