/* SPDX-License-Identifier: MIT */
#define OPENSSL_SUPPRESS_DEPRECATED /* all of it, by OpenSSL 3 */
#include "crypto/engine.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>
#include <openssl/engine.h>
#include <openssl/err.h>

#include <sluice/error.h>

#include "crypto/offload_settings.h"

enum { NAME = 256, REASON = 400 };

/* ---- what an engine can be the process's default for ---- */

enum { CIPHERS, DIGESTS, KINDS };

static int ciphers_of(ENGINE *e, const int **nids)
{
	ENGINE_CIPHERS_PTR list = ENGINE_get_ciphers(e);

	return list ? list(e, NULL, nids, 0) : 0;
}

static int digests_of(ENGINE *e, const int **nids)
{
	ENGINE_DIGESTS_PTR list = ENGINE_get_digests(e);

	return list ? list(e, NULL, nids, 0) : 0;
}

static const struct kind {
	int common; /* an algorithm that any engine for this has */
	int (*offers)(ENGINE *e, const int **nids);
	ENGINE *(*serving)(int nid); /* a functional reference, or NULL */
	int (*set_default)(ENGINE *e);
	void (*unregister)(ENGINE *e);
} kinds[KINDS] = {
	[CIPHERS] = {NID_aes_128_cbc, ciphers_of, ENGINE_get_cipher_engine, ENGINE_set_default_ciphers,
		     ENGINE_unregister_ciphers},
	[DIGESTS] = {NID_sha256, digests_of, ENGINE_get_digest_engine, ENGINE_set_default_digests,
		     ENGINE_unregister_digests},
};

