/* SPDX-License-Identifier: MIT */
#include "net/tcp.h"

#include <netinet/tcp.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* In these states our FIN is on its way, and the kernel counts it as one more byte (RFC 9293, 3.4: it has a sequence
 * number of its own). */
static bool fin_on_its_way(unsigned state)
{
	return state == TCP_FIN_WAIT1 || state == TCP_CLOSING || state == TCP_LAST_ACK;
}

void slu_tcp_gather(int fd, bool on)
{
	const int nodelay = !on;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &nodelay, sizeof nodelay);
}

bool slu_tcp_patience(int fd, int n)
{
	return setsockopt(fd, SOL_SOCKET, SO_RCVLOWAT, &n, sizeof n) == 0;
}

bool slu_tcp_info(int fd, struct slu_tcp_info *out)
{
	struct tcp_info info;
	socklen_t len = sizeof info;
	int queued; /* SIOCOUTQ, by the name that needs no kernel headers */

	memset(&info, 0, sizeof info); /* an old kernel fills less */
	memset(out, 0, sizeof *out);
	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) || ioctl(fd, TIOCOUTQ, &queued))
		return false;
	out->closed = info.tcpi_state == TCP_CLOSE && queued > 0;
	if (info.tcpi_state == TCP_CLOSE && !out->closed)
		return false;
	if (info.tcpi_state == TCP_LISTEN || info.tcpi_state == TCP_SYN_SENT)
		return false;
	if (queued > 0 && fin_on_its_way(info.tcpi_state))
		queued--;
	out->unacked = queued > 0 ? (uint64_t)queued : 0;
	out->rtt_us = info.tcpi_rtt;
	out->retransmits = info.tcpi_total_retrans;
	return true;
}
