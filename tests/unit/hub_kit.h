/* SPDX-License-Identifier: MIT */
/* Publishers and players of a hub, without connections. */
#ifndef SLU_TESTS_UNIT_HUB_KIT_H
#define SLU_TESTS_UNIT_HUB_KIT_H

#include "server/hub.h"

enum { MAX_SEEN = 512 };

/* A player that remembers what it got. */
struct fake {
	struct slu_player p;
	struct {
		uint8_t type;
		uint32_t timestamp;
		const uint8_t *data;
		size_t size;
	} seen[MAX_SEEN];
	size_t n;
	size_t queued;
	bool fills; /* what is sent stays in its queue */
	int begun, ended, flushed, slowed;
	int answer; /* of send */
};

struct fake *hub_fake_new(void);

extern const uint8_t *hub_last_data; /* of what was said last */
extern struct slu_hub *hub_current;  /* that is sent from after each message, unless gathering is to be looked at */

struct slu_hub *hub_kit_new(const struct slu_hub_config *config);

/* The stream's publisher sends a message. */
void hub_say(struct slu_hub_stream *s, uint8_t type, uint32_t timestamp, const char *body, size_t size);

#define METADATA(s, t)   hub_say(s, 18, t, "\x02\x00\x0aonMetaData\x05", 14)
#define AVC_CONFIG(s, t) hub_say(s, 9, t, "\x17\x00\x00\x00\x00", 5)
#define AAC_CONFIG(s, t) hub_say(s, 8, t, "\xaf\x00\x12\x10", 4)
#define KEY(s, t)        hub_say(s, 9, t, "\x17\x01\x00\x00\x00key..", 10)
#define INTER(s, t)      hub_say(s, 9, t, "\x27\x01\x00\x00\x00inter", 10)
#define AAC(s, t)        hub_say(s, 8, t, "\xaf\x01\x21", 3)

/* The player's message i was this one. */
void hub_saw(const struct fake *f, size_t i, uint8_t type, uint32_t timestamp);

#endif
