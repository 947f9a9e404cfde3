/* SPDX-License-Identifier: MIT */
#include "hs_drive.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	hs_drive(SLU_SERVER, data, size);
	return 0;
}
