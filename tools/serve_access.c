/* SPDX-License-Identifier: MIT */
#include "tools/serve_access.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cjson/cJSON.h>

#include <sluice/error.h>

#include "base/log.h"
#include "crypto/ops.h"
#include "server/keys.h"
#include "server/logins.h"
#include "tools/exit.h"
#include "tools/say.h"
#include "tools/users.h"

enum { ERROR = 640, MOST = 16 << 20 /* bytes of a file of keys */ };

/* ---- users ---- */

static int bad_auth(void)
{
	slu_say("--auth takes adobe or llnw, and --users with it");
	return SLU_EXIT_USAGE;
}

static int no_memory(void)
{
	slu_say("out of memory, or of random numbers");
	return SLU_EXIT_OTHER;
}

static int find_mod(const char *name, enum slu_auth_mod *mod)
{
	*mod = SLU_AUTH_ADOBE;
	while (*mod <= SLU_AUTH_LLNW && strcmp(name, slu_auth_mod_name(*mod)) != 0)
		(*mod)++;
	return *mod <= SLU_AUTH_LLNW ? 0 : bad_auth();
}

/* The users of the file, in *out. */
static int read_users(const struct serve_options *o, struct slu_logins **out, char *error, size_t size)
{
	enum slu_auth_mod mod;
	int status = find_mod(o->auth, &mod);

	*out = status ? NULL : slu_logins_new(mod, slu_cryptops_openssl());
	if (status || !*out)
		return status ? status : no_memory();
	status = slu_users_read(*out, o->users, error, size);
	if (!status)
		return 0;
	slu_logins_free(*out);
	*out = NULL;
	return status;
}

/* ---- stream keys ---- */

/* All of an open file, in *text, which the caller frees. 0 or an errno. */
static int read_all(int fd, char **text, size_t *n)
{
	size_t cap = 0;
	char *more;
	ssize_t got;

	for (*n = 0;; *n += (size_t)got) {
		if (*n == cap) {
			cap = cap ? 2 * cap : 4096;
			more = cap <= MOST ? realloc(*text, cap) : NULL;
			if (!more)
				return cap <= MOST ? ENOMEM : EFBIG;
			*text = more;
		}
		got = read(fd, *text + *n, cap - *n);
		if (got <= 0)
			return got < 0 ? errno : 0;
	}
}

static void warn_of_readers(int fd, const char *path)
{
	struct stat st;

	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_mode & (S_IROTH | S_IWOTH))
		slu_say("warning: all users of this machine can %s %s: chmod o-rwx takes that away",
			st.st_mode & S_IWOTH ? "change" : "read", path);
}

static int parse_keys(struct slu_keys *keys, int fd, const char *path, char *error, size_t size)
{
	char *text = NULL;
	size_t n;
	int err = read_all(fd, &text, &n);

	if (err)
		snprintf(error, size, "cannot read the keys from %s: %s", path, strerror(err));
	else
		err = slu_keys_parse(keys, text, n, path, error, size);
	free(text);
	return err ? SLU_EXIT_USAGE : 0;
}

/* The keys of the file, in *out. */
static int read_keys(const struct serve_options *o, struct slu_keys **out, char *error, size_t size)
{
	int fd = open(o->keys, O_RDONLY | O_CLOEXEC), status = SLU_EXIT_USAGE;

	*out = NULL;
	if (fd < 0) {
		snprintf(error, size, "cannot read the keys from %s: %s", o->keys, strerror(errno));
		return SLU_EXIT_USAGE;
	}
	warn_of_readers(fd, o->keys);
	snprintf(error, size, "out of memory");
	*out = slu_keys_new(slu_cryptops_openssl());
	if (*out)
		status = parse_keys(*out, fd, o->keys, error, size);
	close(fd);
	if (status) {
		slu_keys_free(*out);
		*out = NULL;
	}
	return status;
}

/* ---- both ---- */

/* To begin with that would be a mistake; later on it is how the last one is taken out. */
static int check_some(const struct serve_access *a, const struct serve_options *o)
{
	if (a->logins && !slu_logins_count(a->logins))
		slu_say("%s names no user, and so nobody could publish: write user:password into it", o->users);
	else if (a->keys && !slu_keys_count(a->keys))
		slu_say("%s names no key; 'sluice serve --make-key APP/NAME' makes a line for it", o->keys);
	else
		return 0;
	return SLU_EXIT_USAGE;
}

