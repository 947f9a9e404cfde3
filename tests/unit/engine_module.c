/* SPDX-License-Identifier: MIT */
/* The engine for tests as a module. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "engine_kit.h"

#include <string.h>

static int fill(ENGINE *e, const char *id)
{
	return (!id || strcmp(id, ENGINE_ID) == 0) && engine_kit_bind(e, ENGINE_ID);
}

IMPLEMENT_DYNAMIC_CHECK_FN()
IMPLEMENT_DYNAMIC_BIND_FN(fill)
