/* SPDX-License-Identifier: MIT */
/*
 * Runs OpenSSL's published test vectors through one provider, required by name, and reports in TAP: a line for each
 * class of operations (cipher, direction, whole or in parts, what is unusual about it).
 *
 *     run_vectors [OPTION]... VECTOR-FILE...
 *
 *     --software            through OpenSSL's default provider: shows that reader and runner are right
 *     --device FAULTS       through devcrypto, over a device in this process; "complete" is one without faults
 *     --module              through devcrypto as the OpenSSL configuration loads and sets it
 *     --spoilt              the device's results are wrong: no operation may come out right. Those that are published
 *                           to fail are left out
 *     --only TEXT           only ciphers with TEXT in their names
 *     --unsupported FILE    lists the classes that do not reach the device, a line each. The list is exact: what did
 * not reach the device and is not in it is a failure, what did and is in it is one too
 */
#include "vectors.h"

#include <ctype.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>

#include "targets.h"

enum { NAME = 160, CLASSES = 256 };

/* What became of the operations of one class. */
struct class
{
	char name[NAME];
	unsigned device;   /* right, and the device did them; with --spoilt: not right, and the device did them */
	unsigned software; /* right, and it did not */
	unsigned refused;  /* ended in an error */
	unsigned wrong;    /* gave out what was not published; with --spoilt: right, though the device did them */
	bool absent;       /* the provider does not have the cipher */
	char first[NAME];  /* of those that did not come out right */
};

struct run {
	struct target target;
	bool spoilt;
	const char *only;
	struct class classes[CLASSES];
	size_t count;
	char listed[CLASSES][NAME]; /* of --unsupported, for these ciphers */
	size_t listed_count;
	unsigned tests, failed;
};

/* ---- doing ---- */

static struct class *class_of(struct run *r, const char *name)
{
	for (size_t i = 0; i < r->count; i++)
		if (!strcmp(r->classes[i].name, name))
			return &r->classes[i];
	if (r->count == CLASSES) {
		fprintf(stderr, "run_vectors: more than %d classes\n", CLASSES);
		exit(2);
	}
	snprintf(r->classes[r->count].name, NAME, "%s", name);
	return &r->classes[r->count++];
}

/* By all that could make a difference to the device. */
static void name_class(char name[NAME], const struct stanza *s, const EVP_CIPHER *cipher, const struct variant *v)
{
	static const char *const versions[] = {"", ", TLS 1.0", ", TLS 1.1", ", TLS 1.2"};
	bool gcm = EVP_CIPHER_get_mode(cipher) == EVP_CIPH_GCM_MODE;

	snprintf(name, NAME, "%s %s%s%s%s%s%s%s", EVP_CIPHER_get0_name(cipher),
		 v->encrypt ? "encryption" : "decryption", v->parts ? " in parts" : "", versions[s->tls_version & 3],
		 gcm && s->iv.size != 12 ? ", IV not of 12 bytes" : "", gcm && !s->plaintext.size ? ", no payload" : "",
		 gcm && !v->encrypt && s->tag.size < 16 ? ", short tag" : "", *s->result ? ", wrong tag" : "");
}

static void note(struct class *c, const char *file, const struct stanza *s, const struct variant *v, enum step step)
{
	if (!c->first[0])
		snprintf(c->first, sizeof c->first, "; line %u of %s%s%s: %s", s->line, file,
			 v->in_place ? ", in place" : "", v->in_shift || v->out_shift ? ", misaligned" : "",
			 step_names[step]);
}

/* The counts at the beginning, at the end of the first part, and at the end. */
struct seen {
	const struct target *target;
	struct target_counts before, first, after;
};

static void first_part(void *arg)
{
	struct seen *seen = arg;

	target_count(seen->target, &seen->first);
}

