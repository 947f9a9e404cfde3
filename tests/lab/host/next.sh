#!/bin/sh
# SPDX-License-Identifier: MIT
# What the lab takes from Debian's next release, in a folder: user-mode Linux with a newer kernel, the C library that it
# wants, and OpenSSL. Prints the folder, in $SLUICE_LAB_CACHE (~/.cache/sluice-lab); fetched once (41 MB).
set -eu
MATRIX_CACHE=${SLUICE_LAB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sluice-lab}
export MATRIX_CACHE
exec "$(dirname "$0")/../../../scripts/foreign.sh" next-root testing amd64 user-mode-linux libc6 libssl3t64 zlib1g libzstd1
