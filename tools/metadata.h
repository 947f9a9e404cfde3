/* SPDX-License-Identifier: MIT */
/* The one thing in an onMetaData tag that a recorder has to set: its duration. The rest is not interpreted. */
#ifndef SLU_TOOLS_METADATA_H
#define SLU_TOOLS_METADATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SLU_METADATA_GROWTH = 19 };

/* Whether a script tag's body is "onMetaData" with an object or ECMA array (AMF0, 2.5 and 2.10). */
bool slu_metadata_is(const uint8_t *body, size_t n);

/* Where in the body the eight bytes of a number named "duration" lie; 0: there is none. */
size_t slu_metadata_duration(const uint8_t *body, size_t n);

/* Copies body into out, which has n + SLU_METADATA_GROWTH bytes, with a duration of 0 as the first member. Returns
 * where its eight bytes lie. Only for bodies that slu_metadata_is(). */
size_t slu_metadata_add_duration(uint8_t *out, const uint8_t *body, size_t n);

#endif
