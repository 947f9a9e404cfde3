/* SPDX-License-Identifier: MIT */
/* engine_device.c's stand-in where OpenSSL has no engines. */
#include "crypto/selftest/engine_device.h"

#include <errno.h>
#include <string.h>

#include "crypto/offload.h"

void slu_engine_ask(const char *what, struct slu_engine_facts *out)
{
	struct slu_offload none = {.log = NULL};

	memset(out, 0, sizeof *out);
	slu_offload_engine.open(&none, what, out->error, sizeof out->error);
}

static int open_none(void *user, const char *path)
{
	(void)user;
	(void)path;
	return -ENODEV;
}

const struct slu_dc_kernel slu_engine_device = {.open = open_none};
