/* SPDX-License-Identifier: MIT */
/* What this device has for TLS: processor, kernel, OpenSSL, and the doors to crypto hardware. */
#ifndef SLU_TOOLS_INVENTORY_H
#define SLU_TOOLS_INVENTORY_H

#include <stdbool.h>
#include <stdio.h>

#include "crypto/cpu.h"
#include "crypto/openssl_facts.h"
#include "crypto/proc_crypto.h"
#include "net/ktls_probe.h"
#include "tools/inventory_engines.h"

struct cJSON;

enum { SLU_KERNEL_CIPHERS = 7 };

/* A cipher of TLS, as the kernel names it, and who does it there. */
struct slu_kernel_cipher {
	const char *name;            /* "cbc(aes)" */
	bool found;                  /* else the kernel has none, or has not loaded its module */
	struct slu_proc_cipher best; /* the one that it takes */
};

struct slu_inventory {
	struct slu_cpu cpu;
	char kernel[200]; /* "Linux 6.12.1 armv7l" */
	bool proc_crypto; /* the kernel tells what it has */
	struct slu_kernel_cipher ciphers[SLU_KERNEL_CIPHERS];
	const char *device; /* "/dev/crypto" */
	int device_error;   /* 0, or why it cannot be opened, an errno */
	struct slu_ktls ktls;
	struct slu_openssl_facts openssl;
	struct slu_engine_list engines; /* of that */
};

void slu_inventory_take(struct slu_inventory *inv, const char *device);

/* For people; and as members of a JSON object. */
void slu_inventory_print(const struct slu_inventory *inv, FILE *to);
void slu_inventory_add_json(const struct slu_inventory *inv, struct cJSON *to);

#endif
