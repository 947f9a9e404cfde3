# SPDX-License-Identifier: MIT
"""Options of our librtmp.so.1 that Debian's has not, in a URL and as variables of the environment: what each changes on the
wire, and what the log says where it will not do. For a program that knows nothing of them."""

import base64
import contextlib
import hashlib
import socket
import ssl
import subprocess
import sys

import pytest

import flv
import peers
from librtmp_runs import PROGRAM, ours  # noqa: F401 (fixture)
import support

@pytest.fixture
def source(tmp_path):
    path = tmp_path / "in.flv"
    path.write_bytes(flv.flv(flv.frames(2, size=5000)))
    return path


def context(certificates, name="good", **settings):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificates / f"{name}.pem", certificates / f"{name}.key")
    for key, value in settings.items():
        setattr(tls, key, value)
    return tls


class Published:
    """What came of it: the program's end, and what the server saw."""

    def __init__(self, result, server, calls):
        self.ok, self.err = result.code == 0, result.err
        self.server, self.calls = server, calls

    def refused(self, *parts):
        """In one line of the log, which has all of these parts; nothing was published."""
        assert not self.ok and not any(s.media for s in self.server.sessions)
        lines = [line for line in self.err.splitlines() if line.startswith("ERROR: ")]
        assert len(lines) == 1 and len(lines[0]) < 2048, self.err
        for part in parts:
            assert part in lines[0], self.err
        assert "--" not in lines[0], "an option of the command"


@pytest.fixture
def publish(ours, source, certificates):
    """Publishes with these options, and variables; times: one session after the other."""

    def publish(*options, tls=None, plain=False, times=1, **variables):
        calls = []

        def look(conn):
            sock = conn.sock
            calls.append({"chunk_size": conn.reader.chunk_size} if plain else
                         {"version": sock.version(), "suite": sock.cipher()[0], "resumed": sock.session_reused,
                          "peer": sock.getpeercert()})
            return True

        with peers.Server("start", look, tls=None if plain else tls or context(certificates)) as server:
            url = " ".join([server.url(host="localhost") + "/s", *map(str, options)])
            environment = {f"LIBRTMP_{name}": str(value) for name, value in variables.items()}
            with support.Process([sys.executable, PROGRAM, ours, "publish", source, *[url] * times],
                                 env=environment) as process:
                result = process.wait(30)
        return Published(result, server, calls)

    return publish


@pytest.fixture
def trusted(publish, certificates):
    return lambda *options, **more: publish(f"tlsCAFile={certificates / 'ca.pem'}", *options, **more)


def pin_of(certificates, name):
    key = subprocess.run(["openssl", "x509", "-in", certificates / f"{name}.pem", "-noout", "-pubkey"],
                         check=True, capture_output=True, timeout=30).stdout
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=key, check=True, capture_output=True,
                         timeout=30).stdout
    return "sha256//" + base64.b64encode(hashlib.sha256(der).digest()).decode()


def test_certificates_are_verified(publish, trusted, certificates):
    publish().refused("Throw-away test CA", "tlsCAFile")
    assert trusted().ok
    trusted(tls=context(certificates, "expired")).refused("expired on")
    trusted(tls=context(certificates, "wrong-name")).refused("elsewhere.example", "tlsVerify=0 and tlsPin")
    trusted(tls=context(certificates, "self-signed")).refused("signed by itself", "tlsCAFile", "tlsVerify=0 with tlsPin=")
    assert publish(TLS_CA_FILE=certificates / "ca.pem").ok
    publish("tlsCAFile=", TLS_CA_FILE=certificates / "ca.pem").refused("tlsCAFile")


def test_verification_is_left_out_where_that_is_said(publish, certificates):
    assert publish("tlsVerify=0", tls=context(certificates, "self-signed")).ok
    assert publish(TLS_VERIFY="no", tls=context(certificates, "expired")).ok
    publish("tlsVerify=1", TLS_VERIFY="no").refused("tlsCAFile")


def test_pins(publish, trusted, certificates):
    good, other = pin_of(certificates, "good"), pin_of(certificates, "self-signed")
    assert trusted(f"tlsPin={other};{good}").ok
    trusted(f"tlsPin={other}").refused("matches no pin", "tlsPin")
    trusted(TLS_PIN=other).refused("matches no pin")
    assert publish("tlsVerify=0", f"tlsPin={good}").ok
    publish("tlsVerify=0", f"tlsPin={other}").refused("matches no pin")


def test_client_certificates(trusted, certificates):
    tls = context(certificates, verify_mode=ssl.CERT_REQUIRED, maximum_version=ssl.TLSVersion.TLSv1_2)
    tls.load_verify_locations(certificates / "ca.pem")
    pem, key = certificates / "good.pem", certificates / "good.key"
    done = trusted(f"tlsCert={pem}", f"tlsKey={key}", tls=tls)
    assert done.ok and (("commonName", "good.example"),) in done.calls[0]["peer"]["subject"]
    assert trusted(TLS_CERT=pem, TLS_KEY=key, tls=tls).ok
    trusted(tls=tls).refused()
    trusted(f"tlsCert={pem}", f"tlsKey={certificates / 'ca.key'}", tls=tls).refused(
        "does not belong to the certificate", "tlsCert", "tlsKey")


