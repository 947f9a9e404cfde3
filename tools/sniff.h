/* SPDX-License-Identifier: MIT */
#ifndef SLU_TOOLS_SNIFF_H
#define SLU_TOOLS_SNIFF_H

#include <stddef.h>
#include <stdint.h>

/* What a file that is no FLV looks like by its first bytes: "an MP4 or MOV file", static; NULL when nothing known. */
const char *slu_sniff(const uint8_t *data, size_t n);

#endif
