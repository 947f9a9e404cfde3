/* SPDX-License-Identifier: MIT */
/* What a session has beside the RTMP structure, which belongs to the caller and cannot grow, and what the functions
 * over it share. */
#ifndef COMPAT_LIBRTMP_STATE_H
#define COMPAT_LIBRTMP_STATE_H

#include <pthread.h>

#include <librtmp/rtmp.h>
#include <sluice/conn.h>

#include "pollable.h"
#include "session/hurry.h"
#include "settings.h"

struct slu_compat_write;

/* Hangs off Link.dh, from the first call that needs it to RTMP_Close(). */
struct slu_compat {
	struct slu_conn *conn; /* NULL: not connected */
	AVal setting[SLU_COMPAT_SETTINGS];
	struct slu_compat_write *write; /* what RTMP_Write() keeps between calls: write.c */
	struct slu_pollable pollable;   /* what the caller of RTMP_Connect1() waits for */
	bool serves;                    /* RTMP_Serve() was called: nothing of what comes in is the session's */
	bool asked;                     /* the stream was asked for */
	enum slu_hurry_state hurry;     /* as m_pausing has it */
	bool hurried;                   /* nothing has come since the session paused and went on by itself */
	bool owes_window, owes_play;    /* to be sent once the events of a message were pulled */
	RTMPPacket kept;                /* media that came before anybody waited for it */
	unsigned auth_step;             /* of telling the server who publishes, */
	int app_size, tc_url_size;      /* and how long these were before */
	uint64_t served_ms;             /* when what the server sends was looked at last, while publishing */
	uint32_t resumes_at;            /* the timestamp of the frame that RTMP_Read() looks for */
	bool reads;                     /* RTMP_Read() is at work: an end waits until its caller knows */
	bool over;                      /* and there was one */
	unsigned turns;                 /* calls that wait, one in the other, */
	pthread_t turn;                 /* and of which thread */
	bool interrupted;               /* by RTMP_Close() in another one */
};

/* The session's; NULL where memory runs out, which is logged. */
struct slu_compat *slu_compat_state(RTMP *r);

/* The session's, or NULL where it has none yet. */
struct slu_compat *slu_compat_has_state(const RTMP *r);

/* The session's where it is connected, else NULL. */
struct slu_compat *slu_compat_connected(const RTMP *r);

/* The same for a call that needs a connection. Where there is none, the log has what came of that. */
struct slu_compat *slu_compat_need(const RTMP *r, const char *what);

/* Ends the connection without another word, if there is one: for another one with the same settings. */
void slu_compat_disconnect(RTMP *r);

/* The same, and frees the state. */
void slu_compat_free_state(RTMP *r);

/* A copy with a NUL behind it, to be freed; "" of what is empty. NULL: no memory. */
char *slu_compat_text(const AVal *v);

/* Wipes it first: it may be a secret. NULL is fine. */
void slu_compat_free_text(char *text);

/* The nearest int: numbers of messages are double, and fields int. 0 for what is no number. */
int slu_compat_int(double number);

/* ---- turn.c ---- */

/* Around a call that waits. */
void slu_compat_enter(RTMP *r);
void slu_compat_leave(RTMP *r);

/* The session's state, to be freed: no other thread looks at it any more. NULL: it has none. */
struct slu_compat *slu_compat_take_state(RTMP *r);

/* For RTMP_Close(): true when another thread is in such a call, which then closes. */
bool slu_compat_interrupt(RTMP *r);

/* By that or by the user. */
bool slu_compat_interrupted(const struct slu_compat *c);

/* ---- wait.c ---- */

/* Waits for the next event. 1: *ev; 0: none came within Link.timeout, which m_sb.sb_timedout says, or the user wants no
 * more; <0: the connection is over. */
int slu_compat_wait(RTMP *r, struct slu_event *ev);

/* Writes what is queued and waits until the kernel has it, or, in a tunnel, until what came has to be read first: then
 * it goes out while that is read. FALSE: the connection is over, or takes nothing more; what came before that is still
 * to be read. */
int slu_compat_drain(RTMP *r);

/* The fields that programs read, as they are now. */
void slu_compat_mirror(RTMP *r);

/* The session has ended. Closes what is left, but while RTMP_Read() is at work: its caller has to be told first, for
 * programs take a session that is not connected any more for one to connect again. */
void slu_compat_over(RTMP *r);

/* The connection is over, and has logged why. FALSE. */
int slu_compat_lost(RTMP *r);

/* ---- send.c ---- */

/* Queues a media message on the stream that is published; onMetaData goes out as @setDataFrame. FALSE: the connection
 * is over. */
int slu_compat_send(RTMP *r, const struct slu_msg *msg);

/* Writes what is queued, in one go, answers what the server has sent meanwhile, and waits until the kernel has it all.
 * FALSE: the connection is over. */
int slu_compat_flush(RTMP *r);

/* ---- open.c ---- */

/* Link.timeout; 0: none. */
unsigned slu_compat_timeout_ms(const RTMP *r);

/* Waits until the handshake of a new connection is done. FALSE: it failed, and is closed. */
int slu_compat_handshake(RTMP *r);

/* ---- connect_command.c ---- */

/* The command connect, out of Link: packet's body is allocated. FALSE: no memory. */
int slu_compat_encode_connect(RTMP *r, RTMPPacket *packet);

/* ---- stream.c ---- */

/* When the last medium came, by its own clock: where a pause is to be. */
uint32_t slu_compat_last_media(const RTMP *r);

/* ---- receive.c ---- */

/* A message as a packet of the caller's, which owns its body. FALSE: no memory. */
int slu_compat_packet(RTMP *r, const struct slu_event *ev, RTMPPacket *packet);

/* ---- client_packet.c ---- */

/* What a message means to a caller: RTMP_ClientPacket()'s result. */
enum slu_compat_meaning { SLU_COMPAT_NOTHING, SLU_COMPAT_MEDIA, SLU_COMPAT_OVER };

/* RTMP_ClientPacket(), for a message that is in no packet. Closes where playing is over or the server refuses. */
enum slu_compat_meaning slu_compat_handle(RTMP *r, const struct slu_msg *msg);

/* ---- authenticate.c ---- */

/* Asks for what is to be published or played, once: it goes out as soon as connect has been accepted. FALSE: it cannot
 * be asked for, which is the end of the session. */
int slu_compat_ask(RTMP *r, struct slu_compat *c);

/* The session failed, and the server may have asked who publishes: TRUE: it is connected again, to answer. */
int slu_compat_authenticate(RTMP *r);

/* ---- requests.c ---- */

/* Remembers a command that is being sent in m_methodCalls, and finds, by the number of an answer, which it was: its
 * index, or -1. */
void slu_compat_remember(RTMP *r, const char *name, size_t n, int transaction);
int slu_compat_request(const RTMP *r, double transaction);
void slu_compat_free_requests(RTMP *r);

extern const AVal slu_compat_create_stream; /* that command's name */

#endif