/* The payload went through the device, and not of the first part alone: what follows may be software's. */
static bool by_device(const struct seen *seen, size_t payload)
{
	return seen->after.operations > seen->first.operations && seen->after.bytes - seen->before.bytes >= payload &&
	       seen->after.fallbacks == seen->before.fallbacks;
}

/* Does one operation, and puts down what became of it. */
static void try_one(struct run *r, const char *file, const struct stanza *s, const EVP_CIPHER *cipher,
		    const struct variant *v)
{
	struct seen books = {.target = &r->target};
	const struct watch watch = {first_part, &books};
	char name[NAME];
	struct class *c;
	enum step step;
	bool right, seen;

	name_class(name, s, cipher, v);
	c = class_of(r, name);
	target_count(&r->target, &books.before);
	books.first = books.before;
	step = vector_attempt(s, cipher, v, &watch);
	target_count(&r->target, &books.after);
	ERR_clear_error();
	right = (int)step == vector_expected(s);
	seen = by_device(&books, vector_payload(s, v));
	if (!right)
		note(c, file, s, v, step);
	if (seen && right != r->spoilt)
		c->device++;
	else if (seen && r->spoilt)
		c->wrong++;
	else if (right)
		c->software++;
	else if (step < STEP_VALUE)
		c->refused++;
	else
		c->wrong++;
}

static void name_absent(char name[NAME], const char *cipher)
{
	size_t i;

	for (i = 0; cipher[i] && i < NAME - 1; i++)
		name[i] = (char)toupper((unsigned char)cipher[i]);
	name[i] = '\0';
}

static void run_stanza(struct run *r, const char *file, const struct stanza *s)
{
	EVP_CIPHER *cipher;
	char name[NAME];
	struct variant v;

	name_absent(name, s->cipher);
	if (r->only && !strstr(name, r->only))
		return;
	cipher = EVP_CIPHER_fetch(r->target.libctx, s->cipher, r->target.query);
	ERR_clear_error();
	if (!cipher) {
		class_of(r, name)->absent = true;
	} else if (*s->unknown || vector_expected(s) < 0) {
		snprintf(name, sizeof name, "line %u of %s has \"%s\", which this reader does not know", s->line, file,
			 *s->unknown ? s->unknown : s->result);
		class_of(r, name)->wrong++;
	} else if (!r->spoilt || !*s->result) { /* what is to fail has no right result to spoil */
		for (unsigned n = 0; vector_variant(s, cipher, n, &v); n++) {
			try_one(r, file, s, cipher, &v);
			target_mend(&r->target);
		}
	}
	EVP_CIPHER_free(cipher);
}

static bool run_file(struct run *r, const char *path)
{
	struct stanza_reader reader = {.file = fopen(path, "r")};
	const char *slash = strrchr(path, '/');
	struct stanza s;
	unsigned stanzas = 0;

	if (!reader.file) {
		perror(path);
		return false;
	}
	for (; stanza_read(&reader, &s); stanzas++) {
		run_stanza(r, slash ? slash + 1 : path, &s);
		stanza_clear(&s);
	}
	stanza_clear(&s);
	fclose(reader.file);
	free(reader.text);
	printf("# %s: %u stanzas\n", path, stanzas);
	return stanzas > 0;
}

/* ---- the list of what is unsupported ---- */

static bool read_list(struct run *r, const char *path)
{
	FILE *f = fopen(path, "r");
	char line[2 * NAME];

	if (!f) {
		perror(path);
		return false;
	}
	while (fgets(line, sizeof line, f) && r->listed_count < CLASSES) {
		line[strcspn(line, "\n")] = '\0';
		if (*line && *line != '#' && (!r->only || strstr(line, r->only)))
			snprintf(r->listed[r->listed_count++], NAME, "%.*s", NAME - 1, line);
	}
	fclose(f);
	return true;
}

static bool is_listed(const struct run *r, const char *name)
{
	for (size_t i = 0; i < r->listed_count; i++)
		if (!strcmp(r->listed[i], name))
			return true;
	return false;
}

