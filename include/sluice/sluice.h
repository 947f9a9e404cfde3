/* SPDX-License-Identifier: MIT */
/* All of Sluice. Each header stands alone too. */
#ifndef SLUICE_SLUICE_H
#define SLUICE_SLUICE_H

#include <sluice/amf.h>
#include <sluice/buffer.h>
#include <sluice/conn.h>
#include <sluice/error.h>
#include <sluice/flv.h>
#include <sluice/log.h>
#include <sluice/session.h>
#include <sluice/tls.h>
#include <sluice/url.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the library that runs, "0.1.0". Static. */
const char *slu_version(void);

#ifdef __cplusplus
}
#endif
#endif
