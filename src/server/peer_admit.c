/* SPDX-License-Identifier: MIT */
/* Whether a peer may publish, and under which name. */
#include "server/peer_impl.h"

#include <stdio.h>
#include <string.h>

#include "base/wipe.h"

/* What guesses at keys cost: an answer comes late, and a connection has few of them. */
enum { WRONG_KEYS = 3, WRONG_KEY_MS = 1000 };

static const struct refusal bad_name = {"NetStream.Publish.BadName", "This is not a name that a stream can have."};
static const struct refusal wrong_key = {"NetStream.Publish.BadName",
					 "This stream key may not publish here: ask the server's operator for one."};
static const struct refusal key_gone = {"NetStream.Publish.BadName",
					"This stream key may not publish here any more: its operator took it out."};
static const struct refusal user_gone = {"NetStream.Publish.Unauthorized",
					 "You may not publish here any more as who you were, or with that password."};
static const struct refusal denied[] = {
	[SLU_NO_USER] = {"NetStream.Publish.Unauthorized", "Only users may publish here: say who you are."},
	[SLU_NO_CERTIFICATE] = {"NetStream.Publish.Unauthorized",
				"Only clients with a certificate that is known here may publish."},
	[SLU_NOT_LOCAL] = {"NetStream.Publish.Unauthorized",
			   "Only clients on the server's own machine may publish here: others need that it has "
			   "--keys, or --open."},
};

/* Whether the list has the key, and under which name it publishes then; the key itself is in no name any more. */
static bool find_key(struct slu_peer *peer, const char *name, const char **as)
{
	*as = NULL;
	if (slu_keys_id(peer->all->keys, name, &peer->key_id) != 0)
		return false;
	return slu_keys_find(peer->all->keys, &peer->key_id, as);
}

const struct refusal *slu_peer_admit(struct slu_peer *peer, const char *name)
{
	const struct slu_admit_rules *rules = &peer->all->rules;
	const char *as = NULL;
	enum slu_admission admission;

	/* It is about to be told so, and ended, and had as many looked at as it may, however fast they came. */
	if (peer->wrong_keys >= WRONG_KEYS)
		return &wrong_key;
	if (rules->keys)
		peer->facts.key = find_key(peer, name, &as);
	peer->named = as != NULL;
	admission = slu_admit(rules, &peer->facts);
	if (admission == SLU_NO_KEY)
		return &wrong_key;
	if (admission != SLU_ADMITTED)
		return &denied[admission];
	return slu_stream_key(peer->key, as ? "" : peer->app, as ? as : name) == 0 ? NULL : &bad_name;
}

bool slu_peer_publishes(const struct slu_peer *peer, const char *name)
{
	char key[SLU_STREAM_KEY];
	struct slu_key_id id;

	if (!peer->stream)
		return false;
	if (peer->all->rules.keys)
		return slu_keys_id(peer->all->keys, name, &id) == 0 && slu_keys_same(&id, &peer->key_id);
	return slu_stream_key(key, peer->app, name) == 0 && strcmp(key, peer->key) == 0;
}

void slu_peer_deny(struct slu_peer *peer, const struct refusal *why)
{
	slu_wipe_bytes(peer->key, sizeof peer->key);
	peer->named = false;
	if (why != &wrong_key) {
		slu_peer_refuse(peer, why);
		return;
	}
	/* One that comes after the last does not put off the end. */
	if (peer->wrong_keys >= WRONG_KEYS)
		return;
	peer->wrong_keys++;
	peer->refuse_ms = peer->all->now_ms + WRONG_KEY_MS;
}

void slu_peer_answer_wrong_key(struct slu_peer *peer)
{
	peer->refuse_ms = 0;
	slu_peer_refuse(peer, &wrong_key);
	slu_peer_touch(peer);
	if (peer->wrong_keys >= WRONG_KEYS)
		slu_peer_dismiss(peer, NULL, "wrong-keys", "it tried keys that may not publish again and again");
}

/* ---- names that have an owner ---- */

/* The subject, from whatever authority that --client-ca names. */
static bool have_same_certificate(const struct slu_peer *a, const struct slu_peer *b)
{
	struct slu_conn_stats stats[2];

	slu_conn_stats(a->conn, &stats[0]);
	slu_conn_stats(b->conn, &stats[1]);
	return strcmp(stats[0].tls_client, stats[1].tls_client) == 0;
}

/* A key is for its name, and whoever has it may; users and certificates are for any name, and so for none of another.
 */
bool slu_peer_may_take(const struct slu_peer *peer, const struct slu_peer *old)
{
	const struct slu_admit_rules *rules = &peer->all->rules;

	if (rules->keys)
		return true;
	return (!rules->users || slu_logins_same(&peer->login, &old->login)) &&
	       (!rules->certificates || have_same_certificate(peer, old));
}

/* ---- keys and users that change ---- */

static void check_key(struct slu_peer *peer)
{
	const char *name;
	bool found = slu_keys_find(peer->all->keys, &peer->key_id, &name);

	if (found && (name != NULL) == peer->named && (!name || strcmp(name, peer->key) == 0))
		return;
	slu_peer_dismiss(peer, &key_gone, "key-gone",
			 found ? "its stream key has another name now" : "its stream key was taken out of the list");
}

void slu_peer_check_access(struct slu_peer *peer)
{
	if (peer->facts.user && !slu_logins_know(peer->all->logins, &peer->login)) {
		peer->facts.user = false;
		if (peer->stream)
			slu_peer_dismiss(peer, &user_gone, "user-gone",
					 "its user was taken out of the list, or has another password now");
	}
	if (peer->stream && peer->all->rules.keys)
		check_key(peer);
}
