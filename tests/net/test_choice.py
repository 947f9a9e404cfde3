# SPDX-License-Identifier: MIT
"""--tls-offload auto and --ciphers auto against servers of others: what is offered, how often, and what comes of it."""

import json
import shutil
import subprocess

import pytest

import flv
import flvcmp
import hellos
import peers
import rtmp
from hellos import Nginx, OpensslServer, Relay
from support import KEY, OK, TLS

CHACHA = 0xCCA9
ALL_CHACHA = {0x1303, 0xCCA8, CHACHA, 0xCCAA}  # of TLS 1.3; ECDHE with RSA and ECDSA, DHE with RSA
ALL_SHA = {0xC009, 0xC013, 0x0033}
AES256, AES256_13 = 0xC02C, 0x1302
AES256_NAME, AES256_13_NAME = "ECDHE-ECDSA-AES256-GCM-SHA384", "TLS_AES_256_GCM_SHA384"

# What a device might have kept: in nanoseconds for a megabyte, at one size.
CHACHA_FIRST = """\
way off ECDHE-ECDSA-CHACHA20-POLY1305 1.2 - 1000000
way off ECDHE-ECDSA-AES128-GCM-SHA256 1.2 - 4000000
way off ECDHE-ECDSA-AES256-GCM-SHA384 1.2 - 5000000
way off ECDHE-ECDSA-AES128-SHA 1.2 etm 6000000
way off ECDHE-ECDSA-AES128-SHA 1.2 - 6100000
way off TLS_CHACHA20_POLY1305_SHA256 1.3 - 1000000
way off TLS_AES_128_GCM_SHA256 1.3 - 4000000
way off TLS_AES_256_GCM_SHA384 1.3 - 5000000
"""
CBC_FIRST = CHACHA_FIRST.replace(" 6000000", " 100000").replace(" 6100000", " 90000")

needs_nginx = pytest.mark.skipif(not hellos.nginx_available(), reason="nginx with its stream module is not installed")
needs_openssl = pytest.mark.skipif(not shutil.which("openssl"), reason="the openssl command is not installed")


@pytest.fixture(scope="session")
def this_device(sluice_path, tmp_path_factory):
    """The lines that say whose costs they are, as the doctor writes them."""
    path = tmp_path_factory.mktemp("kept") / "measured"
    done = subprocess.run([sluice_path, "doctor", "--quick", "--device", "/nonexistent/crypto", "--keep", path],
                          capture_output=True, timeout=300, check=False)
    if done.returncode != OK:
        pytest.skip(f"the doctor keeps nothing here: {done.stderr.decode()}")
    words = ("made", "quick", "cpu", "kernel", "openssl", "device")
    return "".join(line + "\n" for line in path.read_text().splitlines() if line.split()[0] in words)


@pytest.fixture
def keep(this_device, tmp_path):
    def keep(ways):
        path = tmp_path / "measured"
        path.write_text(f"sluice-measured 1\n{this_device}sizes 16384\n{ways}", encoding="ascii")
        path.chmod(0o600)
        return path

    return keep


@pytest.fixture
def push(sluice, certificates, short_clip, keep):
    """push(relay, options...): the clip, with what a device kept that does ChaCha20 best."""

    def push(relay, *options, kept=CHACHA_FIRST):
        options = options or ("--tls-offload", "auto")
        return sluice.run("push", "--fast", "--json", "--tls-measured", keep(kept), "--ca-file", certificates / "ca.pem",
                          *options, short_clip, relay.url(), KEY)

    return push


def summary(result):
    return json.loads(result.out.splitlines()[-1])


def check_stored(server, short_clip):
    """Of all connections one carried something, and that was the whole clip."""
    for thread in server.threads:
        thread.join(20)
    (session,) = [s for s in server.sessions if s.media]
    wanted = [t for t in flvcmp.parse(short_clip.read_bytes()) if t.type != flvcmp.SCRIPT]
    assert flv.got(session) == [(t.type, t.timestamp, t.body) for t in wanted]


def warnings(result, part):
    return [line for line in result.err.splitlines() if "warning" in line and part in line]


def check_once_more(result, relay, chosen, taken, suite):
    """The chosen alone, and then everything."""
    first, second = relay.offers
    assert result.code == OK, result.err
    assert set(first) == chosen and taken not in first
    assert set(first) < set(second) and taken in second
    (said,) = warnings(result, "offering all")
    assert "localhost was offered only the suites that cost least here" in said
    assert summary(result)["tls_suite"] == suite
    return said


# ---- servers that refuse what is chosen ----


def nginx_12(folder, certificate, port):
    return Nginx(folder, certificate, port, "TLSv1.2", f"ssl_ciphers {AES256_NAME};")


