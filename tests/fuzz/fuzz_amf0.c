/* SPDX-License-Identifier: MIT */
#include "amf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz(SLU_AMF0, data, size);
	return 0;
}
