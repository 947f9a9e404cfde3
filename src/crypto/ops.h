/* SPDX-License-Identifier: MIT */
#ifndef SLU_CRYPTO_OPS_H
#define SLU_CRYPTO_OPS_H

#include <sluice/tls.h> /* slu_cryptops_openssl() */

#include "base/cryptops.h"

#endif
