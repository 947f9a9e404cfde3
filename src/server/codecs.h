/* SPDX-License-Identifier: MIT */
/* What a stream consists of, as far as what is kept of it says so. */
#ifndef SLU_SERVER_CODECS_H
#define SLU_SERVER_CODECS_H

#include "server/gop.h"

struct slu_codecs {
	char video[8], audio[8]; /* FourCCs, "" where unknown; of the first track each */
	unsigned width, height;  /* 0: unknown */
	double frame_rate;
};

void slu_codecs_find(struct slu_codecs *out, const struct slu_gop *g);

#endif
