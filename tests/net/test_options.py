# SPDX-License-Identifier: MIT
"""Each option of the network and of TLS does what it says: seen from the server, or from how the command ends."""

import base64
import contextlib
import hashlib
import json
import os
import socket
import ssl
import subprocess
import threading

import pytest

import flv
import peers
import support
from support import one_sentence


@pytest.fixture
def source(tmp_path):
    path = tmp_path / "in.flv"
    path.write_bytes(flv.flv(flv.frames(2)))
    return path


def context(certificates, name="good", **settings):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificates / f"{name}.pem", certificates / f"{name}.key")
    for key, value in settings.items():
        setattr(tls, key, value)
    return tls


@pytest.fixture
def push(sluice, source, certificates):
    """Pushes to a TLS server with these settings and options: the result, its last JSON object, the server."""
    sluice.need("push")

    def push(*options, tls=None, ca=True, host="localhost"):
        with peers.Server(tls=tls or context(certificates)) as server:
            trust = ["--ca-file", certificates / "ca.pem"] if ca else []
            result = sluice.run("push", "--json", "-4", *trust, *options, source, server.url(host=host), "s")
        return result, json.loads(result.out.splitlines()[-1]), server

    return push


# ---- TLS ----


def test_verified_by_the_ca_file(push):
    result, end, _ = push()
    assert result.code == support.OK and result.err == ""
    assert end["tls_version"] == "TLSv1.3" and end["tls_suite"] and end["tls_records"] > 0


def test_ca_path(push, certificates, tmp_path):
    (tmp_path / "ca.pem").write_bytes((certificates / "ca.pem").read_bytes())
    subprocess.run(["openssl", "rehash", tmp_path], check=True, capture_output=True, timeout=30)
    assert push("--ca-path", tmp_path, ca=False)[0].code == support.OK
    assert push("--ca-path", tmp_path.parent, ca=False)[0].code == support.TLS


def test_the_systems_store_does_not_know_our_ca(push):
    result, _, _ = push(ca=False)
    assert result.code == support.TLS
    one_sentence(result)


@pytest.mark.parametrize("name", ["expired", "future", "wrong-name", "self-signed"])
def test_certificates_that_will_not_do(push, certificates, name):
    result, _, server = push(tls=context(certificates, name))
    assert result.code == support.TLS
    one_sentence(result)
    assert all(not s.commands for s in server.sessions)


@pytest.mark.parametrize("name", ["expired", "wrong-name", "self-signed"])
def test_insecure_takes_any_and_says_so(push, certificates, name):
    result, _, _ = push("--insecure", tls=context(certificates, name), ca=False)
    assert result.code == support.OK
    one_sentence(result, "warning")


def test_server_name(push, certificates):
    assert push("--server-name", "elsewhere.example", tls=context(certificates, "wrong-name"))[0].code == support.OK
    result, _, _ = push("--server-name", "elsewhere.example")
    assert result.code == support.TLS
    one_sentence(result, "elsewhere.example")


def pin_of(certificates, name):
    key = subprocess.run(["openssl", "x509", "-in", certificates / f"{name}.pem", "-noout", "-pubkey"],
                         check=True, capture_output=True, timeout=30).stdout
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], input=key, check=True, capture_output=True,
                         timeout=30).stdout
    return "sha256//" + base64.b64encode(hashlib.sha256(der).digest()).decode()


def test_pin(push, certificates):
    good, other = pin_of(certificates, "good"), pin_of(certificates, "self-signed")
    assert push("--pin", good)[0].code == support.OK
    assert push("--pin", f"{other};{good}")[0].code == support.OK
    result, _, _ = push("--pin", other)
    assert result.code == support.TLS
    one_sentence(result)
    assert push("--pin", good, "--insecure", ca=False)[0].code == support.OK
    assert push("--pin", other, "--insecure", ca=False)[0].code == support.TLS
    result, _, _ = push("--pin", "md5//x")
    assert result.code in (support.USAGE, support.TLS)
    one_sentence(result)


