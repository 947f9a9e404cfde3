/* SPDX-License-Identifier: MIT */
#include "net/ktls_probe.h"

#include <stdio.h>
#include <string.h>

#include "net/ktls_link.h"

static const char *const names[SLU_KTLS_CIPHERS] = {
	[SLU_KTLS_AES_128_GCM] = "AES-128-GCM",
	[SLU_KTLS_AES_256_GCM] = "AES-256-GCM",
	[SLU_KTLS_CHACHA20_POLY1305] = "ChaCha20-Poly1305",
	[SLU_KTLS_AES_128_CCM] = "AES-128-CCM",
};

const char *slu_ktls_cipher_name(enum slu_ktls_cipher c)
{
	return names[c];
}

/* Until Linux 6.14 a key was for good (EBUSY, net/tls/tls_main.c). The counters of changes came with the changes
 * themselves, so they tell also where a distribution has taken these into an older kernel. */
bool slu_ktls_rekeys(void)
{
	FILE *f = fopen("/proc/net/tls_stat", "re");
	char line[128];
	bool found = false;

	while (f && !found && fgets(line, sizeof line, f))
		found = strncmp(line, "TlsTxRekeyOk", strlen("TlsTxRekeyOk")) == 0;
	if (f)
		fclose(f);
	return found;
}

/* The error of the layer, or else of the cipher in *refused. A connection serves one trial: there is no way back. */
static int attempt(enum slu_ktls_cipher c, bool tls13, int *refused)
{
	const struct slu_ktls_layer *layer = &slu_ktls_linux;
	const struct slu_ktls_keys keys = {.cipher = c, .tls13 = tls13}; /* zeros do */
	int ends[2], error = layer->open(layer->user, NULL, ends);

	if (error)
		return -error;
	error = -slu_ktls_attach(ends[0]);
	if (!error)
		*refused = -layer->rekey(layer->user, ends[0], &keys);
	layer->close(layer->user, ends);
	return error;
}

void slu_ktls_probe(struct slu_ktls *out)
{
	memset(out, 0, sizeof *out);
	for (int c = 0; c < SLU_KTLS_CIPHERS && !out->error; c++) {
		out->error = attempt((enum slu_ktls_cipher)c, false, &out->tls12[c]);
		if (!out->error)
			out->error = attempt((enum slu_ktls_cipher)c, true, &out->tls13[c]);
	}
	out->rekeys = !out->error && slu_ktls_rekeys();
}