struct slu_engine {
	unsigned users; /* 0: none serves, and the rest is void */
	char *what;     /* as it was asked for */
	ENGINE *engine; /* with a structural reference, and a functional one */
	bool wanted[KINDS];
	bool before[KINDS]; /* it served already when it was asked for */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* guards what is below */
static struct slu_engine serving;

/* Modules loaded by their path, which OpenSSL finds by their ID from then on. They stay. */
struct loaded {
	struct loaded *next;
	const char *id; /* behind path */
	char path[];
};
static struct loaded *modules;

/* OpenSSL's error queue, emptied. */
struct trouble {
	char reason[REASON]; /* what began it: the errors after that are of those who asked */
	bool refused;        /* a module was there and would not start */
};

/* "filename(/x.so): /x.so: cannot open shared object file" is how the loader of modules says it. */
static const char *without_prefix(const char *data)
{
	const char *end = strncmp(data, "filename(", 9) == 0 ? strstr(data, "): ") : NULL;

	return end ? end + 3 : data;
}

static const char *take_trouble(struct trouble *t)
{
	const char *data, *reason;
	unsigned long e;
	int flags;

	memset(t, 0, sizeof *t);
	while ((e = ERR_get_error_line_data(NULL, NULL, &data, &flags)) != 0) {
		reason = flags & ERR_TXT_STRING && *data ? without_prefix(data) : ERR_reason_error_string(e);
		if (!t->reason[0] && reason)
			snprintf(t->reason, sizeof t->reason, "%s", reason);
		if (ERR_GET_LIB(e) == ERR_LIB_ENGINE && ERR_GET_REASON(e) == ENGINE_R_INIT_FAILED)
			t->refused = true;
	}
	if (!t->reason[0])
		snprintf(t->reason, sizeof t->reason, "no reason given");
	return t->reason;
}

/* ---- finding ---- */

/* What OpenSSL 1.1.1 does not load by itself. There, loading any registers all that are listed by then, for all that
 * they can do: so no more are loaded than it takes, and none twice. */
static const struct {
	const char *id;
	uint64_t how;
} built_in[] = {
	{"dynamic", OPENSSL_INIT_ENGINE_DYNAMIC}, /* which loads modules */
	{"devcrypto", OPENSSL_INIT_ENGINE_CRYPTODEV},
	{"padlock", OPENSSL_INIT_ENGINE_PADLOCK},
	{"afalg", OPENSSL_INIT_ENGINE_AFALG},
};

static bool listed(const char *id)
{
	for (ENGINE *e = ENGINE_get_first(); e; e = ENGINE_get_next(e))
		if (strcmp(ENGINE_get_id(e), id) == 0) {
			ENGINE_free(e);
			return true;
		}
	return false;
}

static void load_built_in(const char *id)
{
	for (size_t i = 0; i < sizeof built_in / sizeof *built_in; i++)
		if (strcmp(built_in[i].id, id) == 0 && !listed(id))
			OPENSSL_init_crypto(built_in[i].how, NULL);
}

static bool remember(const char *path, const char *id)
{
	size_t n = strlen(path) + 1, size = n + strlen(id) + 1;
	struct loaded *m = malloc(sizeof *m + size);

	if (!m)
		return false;
	m->next = modules;
	m->id = m->path + n;
	snprintf(m->path, size, "%s%c%s", path, '\0', id);
	modules = m;
	return true;
}

/* OpenSSL's own engine "dynamic" becomes the one that it loads. It stays in OpenSSL's list. */
static ENGINE *load_module(const char *path)
{
	ENGINE *e = ENGINE_by_id("dynamic");

	if (e && ENGINE_ctrl_cmd_string(e, "SO_PATH", path, 0) && ENGINE_ctrl_cmd_string(e, "LIST_ADD", "2", 0) &&
	    ENGINE_ctrl_cmd_string(e, "LOAD", NULL, 0) && remember(path, ENGINE_get_id(e)))
		return e;
	ENGINE_free(e);
	return NULL;
}

/* A module is loaded once: many would break when they were twice. */
static ENGINE *find_module(const char *path)
{
	char *real = realpath(path, NULL);
	ENGINE *e = NULL;

	for (const struct loaded *m = modules; m && !e; m = m->next)
		if (strcmp(m->path, real ? real : path) == 0)
			e = ENGINE_by_id(m->id);
	if (!e)
		e = load_module(real ? real : path);
	free(real);
	return e;
}

static ENGINE *find(const char *name)
{
	load_built_in("dynamic");
	load_built_in(name);
	ERR_clear_error();
	return strchr(name, '/') ? find_module(name) : ENGINE_by_id(name);
}

static int not_started(const char *name, const char *reason, char *error, size_t size)
{
	snprintf(error, size,
		 "the engine '%s' does not start (%s): check that its device exists and that this user may open it",
		 name, reason);
	return SLU_ERR_TLS;
}

static int not_found(const char *name, char *error, size_t size)
{
	struct trouble t;

	take_trouble(&t);
	if (t.refused)
		return not_started(name, t.reason, error, size);
	snprintf(error, size,
		 "OpenSSL has no engine '%s' (%s): 'openssl engine' lists those built in, without those whose device "
		 "is missing, and engine:/PATH/TO/MODULE.so loads others",
		 name, t.reason);
	return SLU_ERR_TLS;
}

/* ---- starting ---- */

static int set_digests(struct slu_engine *s, const char *value, char *error, size_t size)
{
	s->wanted[DIGESTS] = strcasecmp(value, "on") == 0;
	if (s->wanted[DIGESTS] || strcasecmp(value, "off") == 0)
		return 0;
	snprintf(error, size, "digests=%s: say on or off", value);
	return SLU_ERR_INVALID;
}

static int set(void *arg, const char *name, const char *value, char *error, size_t size)
{
	struct slu_engine *s = arg;
	struct trouble t;

	if (strcmp(name, "digests") == 0)
		return set_digests(s, value, error, size);
	if (ENGINE_ctrl_cmd_string(s->engine, name, *value ? value : NULL, 0) > 0)
		return 0;
	snprintf(error, size, "the engine '%s' does not take the setting %s=%s (%s): 'openssl engine -vv' lists its",
		 ENGINE_get_id(s->engine), name, value, take_trouble(&t));
	return SLU_ERR_INVALID;
}

/* Its commands come before, for they may say where its device is. */
static int initialise(struct slu_engine *s, char *error, size_t size)
{
	const char *id = ENGINE_get_id(s->engine);
	const int *nids;
	struct trouble t;

	if (!ENGINE_init(s->engine)) {
		take_trouble(&t);
		return not_started(id, t.reason, error, size);
	}
	if (kinds[CIPHERS].offers(s->engine, &nids) > 0)
		return 0;
	ENGINE_finish(s->engine);
	ERR_clear_error();
	snprintf(error, size,
		 "the engine '%s' offers no ciphers here: 'openssl engine -vv' lists its settings, such as "
		 "engine:devcrypto,USE_SOFTDRIVERS=1, which takes drivers that do not say that they are hardware",
		 id);
	return SLU_ERR_TLS;
}

static bool serves(const struct kind *kind, const char *id)
{
	ENGINE *e = kind->serving(kind->common);
	bool yes = e && strcmp(ENGINE_get_id(e), id) == 0;

	if (e)
		ENGINE_finish(e);
	return yes;
}

/* The second case is OpenSSL's doing, when it loaded the engine. */
static bool take_over(struct slu_engine *s)
{
	bool ok = true;

	for (int k = 0; k < KINDS; k++)
		if (s->wanted[k])
			ok = kinds[k].set_default(s->engine) && ok;
		else if (!s->before[k])
			kinds[k].unregister(s->engine);
	return ok;
}

static void give_back(struct slu_engine *s)
{
	for (int k = 0; k < KINDS; k++)
		if (!s->before[k])
			kinds[k].unregister(s->engine);
}

static void forget(struct slu_engine *s)
{
	if (s->engine)
		give_back(s);
	ENGINE_free(s->engine);
	free(s->what);
	memset(s, 0, sizeof *s);
}

/* Under lock, with nothing serving. */
static int start(struct slu_engine *s, const char *what, char *error, size_t size)
{
	size_t n = strcspn(what, ",");
	char name[NAME];
	struct trouble t;
	int r;

	if (n == 0 || n >= sizeof name) {
		snprintf(error, size, "the TLS offload 'engine:%.40s' names no engine: 'openssl engine' lists them",
			 what);
		return SLU_ERR_INVALID;
	}
	snprintf(name, sizeof name, "%.*s", (int)n, what);
	for (int k = 0; k < KINDS; k++)
		s->before[k] = serves(&kinds[k], name);
	s->what = strdup(what);
	s->engine = find(name);
	s->wanted[CIPHERS] = true;
	r = s->engine ? 0 : not_found(name, error, size);
	if (r == 0)
		r = slu_offload_settings(what + n + (what[n] == ','), set, s, error, size);
	if (r == 0)
		r = initialise(s, error, size);
	if (r == 0 && !(s->what && take_over(s))) {
		snprintf(error, size, "OpenSSL cannot make the engine '%s' its default: %s", name, take_trouble(&t));
		ENGINE_finish(s->engine);
		r = SLU_ERR_TLS;
	}
	if (r != 0)
		forget(s);
	return r;
}

int slu_engine_get(const char *what, struct slu_engine **out, char *error, size_t size)
{
	int r = 0;

	pthread_mutex_lock(&lock);
	if (!serving.users) {
		r = start(&serving, what, error, size);
	} else if (strcmp(serving.what, what) != 0) {
		snprintf(error, size,
			 "the TLS offload 'engine:%s' cannot be had beside 'engine:%s', which is in use: an engine "
			 "serves "
			 "the whole process, so give all contexts the same",
			 what, serving.what);
		r = SLU_ERR_STATE;
	}
	if (r == 0) {
		serving.users++;
		*out = &serving;
	}
	pthread_mutex_unlock(&lock);
	return r;
}

void slu_engine_put(struct slu_engine *e)
{
	pthread_mutex_lock(&lock);
	if (--e->users == 0) {
		ENGINE_finish(e->engine);
		forget(e);
	}
	pthread_mutex_unlock(&lock);
}

const char *slu_engine_id(const struct slu_engine *e)
{
	return ENGINE_get_id(e->engine);
}

const char *slu_engine_name(const struct slu_engine *e)
{
	return ENGINE_get_name(e->engine);
}

bool slu_engine_has(const struct slu_engine *e, int nid)
{
	const int *nids;
	int n = kinds[CIPHERS].offers(e->engine, &nids);

	while (n-- > 0)
		if (nids[n] == nid)
			return true;
	return false;
}

struct engine_st *slu_engine_by_name_only(struct slu_engine *e)
{
	pthread_mutex_lock(&lock);
	for (int k = 0; k < KINDS; k++)
		kinds[k].unregister(e->engine);
	pthread_mutex_unlock(&lock);
	return e->engine;
}
