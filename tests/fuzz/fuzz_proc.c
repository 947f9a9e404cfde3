/* SPDX-License-Identifier: MIT */
/* What the kernel prints, as text of any kind: /proc/crypto and /proc/cpuinfo. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/cpu.h"
#include "crypto/proc_crypto.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	struct slu_proc_cipher c, best;
	struct slu_cpu cpu;
	const char *at = text;

	if (!text)
		return 0;
	memcpy(text, data, size);
	text[size] = '\0';
	while (slu_proc_crypto_next(&at, &c)) {
		if (!c.name[0] || !c.driver[0] || strchr(c.driver, '\n'))
			abort();
		if (slu_proc_crypto_find(text, c.name, &best) &&
		    (strcmp(best.name, c.name) != 0 ||
		     (!c.internal && strcmp(c.type, best.type) == 0 && c.priority > best.priority)))
			abort();
	}
	slu_cpu_read(&cpu, text);
	if (strchr(cpu.model, '\n') || strlen(cpu.model) >= sizeof cpu.model)
		abort();
	free(text);
	return 0;
}
