/* SPDX-License-Identifier: MIT */
#include "tools/probe_target.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <sluice/error.h>

#include "base/log.h"
#include "base/wipe.h"
#include "net/address.h"

#include "tools/exit.h"
#include "tools/say.h"

enum { HOST_MOST = 255, LINE_MOST = 8192 };

/* ---- one ---- */

/* "HOST[:PORT]" as a URL, whose rules for hosts and ports are the same. NULL in out: it is one. */
static const char *from_host(const char *text, char *out, size_t size)
{
	const char *colon = strchr(text, ':');

	if (!*text)
		return "is empty: it takes HOST[:PORT] or an rtmps URL";
	if (strpbrk(text, "/?#@"))
		return "is neither HOST[:PORT] nor an rtmps URL";
	if (*text != '[' && colon && strchr(colon + 1, ':'))
		return "has more than one colon: put an IPv6 address into brackets, as in [2001:db8::1]:443";
	if (snprintf(out, size, "rtmps://%s", text) >= (int)size)
		return "is longer than any name";
	return NULL;
}

static const char *from_url(const struct slu_url *url)
{
	if (url->tls)
		return NULL;
	return "has no TLS, so there is nothing to probe: it takes an rtmps URL";
}

/* What was written without "://" is not shown as a URL. */
static void show(struct slu_probe_target *t, bool is_url)
{
	char text[sizeof t->shown];

	if (is_url)
		slu_url_redact(&t->url, text, sizeof text);
	else
		slu_endpoint_format(t->url.host, t->url.port, text, sizeof text);
	slu_escape(t->shown, sizeof t->shown, text, strlen(text));
}

int slu_probe_target_parse(struct slu_probe_target *out, const char *text, char *why, size_t size)
{
	const bool is_url = strstr(text, "://");
	char host[HOST_MOST + sizeof "rtmps://[]:65535"] = "";
	const char *wrong = NULL, *reason = NULL;
	int err;

	if (is_url && strncasecmp(text, "rtmp", 4) != 0)
		wrong = "is a URL of another kind: it takes HOST[:PORT] or an rtmps URL";
	else if (!is_url)
		wrong = from_host(text, host, sizeof host);
	if (wrong) {
		snprintf(why, size, "%s", wrong);
		return SLU_ERR_URL;
	}
	err = slu_url_parse(&out->url, is_url ? text : host, &reason);
	if (err == SLU_ERR_URL)
		snprintf(why, size, "cannot be used: %s", reason);
	if (err)
		return err;
	wrong = from_url(&out->url);
	if (!wrong && strlen(out->url.host) > HOST_MOST)
		wrong = "has a longer host than any name";
	if (wrong) {
		snprintf(why, size, "%s", wrong);
		slu_url_clear(&out->url);
		return SLU_ERR_URL;
	}
	show(out, is_url);
	return 0;
}

void slu_probe_target_clear(struct slu_probe_target *t)
{
	slu_url_clear(&t->url);
}

/* ---- many ---- */

/* where: "", or "line 7 of FILE: ". */
static int add(struct slu_probe_targets *t, const char *text, const char *where)
{
	struct slu_probe_target parsed;
	char why[256] = "out of memory", **texts;
	int err = slu_probe_target_parse(&parsed, text, why, sizeof why);

	if (!err)
		slu_probe_target_clear(&parsed);
	if (err == SLU_ERR_URL) {
		slu_say("%sthe target %s", where, why);
		return *where ? SLU_EXIT_INPUT : SLU_EXIT_USAGE;
	}
	if (t->n == SLU_PROBE_TARGETS) {
		slu_say("there are more than %d targets: split them", SLU_PROBE_TARGETS);
		return SLU_EXIT_USAGE;
	}
	texts = err ? NULL : reallocarray(t->texts, t->n + 1, sizeof *texts);
	if (texts) {
		t->texts = texts;
		texts[t->n] = strdup(text);
	}
	if (!texts || !texts[t->n]) {
		slu_say("out of memory");
		return SLU_EXIT_OTHER;
	}
	t->n++;
	return SLU_EXIT_OK;
}

int slu_probe_targets_add(struct slu_probe_targets *t, const char *text)
{
	return add(t, text, "");
}

/* Cuts off what is no target; "" where there is none. */
static char *trim(char *line)
{
	static const char bom[] = "\xEF\xBB\xBF"; /* with it, some editors begin a file in UTF-8 */
	char *at = line + (strncmp(line, bom, strlen(bom)) == 0 ? strlen(bom) : 0), *end;

	at += strspn(at, " \t\r\n\v\f");
	end = at;
	while (*end && !(*end == '#' && (end == at || strchr(" \t", end[-1]))))
		end++;
	while (end > at && strchr(" \t\r\n\v\f", end[-1]))
		end--;
	*end = '\0';
	return at;
}

static int read_lines(struct slu_probe_targets *t, FILE *from, const char *path)
{
	char line[LINE_MOST], where[512];
	int status = SLU_EXIT_OK;

	for (size_t number = 1; !status && fgets(line, sizeof line, from); number++) {
		const char *target;

		snprintf(where, sizeof where, "line %zu of %s: ", number, path);
		if (!strchr(line, '\n') && !feof(from)) {
			slu_say("%sthis is no text with a target a line", where);
			status = SLU_EXIT_INPUT;
			break;
		}
		target = trim(line);
		if (*target)
			status = add(t, target, where);
	}
	if (!status && ferror(from)) {
		slu_say("%s cannot be read: %s", path, strerror(errno));
		status = SLU_EXIT_INPUT;
	}
	slu_wipe_bytes(line, sizeof line);
	return status;
}

int slu_probe_targets_read(struct slu_probe_targets *t, const char *path)
{
	const bool standard = strcmp(path, "-") == 0;
	FILE *from = standard ? stdin : fopen(path, "re");
	int status;

	if (!from) {
		slu_say("%s cannot be read: %s", path, strerror(errno));
		return SLU_EXIT_INPUT;
	}
	status = read_lines(t, from, standard ? "standard input" : path);
	if (!standard)
		fclose(from);
	return status;
}

void slu_probe_targets_clear(struct slu_probe_targets *t)
{
	for (size_t i = 0; i < t->n; i++) {
		slu_wipe_bytes(t->texts[i], strlen(t->texts[i]));
		free(t->texts[i]);
	}
	free(t->texts);
	*t = (struct slu_probe_targets){0};
}