def nginx_13(folder, certificate, port):
    return Nginx(folder, certificate, port, "TLSv1.3", f"ssl_conf_command Ciphersuites {AES256_13_NAME};")


def openssl_12(folder, certificate, port):
    return OpensslServer(certificate, port, "-tls1_2", "-cipher", AES256_NAME)


def openssl_13(folder, certificate, port):
    return OpensslServer(certificate, port, "-tls1_3", "-ciphersuites", AES256_13_NAME)


REFUSING = [
    pytest.param(nginx_12, AES256, AES256_NAME, marks=needs_nginx, id="nginx-1.2"),
    pytest.param(nginx_13, AES256_13, AES256_13_NAME, marks=needs_nginx, id="nginx-1.3"),
    pytest.param(openssl_12, AES256, AES256_NAME, marks=needs_openssl, id="openssl-1.2"),
    pytest.param(openssl_13, AES256_13, AES256_13_NAME, marks=needs_openssl, id="openssl-1.3"),
]


@pytest.mark.parametrize("options", [("--tls-offload", "auto"), ("--ciphers", "auto")], ids=["auto", "ciphers"])
@pytest.mark.parametrize("start, taken, suite", REFUSING)
def test_a_server_that_refuses_the_choice(push, certificates, short_clip, tmp_path, start, taken, suite, options):
    with peers.Server() as server:
        with start(tmp_path / "nginx", certificates / "good", server.port) as front, Relay(front.port) as relay:
            result = push(relay, *options)
        check_once_more(result, relay, ALL_CHACHA, taken, suite)
        check_stored(server, short_clip)


@needs_openssl
def test_quietly(push, certificates, tmp_path):
    with peers.Server() as server:
        with openssl_12(tmp_path, certificates / "good", server.port) as front, Relay(front.port) as relay:
            result = push(relay, "--tls-offload", "auto", "--quiet")
    assert result.code == OK and len(relay.offers) == 2
    assert result.err == ""


@needs_nginx
def test_playing_from_one(sluice, certificates, keep, tmp_path):
    plays = [rtmp.Message(rtmp.AUDIO, n * 20, 1, b"\xaf\x01" + bytes([n] * 100)) for n in range(50)]
    with peers.Server(plays=plays) as server:
        with nginx_12(tmp_path / "nginx", certificates / "good", server.port) as front, Relay(front.port) as relay:
            result = sluice.run("pull", "--json", "--tls-offload", "auto", "--tls-measured", keep(CHACHA_FIRST),
                                "--ca-file", certificates / "ca.pem", relay.url(), KEY, tmp_path / "out.flv")
    check_once_more(result, relay, ALL_CHACHA, AES256, AES256_NAME)
    assert (tmp_path / "out.flv").read_bytes().count(b"\xaf\x01") == 50


@pytest.mark.parametrize("how, says", [(hellos.hang_up, "hung up"), (hellos.reset, "hung up")], ids=["end", "reset"])
@needs_nginx
def test_one_that_hangs_up_instead(push, certificates, short_clip, tmp_path, how, says):
    with peers.Server() as server:
        front = nginx_12(tmp_path / "nginx", certificates / "good", server.port)
        with front, Relay(front.port, unless=AES256, then=how) as relay:
            result = push(relay)
        said = check_once_more(result, relay, ALL_CHACHA, AES256, AES256_NAME)
        check_stored(server, short_clip)
    assert says in said


@needs_nginx
def test_cbc_without_encrypt_then_mac(push, certificates, short_clip, tmp_path):
    """The server takes the suite, and not what makes it safe: that counts as a refusal."""
    taken = f"ssl_ciphers ECDHE-ECDSA-AES128-SHA:{AES256_NAME};"
    with peers.Server() as server:
        front = Nginx(tmp_path / "nginx", certificates / "good", server.port, "TLSv1.2", taken,
                      "ssl_conf_command Options -EncryptThenMac;")
        with front, Relay(front.port) as relay:
            result = push(relay, kept=CBC_FIRST)
        said = check_once_more(result, relay, ALL_SHA, AES256, AES256_NAME)
        check_stored(server, short_clip)
    assert "encrypt-then-MAC" in said


# ---- servers that take it ----


@needs_nginx
def test_cbc_with_encrypt_then_mac(push, certificates, short_clip, tmp_path):
    taken = f"ssl_ciphers ECDHE-ECDSA-AES128-SHA:{AES256_NAME};"
    with peers.Server() as server:
        front = Nginx(tmp_path / "nginx", certificates / "good", server.port, "TLSv1.2", taken)
        with front, Relay(front.port) as relay:
            result = push(relay, kept=CBC_FIRST)
        check_stored(server, short_clip)
    assert result.code == OK and len(relay.offers) == 1
    assert summary(result)["tls_suite"] == "ECDHE-ECDSA-AES128-SHA"