def test_client_certificate(push, certificates, tmp_path):
    tls = context(certificates, verify_mode=ssl.CERT_REQUIRED, maximum_version=ssl.TLSVersion.TLSv1_2)
    tls.load_verify_locations(certificates / "ca.pem")
    pem, key = certificates / "good.pem", certificates / "good.key"
    assert push("--cert", pem, "--cert-key", key, tls=tls)[0].code == support.OK
    both = tmp_path / "both.pem"
    both.write_bytes(pem.read_bytes() + key.read_bytes())
    assert push("--cert", both, tls=tls)[0].code == support.OK
    result, _, _ = push(tls=tls)
    assert result.code == support.TLS
    one_sentence(result)


@pytest.mark.parametrize("options", [
    ["--cert", "/nonexistent.pem"], ["--ca-file", "/nonexistent.pem"], ["--ciphers", "NONSENSE"],
    ["--ciphersuites", "TLS_NONSENSE"], ["--groups", "NONSENSE"], ["--keylog", "/nonexistent/log"],
])
def test_settings_that_cannot_be(push, options):
    result, _, server = push(*options)
    assert result.code in (support.TLS, support.USAGE) and not server.sessions
    one_sentence(result)


def test_versions(push, certificates):
    _, end, _ = push("--tls-max", "1.2")
    assert end["tls_version"] == "TLSv1.2"
    old = context(certificates, maximum_version=ssl.TLSVersion.TLSv1_2)
    assert push(tls=old)[1]["tls_version"] == "TLSv1.2"
    result, _, _ = push("--tls-min", "1.3", tls=old)
    assert result.code == support.TLS
    one_sentence(result)


def test_suites_and_groups(push, certificates):
    _, end, _ = push("--tls-max", "1.2", "--ciphers", "ECDHE-RSA-CHACHA20-POLY1305:ECDHE-ECDSA-CHACHA20-POLY1305")
    assert "CHACHA20" in end["tls_suite"].upper()
    _, end, _ = push("--ciphersuites", "TLS_AES_128_GCM_SHA256")
    assert end["tls_suite"] == "TLS_AES_128_GCM_SHA256"
    only = context(certificates)
    only.set_ecdh_curve("prime256v1")
    assert push("--groups", "P-256", tls=only)[0].code == support.OK
    assert push("--groups", "P-384", tls=only)[0].code == support.TLS


def test_security_level(push, certificates):
    assert push("--security-level", "1")[0].code == support.OK
    result, _, _ = push("--security-level", "5")
    assert result.code == support.TLS
    one_sentence(result)


def test_keylog(push, tmp_path):
    log = tmp_path / "keys"
    assert push("--keylog", log)[0].code == support.OK
    assert "CLIENT_TRAFFIC_SECRET_0 " in log.read_text(encoding="ascii")
    assert os.stat(log).st_mode & 0o077 == 0


@pytest.mark.parametrize("options,resumed", [([], True), (["--no-resumption"], False)])
def test_resumption(sluice, certificates, tmp_path, options, resumed):
    """--wait connects again: the second time with the session of the first, or not."""
    sluice.need("pull")
    calls = []
    nobody = peers.rtmp.command("onStatus", 0, None, {"level": "error", "code": "NetStream.Play.StreamNotFound",
                                                      "description": "nobody"}, csid=5, stream=1)

    def action(conn):
        calls.append(conn.sock.session_reused)
        return True if len(calls) > 1 else peers.sends(nobody)(conn)

    with peers.Server("start", action, tls=context(certificates), plays=flv.messages(flv.frames(3))) as server:
        result = sluice.run("pull", "--wait", "--json", "--ca-file", certificates / "ca.pem", *options,
                            server.url(host="localhost"), "s", tmp_path / "out.flv")
    assert result.code == support.OK and calls == [False, resumed]
    assert json.loads(result.out.splitlines()[-1])["tls_resumed"] == resumed


