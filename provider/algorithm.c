/* SPDX-License-Identifier: MIT */
#include "algorithm.h"

#include "cryptodev.h"

static const struct {
	const char *name;
	struct slu_dc_algorithm_ids ids;
} algorithms[SLU_DC_ALGORITHMS] = {
	[SLU_DC_CBC] = {"AES-CBC", {SLU_DC_AES_CBC, 0}},
	[SLU_DC_ECB] = {"AES-ECB", {SLU_DC_AES_ECB, 0}},
	[SLU_DC_CTR] = {"AES-CTR", {SLU_DC_AES_CTR, 0}},
	[SLU_DC_GCM] = {"AES-GCM", {SLU_DC_AES_GCM, 0}},
	[SLU_DC_CBC_SHA1] = {"AES-CBC with HMAC-SHA1", {SLU_DC_AES_CBC, SLU_DC_SHA1_HMAC}},
	[SLU_DC_CBC_SHA256] = {"AES-CBC with HMAC-SHA256", {SLU_DC_AES_CBC, SLU_DC_SHA2_256_HMAC}},
};

const char *slu_dc_algorithm_name(enum slu_dc_algorithm a)
{
	return algorithms[a].name;
}

struct slu_dc_algorithm_ids slu_dc_algorithm_ids(enum slu_dc_algorithm a)
{
	return algorithms[a].ids;
}
