/* SPDX-License-Identifier: MIT */
/* What the files of a peer share: peer.c has its beginning, its end and what it is asked, peer_publish.c what it
 * publishes and the recording of that, peer_play.c what it plays, from the hub or from a recording. */
#ifndef SLU_SERVER_PEER_IMPL_H
#define SLU_SERVER_PEER_IMPL_H

#include "server/peer.h"

/* A reason to refuse, in the words of RTMP and of people. */
struct refusal {
	const char *code, *text;
};

extern const struct refusal slu_peer_busy, slu_peer_full, slu_peer_no_memory;

struct slu_server_report slu_peer_report_of(const struct slu_peer *peer, enum slu_server_report_type type);
void slu_peer_report(const struct slu_peer *peer, const struct slu_server_report *r);
void slu_peer_report_simple(const struct slu_peer *peer, enum slu_server_report_type type, const char *text);
/* reason is static. */
void slu_peer_report_refusal(const struct slu_peer *peer, const char *reason, const char *text);

/* It was sent something, and is to be flushed. */
void slu_peer_touch(struct slu_peer *peer);
void slu_peer_refuse(struct slu_peer *peer, const struct refusal *why);
bool slu_peer_is_idle(const struct slu_peer *peer);
/* Ends what it publishes or plays, and its connection, in order: the client is told in a status, if there is one, and
 * reason and text are reported. */
void slu_peer_dismiss(struct slu_peer *peer, const struct refusal *status, const char *reason, const char *text);

/* ---- who may publish ---- */

/* NULL: it may publish name, its key is set; or why not. */
const struct refusal *slu_peer_admit(struct slu_peer *peer, const char *name);
/* Whether it may take over what old publishes, under a name that both may publish. */
bool slu_peer_may_take(const struct slu_peer *peer, const struct slu_peer *old);
/* Whether that is what it publishes now. */
bool slu_peer_publishes(const struct slu_peer *peer, const char *name);
/* Refuses the request; at once, or late where that slows guessing. */
void slu_peer_deny(struct slu_peer *peer, const struct refusal *why);
void slu_peer_answer_wrong_key(struct slu_peer *peer);

/* ---- publishing ---- */

void slu_peer_stop_publishing(struct slu_peer *peer);
void slu_peer_on_publish(struct slu_peer *peer, const struct slu_event *ev);
void slu_peer_on_media(struct slu_peer *peer, const struct slu_event *ev);
void slu_peer_on_clear_data(struct slu_peer *peer, const struct slu_event *ev);
void slu_peer_on_unpublish(struct slu_peer *peer, const struct slu_event *ev);

/* ---- playing ---- */

void slu_peer_stop_playing(struct slu_peer *peer);
/* Says that what it plays has ended, and ends it. */
void slu_peer_player_end(struct slu_player *p);
void slu_peer_on_play(struct slu_peer *peer, const struct slu_event *ev);
void slu_peer_on_pause(struct slu_peer *peer, const struct slu_event *ev);
void slu_peer_on_seek(struct slu_peer *peer, const struct slu_event *ev);
void slu_peer_on_receive_audio(struct slu_peer *peer, const struct slu_event *ev);
void slu_peer_on_receive_video(struct slu_peer *peer, const struct slu_event *ev);
void slu_peer_on_get_stream_length(struct slu_peer *peer, const struct slu_event *ev);
/* All of a recording was sent, and the player does not say that it has come there: it is told that it is over. */
void slu_peer_end_in_time(struct slu_peer *peer);
void slu_peer_on_marked(struct slu_peer *peer, const struct slu_event *ev);
void slu_peer_on_stop(struct slu_peer *peer, const struct slu_event *ev);

#endif
