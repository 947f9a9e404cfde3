# SPDX-License-Identifier: MIT
"""`sluice push` through the crypto device to nginx's TLS, and what is seen of it: by the device, which counts, and on the
wire."""

import json
import pathlib
import socket
import subprocess
import sys
import time

TESTS = pathlib.Path(__file__).resolve().parents[2]
for folder in ("interop", "net"):
    sys.path.insert(0, str(TESTS / folder))

import flvcmp  # noqa: E402
import nginx  # noqa: E402
import streams  # noqa: E402
import support  # noqa: E402
import wire  # noqa: E402

FULL = 16384
NAME = "stream"


class Suite:
    """One cipher suite, as OpenSSL calls it, and how its records look on the wire."""

    def __init__(self, name, etm=False):
        self.name = name
        self.etm = etm
        self.tls13 = name.startswith("TLS_")
        self.gcm = "GCM" in name
        self.chacha = "CHACHA20" in name
        self.mac = 0 if self.gcm or self.chacha else {"SHA": 20, "SHA256": 32, "SHA384": 48}[name.rsplit("-", 1)[1]]

    def __str__(self):
        return self.name + ("-etm" if self.etm else "")

    def algorithm(self):
        """Which of the device's counters its records come to. No hardware's TLS mode has SHA-384: the CPU makes that."""
        if self.gcm:
            return "gcm"
        return {20: "tls_sha1", 32: "tls_sha256"}.get(self.mac, "cbc") if not self.etm else "cbc"

    def full_record(self):
        """The length of a record that carries 16 KiB (RFC 5246, 6.2.3.2 and 6.2.3.3; RFC 7366; RFC 7905; RFC 8446, 5.2)."""
        if self.gcm or self.chacha:
            return FULL + (17 if self.tls13 else 16 if self.chacha else 24)
        inner = FULL + (0 if self.etm else self.mac)
        return 16 + inner // 16 * 16 + 16 + (self.mac if self.etm else 0)

    def server(self):
        """nginx's lines for it and nothing else."""
        if self.tls13:
            return f"ssl_conf_command Ciphersuites {self.name};"
        return f"ssl_ciphers {self.name}:@SECLEVEL=0; ssl_conf_command Options {'' if self.etm else '-'}EncryptThenMac;"

    def openssl_server(self):
        """The same for `openssl s_server`."""
        if self.tls13:
            return ["-tls1_3", "-ciphersuites", self.name]
        return ["-tls1_2", "-cipher", self.name + ":@SECLEVEL=0", *([] if self.etm else ["-no_etm"])]

    def client(self):
        if self.tls13:
            return ["--tls-min", "1.3", "--ciphersuites", self.name]
        return ["--tls-max", "1.2", "--ciphers", self.name]


def make_certificate(folder):
    """A self-signed one with an RSA key, which suites without ECDHE need, for localhost."""
    options = ["-newkey", "rsa:2048", "-nodes", "-days", "3", "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    subprocess.run(
        ["openssl", "req", "-x509", *options, "-keyout", folder / "rsa.key", "-out", folder / "rsa.pem"],
        check=True, capture_output=True, timeout=60,
    )
    return folder / "rsa.pem", folder / "rsa.key"


class Server:
    """nginx, which takes one suite."""

    def __init__(self, folder, certificate, suite):
        self.certificate = certificate[0]
        self.suite = suite
        version = "TLSv1.3" if suite.tls13 else "TLSv1.2"
        self.nginx = nginx.Nginx(folder, *certificate, protocols=version, tls=suite.server())
        self.port = self.nginx.rtmps
        self.recorded = self.nginx.recorded

    def stop(self):
        self.nginx.stop()


class OpensslServer:
    """`openssl s_server`, which takes one suite and one connection, and passes that on to an nginx without TLS."""

    def __init__(self, behind, certificate, suite):
        self.certificate = certificate[0]
        self.suite = suite
        self.port = nginx.free_port()
        self.recorded = behind.recorded
        with socket.create_connection(("127.0.0.1", behind.rtmp)) as plain:
            self.process = subprocess.Popen(
                ["openssl", "s_server", "-quiet", "-naccept", "1", "-accept", f"127.0.0.1:{self.port}",
                 *suite.openssl_server(), "-cert", certificate[0], "-key", certificate[1]], stdin=plain, stdout=plain,
            )
        self.wait()

    def wait(self):
        """Until it listens: it would take a connection that asks for the one that it is there for."""
        deadline = time.monotonic() + 10
        while f":{self.port:04X} 00000000:0000 0A" not in pathlib.Path("/proc/net/tcp").read_text(encoding="ascii"):
            assert self.process.poll() is None and time.monotonic() < deadline, "openssl s_server did not start"
            time.sleep(0.01)

    def stop(self):
        self.process.kill()
        self.process.wait(10)


def option(**settings):
    """What --tls-offload takes."""
    return ":".join(["devcrypto", ",".join(f"{name}={value}" for name, value in settings.items())])


class Push:
    """One push, through a relay that keeps what it sends. The guest has one processor, of a machine that may be busy
    with other things for longer than a handshake may take."""

    def __init__(self, sluice, server, flv, *options, environment=None, prefix=()):
        self.server = server
        self.flv = flv
        self.relay = wire.Relay(server.port)
        self.process = sluice.start(
            "push", "--fast", "--json", "--tls-timeout", "60", *options, "--ca-file", server.certificate,
            *server.suite.client(), flv, f"rtmps://localhost:{self.relay.port}/live/{NAME}", env=environment, prefix=prefix,
        )
        self.result = None
        self.records = None

    def wait(self, timeout=60):
        self.result = self.process.wait(timeout)
        assert self.result.code == support.OK, self.result.err
        self.see()
        return self

    def see(self):
        """What passed on the wire, once the connection has ended; and that the server stored what was sent."""
        self.records = [r for r in wire.records(self.relay.bytes()) if r.type == wire.APPLICATION_DATA]
        stored = self.server.recorded(NAME)
        wanted, got = (streams.without_repeated_headers(streams.load(path)) for path in (self.flv, stored))
        stored.unlink()  # the guest's files are in its memory
        found = flvcmp.difference(wanted, got)
        assert not found, found

    def full_records(self):
        """How many there were; the device was to have none but these when min_size is 16 KiB."""
        full = self.server.suite.full_record()
        assert max(r.length for r in self.records) == full
        assert not [r for r in self.records if full - 64 < r.length < full], "a record that is full but for a few bytes"
        return sum(r.length == full for r in self.records)

    def said(self):
        """All that it said."""
        return [line for line in self.result.err.splitlines() if line]

    def summary(self):
        """What it reported of the offload at its end."""
        return json.loads(self.result.out.splitlines()[-1])["tls_offload"]
