/* SPDX-License-Identifier: MIT */
/* What the parts of the hello share. */
#ifndef SLU_PROBE_HELLO_IMPL_H
#define SLU_PROBE_HELLO_IMPL_H

#include "probe/hello.h"
#include "probe/registry.h"

enum slu_record_type {
	SLU_RECORD_CHANGE_CIPHER = 20,
	SLU_RECORD_ALERT = 21,
	SLU_RECORD_HANDSHAKE = 22,
	SLU_RECORD_DATA = 23,
};

enum slu_msg_type {
	SLU_MSG_HELLO_REQUEST = 0,
	SLU_MSG_CLIENT_HELLO = 1,
	SLU_MSG_SERVER_HELLO = 2,
	SLU_MSG_CERTIFICATE = 11,
	SLU_MSG_SERVER_KEY_EXCHANGE = 12,
	SLU_MSG_CERTIFICATE_REQUEST = 13,
	SLU_MSG_SERVER_HELLO_DONE = 14,
	SLU_MSG_CERTIFICATE_STATUS = 22,
};

/* IANA's "TLS ExtensionType Values". */
enum slu_extension {
	SLU_EXT_SERVER_NAME = 0,
	SLU_EXT_MAX_FRAGMENT = 1,
	SLU_EXT_STATUS = 5,
	SLU_EXT_GROUPS = 10,
	SLU_EXT_POINT_FORMATS = 11,
	SLU_EXT_SCHEMES = 13,
	SLU_EXT_ALPN = 16,
	SLU_EXT_PADDING = 21,
	SLU_EXT_ETM = 22,
	SLU_EXT_EMS = 23,
	SLU_EXT_TICKET = 35,
	SLU_EXT_VERSIONS = 43,
	SLU_EXT_COOKIE = 44,
	SLU_EXT_PSK_MODES = 45,
	SLU_EXT_KEY_SHARE = 51,
	SLU_EXT_RENEGOTIATION = 0xFF01,
};

enum { SLU_FRAGMENT_4096 = 4 };

/* It has a server_name that goes into an extension. */
bool slu_hello_has_name(const struct slu_hello *h);

/* It may have extensions. */
bool slu_hello_extends(const struct slu_hello *h);

#endif
