#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds OpenSSL's own devcrypto engine, from the source of this machine's openssl package, as a module that the openssl
# command loads: a client of /dev/crypto that is not ours. It sees our header of the ABI in place of the kernel
# module's. Prints the module's path, in $SLUICE_LAB_CACHE (~/.cache/sluice-lab).
#
#     tests/lab/foreign.sh
set -eu

lab=$(realpath "$(dirname "$0")")
cache=${SLUICE_LAB_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/sluice-lab}
source=$("$lab/openssl_source.sh")
module=$cache/foreign/devcrypto.so

# Generated headers are the installed ones'; what is not installed is the source's.
mkdir -p "$cache/foreign"
work=$(mktemp "$cache/foreign/.devcrypto.XXXXXX")
trap 'rm -f "$work"' EXIT INT TERM
"${CC:-cc}" -O2 -w -shared -fPIC -o "$work" -I"$lab/foreign" -I"$lab/../.." -idirafter "$source/include" \
	-idirafter "$source" "$source/engines/e_devcrypto.c" -lcrypto
mv "$work" "$module"
echo "$module"
