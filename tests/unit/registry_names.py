#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Holds the registry against other people's lists, as far as they are installed: registry_names.py REGISTRY_PRINT

Each number that they name has to be in ours, by the same name; each name of theirs that differs is explained here."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

SIGNALS = {0x00FF: "TLS_EMPTY_RENEGOTIATION_INFO_SCSV", 0x5600: "TLS_FALLBACK_SCSV"}

# What others call by another name, and why that is: theirs, by kind and number.
OTHER_NAMES = {
    # testssl.sh leaves out that it is CBC, which the draft (and OpenSSL) has in the name.
    ("suite", 0x0061): "TLS_RSA_EXPORT1024_WITH_RC2_56_MD5",
    # A number of SSL 3.0's that TLS gave to another.
    ("suite", 0x001E): "TLS_KRB5_WITH_DES_CBC_SHA-or-SSL_FORTEZZA_KEA_WITH_RC4_128_SHA",
    # nmap marks what was a draft.
    ("suite", 0x0080): "TLS_GOSTR341094_WITH_28147_CNT_IMIT-draft",
    ("suite", 0x0081): "TLS_GOSTR341001_WITH_28147_CNT_IMIT-draft",
    ("suite", 0x0082): "TLS_GOSTR341094_WITH_NULL_GOSTR3411-draft",
    ("suite", 0x0083): "TLS_GOSTR341001_WITH_NULL_GOSTR3411-draft",
    ("suite", 0xCC13): "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256-draft",
    ("suite", 0xCC14): "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256-draft",
    ("suite", 0xCC15): "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256-draft",
    # RFC 9150 names twice the hash, and no cipher.
    ("suite", 0xC0B4): "TLS_NULL_SHA256",
    ("suite", 0xC0B5): "TLS_NULL_SHA384",
    # Netscape's numbers before those of FIPS: by NSS's names, which tell them apart from FEFE and FEFF.
    ("suite", 0xFFE0): "SSL_RSA_FIPS_WITH_3DES_EDE_CBC_SHA",
    ("suite", 0xFFE1): "SSL_RSA_FIPS_WITH_DES_CBC_SHA",
    # The draft's names; RFC 8422 has none but these.
    ("group", 0x001D): "ecdh_x25519",
    ("group", 0x001E): "ecdh_x448",
}

# What we do not have, and why not.
LEFT_OUT = {
    "Fortezza's, which IANA has struck out: the numbers were SSL 3.0's, and are Kerberos's neighbours": range(0x1C, 0x1E),
    "drafts that came to nothing, of elliptic curves (draft-ietf-tls-ecc-00) and of other things": [
        *range(0x47, 0x60),
        *range(0x72, 0x80),
    ],
    "of the library of one Russian maker, before any draft": range(0xFF00, 0xFF04),
    "Google's experiment of 2016 with New Hope (CECPQ1)": range(0x16B7, 0x16BB),
}
LEFT_OUT_IDS = {number for numbers in LEFT_OUT.values() for number in numbers}


def ours(program):
    """Names by kind and number, and the versions of each suite."""
    names, versions = {("suite", number): name for number, name in SIGNALS.items()}, {}
    emulator = os.environ.get("MESON_EXE_WRAPPER", "").split()  # another processor's program
    for line in subprocess.run([*emulator, program], check=True, capture_output=True, text=True).stdout.splitlines():
        kind, number, name, *more = line.split()
        names[kind, int(number, 16)] = name
        versions[int(number, 16)] = {int(v, 16) for v in more} if kind == "suite" else versions.get(int(number, 16))
    return names, versions


