/* SPDX-License-Identifier: MIT */
/*
 * RTMP URLs.
 *
 *     rtmp://[user[:password]@]host[:port]/app[/instance]/stream[?query]
 *
 * rtmp and rtmpe (RTMPE, see enum slu_handshake) have port 1935, rtmps (RTMP inside TLS) port 443. With a t in its name
 * the scheme is the same inside HTTP requests: rtmpt and rtmpte have port 80, rtmpts port 443. The host is a name, an
 * IPv4 address, or an IPv6 address in brackets. The app takes one path part, or two when there are three or more parts;
 * what follows is the stream name, and a query string after it belongs to it (ingest services put keys there), with any
 * '/' in that. A query string of the first part, before a further '/', stays in the app
 * (rtmp://host/app?token=x/stream). A second part with a ':' in it, as in vod/mp4:dir/file, begins the stream name.
 * Percent escapes are kept as they are except in user and password, where they are decoded. When the stream is given
 * apart (slu_url_set_stream()), the whole path is the app. Host alone is a URL too: app and stream are empty then.
 *
 * All functions are pure and thread-safe on distinct objects.
 */
#ifndef SLUICE_URL_H
#define SLUICE_URL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A parsed URL. All strings are NUL-terminated, owned by the object, never NULL ("" where absent). */
struct slu_url {
	bool tls;             /* rtmps, rtmpts */
	bool rtmpe;           /* rtmpe, rtmpte */
	bool http;            /* rtmpt, rtmpts, rtmpte */
	uint16_t port;        /* given, or the scheme's default */
	const char *host;     /* without brackets */
	const char *user;     /* decoded */
	const char *password; /* decoded */
	const char *app;      /* "live", "live/instance" */
	const char *stream;   /* stream name with its query: a secret, usually */
	const char *tc_url;   /* what connect sends as tcUrl: scheme, host, port where not the default, app; no user */
	char *storage;        /* private */
};

/* Parses text. 0, SLU_ERR_URL (and in *why, when why is not NULL, a static sentence that says what is wrong and has
 * nothing of text in it), or SLU_ERR_NOMEM. On failure *url is zeroed. The caller calls slu_url_clear() in the end. */
int slu_url_parse(struct slu_url *url, const char *text, const char **why);

/* Takes the whole path, without '/' at its end, as the app and stream as the stream name; copies stream. 0,
 * SLU_ERR_INVALID when stream is NULL or has a control character, or SLU_ERR_NOMEM; after a failure url is what it was.
 * After a success the strings it had are gone. */
int slu_url_set_stream(struct slu_url *url, const char *stream);

/* Frees what url holds and zeroes it. Wipes all strings first. */
void slu_url_clear(struct slu_url *url);

/* Writes "rtmps://host:port/app/..." into out, cut to n bytes with its NUL: scheme, host, port and app without any
 * query, no user; "/..." stands for a stream, if there is one. Fit for logs. Returns out. */
char *slu_url_redact(const struct slu_url *url, char *out, size_t n);

#ifdef __cplusplus
}
#endif
#endif
