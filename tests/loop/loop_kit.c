/* SPDX-License-Identifier: MIT */
#include "loop_kit.h"

#include <stdio.h>
#include <string.h>

static uint32_t next_random(struct loop *l)
{
	l->seed ^= l->seed << 13;
	l->seed ^= l->seed >> 17;
	l->seed ^= l->seed << 5;
	return l->seed;
}

bool loop_open(struct loop *l, enum loop_split split, const struct slu_session_config *client,
	       const struct slu_session_config *server)
{
	struct slu_session_config c = client ? *client : (struct slu_session_config){.connect = {.app = "live"}};
	struct slu_session_config d = server ? *server : (struct slu_session_config){0};

	*l = (struct loop){.split = split, .seed = 0x2545f491};
	c.role = SLU_CLIENT;
	d.role = SLU_SERVER;
	l->client.loop = l->server.loop = l;
	l->server.act = loop_accept_all;
	l->client.s = slu_session_new(&c);
	l->server.s = slu_session_new(&d);
	return l->client.s && l->server.s;
}

static void drop_kept(struct loop_end *end)
{
	for (unsigned i = 0; i < end->media && i < LOOP_KEPT; i++)
		slu_buffer_put(end->kept[i].owner);
}

void loop_close(struct loop *l)
{
	drop_kept(&l->client);
	drop_kept(&l->server);
	slu_session_free(l->client.s);
	slu_session_free(l->server.s);
}

static void keep(struct loop_end *end, const struct slu_event *ev)
{
	if (end->media < LOOP_KEPT) {
		end->kept[end->media] = ev->msg;
		slu_buffer_get(ev->msg.owner);
	}
	end->media++;
}

static void pull(struct loop_end *end)
{
	struct slu_event ev;

	while (slu_session_event(end->s, &ev)) {
		end->events[ev.type]++;
		if (ev.name[0])
			snprintf(end->name, sizeof end->name, "%s", ev.name);
		if (ev.code[0])
			snprintf(end->code, sizeof end->code, "%s", ev.code);
		if (ev.type == SLU_EVENT_MEDIA)
			keep(end, &ev);
		end->last = ev;
		end->last.name = end->name;
		end->last.code = end->code;
		if (end->act)
			end->act(end, &ev);
	}
}

static size_t piece(struct loop *l, size_t n)
{
	size_t want = n;

	if (l->split == LOOP_BYTES)
		want = 1;
	else if (l->split == LOOP_RANDOM)
		want = 1 + next_random(l) % 97;
	return want < n ? want : n;
}

/* Hands n bytes over as a caller would: again and again, with events pulled in between. */
static void give(struct loop_end *to, const uint8_t *data, size_t n)
{
	while (n && !to->err) {
		long got = slu_session_in(to->s, data, n);

		if (got < 0) {
			to->err = (int)got;
		} else {
			data += got;
			n -= (size_t)got;
		}
		pull(to);
	}
}

/* One piece from one end to the other; false when there is none. */
static bool move(struct loop *l, struct loop_end *from, struct loop_end *to)
{
	uint8_t copy[4096];
	struct slu_vec vec[4];
	size_t n, nvec = slu_session_out(from->s, vec, 4), used = 0;

	if (nvec == 0)
		return false;
	for (size_t i = 0; i < nvec && used < sizeof copy; i++) {
		n = vec[i].size < sizeof copy - used ? vec[i].size : sizeof copy - used;
		memcpy(copy + used, vec[i].data, n);
		used += n;
	}
	n = piece(l, used);
	slu_session_sent(from->s, n);
	l->moved += n;
	give(to, copy, n);
	return true;
}

void loop_run(struct loop *l)
{
	bool more;

	do {
		more = move(l, &l->client, &l->server);
		more = move(l, &l->server, &l->client) || more;
		pull(&l->client);
		pull(&l->server);
	} while (more);
}

void loop_accept_all(struct loop_end *end, const struct slu_event *ev)
{
	switch (ev->type) {
	case SLU_EVENT_CONNECT:
	case SLU_EVENT_PUBLISH:
	case SLU_EVENT_PLAY:
	case SLU_EVENT_PAUSE:
	case SLU_EVENT_SEEK:
		slu_session_accept(end->s);
		break;
	case SLU_EVENT_GET_STREAM_LENGTH:
		slu_session_answer_number(end->s, ev->transaction, 12.5);
		break;
	default:
		break;
	}
}

unsigned loop_count(const struct loop_end *end)
{
	unsigned n = 0;

	for (unsigned i = 0; i < LOOP_EVENTS; i++)
		n += end->events[i];
	return n;
}
