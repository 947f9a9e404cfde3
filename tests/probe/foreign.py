# SPDX-License-Identifier: MIT
"""What others make of a TLS server: nmap's script ssl-enum-ciphers, sslscan, and OpenSSL's s_client, in one form.

What they cannot see:
- nmap 7.93: groups, but the one that it gets; what TLS 1.3 encrypts; in which order a server has its suites that follows
  the client's (it sorts them by name); a server that puts ChaCha20 first for those who do: that is "server" to it;
  suites whose numbers came after its table.
- sslscan 2.0.7: suites of SSL 3.0, but whether there is SSL 3.0; who has the say; where a suite stands that OpenSSL
  lacks (it tells them last); groups of TLS 1.0 and 1.1; client certificates. The order is that of OpenSSL's list where the
  client has the say. A server that waits for the client's end, when it has refused it, keeps it waiting three seconds for
  each group.
"""
import dataclasses
import functools
import pathlib
import re
import subprocess
import typing
import xml.etree.ElementTree

import servers
from servers import SSL30, TLS10, TLS11, TLS12, TLS13

NAME = "localhost"
TABLE = pathlib.Path("/usr/share/nmap/nselib/tls.lua")


@dataclasses.dataclass
class View:
    """What one of them saw; None: it does not look there."""

    suites: dict  # of a version: by IANA's names, as it told them; None: there is the version, and no more is known
    at_the_end: set = dataclasses.field(default_factory=set)  # suites whose place it does not know: it tells them last
    order: typing.Optional[dict] = None  # of a version: "server", "client"
    groups: typing.Optional[dict] = None  # of TLS 1.2 and 1.3: their names
    schemes: typing.Optional[dict] = None  # likewise
    taken: typing.Optional[frozenset] = None  # groups that it got, whichever suite
    dh_bits: typing.Optional[frozenset] = None


@functools.lru_cache(maxsize=None)
def names():
    """IANA's name of a suite, by its number, from nmap's table."""
    pairs = re.findall(r'\["(\w+)"\]\s*=\s*0x([0-9A-Fa-f]{4})\b', TABLE.read_text(encoding="utf-8"))
    return {int(number, 16): name for name, number in pairs}


def iana(name):
    """nmap calls those of TLS 1.3 otherwise."""
    return name.replace("TLS_AKE_WITH_", "TLS_")


def run(argv, timeout=120):
    done = subprocess.run([str(a) for a in argv], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout,
                          check=False, errors="replace", restore_signals=False)  # sslscan would die of SIGPIPE
    assert done.returncode == 0, (argv, done.stdout, done.stderr)
    return done.stdout


# ---- nmap ----

NMAP_VERSIONS = {"SSLv3": SSL30, "TLSv1.0": TLS10, "TLSv1.1": TLS11, "TLSv1.2": TLS12, "TLSv1.3": TLS13}
# The rest as IANA has them.
NMAP_GROUPS = {"ecdh_x25519": "x25519", "ecdh_x448": "x448"}


def nmap(port):
    text = run([servers.program("nmap"), "-Pn", "-n", "-sT", "--script", "ssl-enum-ciphers", "--script-args",
                f"tls.servername={NAME}", "-p", port, "-oX", "-", "127.0.0.1"])
    return parse_nmap(text)


def parse_nmap(text):
    script = xml.etree.ElementTree.fromstring(text).find(".//script[@id='ssl-enum-ciphers']")
    view = View({}, order={}, taken=frozenset(), dh_bits=frozenset())
    for table in script.findall("table") if script is not None else []:
        version = NMAP_VERSIONS[table.get("key")]
        ciphers = table.findall("table[@key='ciphers']/table")
        view.suites[version] = [iana(c.findtext("elem[@key='name']")) for c in ciphers]
        view.order[version] = table.findtext("elem[@key='cipher preference']")
        for exchange in {c.findtext("elem[@key='kex_info']") for c in ciphers}:
            kind, _, bits = (exchange or "").partition(" ")
            if kind == "dh":
                view.dh_bits |= {int(bits)}
            elif kind and kind != "rsa":
                view.taken |= {NMAP_GROUPS.get(kind, kind)}
    return view


# ---- sslscan ----

SSLSCAN_VERSIONS = {"TLSv1.0": TLS10, "TLSv1.1": TLS11, "TLSv1.2": TLS12, "TLSv1.3": TLS13}
PROTOCOLS = {("ssl", "3"): SSL30, ("tls", "1.0"): TLS10, ("tls", "1.1"): TLS11, ("tls", "1.2"): TLS12, ("tls", "1.3"): TLS13}


def sslscan(port, groups=True):
    options = ["--show-sigs"] if groups else ["--no-groups"]
    text = run([servers.program("sslscan"), "--xml=-", f"--sni-name={NAME}", *options, f"127.0.0.1:{port}"])
    return parse_sslscan(text, groups)