def test_offload_without_a_device_is_software_and_said_once(push, source, tmp_path):
    source.write_bytes(flv.flv(flv.frames(3, size=40000)))
    for options in ["devcrypto"], [f"devcrypto:device={tmp_path}/crypto,min_size=1024"]:
        result, end, server = push("--tls-offload", *options)
        assert result.code == support.OK
        assert result.err.count("\n") == 1 and "warning: " in result.err and "/crypto" in result.err
        assert len(server.sessions) == 1
        assert end["tls_offload"] == {"door": "devcrypto", "drivers": "", "off": True, "fallbacks": 1} | dict.fromkeys(
            ["operations", "bytes", "checks", "mismatches", "abandoned", "sessions", "connections"], 0)
    result, end, _ = push("--tls-offload", "off")
    assert result.err == "" and "tls_offload" not in end
    result, _, _ = push("-v", "--tls-offload", f"devcrypto:device={tmp_path}/crypto,min_size=1024")
    assert "TLS offload: 0 operations of the device" in result.err


@pytest.mark.parametrize("what", ["devcrypto:min_size=many", "hardware", "devcrypto:colour=red", "engine:none-such"])
def test_offload_that_does_not_exist(push, what):
    result, _, server = push("--tls-offload", what)
    assert result.code == support.TLS
    one_sentence(result)
    assert not server.sessions or all(not s.commands for s in server.sessions)


@pytest.mark.parametrize("section", ["providers = list\n[list]\nhardware = none\n[none]\nactivate = 1",
                                     "alg_section = list\n[list]\ndefault_properties = provider=hardware"])
def test_openssls_configuration_that_leaves_no_ciphers(sluice, push, tmp_path, monkeypatch, section):
    if b"OpenSSL 1." in sluice.run("--version").out:
        pytest.skip("OpenSSL 1.1.1 knows no providers")
    conf = tmp_path / "openssl.cnf"
    conf.write_text(f"openssl_conf = init\n[init]\n{section}\n", encoding="ascii")
    monkeypatch.setenv("OPENSSL_CONF", str(conf))
    result, _, server = push()
    assert result.code == support.TLS and not server.sessions
    one_sentence(result)
    assert "its configuration file" in result.err


# ---- the network ----


@pytest.fixture
def plain(sluice, source):
    sluice.need("push")

    def plain(server, *options, host=None):
        return sluice.run("push", "--json", *options, source, server.url(host=host), "s")

    return plain


def test_families(plain):
    with peers.Server() as server:
        assert plain(server, "-4", host="localhost").code == support.OK
        result = plain(server, "-6", host="127.0.0.1")
        assert result.code == support.CONNECT
        one_sentence(result)


def test_address(plain):
    with peers.Server() as server:
        assert plain(server, "--address", "127.0.0.1", host="no.such.name.invalid").code == support.OK
        assert server.session().info["tcUrl"].startswith("rtmp://no.such.name.invalid:")
        result = plain(server, "--address", "nonsense")
        assert result.code in (support.CONNECT, support.USAGE)
        one_sentence(result)


def test_bind(plain):
    with peers.Server() as server:
        seen = []
        server.step, server.action = "accepted", lambda conn: seen.append(conn.sock.getpeername()[0]) or True
        assert plain(server, "--bind", "127.0.0.77").code == support.OK
        assert seen == ["127.0.0.77"]
        result = plain(server, "--bind", "192.0.2.1")
        assert result.code in (support.CONNECT, support.USAGE)
        one_sentence(result)


def test_interface(plain):
    with peers.Server() as server:
        result = plain(server, "--interface", "lo")
        if "ermi" in result.err:
            pytest.skip("binding to an interface takes privileges here")
        assert result.code == support.OK
        result = plain(server, "--interface", "nosuch0")
        assert result.code in (support.CONNECT, support.USAGE)
        one_sentence(result, "interface")


