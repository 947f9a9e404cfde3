/* SPDX-License-Identifier: MIT */
/*
 * ~/.swfinfo, where hashes of players are kept, as rtmpdump has always kept them: entries of five lines,
 *
 *     url: http://host/player.swf               without a query
 *     ctim: Mon, 23 Nov 2026 20:00:00 GMT        when the server was asked last
 *     date: Mon, 02 Nov 2026 08:00:00 GMT        its Last-Modified; may be empty
 *     size: 0001e240                             of the player, uncompressed
 *     hash: 64 hexadecimal digits
 */
#ifndef SLU_CRYPTO_SWF_INFO_H
#define SLU_CRYPTO_SWF_INFO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "crypto/swf.h"

enum { SLU_SWF_DATE = 64, SLU_SWF_INFO_MOST = 1 << 20 /* bytes of the file */ };

struct slu_swf_info {
	int64_t asked; /* seconds since 1970 */
	char date[SLU_SWF_DATE];
	uint32_t size;
	uint8_t hash[SLU_SWF_HASH];
};

/* ---- text ---- */

/* The entry of url in n bytes of such a file. 1: *out; 0: there is none; -1: it is damaged. Lines that are none of
 * these are passed over. */
int slu_swf_info_find(const char *text, size_t n, const char *url, struct slu_swf_info *out);

/* text with url's entry in the place of the one that it has, or at the end; where all that is too much, that entry
 * alone. 0, SLU_ERR_INVALID (url has a control character in it, or is too long for old programs) or SLU_ERR_NOMEM. */
int slu_swf_info_set(struct slu_buf *out, const char *text, size_t n, const char *url, const struct slu_swf_info *info);

/* Whether it may be used unasked: younger than so many days, 0 for never. */
bool slu_swf_info_fresh(const struct slu_swf_info *info, int64_t now, int days);

/* ---- the file ---- */

/* Where it is; false: there is no such place. */
bool slu_swf_info_path(char *out, size_t size);

/* The file's entry of url: 1, *out; 0: there is none, or no file; SLU_ERR_IO, and the sentence in error: the file
 * cannot be used. */
int slu_swf_info_read(const char *path, const char *url, struct slu_swf_info *out, char *error, size_t size);

/* Puts the entry into the file, which is replaced as a whole, and is nobody else's to read. What cannot be read is not
 * replaced. 0, or an error and the sentence. */
int slu_swf_info_write(const char *path, const char *url, const struct slu_swf_info *info, char *error, size_t size);

#endif