def parse_sslscan(text, groups=True):
    test = xml.etree.ElementTree.fromstring(text).find("ssltest")
    assert test is not None and test.find("error") is None, text
    view = View({}, groups={} if groups else None, schemes={} if groups else None, taken=frozenset(), dh_bits=frozenset())
    for protocol in test.findall("protocol[@enabled='1']"):
        version = PROTOCOLS.get((protocol.get("type"), protocol.get("version")))
        if version:
            view.suites[version] = None
    for cipher in test.findall("cipher"):
        version = SSLSCAN_VERSIONS[cipher.get("sslversion")]
        number, name = int(cipher.get("id"), 16), cipher.get("cipher")
        view.suites[version] = (view.suites[version] or []) + [name if version == TLS13 else names()[number]]
        if version != TLS13 and name.startswith("TLS_"):
            view.at_the_end.add(names()[number])
        if cipher.get("dhebits"):
            view.dh_bits |= {int(cipher.get("dhebits"))}
    for field, tag in (view.groups, "group"), (view.schemes, "connection-signature-algorithm"):
        for found in test.findall(tag) if groups else []:
            field.setdefault(SSLSCAN_VERSIONS[found.get("sslversion")], set()).add(found.get("name").split()[0])
    return view


# ---- s_client ----

S_CLIENT_VERSIONS = {TLS10: "-tls1", TLS11: "-tls1_1", TLS12: "-tls1_2", TLS13: "-tls1_3"}
ALL = "ALL:@SECLEVEL=0"
CBC = "AES128-SHA:AES256-SHA:CAMELLIA128-SHA:ECDHE-RSA-AES256-SHA:ECDHE-ECDSA-AES256-SHA:@SECLEVEL=0"
GROUPS = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521", "x25519": "X25519", "x448": "X448",
          **{name: name for name in servers.FFDHE}}
CERTIFICATES = {"rsaEncryption": "RSA", "id-ecPublicKey": "ECDSA"}


@dataclasses.dataclass
class Said:
    """What s_client says of a handshake, or of its beginning."""

    text: str

    def chosen(self):
        """The suite, as OpenSSL has it, or None: there was no ServerHello."""
        name = re.search(r"Cipher is (\S+)", self.text)
        return name[1] if name and name[1] != "(NONE)" else None

    def extensions(self):
        return frozenset(re.findall(r'^TLS server extension "([^"]+)"', self.text, re.M))

    def alpn(self):
        name = re.search(r"^ALPN protocol: (\S+)", self.text, re.M)
        return name[1] if name else ""

    def key(self):
        """Of the server's certificate."""
        kind = re.search(r"a:PKEY: ([^,]+),", self.text)
        return CERTIFICATES[kind[1]] if kind else None

    def alert(self):
        """The number of the one that came, or None."""
        number = re.search(r"SSL alert number (\d+)", self.text)
        return int(number[1]) if number else None

    def asked_for_certificate(self):
        return "\nClient Certificate Types: " in self.text

    def prime(self):
        """Of DHE, where it said "-msg": ServerKeyExchange from there on, in hexadecimal (RFC 5246, 7.4.3)."""
        message = re.search(r"ServerKeyExchange\n((?: +[0-9a-f ]+\n)+)", self.text)
        return re.sub(r"\s", "", message[1])[12:] if message else None

    def mark(self):
        """What the random bytes of ServerHello end with, where it said "-msg" (RFC 5246, 7.4.1.3)."""
        message = re.search(r"ServerHello\n((?: +[0-9a-f ]+\n)+)", self.text)
        return bytes.fromhex(message[1])[30:38] if message else None

    def group(self):
        """Of ECDHE, in its words."""
        name = re.search(r"^Server Temp Key: (?:ECDH, )?(\S+),", self.text, re.M)
        return name[1] if name else None


@functools.lru_cache(maxsize=None)
def openssl_names():
    """OpenSSL's name of a suite, by IANA's."""
    text = run([servers.program("openssl"), "ciphers", "-stdname", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"])
    return dict(re.findall(r"^(TLS_\S+) +- (\S+)", text, re.M))


def s_client(port, version, *options, name=NAME):
    names_it = ["-servername", name] if name else ["-noservername"]
    argv = [servers.program("openssl"), "s_client", "-connect", f"127.0.0.1:{port}", S_CLIENT_VERSIONS[version], "-tlsextdebug"]
    done = subprocess.run([*argv, *names_it, *options], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30,
                          check=False, errors="replace")
    return Said(done.stdout + done.stderr)


def groups(port, version, also=()):
    """Those that the server agrees to, one by one: with TLS 1.3, or with ECDHE. also: those that are offered behind each."""
    found = set()
    for name, words in GROUPS.items():
        offered = [words] + [GROUPS[other] for other in also if other != name]
        suites = [] if version == TLS13 else ["-cipher", "ECDHE:@SECLEVEL=0"]
        said = s_client(port, version, "-groups", ":".join(offered), *suites)
        if said.chosen() and (len(offered) == 1 or said.group() in (words, name)):
            found.add(name)
    return found


def schemes(port, version):
    """Those that the server signs with, one by one: with TLS 1.3, or in ServerKeyExchange of TLS 1.2."""
    suites = [] if version == TLS13 else ["-cipher", "kECDHE:kDHE:@SECLEVEL=0"]
    words = {name: f"{key}+{hash.upper()}" for key, names in servers.OLD_SCHEMES.items() for name, hash in names.items()}
    words.update({f"rsa_pss_rsae_sha{n}": f"rsa_pss_rsae_sha{n}" for n in (256, 384, 512)})
    return {name for name, offered in words.items() if s_client(port, version, "-sigalgs", offered, *suites).chosen()}
