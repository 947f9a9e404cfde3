/* SPDX-License-Identifier: MIT */
/* URLs: what parses must say the same when its own tcUrl is parsed. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sluice/error.h>
#include <sluice/url.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int truth)
{
	if (!truth)
		abort();
}

static void check(const struct slu_url *url)
{
	char out[64], *all = malloc(strlen(url->tc_url) + 64);
	struct slu_url again;

	must(all != NULL);
	must(url->port > 0 && url->host[0]);
	must(strlen(slu_url_redact(url, out, sizeof out)) < sizeof out);
	slu_url_redact(url, all, strlen(url->tc_url) + 64);
	must(strchr(all, '?') == NULL);
	must(slu_url_parse(&again, url->tc_url, NULL) == 0);
	must(slu_url_set_stream(&again, url->stream) == 0);
	must(again.tls == url->tls && again.port == url->port);
	must(strcmp(again.host, url->host) == 0 && strcmp(again.app, url->app) == 0);
	must(strcmp(again.stream, url->stream) == 0 && strcmp(again.tc_url, url->tc_url) == 0);
	must(!again.user[0] && !again.password[0]);
	slu_url_clear(&again);
	free(all);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);
	const char *why = NULL;
	struct slu_url url;
	int err;

	must(text != NULL);
	if (size)
		memcpy(text, data, size);
	text[size] = 0;
	err = slu_url_parse(&url, text, &why);
	must(err == 0 || (err == SLU_ERR_URL && why && why[0]));
	if (!err) {
		check(&url);
		must(slu_url_set_stream(&url, "stream") == 0);
		check(&url);
	}
	slu_url_clear(&url);
	free(text);
	return 0;
}
