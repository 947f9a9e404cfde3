/* SPDX-License-Identifier: MIT */
/* What the files of the loop share: loop_client.c has the clients, loop_listen.c lets them in, loop_http.c has the HTTP
 * connections that some come through. */
#ifndef SLU_SERVER_LOOP_IMPL_H
#define SLU_SERVER_LOOP_IMPL_H

#include <netinet/in.h>

#include "base/tally.h"
#include "net/tunnel.h"
#include "server/carrier.h"
#include "server/loop.h"
#include "server/peer.h"
#include "server/timers.h"

enum { SLU_TUNNEL_ID = 33 };      /* 128 random bits, in hexadecimal */
enum { SLU_LOOP_TOLD_MS = 1000 }; /* for who is turned away to be told why */

struct slu_loop;

/* What epoll hands back: the first member of all that is watched. */
struct watch {
	void (*fn)(struct watch *w, struct slu_loop *loop);
	struct watch *next; /* of watches that are not clients */
	int fd;
	bool owned; /* it is a listener */
};

struct client {
	struct watch watch;     /* fd: that epoll knows; -1: none */
	struct slu_timer timer; /* not after deadline */
	struct client *next_due, *next_over;
	struct slu_peer *peer;
	struct client *prev, *next;
	struct in6_addr address;
	unsigned want;
	uint64_t deadline;
	bool patient;              /* it is readable only when there is more than a sound, */
	uint64_t patient_until;    /* and read anyway then */
	struct slu_tunnel *tunnel; /* that it came through; NULL: it has a socket of its own */
	char id[SLU_TUNNEL_ID];
	size_t overhead;  /* of its connection, as it is counted in the loop's */
	uint64_t held_ms; /* since when it waits for the disk; 0: it does not */
	bool turned_away; /* it is only told why */
	uint64_t until;   /* when it is over, come what may; 0: never */
	bool over;
};

struct slu_loop {
	struct slu_loop_config config;
	struct slu_peers peers;
	int epoll;
	struct watch *watches;
	struct client *clients, *over; /* over: those of clients that are */
	struct slu_timers timers;
	struct carrier *carriers;
	unsigned nclients, ncarriers, last_id; /* ncarriers: but for those that are turned away */
	unsigned ntunnels, nturned_away;       /* of clients, and among them */
	unsigned told; /* of those who were turned away, in the second that ends at told_until */
	uint64_t told_until;
	struct slu_tally tally;                            /* of the storage of messages */
	size_t overhead;                                   /* of connections, beside that */
	uint64_t gone_in, gone_out;                        /* bytes of connections that have gone */
	uint64_t stats_at;                                 /* when statistics are told next, */
	uint64_t told_at, told_in, told_out, told_refused; /* and what was told last */
	double told_cpu;
	unsigned ngone;     /* since memory was given back to the system; */
	bool backlog;       /* and there was much that waited for the disk */
	uint64_t accept_ms; /* when to accept again, after a pause; 0: there is none */
	bool stopping;
};

static inline uint64_t slu_earlier(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* ---- loop.c ---- */

/* Owns w from here on, and what it watches where it is owned; not on failure. edge: 0 or EPOLLET. 0 or SLU_ERR_IO. */
int slu_loop_add_watch(struct slu_loop *loop, struct watch *w, uint32_t edge);

/* ---- loop_client.c ---- */

/* A client over conn, which it owns from here on, also on failure. NULL when out of memory. */
struct client *slu_loop_add(struct slu_loop *loop, struct slu_conn *conn, const struct in6_addr *address);
/* It is over, and is freed once all have worked. */
void slu_loop_end(struct slu_loop *loop, struct client *c);
/* Lets its connection read, and acts on what came. */
void slu_loop_work(struct slu_loop *loop, struct client *c);
/* Those work whose time has come. */
void slu_loop_clients_on_time(struct slu_loop *loop);
/* Epoll and the clock are told what the connection wants now. Must follow each call that lets it work, for then its
 * descriptor may have gone and its number serve something else. */
void slu_loop_rearm(struct slu_loop *loop, struct client *c);
/* A peer's slu_peers.flush. */
void slu_loop_flush_peer(struct slu_peer *peer);
/* Frees it, which is over. */
void slu_loop_forget(struct slu_loop *loop, struct client *c);

/* ---- loop_listen.c ---- */

/* Off: for a while. */
void slu_loop_set_accepting(struct slu_loop *loop, bool on);
/* Closes and frees a listener. */
void slu_loop_unlisten(struct slu_loop *loop, struct watch *listener);

/* ---- loop_memory.c ---- */

/* Fills in the defaults of what is limited, and sees that one limit fits the other. */
void slu_loop_set_memory(struct slu_loop_config *config);
/* To be called when what it takes may have changed, and before it is freed. */
void slu_loop_note_memory(struct slu_loop *loop, struct client *c);
void slu_loop_forget_memory(struct slu_loop *loop, struct client *c);
/* Bytes in all. */
size_t slu_loop_memory(const struct slu_loop *loop);
/* Where that is too much, lets one thing go. True: there may be another. */
bool slu_loop_spare_memory(struct slu_loop *loop);
/* Sends it away where it takes more than one may. */
void slu_loop_check_memory(struct slu_loop *loop, struct client *c);

/* ---- loop_stats.c ---- */

void slu_loop_stats_begin(struct slu_loop *loop);
void slu_loop_stats_on_time(struct slu_loop *loop);
/* Its connection goes. */
void slu_loop_stats_forget(struct slu_loop *loop, const struct client *c);

/* ---- loop_door.c ---- */

extern const struct slu_door slu_door_closed;

/* Whether two addresses count as one. */
bool slu_loop_same_place(const struct in6_addr *a, const struct in6_addr *b);
/* Why nobody more is let in from there, through a tunnel or without one. NULL: somebody is. */
const struct slu_door *slu_loop_full(const struct slu_loop *loop, const struct in6_addr *address, bool tunnel);
/* Whether there is time to tell one more client that it is turned away; and to be told, that it is. */
bool slu_loop_may_tell(struct slu_loop *loop);
void slu_loop_turn_away(struct slu_loop *loop, struct client *c, const struct slu_door *why);
void slu_loop_report_turned_away(struct slu_loop *loop, const struct slu_door *why, const char *from);

/* ---- loop_http.c ---- */

/* The client has begun with HTTP: a carrier takes its connection, and itself goes. */
void slu_loop_carry(struct slu_loop *loop, struct client *c);
/* Lets those carriers work whose time has come. */
void slu_loop_carriers_on_time(struct slu_loop *loop);
/* Once all have worked: answers, and frees what is over. */
void slu_loop_carriers_answer(struct slu_loop *loop);
uint64_t slu_loop_carriers_deadline(const struct slu_loop *loop);
/* How many come from address. */
unsigned slu_loop_carriers_of(const struct slu_loop *loop, const struct in6_addr *address);
void slu_loop_carriers_free(struct slu_loop *loop);

#endif