static bool was_met(const struct run *r, const char *name)
{
	for (size_t i = 0; i < r->count; i++)
		if (!strcmp(r->classes[i].name, name))
			return true;
	return false;
}

/* ---- reporting ---- */

static void report(struct run *r, bool ok, const char *name, const char *what)
{
	r->failed += !ok;
	printf("%s %u - %s: %s\n", ok ? "ok" : "not ok", ++r->tests, name, what);
}

static void report_class(struct run *r, const struct class *c)
{
	bool listed = is_listed(r, c->name);
	char what[2 * NAME];
	bool ok;

	if (c->absent) {
		report(r, listed, c->name, listed ? "not offered, as listed" : "not offered, and not listed");
		return;
	}
	snprintf(what, sizeof what, "%u %s, %u in software, %u refused, %u %s%s%s", c->device,
		 r->spoilt ? "spoilt by the device" : "by the device", c->software, c->refused, c->wrong,
		 r->spoilt ? "right all the same" : "wrong", c->first, listed ? " (listed)" : "");
	if (!r->target.provider)
		ok = c->software && !c->refused;
	else if (listed)
		ok = !c->device;
	else
		ok = !c->software && !c->refused;
	report(r, ok && !c->wrong, c->name, what);
}

static void report_all(struct run *r)
{
	struct target_counts total;
	char what[NAME];

	for (size_t i = 0; i < r->count; i++)
		report_class(r, &r->classes[i]);
	for (size_t i = 0; i < r->listed_count; i++)
		if (!was_met(r, r->listed[i]) && !(r->spoilt && strstr(r->listed[i], ", wrong tag")))
			report(r, false, r->listed[i], "listed as unsupported, and no vector is of this class");
	target_count(&r->target, &total);
	snprintf(what, sizeof what, "%llu", (unsigned long long)total.fallbacks);
	report(r, !total.fallbacks, "fallbacks", what);
	printf("# operations: %llu\n1..%u\n", (unsigned long long)total.operations, r->tests);
}

/* ---- the command line ---- */

struct command {
	int target;
	const char *device, *unsupported;
};

static bool parse(struct run *r, struct command *c, int argc, char **argv)
{
	static const struct option options[] = {
		{"software", no_argument, NULL, 's'},
		{"device", required_argument, NULL, 'd'},
		{"module", no_argument, NULL, 'm'},
		{"unsupported", required_argument, NULL, 'u'},
		{"spoilt", no_argument, NULL, 'f'},
		{"only", required_argument, NULL, 'o'},
		{NULL, 0, NULL, 0},
	};
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		if (option == 's' || option == 'd' || option == 'm')
			c->target = option;
		if (option == 'd')
			c->device = optarg;
		else if (option == 'u')
			c->unsupported = optarg;
		else if (option == 'o')
			r->only = optarg;
		else if (option == 'f')
			r->spoilt = true;
		else if (option == '?')
			return false;
	}
	return c->target && optind < argc;
}

static bool open_target(struct run *r, const struct command *c)
{
	if (c->target == 's')
		return target_software(&r->target);
	return c->target == 'd' ? target_device(&r->target, c->device) : target_module(&r->target);
}

int main(int argc, char **argv)
{
	static struct run r;
	struct command c = {0};

	if (!parse(&r, &c, argc, argv)) {
		fprintf(stderr, "usage: run_vectors --software|--device FAULTS|--module [--spoilt] [--only TEXT]\n"
				"                   [--unsupported FILE] VECTOR-FILE...\n");
		return 2;
	}
	if ((c.unsupported && !read_list(&r, c.unsupported)) || !open_target(&r, &c))
		return 2;
	for (int i = optind; i < argc; i++)
		if (!run_file(&r, argv[i]))
			return 2;
	report_all(&r);
	target_clear(&r.target);
	return r.failed ? 1 : 0;
}
