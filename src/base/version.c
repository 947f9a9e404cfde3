/* SPDX-License-Identifier: MIT */
#include <sluice/sluice.h>

const char *slu_version(void)
{
	return SLU_VERSION;
}