def test_digest(plain):
    """C1 of a digest handshake carries a version where the plain one has zeros (bytes 4 to 7)."""
    versions = []

    def listen(sock):
        conn, _ = sock.accept()
        with conn:
            c1 = b""
            while len(c1) < 1537 and (data := conn.recv(4096)):
                c1 += data
            versions.append(c1[5:9])

    class Address:
        url = staticmethod(lambda host=None: f"rtmp://127.0.0.1:{port}/live")

    for options in ([], ["--digest"]):
        with socket.create_server(("127.0.0.1", 0)) as sock:
            port = sock.getsockname()[1]
            thread = threading.Thread(target=listen, args=(sock,))
            thread.start()
            assert plain(Address, *options).code != support.OK
            thread.join(20)
    assert versions[0] == bytes(4) and versions[1] != bytes(4)


def test_send_buffer(sluice, source, tmp_path):
    """With a small buffer little is on its way to a server that does not read."""
    big = tmp_path / "big.flv"
    big.write_bytes(flv.flv(flv.frames(1) + [flv.video(i, i, 100000) for i in range(100)]))
    sent = []
    for options in (["--send-buffer", "8192"], []):
        with peers.Server("started", peers.stall, receive_buffer=4096) as server:
            with sluice.start("push", "--fast", "--json", *options, big, server.url(), "s") as push:
                push.expect(r'"event":"status"', 20)
                sent.append(json.loads(push.text("out").splitlines()[0])["wire_bytes_out"])
                push.process.kill()
    assert sent[0] < 200000 < sent[1]


def test_connect_timeout(sluice, source):
    """Nobody accepts, and the queue for it is full: then Linux answers to no SYN."""
    with contextlib.ExitStack() as stack:
        sock = stack.enter_context(socket.socket())
        sock.bind(("127.0.0.1", 0))
        sock.listen(0)
        for _ in range(4):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                waiting.connect(sock.getsockname())
        url = f"rtmp://127.0.0.1:{sock.getsockname()[1]}/live"
        result = sluice.run("push", "--connect-timeout", "0.5", source, url, "s")
    assert result.code == support.CONNECT and 0.4 < result.seconds < 5
    one_sentence(result)


def test_tls_timeout(sluice, source):
    with socket.create_server(("127.0.0.1", 0)) as sock:
        url = f"rtmps://127.0.0.1:{sock.getsockname()[1]}/live"
        result = sluice.run("push", "--tls-timeout", "0.5", "--insecure", source, url, "s")
    assert result.code in (support.CONNECT, support.TLS) and 0.4 < result.seconds < 5


@pytest.mark.parametrize("step", ["c0c1", "connect", "create", "start"])
def test_reply_timeout(plain, step):
    with peers.Server(step, peers.stall) as server:
        result = plain(server, "--reply-timeout", "0.5")
    assert result.code == support.CONNECT and 0.4 < result.seconds < 5
    one_sentence(result)


def test_stall_timeout(sluice, tmp_path):
    big = tmp_path / "big.flv"
    big.write_bytes(flv.flv(flv.frames(1) + [flv.video(i, i, 1000000) for i in range(20)]))
    with peers.Server("started", peers.stall, receive_buffer=4096) as server:
        result = sluice.run("push", "--fast", "--stall-timeout", "1", big, server.url(), "s")
    assert result.code in (support.LOST, support.UNDELIVERED) and 0.9 < result.seconds < 10
    one_sentence(result)


# ---- the wrong port ----


def test_tls_behind_an_rtmp_url(sluice, source, certificates):
    with peers.Server(tls=context(certificates)) as server:
        result = sluice.run("push", source, server.url(scheme="rtmp"), "s")
    assert result.code in (support.PROTOCOL, support.CONNECT)
    one_sentence(result, "rtmps")


@pytest.mark.parametrize("answer", ["plain rtmp", "http"])
def test_no_tls_behind_an_rtmps_url(sluice, source, answer):
    with peers.Server(*(["accepted", peers.http] if answer == "http" else [])) as server:
        result = sluice.run("push", "--tls-timeout", "2", source, server.url(scheme="rtmps"), "s")
    assert result.code in (support.TLS, support.CONNECT)
    one_sentence(result)


def test_http_behind_an_rtmp_url(sluice, source):
    with peers.Server("accepted", peers.http) as server:
        result = sluice.run("push", source, server.url(), "s")
    assert result.code == support.PROTOCOL
    one_sentence(result, "HTTP")
