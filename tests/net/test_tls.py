# SPDX-License-Identifier: MIT
"""RTMPS against a server that is not ours: certificates good and bad, and the wrong protocol on either side."""

import ssl

import pytest

import peers
import rtmp
from support import CONNECT, KEY, OK, PROTOCOL, TLS, one_sentence

VERBS = ("push", "pull")


def server_context(certificates, name, **settings):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / f"{name}.pem", certificates / f"{name}.key")
    for key, value in settings.items():
        setattr(context, key, value)
    return context


@pytest.fixture
def run(sluice, clip, short_clip, tmp_path):
    def runs(verb, url, *options, fast=True):
        sluice.need(verb)
        options = ("--connect-timeout", "3", "--tls-timeout", "2", "--reply-timeout", "2", *options)
        if verb == "push":
            return sluice.run("push", *options, *(["--fast", clip] if fast else [short_clip]), url, KEY)
        return sluice.run("pull", *options, url, KEY, tmp_path / "out.flv")

    return runs


@pytest.mark.parametrize("settings", [{}, {"maximum_version": ssl.TLSVersion.TLSv1_2}], ids=["1.3", "1.2"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_good_certificate(run, certificates, settings, host):
    with peers.Server(tls=server_context(certificates, "good", **settings)) as server:
        result = run("push", server.url(host=host), "--ca-file", certificates / "ca.pem")
        session = server.session()
    assert (result.code, result.err) == (OK, "")
    assert session.ended == "closed" and len(session.media) > 50


def test_playing_over_tls(run, certificates, tmp_path):
    plays = [rtmp.Message(rtmp.AUDIO, n * 20, 1, b"\xaf\x01" + bytes([n] * 100)) for n in range(50)]
    with peers.Server(tls=server_context(certificates, "good"), plays=plays) as server:
        result = run("pull", server.url(), "--ca-file", certificates / "ca.pem")
    assert (result.code, result.err) == (OK, "")
    assert (tmp_path / "out.flv").read_bytes().count(b"\xaf\x01") == 50


@pytest.mark.parametrize("name,says", [
    ("expired", "expired"),
    ("future", "set the clock"),
    ("wrong-name", "elsewhere.example"),
    ("self-signed", "signed by itself"),
])
@pytest.mark.parametrize("verb", VERBS)
def test_a_bad_certificate(run, certificates, verb, name, says):
    with peers.Server(tls=server_context(certificates, name)) as server:
        result = run(verb, server.url(), "--ca-file", certificates / "ca.pem")
        assert server.session().commands == []  # nothing was said to it
    assert result.code == TLS, result.err
    one_sentence(result, f"127.0.0.1:{server.port}", says)


def test_an_unknown_ca(run, certificates):
    with peers.Server(tls=server_context(certificates, "good")) as server:
        result = run("push", server.url())
    assert result.code == TLS, result.err
    one_sentence(result, f"127.0.0.1:{server.port}", "--ca-file")


def test_insecure_says_so_and_works(run, certificates):
    with peers.Server(tls=server_context(certificates, "self-signed")) as server:
        result = run("push", server.url(), "--insecure")
        session = server.session()
    assert result.code == OK and session.ended == "closed"
    one_sentence(result, "warning")


def test_no_common_version(run, certificates):
    context = server_context(certificates, "good", maximum_version=ssl.TLSVersion.TLSv1_2)
    with peers.Server(tls=context) as server:
        result = run("push", server.url(), "--ca-file", certificates / "ca.pem", "--tls-min", "1.3")
    assert result.code == TLS, result.err
    one_sentence(result, f"127.0.0.1:{server.port}", "version")


@pytest.mark.parametrize("action", [peers.stall, peers.reset, peers.close, peers.garbage, peers.http],
                         ids=lambda a: a.__name__)
def test_rtmps_to_what_speaks_no_tls(run, action):
    """A plain server behind an rtmps URL: it waits for the rest of a C1, hangs up, or answers in its own way."""
    with peers.Server("accepted", action) as server:
        result = run("push", server.url(scheme="rtmps"))
    assert result.code in ((CONNECT, TLS) if action in (peers.reset, peers.close, peers.stall) else (TLS,)), result.err
    one_sentence(result, f"127.0.0.1:{server.port}")


def test_rtmps_to_a_plain_rtmp_server(run):
    """What a real one does: it takes the ClientHello for C0 and C1, and waits or answers with an S0."""
    with peers.Server("accepted", peers.sends(b"\x03" + bytes(1536))) as server:
        result = run("push", server.url(scheme="rtmps"))
    assert result.code == TLS, result.err
    one_sentence(result, f"127.0.0.1:{server.port}", "rtmp")


def test_rtmp_to_a_tls_server(run, certificates):
    with peers.Server(tls=server_context(certificates, "good")) as server:
        result = run("push", server.url(scheme="rtmp"))
    assert result.code in (PROTOCOL, CONNECT), result.err
    one_sentence(result, f"127.0.0.1:{server.port}", "rtmps")


@pytest.mark.parametrize("step", ["c0c1", "handshaken", "connect", "start", "started"])
@pytest.mark.parametrize("action", [peers.reset, peers.close], ids=lambda a: a.__name__)
def test_breaking_off_inside_tls(run, certificates, step, action):
    with peers.Server(step, action, tls=server_context(certificates, "good"), receive_buffer=4096) as server:
        result = run("push", server.url(), "--ca-file", certificates / "ca.pem", fast=False)
    assert result.code != OK
    one_sentence(result)