def test_versions(trusted, certificates):
    assert trusted().calls[0]["version"] == "TLSv1.3"
    assert trusted("tlsMax=1.2").calls[0]["version"] == "TLSv1.2"
    assert trusted(TLS_MAX="1.2").calls[0]["version"] == "TLSv1.2"
    old = context(certificates, maximum_version=ssl.TLSVersion.TLSv1_2)
    trusted("tlsMin=1.3", tls=old).refused("tlsM")
    trusted(TLS_MIN="1.3", tls=old).refused("tlsM")


def test_suites_and_groups(trusted, certificates):
    one = "ECDHE-ECDSA-CHACHA20-POLY1305"
    assert trusted("tlsMax=1.2", f"tlsCiphers={one}").calls[0]["suite"] == one
    assert trusted("tlsMax=1.2", TLS_CIPHERS=one).calls[0]["suite"] == one
    assert trusted("tlsCiphersuites=TLS_AES_128_GCM_SHA256").calls[0]["suite"] == "TLS_AES_128_GCM_SHA256"
    assert trusted(TLS_CIPHERSUITES="TLS_AES_128_GCM_SHA256").calls[0]["suite"] == "TLS_AES_128_GCM_SHA256"
    only = context(certificates)
    only.set_ecdh_curve("prime256v1")
    assert trusted("tlsGroups=P-256", tls=only).ok
    trusted("tlsGroups=P-384", tls=only).refused("tlsGroups")
    trusted(TLS_GROUPS="P-384", tls=only).refused("tlsGroups")


def test_offload(trusted, tmp_path):
    """A device that is not there is a warning, which is not shown; settings that are wrong are an error."""
    assert trusted(f"tlsOffload=devcrypto:device={tmp_path}/crypto").ok
    trusted("tlsOffload=devcrypto:colour=red").refused("colour", "tlsOffload")
    trusted(TLS_OFFLOAD="devcrypto:colour=red").refused("colour", "LIBRTMP_TLS_OFFLOAD")


@pytest.mark.parametrize("highest", ["1.2", "1.3"])
def test_sessions_are_resumed_within_a_process(trusted, highest):
    assert [c["resumed"] for c in trusted(f"tlsMax={highest}", times=3).calls] == [False, True, True]


@pytest.mark.parametrize("options, variables, size", [
    ([], {}, 65536), (["chunkSize=777"], {}, 777), ([], {"CHUNK_SIZE": 4096}, 4096),
    (["chunkSize=777"], {"CHUNK_SIZE": 4096}, 777), (["chunkSize="], {"CHUNK_SIZE": 4096}, 65536),
])
def test_chunks(publish, options, variables, size):
    done = publish(*options, plain=True, **variables)
    assert done.ok and done.calls == [{"chunk_size": size}]


@pytest.mark.parametrize("options, variables", [(["connectTimeout=1"], {}), ([], {"LIBRTMP_CONNECT_TIMEOUT": "1"})])
def test_connect_timeout(ours, source, options, variables):
    """Nobody accepts, and the queue for it is full: then Linux answers to no SYN."""
    with contextlib.ExitStack() as stack:
        sock = stack.enter_context(socket.socket())
        sock.bind(("127.0.0.1", 0))
        sock.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(sock.getsockname())
        url = " ".join([f"rtmp://127.0.0.1:{sock.getsockname()[1]}/live/s", *options])
        with support.Process([sys.executable, PROGRAM, ours, "publish", source, url], env=variables) as process:
            result = process.wait(20)
    assert result.code != 0 and "within 1000 ms" in result.err, result.err


@pytest.mark.parametrize("option, variable, value", [
    ("tlsVerify", "TLS_VERIFY", "maybe"), ("tlsCAFile", "TLS_CA_FILE", "/nonexistent.pem"), ("tlsPin", "TLS_PIN", "md5//x"),
    ("tlsCert", "TLS_CERT", "/nonexistent.pem"), ("tlsKey", "TLS_KEY", "/nonexistent.pem"), ("tlsMin", "TLS_MIN", "9"),
    ("tlsMax", "TLS_MAX", "9"), ("tlsCiphers", "TLS_CIPHERS", "NONSENSE"),
    ("tlsCiphersuites", "TLS_CIPHERSUITES", "TLS_NONSENSE"), ("tlsGroups", "TLS_GROUPS", "NONSENSE"),
    ("tlsOffload", "TLS_OFFLOAD", "hardware"), ("chunkSize", "CHUNK_SIZE", "0"),
    ("connectTimeout", "CONNECT_TIMEOUT", "soon"),
])
def test_values_that_will_not_do(publish, option, variable, value):
    done = publish(f"{option}={value}")
    done.refused(f"Option {option}: ")
    assert "the URL is refused" in done.err and not done.server.sessions
    publish(**{variable: value}).refused(f"LIBRTMP_{variable}: ")
