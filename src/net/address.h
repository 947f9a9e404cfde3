/* SPDX-License-Identifier: MIT */
/* Socket addresses from text and to text, without asking any name server. */
#ifndef SLU_NET_ADDRESS_H
#define SLU_NET_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/resolve.h"

enum { SLU_ADDRESS_TEXT = 64, SLU_ENDPOINT_TEXT = 280 };

/* "192.0.2.1", "2001:db8::1", "fe80::1%eth0"; false for everything else, names included. */
bool slu_address_parse(struct slu_address *out, const char *text, uint16_t port);

/* The address alone, without port or brackets; "?" when its family is neither. Returns out. */
char *slu_address_host(const struct slu_address *a, char *out, size_t size);

/* "192.0.2.1:1935", "[::1]:1935", "unix" for an AF_UNIX one. Returns out. */
char *slu_address_format(const struct slu_address *a, char *out, size_t size);

/* "host:port", the host in brackets when it is an IPv6 address, escaped, fit for an error. Returns out. */
char *slu_endpoint_format(const char *host, uint16_t port, char *out, size_t size);

#endif
