/* SPDX-License-Identifier: MIT */
/* What proxies answer. The first byte chooses the kind of proxy and how the rest is cut; however it is cut, the same
 * comes of it. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <sluice/error.h>

#include "net/proxy_talk.h"

static const char *const urls[] = {"socks4a://u@h", "socks5://h", "socks5://u:p@h", "http://u:p@h"};

/* What came of it, after how many bytes. */
static int talk(const char *url, const uint8_t *data, size_t n, size_t piece, size_t *total, struct slu_proxy_talk *t)
{
	struct slu_proxy proxy;
	size_t used;
	int r = 0;

	if (slu_proxy_parse(&proxy, url) || !slu_proxy_talk_init(t, &proxy, "live.example", 1935))
		abort();
	slu_proxy_talk_begin(t);
	for (*total = 0; r == 0 && *total < n; *total += used) {
		const size_t left = n - *total;

		if (t->out_size > SLU_PROXY_OUT)
			abort();
		slu_proxy_talk_sent(t);
		r = slu_proxy_talk_in(t, data + *total, left < piece ? left : piece, &used);
		if (used > left || (r == 0 && used == 0))
			abort();
	}
	if (r < 0 && (r != SLU_ERR_CONNECT || strlen(t->error) < 20))
		abort();
	slu_proxy_talk_clear(t);
	return r;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct slu_proxy_talk whole, cut;
	size_t n[2];
	int r;

	if (size == 0)
		return 0;
	r = talk(urls[data[0] & 3], data + 1, size - 1, SIZE_MAX, &n[0], &whole);
	if (r != talk(urls[data[0] & 3], data + 1, size - 1, 1 + (data[0] >> 2), &n[1], &cut) ||
	    (r >= 0 && n[0] != n[1]) || strcmp(whole.error, cut.error) != 0)
		abort();
	return 0;
}
