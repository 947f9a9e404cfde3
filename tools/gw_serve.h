/* SPDX-License-Identifier: MIT */
/*
 * rtmpgw's listener: a process for each client, since librtmp's calls block, and since one that hangs can be ended that
 * way whatever it hangs in. It ends in order with SIGINT, SIGTERM or 'q' on the console; a second signal ends it at
 * once.
 */
#ifndef SLU_TOOLS_GW_SERVE_H
#define SLU_TOOLS_GW_SERVE_H

enum { SLU_GW_CLIENTS = 64 };

/* Serves until it is told to end; the exit status, 0 or 1. client is called in a process of its own with a non-blocking
 * socket, which it takes; RTMP_ctrlC tells it to end. device is an address, IPv6 without brackets. */
int slu_gw_serve(const char *device, unsigned port, void (*client)(int fd, void *arg), void *arg);

#endif
