/* SPDX-License-Identifier: MIT */
/* A handshake that is only looked at, with a server that says anything: what is heard of its messages, which libssl
 * hands over before it has judged them. The first byte picks the version, and whether the server hangs up in the end.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/inspect.h"

static void check(const char *text, size_t size)
{
	if (strlen(text) >= size)
		abort();
	for (; *text; text++)
		if (*text < 0x20 || *text > 0x7e)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const alpn[] = {"h2", "rtmp"};
	struct slu_inspect_config config = {.host = "live.example", .alpn = alpn, .nalpn = 2};
	const struct slu_inspect_result *r;
	struct slu_inspect *i;
	const uint8_t *out;

	if (size < 1)
		return 0;
	config.version = (uint16_t)(0x0301 + (data[0] & 3));
	i = slu_inspect_new(&config);
	if (!i)
		return 0;
	r = slu_inspect_result(i);
	if (slu_inspect_in(i, data + 1, size - 1) == 0 && data[0] & 4)
		slu_inspect_closed(i);
	slu_inspect_sent(i, slu_inspect_out(i, &out));
	if (r->failed != (r->sentence[0] != '\0') || (data[0] & 4 && !r->failed && !r->done))
		abort();
	check(r->sentence, sizeof r->sentence);
	check(r->alpn, sizeof r->alpn);
	slu_inspect_free(i);
	return 0;
}