@pytest.mark.parametrize("protocols, suite", [("TLSv1.2", "ECDHE-ECDSA-CHACHA20-POLY1305"),
                                              ("TLSv1.3", "TLS_CHACHA20_POLY1305_SHA256")], ids=["1.2", "1.3"])
@needs_nginx
def test_a_server_with_an_order_of_its_own(push, certificates, short_clip, tmp_path, protocols, suite):
    """It takes AES-256 of all who offer that, whatever they like best."""
    lines = (f"ssl_ciphers {AES256_NAME}:ECDHE-ECDSA-CHACHA20-POLY1305;", "ssl_prefer_server_ciphers on;",
             f"ssl_conf_command Ciphersuites {AES256_13_NAME}:TLS_CHACHA20_POLY1305_SHA256;")
    order = ("--ciphers", f"ECDHE-ECDSA-CHACHA20-POLY1305:{AES256_NAME}",
             "--ciphersuites", f"TLS_CHACHA20_POLY1305_SHA256:{AES256_13_NAME}")
    for options, taken in ((order, None), ((), suite)):
        folder = tmp_path / f"nginx{len(options)}"
        with peers.Server() as server:
            front = Nginx(folder, certificates / "good", server.port, protocols, *lines)
            with front, Relay(front.port) as relay:
                result = push(relay, *options)
            check_stored(server, short_clip)
        assert result.code == OK and len(relay.offers) == 1
        assert summary(result)["tls_suite"] == (taken or (AES256_NAME if protocols == "TLSv1.2" else AES256_13_NAME))


@pytest.mark.parametrize("options, suite", [
    (("-tls1_2", "-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305"), "ECDHE-ECDSA-CHACHA20-POLY1305"),
    (("-tls1_3", "-ciphersuites", "TLS_CHACHA20_POLY1305_SHA256"), "TLS_CHACHA20_POLY1305_SHA256"),
], ids=["1.2", "1.3"])
@needs_openssl
def test_a_server_with_a_single_suite(push, certificates, short_clip, options, suite):
    with peers.Server() as server:
        with OpensslServer(certificates / "good", server.port, *options) as front, Relay(front.port) as relay:
            result = push(relay)
        check_stored(server, short_clip)
    assert result.code == OK and not warnings(result, "")
    assert len(relay.offers) == 1 and set(relay.offers[0]) == ALL_CHACHA
    assert summary(result)["tls_suite"] == suite


# ---- no second connection, or no third ----


def test_a_server_that_refuses_everything(push):
    with Relay(0, then=hellos.refuse) as relay:
        result = push(relay)
    assert result.code == TLS and len(relay.offers) == 2
    assert len(warnings(result, "offering all")) == 1
    assert "localhost refused the TLS handshake with the alert handshake_failure" in summary(result)["error"]
    assert result.err.splitlines()[-1].endswith(summary(result)["error"])


FIXED = ("--tls-max", "1.2", "--ciphers", "ECDHE-ECDSA-CHACHA20-POLY1305")


@pytest.mark.parametrize("options", [FIXED, (*FIXED, "--tls-offload", "auto")], ids=["off", "auto"])
@needs_nginx
def test_a_list_that_is_given(push, certificates, tmp_path, options):
    with peers.Server() as server:
        with nginx_12(tmp_path / "nginx", certificates / "good", server.port) as front, Relay(front.port) as relay:
            result = push(relay, *options)
        assert not server.sessions
    assert result.code == TLS and relay.offers == [[CHACHA]]
    assert not warnings(result, "offering all")
    assert "handshake_failure" in summary(result)["error"]


@needs_openssl
def test_a_client_certificate_is_missing(push, certificates):
    """With TLS 1.2 that is handshake_failure, too, but the server has taken a suite by then."""
    with peers.Server() as server:
        with OpensslServer(certificates / "good", server.port, "-tls1_2", "-Verify", "1") as front, \
                Relay(front.port) as relay:
            result = push(relay)
    assert result.code == TLS and len(relay.offers) == 1
    assert not warnings(result, "offering all")
    assert "handshake_failure" in summary(result)["error"]


@pytest.mark.parametrize("certificate", ["expired", "wrong-name"])
@needs_openssl
def test_a_bad_certificate(push, certificates, certificate):
    with peers.Server() as server:
        with OpensslServer(certificates / certificate, server.port) as front, Relay(front.port) as relay:
            result = push(relay)
    assert result.code == TLS and len(relay.offers) == 1
    assert "certificate" in summary(result)["error"]


def test_a_server_that_says_nothing(push):
    with Relay(0, then=hellos.say_nothing) as relay:
        result = push(relay, "--tls-offload", "auto", "--tls-timeout", "1")
    assert result.code != OK and len(relay.offers) == 1
    assert "was not done within 1000 ms" in summary(result)["error"]
