#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds the include arrows between the folders, and keeps OpenSSL's headers where they belong: layers.py ROOT

Each run first proves on a made-up tree that violations are found."""

import fnmatch
import pathlib
import re
import sys
import tempfile

# What each folder may include besides itself. provider/ is apart: one header.
ARROWS = {
    "base": [],
    "proto": ["base"],
    "session": ["base", "proto"],
    "crypto": ["base"],
    "net": ["base", "crypto"],
    "conn": ["base", "proto", "session", "crypto", "net"],
    "server": ["base", "proto", "session", "crypto", "net", "conn"],
    "probe": ["base", "crypto", "net"],
    "compat": ["base", "proto", "session", "crypto", "net", "conn"],
    "tools": ["base", "proto", "session", "crypto", "net", "conn", "server", "probe"],
    "provider": [],
}

# Public headers are the contract that all folders share: they hold types that travel through layers (a vec, a log, an
# address family). Only the engine, which does no I/O, keeps to those that are about the protocol.
PROTOCOL_HEADERS = ["error.h", "log.h", "buffer.h", "amf.h", "flv.h", "url.h", "session.h"]
ENGINE = {"base": PROTOCOL_HEADERS[:3], "proto": PROTOCOL_HEADERS, "session": PROTOCOL_HEADERS}

# provider/ takes one header of ours, and src/crypto reaches it through one of its; the tests of devices go through the
# same ioctls as it does, and nothing else of it; the version of the library is declared in sluice.h and lies in base.
SINGLE = [
    ("provider/*", "base/bytes.h"),
    ("src/crypto/*", "provider/devcrypto.h"),
    ("src/crypto/selftest*", "provider/algorithm.h"),
    ("src/crypto/selftest*", "provider/kernel.h"),
    ("src/crypto/selftest*", "provider/cryptodev.h"),
    ("src/crypto/kept_fits.c", "provider/algorithm.h"),
    ("src/crypto/kept_fits.c", "provider/cryptodev.h"),
    ("src/crypto/kept_fits.c", "provider/kernel.h"),
    ("src/crypto/kept_fits.c", "provider/worker.h"),
    ("src/base/version.c", "sluice/sluice.h"),
]

OPENSSL_MAY = ["src/crypto/*", "src/net/tls*.[ch]", "src/net/seal*.[ch]", "provider/*"]

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)', re.M)


def folder_of(path):
    """The layer of a file, by its path below the root."""
    return path.parts[1] if path.parts[0] == "src" else path.parts[0]


def check_include(path, name, quoted):
    """What is wrong with one include, or None."""
    own, place = folder_of(path), path.as_posix()
    first, _, rest = name.partition("/")
    if first == "openssl":
        if any(fnmatch.fnmatch(place, may) for may in OPENSSL_MAY):
            return None
        return "OpenSSL's headers belong to src/crypto, src/net/tls*, src/net/seal* and provider"
    if any(fnmatch.fnmatch(place, file) and name == header for file, header in SINGLE):
        return None
    if first == "sluice":
        return None if rest in ENGINE.get(own, [rest]) else f"{own} may include {', '.join(ENGINE[own])} of <sluice/>"
    if not quoted or not rest or first not in ARROWS or first == own or first in ARROWS[own]:
        return None
    return f"{own} may include {', '.join(ARROWS[own]) or 'nothing of ours'}"


def check_tree(root):
    """All violations, and the number of files looked at."""
    found, files = [], 0
    for top in ("src", "tools", "provider", "compat"):
        for file in sorted((root / top).rglob("*.[ch]")):
            path = file.relative_to(root)
            files += 1
            if folder_of(path) not in ARROWS:
                found.append(f"{path}: this folder has no place in the order of layers")
                continue
            for match in INCLUDE.finditer(file.read_text()):
                wrong = check_include(path, match[1] or match[2], match[1] is not None)
                if wrong:
                    found.append(f"{path}: {match[0].strip()}: {wrong}")
    return found, files


def prove():
    """Each line breaks one rule, and must be found; the others are in order."""
    bad = {
        "src/base/a.c": '#include "proto/command.h"',
        "src/proto/a.c": '#include "session/session_int.h"',
        "src/session/a.c": '#include "net/tcp.h"',
        "src/session/b.h": '  #  include <sluice/conn.h>',
        "src/base/c.h": "#include <sluice/session.h>",
        "src/net/a.c": '#include "session/session_int.h"',
        "src/net/tcp.c": "#include <openssl/ssl.h>",
        "src/conn/a.c": "#include <openssl/err.h>",
        "src/conn/b.c": '#include "server/hub.h"',
        "tools/a.c": "#include <openssl/ssl.h>",
        "provider/a.c": '#include "base/buf.h"',
        "src/odd/a.c": "int x;",
        "src/base/d.c": "#include <sluice/sluice.h>",
        "src/crypto/a.c": '#include "provider/cryptodev.h"',
        "src/crypto/selftest/a.c": '#include "provider/session.h"',
    }
    good = {
        "src/net/tls.c": "#include <openssl/ssl.h>",
        "src/net/a.h": "#include <sluice/conn.h>",
        "src/base/version.c": "#include <sluice/sluice.h>",
        "src/net/sealer_collect.c": "#include <openssl/bio.h>",
        "src/session/c.c": '#include "base/log.h"\n#include <string.h>\n#include <sluice/amf.h>',
        "tools/b.c": '#include "b.h"\n#include "conn/conn.h"',
        "src/crypto/selftest/b.c": '#include "provider/cryptodev.h"\n#include "crypto/selftest.h"',
        "provider/b.c": '#include "base/bytes.h"\n#include <openssl/core.h>',
    }
    with tempfile.TemporaryDirectory() as name:
        root = pathlib.Path(name)
        for path, text in {**bad, **good}.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text + "\n")
        found = {line.split(":")[0] for line in check_tree(root)[0]}
    assert found == set(bad), f"not told apart: {sorted(found ^ set(bad))}"


def main():
    prove()
    found, files = check_tree(pathlib.Path(sys.argv[1]))
    assert files, "no sources: wrong folder?"
    for line in found:
        print(line)
    print(f"{files} files, {len(found)} violations")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
