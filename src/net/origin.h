/* SPDX-License-Identifier: MIT */
/* Where a proxy or a file of HTTP is: "scheme://[user[:password]@]host[:port][/path]" (RFC 3986, 3). */
#ifndef SLU_NET_ORIGIN_H
#define SLU_NET_ORIGIN_H

#include <stddef.h>
#include <stdint.h>

enum { SLU_ORIGIN_TEXT = 256 }; /* of a host, a user or a password, with the NUL */

struct slu_origin_scheme {
	const char *name;
	uint16_t port; /* where none is given */
};

struct slu_origin {
	size_t scheme; /* its place in the table */
	uint16_t port;
	char host[SLU_ORIGIN_TEXT]; /* without brackets */
	char user[SLU_ORIGIN_TEXT]; /* this and the next: decoded, "" where there is none */
	char password[SLU_ORIGIN_TEXT];
	const char *rest; /* of text: from the '/', '?' or '#' behind the host on; "" where there is nothing */
};

/* Parses text; its scheme is one of the n. NULL, or a static phrase that says what is wrong with it and has nothing of
 * text in it; *out is zeroed then. */
const char *slu_origin_parse(struct slu_origin *out, const char *text, const struct slu_origin_scheme *schemes,
			     size_t n);

#endif
