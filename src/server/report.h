/* SPDX-License-Identifier: MIT */
/* What the server did, for whoever wants to know. A stream has a name in it only where names are no keys.
 */
#ifndef SLU_SERVER_REPORT_H
#define SLU_SERVER_REPORT_H

#include <stdbool.h>
#include <stdint.h>

enum slu_server_report_type {
	SLU_REPORT_CONNECT,   /* connect was accepted */
	SLU_REPORT_PUBLISH,   /* began */
	SLU_REPORT_UNPUBLISH, /* ended: seconds, messages, bytes */
	SLU_REPORT_PLAY,
	SLU_REPORT_STOP,      /* playing ended: seconds, messages, bytes, dropped */
	SLU_REPORT_REFUSE,    /* reason and text say why; count */
	SLU_REPORT_RECORD,    /* into file, which has begun */
	SLU_REPORT_RECORDED,  /* into file, which is finished: seconds, stored. Comes after the publisher's end, too */
	SLU_REPORT_RECORDING, /* it failed, or lost some: text; stored is what is kept, dropped what was lost */
	SLU_REPORT_END,       /* the server ends what a client does, and its connection: reason and text say why */
	SLU_REPORT_CLOSE      /* text: why, or "" when in order; seconds since it came, wire_in, wire_out */
};

struct slu_server_report {
	enum slu_server_report_type type;
	unsigned id;         /* of the client, from 1 on; 0: it was turned away before it was one */
	const char *address; /* its */
	const char *app;
	const char *stream; /* its app and name, where that is known to be no key; else "" */
	const char *reason; /* static: a word for machines, such as "per-address", or RTMP's: "NetStream.Failed" */
	const char *text;
	const char *file; /* its path below the folder, with a star for a stream's name that is not to be told; or "" */
	unsigned count;   /* that many alike, of which this is the last */
	double seconds;
	uint64_t messages, bytes;   /* of audio, video and data; bytes of payload */
	uint64_t dropped;           /* messages that a slow player, or a slow disk, lost */
	uint64_t stored;            /* size of the recording */
	uint64_t wire_in, wire_out; /* bytes on its connection, TLS included */
	const char *tls_version, *tls_suite;
	const char *tls_client; /* the subject of its certificate, or "" */
	bool http;              /* RTMPT */
	unsigned rtmpe;         /* its type: 6, 8 or 9; 0 without */
};

struct slu_reporter {
	void (*fn)(void *arg, const struct slu_server_report *report); /* NULL: nobody wants to know */
	void *arg;
};

/* "publish" and so on, a static string. */
const char *slu_report_name(enum slu_server_report_type type);

#endif
