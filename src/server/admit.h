/* SPDX-License-Identifier: MIT */
/* Who may publish, by what is known of a client. Pure. */
#ifndef SLU_SERVER_ADMIT_H
#define SLU_SERVER_ADMIT_H

#include <stdbool.h>

struct in6_addr;

/* What a publisher has to show: all that is set. Where none of the three is, it has to be a local one, or any is let
 * in. */
struct slu_admit_rules {
	bool users, certificates, keys;
	bool open; /* any, where nothing is to be shown */
};

/* What a client has shown. */
struct slu_admit_facts {
	bool user;        /* that it is one, and knows the password */
	bool certificate; /* one that is known here */
	bool key;         /* a stream key that may publish */
	bool local;       /* it comes from a loopback address, or through a unix socket */
};

enum slu_admission { SLU_ADMITTED, SLU_NO_USER, SLU_NO_CERTIFICATE, SLU_NO_KEY, SLU_NOT_LOCAL };

/* SLU_NO_KEY only when nothing else is missing. */
enum slu_admission slu_admit(const struct slu_admit_rules *rules, const struct slu_admit_facts *facts);

/* Of either family, IPv4 as IPv6. */
bool slu_admit_is_loopback(const struct in6_addr *address);

#endif
