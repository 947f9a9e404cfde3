/* SPDX-License-Identifier: MIT */
/* What is said about a session by name: the options of RTMP_SetOpt() and of a URL. Nothing here does I/O. */
#ifndef COMPAT_LIBRTMP_OPTIONS_H
#define COMPAT_LIBRTMP_OPTIONS_H

#include <librtmp/rtmp.h>

/* RTMP_SetupURL(), but for the hash of a player (RTMP_LF_SWFV), which has to be fetched: the caller sees to that
 * afterwards. */
int slu_compat_setup_url(RTMP *r, char *url);

/* The port of a session that was told none. */
unsigned short slu_compat_default_port(int protocol);

/* Takes sockshost, "host" or "host:port", apart: sockshost becomes the host. A URL stays as it is. */
void slu_compat_split_socks(RTMP_LNK *link);

/* Gives app, tcUrl or another text its value. One that was made for the field is freed. */
void slu_compat_put_text(RTMP_LNK *link, AVal *field, const AVal *value);

/* Option "conn": one value more for connect, as TYPE:VALUE or, in an object, NTYPE:NAME:VALUE. depth is how many
 * objects are open. Strings stay in arg. FALSE: it is none. */
int slu_compat_add_extra(AMFObject *extras, const AVal *arg, int *depth);

#endif