def openssl():
    """Number, name and the version from which on OpenSSL takes the suite."""
    run = ["openssl", "ciphers", "-V", "-stdname", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"]
    text = subprocess.run(run, check=True, capture_output=True, text=True).stdout
    found = re.findall(r"0x(..),0x(..) - (\S+)\s+- \S+\s+(\S+)", text)
    return [("suite", int(a + b, 16), name, since) for a, b, name, since in found if name != "UNKNOWN"]


def nmap(path):
    text = path.read_text()
    found = []
    for kind, table in (
        ("suite", "CIPHERS"),
        ("group", "ELLIPTIC_CURVES"),
        ("scheme", "SignatureSchemes"),
        ("alert", "TLS_ALERT_REGISTRY"),
    ):
        body = re.search(rf"^{table} = {{(.*?)^}}", text, re.M | re.S)[1]
        rows = re.findall(r'^\s*(?:\["([^"]+)"\]|(\w+))\s*=\s*(0x[0-9A-Fa-f]+|\d+)\s*(?:,|$)', body, re.M)
        assert rows, f"{table}: nothing found"
        # It puts AKE, for any key exchange, into the names of TLS 1.3.
        found += [(kind, int(number, 0), (a or b).replace("TLS_AKE_WITH_", "TLS_")) for a, b, number in rows]
    return found


def testssl(path):
    """The numbers of SSL 2.0 have three bytes."""
    found = re.findall(r"^\s+0x(..),0x(..) - \S+\s+((?:TLS|SSL)_\S+)", path.read_text(), re.M)
    return [("suite", int(a + b, 16), name) for a, b, name in found]


def testssl_groups(path):
    found = re.findall(r"^\s+0x(..),0x(..) -\s+\S+\s+(\S+)", path.read_text(), re.M)
    return [("group", int(a + b, 16), name) for a, b, name in found if a + b != "0000"]


def differences(names, theirs):
    """What they know and we do not, or by another name."""
    wrong = []
    for kind, number, name, *_ in theirs:
        if kind == "suite" and number in LEFT_OUT_IDS:
            if (kind, number) in names:
                wrong.append(f"{kind} {number:04X}: is left out, and is there")
        elif names.get((kind, number)) != name and OTHER_NAMES.get((kind, number)) != name:
            wrong.append(f"{kind} {number:04X}: {name}, and with us {names.get((kind, number))}")
    return wrong


def version_differences(versions, theirs):
    first = {"SSLv3": 0x0300, "TLSv1": 0x0301, "TLSv1.0": 0x0301, "TLSv1.2": 0x0303, "TLSv1.3": 0x0304}
    wrong = []
    for _, number, name, since in theirs:
        # Elliptic curves and PSK are extensions of TLS; servers had them with SSL 3.0 as well.
        want = {0x0300, first[since]} if first[since] == 0x0301 else {first[since]}
        if min(versions[number]) not in want:
            wrong.append(f"{name}: since {since}, and with us since {min(versions[number]):04X}")
    return wrong


def report(source, count, least, wrong):
    assert count >= least, f"{source}: only {count} names found in it"
    print(f"{'not ' if wrong else ''}ok - {source}: {count} names")
    for line in wrong:
        print(f"# {line}")
    return not wrong


def prove(names):
    """That it finds what is missing, and what has another name."""
    some = dict(names)
    some["suite", 0xC02F] = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA384"
    del some["group", 0x001D]
    theirs = [(*key, names[key]) for key in (("suite", 0xC02F), ("group", 0x001D), ("suite", 0x1301))]
    assert len(differences(some, theirs)) == 2 and not differences(names, theirs)


def main():
    names, versions = ours(sys.argv[1])
    prove(names)
    results = []
    if shutil.which("openssl"):
        theirs = openssl()
        results.append(report("openssl ciphers", len(theirs), 60, differences(names, theirs)))
        results.append(report("openssl ciphers, versions", len(theirs), 60, version_differences(versions, theirs)))
    for source, read, path, least in (
        ("nmap's tls.lua", nmap, "/usr/share/nmap/nselib/tls.lua", 490),
        ("testssl.sh's cipher-mapping.txt", testssl, "/etc/testssl/cipher-mapping.txt", 350),
        ("testssl.sh's curves-mapping.txt", testssl_groups, "/etc/testssl/curves-mapping.txt", 46),
    ):
        if Path(path).exists():
            theirs = read(Path(path))
            results.append(report(source, len(theirs), least, differences(names, theirs)))
        else:
            print(f"# {source}: {path} is not there")
    print(f"1..{len(results)}" if results else "1..0 # SKIP none of the lists is there")
    return 0 if all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
