/* SPDX-License-Identifier: MIT */
/* The handshake of RTMP 1.0, 5.2. */
#include "proto/hs_impl.h"

#include <string.h>

#include "base/bytes.h"

/* 5.2.3: time, four zeros, noise. Zeros there are what tells a plain hello from one with a digest. */
void slu_hs_plain_hello(struct slu_hs *hs, uint8_t out[SLU_HS_SIZE])
{
	slu_put_be32(out, hs->config.time);
	memset(out + 4, 0, 4);
	slu_hs_noise(hs, out + 8, SLU_HS_SIZE - 8);
}

/* 5.2.4 wants the time of arrival in the second field; but peers exist that compare the whole, so it is the same. */
void slu_hs_plain_echo(const uint8_t hello[SLU_HS_SIZE], uint8_t out[SLU_HS_SIZE])
{
	memcpy(out, hello, SLU_HS_SIZE);
}
