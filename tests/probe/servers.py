# SPDX-License-Identifier: MIT
"""Other people's TLS servers, each with a configuration that is written down beside the table that is expected of it.

Five libraries: OpenSSL (its s_server, and nginx), GnuTLS, NSS (the only one here that still has SSL 3.0), mbedTLS (in
lighttpd) and Go's (in caddy). test_foreign.py shows by yet other programs that they are configured so.
"""
import contextlib
import dataclasses
import json
import os
import pathlib
import random
import shutil
import socket
import subprocess
import threading
import time
import typing

SSL30, TLS10, TLS11, TLS12, TLS13 = "SSL 3.0", "TLS 1.0", "TLS 1.1", "TLS 1.2", "TLS 1.3"
VERSIONS = (SSL30, TLS10, TLS11, TLS12, TLS13)

# Who has the say which suite is taken. CHACHA: the server, but ChaCha20 first where the client puts it first.
SERVER, CLIENT, CHACHA = "server", "client", "chacha"

ASKED, REQUIRED = "asked", "required"  # of a client's certificate

# What a server agrees to, by the names that s_client has for it.
EMS, ETM, RENEGOTIATION, TICKET, MAX_FRAGMENT = (
    "extended master secret", "encrypt-then-mac", "renegotiation info", "session ticket", "max fragment length")

NIST = frozenset({"secp256r1", "secp384r1", "secp521r1"})
FFDHE = frozenset({"ffdhe2048", "ffdhe3072", "ffdhe4096", "ffdhe6144", "ffdhe8192"})

# Signature schemes of TLS 1.2, by key, and their hashes.
OLD_SCHEMES = {
    "RSA": {"rsa_pkcs1_sha1": "sha1", "rsa_sha224": "sha224", "rsa_pkcs1_sha256": "sha256", "rsa_pkcs1_sha384": "sha384",
            "rsa_pkcs1_sha512": "sha512"},
    "ECDSA": {"ecdsa_sha1": "sha1", "ecdsa_sha224": "sha224", "ecdsa_secp256r1_sha256": "sha256",
              "ecdsa_secp384r1_sha384": "sha384", "ecdsa_secp521r1_sha512": "sha512"},
}


@dataclasses.dataclass(frozen=True)
class Table:
    """What a server accepts."""

    suites: dict  # of a version: by IANA's names; in the server's order, where it has one
    order: str = SERVER
    # Their names, of TLS 1.3, and of those below, with ECDHE, as of TLS 1.2.
    groups: dict = dataclasses.field(default_factory=dict)
    keys: tuple = ("RSA",)  # of its certificates
    dh_bits: frozenset = frozenset()  # of the primes of DHE
    dhe_group: str = ""  # of RFC 7919, if the prime is one of these
    client_certificate: str = ""
    extensions: frozenset = frozenset()  # of TLS 1.0 to 1.2
    alpn: str = ""  # what it takes of "http/1.1" and "h2"
    needs_name: bool = False  # it refuses a client that sends no server name
    marks: bool = True  # it marks its random bytes where it takes less than it could: RFC 8446, 4.1.3
    # What it signs with: before TLS 1.3, whether PSS besides PKCS #1, and which hashes besides those of SHA-2 from 256 on.
    pss: bool = True
    old_hashes: tuple = ("sha224",)

    def newest(self):
        """But TLS 1.3: where ServerKeyExchange, extensions and certificates are to be seen. None: there is none."""
        older = [v for v in VERSIONS if v in self.suites and v != TLS13]
        return older[-1] if older else None

    def schemes(self, version):
        """Of TLS 1.3, or those that ServerKeyExchange of TLS 1.2 is signed with."""
        pss = {f"rsa_pss_rsae_sha{n}" for n in (256, 384, 512)}
        if version == TLS13:
            return (pss if "RSA" in self.keys else set()) | ({"ecdsa_secp256r1_sha256"} if "ECDSA" in self.keys else set())
        known = {name for key in self.keys for name, hash in OLD_SCHEMES[key].items()
                 if hash not in ("sha1", "sha224") or hash in self.old_hashes}
        return known | (pss if self.pss and "RSA" in self.keys else set())

    def marked(self):
        """Whether it marks the newest but one: only those do that know TLS 1.2, and None has nothing to go down to."""
        if len(self.suites) < 2 or not {TLS12, TLS13} & self.suites.keys():
            return None
        return self.marks

    def older(self):
        """The newest version but one."""
        return sorted(self.suites, key=VERSIONS.index)[-2]


