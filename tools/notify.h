/* SPDX-License-Identifier: MIT */
/* What a service manager wants to know, by the protocol of sd_notify(3): datagrams to the socket that $NOTIFY_SOCKET
 * names. Without one nothing is done. */
#ifndef SLU_TOOLS_NOTIFY_H
#define SLU_TOOLS_NOTIFY_H

void slu_notify_ready(unsigned clients);
void slu_notify_reloading(void); /* until the next slu_notify_ready() */
void slu_notify_stopping(void);

/* Says that we live, as often as $WATCHDOG_USEC wants it; and returns how many ms there are until it is to be said
 * again, -1 when nobody wants to know. */
int slu_notify_alive(unsigned clients);

#endif
