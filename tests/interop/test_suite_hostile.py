# SPDX-License-Identifier: MIT
"""rtmpdump, rtmpgw and rtmpsuck against servers that attack: they end in order, or what comes next does not notice; and a
server that falls silent makes them no work. rtmpsrv has clients only: see test_suite_rtmpsrv.py."""
import contextlib
import threading

import pytest

import flv
import flvcmp
import gateways
import hostile
import peers
import stubs
import support

ATTACKS = hostile.CONNECT | hostile.STARTED | hostile.HTTP


@pytest.fixture
def trust(certificates, tmp_path):
    """The variables that make ours trust the throw-away CA."""
    path = str(certificates / "ca.pem")
    return {"LIBRTMP_TLS_CA_FILE": path, "SSL_CERT_FILE": path, "HOME": str(tmp_path)}


@pytest.fixture
def gateway(sluice, trust, tmp_path):
    with gateways.Gateway(sluice, tmp_path, "-T", "secretsecretkey1", env=trust) as peer:
        yield peer.ready()
        assert "Sanitizer" not in peer.text() and "process of a client ended" not in peer.text(), peer.text()


@pytest.fixture
def suck(sluice, trust, tmp_path):
    with stubs.Stub(sluice, "rtmpsuck", tmp_path / "suck", env=trust) as stub:
        yield stub
        stub.ends()


def dump(sluice, url, got, env):
    return support.Process([stubs.beside(sluice, "rtmpdump"), "-i", f"{url}/s{hostile.SECRETS}", "-o", got], env=env)


def test_rtmpdump(sluice, tls, trust, tmp_path):
    def attack(cases):
        with hostile.servers(cases, ATTACKS, tls) as urls, dump(sluice, urls[0], tmp_path / "got.flv", trust) as process:
            process.wait(20 * sluice.patience)

    failed = hostile.each(attack, ATTACKS)
    assert not failed, failed


def test_rtmpgw(gateway, tls):
    def attack(cases):
        with hostile.servers(cases, ATTACKS, tls) as urls:
            assert gateway.get(("r", f"{urls[0]}/s")).status in (200, 502)

    failed = hostile.each(attack, ATTACKS)
    assert not failed, failed
    gateway.has_children(0)
    with peers.Server(plays=hostile.PLAYED) as server:
        answer = gateway.get(("r", f"{server.url()}/s"))
    assert [tag.body for tag in flvcmp.parse(answer.body)] == [m.payload for m in hostile.PLAYED]


@contextlib.contextmanager
def plays_through(stub, url):
    """A client that plays by rtmpsuck from there, and reads nothing."""
    with stub.client() as client:
        client.handshake()
        with contextlib.suppress(OSError):
            client.call("connect", {"app": "live", "tcUrl": url})
            client.call("createStream", None)
            client.play("s")
        yield client


def test_rtmpsuck(suck, tls):
    def attack(cases):
        with hostile.servers(cases, ATTACKS, tls) as urls, plays_through(suck, urls[0]) as client:
            assert client.ended(20 * suck.patience), "it holds on to the client"

    failed = hostile.each(attack, ATTACKS)
    assert not failed, failed


def test_silence_is_waited_for_without_work(sluice, gateway, suck, trust, tmp_path):
    """All three at once; rtmpsuck, which is one process for all clients, with one case after the other."""
    suck_alone = threading.Lock()

    def of_rtmpdump(case, url, is_silent):
        with dump(sluice, url, tmp_path / f"{case}.flv", trust) as process:
            hostile.check_quiet(case, process, is_silent, sluice.patience)

    def of_rtmpgw(case, url, is_silent):
        """The process that it makes for the client."""
        path = gateway.url(("r", f"{url}/s")).removeprefix(f"http://127.0.0.1:{gateway.port}")
        with gateway.connect() as sock:
            sock.sendall(f"GET {path} HTTP/1.0\r\n\r\n".encode())
            assert is_silent.wait(20 * sluice.patience), gateway.text()
            (child,) = gateway.children()
            hostile.check_quiet(case, gateway, is_silent, sluice.patience, int(child))

    def of_rtmpsuck(case, url, is_silent):
        with plays_through(suck, url):
            hostile.check_quiet(case, suck, is_silent, sluice.patience)
        if case == "rtmpt, half an answer":
            hostile.check_quiet(case, suck, is_silent, sluice.patience)  # now that the client has gone

    def wait(cases):
        of, case = cases[0]
        with suck_alone if of == of_rtmpsuck else contextlib.nullcontext(), hostile.SILENCES[case]() as (url, is_silent):
            of(case, url, is_silent)

    cases = [(of_rtmpdump, case) for case in hostile.SILENCES]
    cases += [(of_rtmpgw, "rtmpt, connect"), (of_rtmpsuck, "rtmpt, connect"), (of_rtmpsuck, "rtmpt, half an answer")]
    failed = hostile.each(wait, cases, at_once=len(cases))
    assert not failed, failed