@dataclasses.dataclass(frozen=True)
class Configuration:
    name: str
    start: typing.Callable  # (folder, certificates) -> a running Server
    table: Table
    # What others see of it that is not so, beside the reason: {"nmap" or "sslscan": {field of foreign.View: {version: what
    # it says instead}}}.
    mistaken: dict = dataclasses.field(default_factory=dict)


# ---- running them ----


class Certificates:
    """A throw-away CA, and certificates of it for localhost and 127.0.0.1 with an RSA and with an elliptic key."""

    def __init__(self, folder):
        self.folder, self.making = folder, threading.Lock()
        self.ca = folder / "ca.pem"
        self._run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
                  "3", "-keyout", folder / "ca.key", "-out", self.ca, "-subj", "/CN=Throw-away test CA")
        self._make("rsa", "rsa:2048")
        self._make("ecdsa", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")

    @staticmethod
    def _run(*argv):
        done = subprocess.run([str(a) for a in argv], capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr

    def _make(self, name, *key):
        extensions = self.folder / "names"
        extensions.write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:false\n", encoding="ascii")
        self._run("openssl", "req", "-new", "-newkey", *key, "-nodes", "-keyout", self.key(name), "-out",
                  self.folder / f"{name}.csr", "-subj", f"/CN={name}.example")
        self._run("openssl", "x509", "-req", "-in", self.folder / f"{name}.csr", "-CA", self.ca, "-CAkey",
                  self.folder / "ca.key", "-CAcreateserial", "-days", "2", "-extfile", extensions, "-out", self.pem(name))

    def pem(self, name):
        return self.folder / f"{name.lower()}.pem"

    def key(self, name):
        return self.folder / f"{name.lower()}.key"

    def nss(self):
        """The folder of NSS's database, made once."""
        folder = self.folder / "nss"
        with self.making:
            if not folder.exists():
                self._make_nss(folder)
        return folder

    def _make_nss(self, folder):
        folder.mkdir()
        self._run("certutil", "-N", "-d", f"sql:{folder}", "--empty-password")
        for name in "rsa", "ecdsa":
            packed = self.folder / f"{name}.p12"
            self._run("openssl", "pkcs12", "-export", "-in", self.pem(name), "-inkey", self.key(name), "-name", name, "-out",
                      packed, "-passout", "pass:")
            self._run("pk12util", "-i", packed, "-d", f"sql:{folder}", "-W", "", "-K", "")


def free_port():
    """For servers that cannot tell which port they were given: none of those that the kernel gives to others."""
    while True:
        port = random.randrange(20000, 32000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


class Server:
    """A program that listens on a port of 127.0.0.1."""

    # It waits for the end of a client that it has refused, and s_server serves nobody else meanwhile.
    lingers = False

    def __init__(self, argv, port, folder, environment=None):
        self.port, self.log = port, folder / f"server-{port}.log"
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([str(a) for a in argv], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                            cwd=folder, env={**os.environ, **(environment or {})})
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise

    def _wait(self):
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self.process.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
                return
            time.sleep(0.02)
        raise AssertionError(f"{self.process.args} does not listen: {self.log.read_text(errors='replace')}")

    def stop(self):
        self.process.kill()
        self.process.wait(20)


class Missing(Exception):
    """A program that is not installed."""


def program(name):
    found = shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin")
    if not found:
        raise Missing(name)
    return found


def openssl(*options, keys=("RSA",)):
    def start(folder, certificates):
        port = free_port()
        argv = [program("openssl"), "s_server", "-accept", f"127.0.0.1:{port}", "-www", "-quiet",
                "-cert", certificates.pem(keys[0]), "-key", certificates.key(keys[0])]
        if len(keys) > 1:
            argv += ["-dcert", certificates.pem(keys[1]), "-dkey", certificates.key(keys[1])]
        server = Server([*argv, *options], port, folder)
        server.lingers = True
        return server

    return start


NGINX = """
daemon off;
master_process off;
{user}
pid {dir}/pid;
error_log stderr crit;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {dir}; proxy_temp_path {dir}; fastcgi_temp_path {dir}; uwsgi_temp_path {dir}; scgi_temp_path {dir};
    {before}
    server {{
        listen 127.0.0.1:{port} ssl;
        server_name localhost;
        {keys}
        {settings}
        return 200;
    }}
}}
"""

NGINX_REFUSES = """
    server {{
        listen 127.0.0.1:{port} ssl default_server;
        ssl_reject_handshake on;
        {settings}
    }}
"""


def nginx(settings, keys=("RSA",), refuses_others=False):
    def start(folder, certificates):
        port = free_port()
        path = folder / f"nginx-{port}"
        path.mkdir()
        lines = settings.format(ca=certificates.ca)
        (path / "nginx.conf").write_text(NGINX.format(
            dir=path, port=port, settings=lines, user="user root;" if os.geteuid() == 0 else "",
            keys=" ".join(f"ssl_certificate {certificates.pem(k)}; ssl_certificate_key {certificates.key(k)};" for k in keys),
            before=NGINX_REFUSES.format(port=port, settings=lines) if refuses_others else ""), encoding="ascii")
        return Server([program("nginx"), "-p", path, "-c", path / "nginx.conf", "-e", "stderr"], port, folder)

    return start


def gnutls(priority, *options, keys=("RSA",), ca=False):
    def start(folder, certificates):
        port = free_port()
        argv = [program("gnutls-serv"), "--echo", "--quiet", "--port", port, "--priority", priority, *options]
        for key in keys:
            argv += ["--x509certfile", certificates.pem(key), "--x509keyfile", certificates.key(key)]
        if ca:
            argv += ["--x509cafile", certificates.ca]
        return Server(argv, port, folder)

    return start


def nss(versions, *options, keys=("RSA",)):
    def start(folder, certificates):
        port = free_port()
        program("certutil"), program("pk12util")
        argv = [program("selfserv"), "-p", port, "-d", f"sql:{certificates.nss()}", "-w", "", "-V", versions, *options]
        for option, key in ("-n", "RSA"), ("-e", "ECDSA"):
            argv += [option, key.lower()] if key in keys else []
        server = Server(argv, port, folder)
        server.lingers = True
        return server

    return start


LIGHTTPD = """
server.modules = ( "mod_mbedtls" )
server.document-root = "{dir}"
server.bind = "127.0.0.1"
server.port = {port}
ssl.engine = "enable"
ssl.pemfile = "{pem}"
ssl.privkey = "{key}"
ssl.openssl.ssl-conf-cmd = ( {settings} )
"""


def mbedtls(settings, key="RSA"):
    def start(folder, certificates):
        port = free_port()
        if not pathlib.Path("/usr/lib/lighttpd/mod_mbedtls.so").exists():
            raise Missing("lighttpd-mod-mbedtls")
        conf = folder / f"lighttpd-{port}.conf"
        conf.write_text(LIGHTTPD.format(dir=folder, port=port, pem=certificates.pem(key), key=certificates.key(key),
                                        settings=", ".join(f'"{a}" => "{b}"' for a, b in settings.items())), encoding="ascii")
        return Server([program("lighttpd"), "-D", "-f", conf], port, folder)

    return start


def go(policy, keys=("RSA",)):
    """policy: of tls_connection_policies."""

    def start(folder, certificates):
        port = free_port()
        pairs = [{"certificate": str(certificates.pem(k)), "key": str(certificates.key(k))} for k in keys]
        conf = folder / f"caddy-{port}.json"
        conf.write_text(json.dumps({
            "admin": {"disabled": True, "config": {"persist": False}},
            "logging": {"logs": {"default": {"level": "ERROR"}}},
            "apps": {
                "http": {"servers": {"s": {
                    "listen": [f"127.0.0.1:{port}"], "protocols": ["h1"], "automatic_https": {"disable": True},
                    "tls_connection_policies": [{"default_sni": "localhost", **policy}],
                    "routes": [{"handle": [{"handler": "static_response", "status_code": 200}]}]}}},
                "tls": {"certificates": {"load_files": pairs}},
            }}), encoding="ascii")
        return Server([program("caddy"), "run", "--config", conf], port, folder,
                      {"HOME": str(folder), "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder)})

    return start
