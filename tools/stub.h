/* SPDX-License-Identifier: MIT */
/*
 * What rtmpsrv and rtmpsuck have in common: a listener, a few clients with a connection or two each, a console, one
 * thread. It ends in order with SIGINT, SIGTERM or 'q' on the console; a second signal ends it at once.
 */
#ifndef SLU_TOOLS_STUB_H
#define SLU_TOOLS_STUB_H

#include <stdbool.h>
#include <stdint.h>

#include <sluice/conn.h>

enum { SLU_STUB_CLIENTS = 64 };

/* One of a client's connections. */
struct slu_stub_end {
	struct slu_conn *conn; /* freed with the client; NULL: none */
	bool held;             /* nothing more is to come of it for now: it is written to, and that is all */
	bool noticed;          /* that it is over: there is nothing more to wait for */
};

/* To begin a client's own structure with. */
struct slu_stub_client {
	struct slu_stub_client *next;
	struct slu_stub_end ends[2]; /* the first is the one that was accepted */
	int other_fd;                /* waited for besides, until it is readable; -1: none */
	uint64_t deadline_ms;        /* work() is called then; UINT64_MAX: never */
	bool over;                   /* to be forgotten */
};

struct slu_stub_ops {
	/* A client for an accepted socket, which is taken in any case. NULL: none came of it. */
	struct slu_stub_client *(*accept)(void *arg, int fd);
	/* Its connections were processed, or its deadline has come. */
	void (*work)(struct slu_stub_client *client, uint64_t now);
	/* The program ends: so should the client, in order. */
	void (*stop)(struct slu_stub_client *client);
	/* Frees what is the client's own, itself included. */
	void (*free)(struct slu_stub_client *client);
};

struct slu_stub_options {
	const char *device; /* an address, IPv6 without brackets, or a name */
	const char *port;
};

/* Where the library's lines go: the log of librtmp. Those of single connections are for its debug level. */
struct slu_log slu_stub_log(void);

/* Serves until it is told to end; the exit status, 0 or 1. */
int slu_stub_run(const struct slu_stub_options *options, const struct slu_stub_ops *ops, void *arg);

#endif
