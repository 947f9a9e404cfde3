/* SPDX-License-Identifier: MIT */
/* What an HTTP request asks rtmpgw for: "/?NAME=VALUE&NAME=VALUE". Pure. */
#ifndef SLU_TOOLS_GW_QUERY_H
#define SLU_TOOLS_GW_QUERY_H

#include <stdbool.h>
#include <stddef.h>

struct slu_gw_pair {
	char *name;  /* letters and digits */
	char *value; /* its escapes resolved; a '+' is a '+'. NULL: there is no '=' */
};

/* The query of a request's target, or "". */
char *slu_gw_query(char *target);

/* The next pair of *query, which is cut up in place and moves on. 1: *out; 0: there is none left; -1: what comes next
 * is no pair, has an escape that is none, or a control character. */
int slu_gw_next(char **query, struct slu_gw_pair *out);

/* Whether a request may say this. Where to listen is none of its business; nor may it, in a URL with librtmp's options,
 * have files of this machine read, or code loaded into the gateway. */
bool slu_gw_allowed(const struct slu_gw_pair *pair);

/* Whether the value of Range asks for less than all. */
bool slu_gw_is_part(const char *range);

#endif
