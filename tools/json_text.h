/* SPDX-License-Identifier: MIT */
/* Strings of JSON from bytes that anybody may have sent. */
#ifndef SLU_TOOLS_JSON_TEXT_H
#define SLU_TOOLS_JSON_TEXT_H

#include <stddef.h>

#include <cjson/cJSON.h>

/* Adds text to the object as a member. Its UTF-8 is kept, and written as ASCII: nothing in it is anything to a
 * terminal. What is no UTF-8 becomes U+FFFD, a byte each. */
void slu_json_add_text(cJSON *object, const char *name, const char *text);

#endif