int slu_serve_access_open(struct serve_access *a, const struct serve_options *o)
{
	char error[ERROR] = "";
	int status = 0;

	if (o->open && (o->keys || o->auth || o->client_ca)) {
		slu_say("--open lets anybody publish; --keys, --auth and --client-ca do not: say what is meant");
		return SLU_EXIT_USAGE;
	}
	if (!o->auth != !o->users)
		return bad_auth();
	if (o->auth)
		status = read_users(o, &a->logins, error, sizeof error);
	if (!status && o->keys)
		status = read_keys(o, &a->keys, error, sizeof error);
	if (error[0] && status)
		slu_say("%s", error);
	return status ? status : check_some(a, o);
}

void slu_serve_access_close(struct serve_access *a)
{
	slu_logins_free(a->logins);
	slu_keys_free(a->keys);
}

static void say_reloaded(const struct serve_options *o, int status, const char *what, size_t count, const char *error)
{
	if (status)
		slu_say("the old %s stay: %s", what, error);
	else if (!count)
		slu_say("the %s were read again, and there are none: nobody may publish", what);
	else if (!o->common.quiet)
		slu_say("the %s were read again", what);
}

void slu_serve_access_reload(struct serve_access *a, const struct serve_options *o)
{
	struct slu_logins *logins = NULL;
	struct slu_keys *keys = NULL;
	char error[ERROR] = "";
	int status;

	if (a->logins) {
		status = read_users(o, &logins, error, sizeof error);
		if (!status)
			slu_logins_take(a->logins, logins);
		say_reloaded(o, status, "users", slu_logins_count(a->logins), error);
		slu_logins_free(logins);
	}
	if (a->keys) {
		status = read_keys(o, &keys, error, sizeof error);
		if (!status)
			slu_keys_swap(a->keys, keys);
		say_reloaded(o, status, "keys", slu_keys_count(a->keys), error);
		slu_keys_free(keys);
	}
}

/* ---- a new key ---- */

enum { KEY_BYTES = 16, KEY_TEXT = 2 * KEY_BYTES + 1, HASH_TEXT = 2 * SLU_SHA256_SIZE + 1 };

static void put_hex(const uint8_t *data, size_t n, char *out)
{
	for (size_t i = 0; i < n; i++)
		snprintf(out + 2 * i, 3, "%02x", data[i]);
}

static int make_key(const struct slu_cryptops *crypto, char key[KEY_TEXT], char hash[HASH_TEXT])
{
	uint8_t bytes[KEY_BYTES], digest[SLU_SHA256_SIZE];
	struct slu_run run = {key, KEY_TEXT - 1};

	if (crypto->random(bytes, sizeof bytes) != 0)
		return SLU_ERR_IO;
	put_hex(bytes, sizeof bytes, key);
	if (crypto->sha256(&run, 1, digest) != 0)
		return SLU_ERR_IO;
	put_hex(digest, sizeof digest, hash);
	return 0;
}

static void print_key(bool json, const char *key, const char *line)
{
	cJSON *o = json ? cJSON_CreateObject() : NULL;
	char *text;

	if (!json) {
		printf("key:  %s\nline: %s\n", key, line);
		return;
	}
	cJSON_AddStringToObject(o, "key", key);
	cJSON_AddStringToObject(o, "line", line);
	text = cJSON_PrintUnformatted(o);
	if (text)
		puts(text);
	cJSON_free(text);
	cJSON_Delete(o);
}

int slu_serve_make_key(const struct serve_options *o, const char *name)
{
	const struct slu_cryptops *crypto = slu_cryptops_openssl();
	struct slu_keys *check = slu_keys_new(crypto);
	char key[KEY_TEXT], hash[HASH_TEXT], line[HASH_TEXT + 1 + 512], error[ERROR];
	int status = SLU_EXIT_USAGE;

	if (!check || make_key(crypto, key, hash) != 0) {
		slu_keys_free(check);
		return no_memory();
	}
	snprintf(line, sizeof line, "%s%s%s", hash, name ? " " : "", name ? name : "");
	if ((name && (!*name || strlen(name) >= 512 || strpbrk(name, " \t\r\n"))) ||
	    slu_keys_parse(check, line, strlen(line), "the file", error, sizeof error) != 0) {
		slu_say("\"%s\" is no APP/NAME that a stream can be played under: for instance live/cam",
			slu_escape(error, sizeof error, name, strlen(name)));
	} else {
		print_key(o->common.json, key, line);
		status = SLU_EXIT_OK;
	}
	slu_keys_free(check);
	explicit_bzero(key, sizeof key);
	return status;
}
