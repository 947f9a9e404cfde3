# SPDX-License-Identifier: MIT
"""--tls-offload ktls, on a kernel that can change the keys of a connection and one that cannot: what the kernel counts,
and what passes on the wire."""

import json
import os
import pathlib
import shutil
import stat
import subprocess
import time

import pytest

import pushing
from pushing import Suite
from rekeyer import Rekeyer

import streams  # of tests/interop: pushing knows where that is
import support
import wire

both_kernels = pytest.mark.both_kernels

TLS12 = [Suite(name) for name in ("ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-CHACHA20-POLY1305")]
TLS13 = [Suite(name) for name in ("TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256")]
ENOUGH = 150  # full records
NEXT = os.environ.get("SLUICE_NEXT", "")  # where the libraries of Debian's next release are
REQUESTS = 12  # two each time
ASK_AFTER = 500000


def kernel_counts(name):
    """A counter of the kernel's TLS; None where it has none of this name."""
    lines = pathlib.Path("/proc/net/tls_stat").read_text().splitlines()
    return {line.split()[0]: int(line.split()[1]) for line in lines}.get(name)


def kernel_rekeys():
    """By the lab's word, not by what the command looks at."""
    return os.environ["SLUICE_LAB"] == "uml-next"


class Taken:
    """with Taken(n): for that many connections, the kernel gets the keys to send with. None for which to receive."""

    def __init__(self, connections):
        self.connections = connections

    def __enter__(self):
        self.before = [kernel_counts("TlsTxSw"), kernel_counts("TlsRxSw")]

    def __exit__(self, kind, *_):
        if kind is None:
            taken = [kernel_counts("TlsTxSw") - self.before[0], kernel_counts("TlsRxSw") - self.before[1]]
            assert taken == [self.connections, 0]


@pytest.fixture
def push(sluice, serve_suite, long_flv):
    """push(what, suite, options...): the long file to nginx, to a good end and with what was stored identical."""
    return lambda what, suite, *options, **settings: pushing.Push(
        sluice, serve_suite(suite), long_flv, "--tls-offload", what, *options, **settings).wait()


def end_of(done):
    return json.loads(done.result.out.splitlines()[-1])


def check_wire(done):
    """The records are full but for the last of a write call, the command counted them, and every byte."""
    end = end_of(done)
    assert done.full_records() > ENOUGH
    # TLS 1.3's records all look like data: the client's Finished and its close_notify are two of them.
    assert end["tls_records"] == len(done.records) - (2 if done.server.suite.tls13 else 0)
    assert end["wire_bytes_out"] == len(done.relay.sent)
    return end


@both_kernels
@pytest.mark.parametrize("suite", TLS12, ids=str)
def test_the_kernel_makes_the_records(push, suite):
    with Taken(1):
        done = push("ktls", suite)
    end = check_wire(done)
    assert end["tls_kernel"] is True
    assert (end["tls_offload"]["connections"], end["tls_offload"]["fallbacks"]) == (1, 0)
    assert not done.said()


@both_kernels
@pytest.mark.parametrize("suite", TLS13, ids=str)
def test_also_of_tls13_where_asked_for(push, suite):
    with Taken(1):
        done = push("ktls:tls13", suite)
    assert check_wire(done)["tls_kernel"] is True
    assert not done.said()


def test_a_write_call_carries_many_records(push, tmp_path):
    done = push("ktls", TLS12[0], prefix=wire.strace(tmp_path / "calls"))
    calls = [w for w in wire.writes(tmp_path / "calls") if w.done > 0]
    large = [w for w in calls if w.done > pushing.FULL]
    assert sum(w.done for w in calls) < len(done.relay.sent), "plaintext, of which the kernel makes more"
    assert len(calls) * 5 < len(done.records)
    assert sum(w.done for w in large) > 0.9 * done.flv.stat().st_size
    assert end_of(done)["writes"] == len(wire.writes(tmp_path / "calls"))


def test_a_socket_that_takes_little(push, tmp_path):
    """Write calls that could not take all end where a record does."""
    with Taken(1):
        done = push("ktls", TLS12[0], "--send-buffer", "30000", prefix=wire.strace(tmp_path / "calls"))
    check_wire(done)
    short = [w for w in wire.writes(tmp_path / "calls") if 0 < w.done < w.asked]
    assert len(short) > 5 and not [w for w in short if w.done % pushing.FULL]


def every_other_fails(path, first):
    return ["strace", "-f", "-o", path, "-e", "trace=sendmsg", "-e", f"inject=sendmsg:error=EAGAIN:when={first}+2"]


def test_a_socket_that_is_full_when_the_kernel_is_to_have_the_keys(push, tmp_path):
    """The client's second call holds what must go before."""
    with Taken(0):
        done = push("ktls", TLS12[0], prefix=every_other_fails(tmp_path / "calls", 2))
    assert done.full_records() > ENOUGH
    (said,) = done.said()
    assert "did not take the handshake" in said


@pytest.mark.parametrize("what, suite", [("ktls", TLS12[0]), ("ktls:tls13", TLS13[0])], ids=["1.2", "1.3"])
def test_a_socket_that_is_full_every_other_time(push, tmp_path, what, suite):
    """In the handshake, in mid-stream, and for the close_notify: what did not go goes later, once."""
    with Taken(1):
        done = push(what, suite, prefix=every_other_fails(tmp_path / "calls", 3))
    check_wire(done)
    calls = (tmp_path / "calls").read_text().splitlines()
    assert sum("(INJECTED)" in line for line in calls) > 20
    # A record that is no data has its type beside it; libssl writes it again until it has gone.
    controls = [("(INJECTED)" in line) for line in calls if "SOL_TLS" in line or "0x11a" in line]
    assert controls.count(True) > 0 and controls.count(False) == (2 if suite == TLS12[0] else 1)


def test_a_suite_that_the_kernel_lacks(push):
    with Taken(0):
        done = push("ktls", Suite("ECDHE-RSA-AES128-SHA"))
    end = end_of(done)
    assert done.full_records() > ENOUGH
    assert end["tls_kernel"] is False
    assert (end["tls_offload"]["connections"], end["tls_offload"]["fallbacks"]) == (0, 1)
    (said,) = done.said()
    assert "encrypted by OpenSSL, not by the kernel: " in said and "AES-GCM and ChaCha20-Poly1305" in said


def test_without_the_kernels_module(push):
    """It would be loaded by itself."""
    loader = pathlib.Path("/proc/sys/kernel/modprobe")
    before = loader.read_text()
    subprocess.run(["busybox", "rmmod", "tls"], check=True, timeout=10)
    try:
        loader.write_text("/nonexistent\n")
        done = push("ktls", TLS12[0])
    finally:
        loader.write_text(before)
        subprocess.run(["modprobe", "tls"], check=True, timeout=10)
    assert done.full_records() > ENOUGH
    assert end_of(done)["tls_kernel"] is False
    (said,) = done.said()
    assert "modprobe tls" in said


@pytest.mark.parametrize("what, options", [("ktls", ["--tls-max", "1.2"]), ("ktls:tls13", [])], ids=["1.2", "1.3"])
def test_a_server_that_sends_through_it(sluice, certificate, long_flv, tmp_path, what, options):
    """With TLS 1.3, session tickets go through the kernel too."""
    (tmp_path / "served" / "live").mkdir(parents=True)
    shutil.copy(long_flv, tmp_path / "served" / "live" / "s.flv")
    server = sluice.start("serve", "--listen", "rtmps://127.0.0.1:0", "--cert", certificate[0], "--key", certificate[1],
                          "--tls-offload", what, tmp_path / "served")
    port = server.expect(r"listening on rtmps://127\.0\.0\.1:(\d+)")[1]
    with Taken(1):
        done = sluice.run("pull", "--vod", "--ca-file", certificate[0], *options, f"rtmps://localhost:{port}/live/s",
                          tmp_path / "got.flv")
    assert done.code == support.OK, done.err
    streams.check(long_flv, tmp_path / "got.flv")
    assert "warning" not in server.stop().err


# ---- changes of keys ----


@pytest.fixture
def with_openssl(sluice, tmp_path):
    """with_openssl(name): the command with this machine's OpenSSL, or with that of Debian's next release."""

    def choose(name):
        if name == "next" and not NEXT:
            pytest.skip("the mirror has no OpenSSL of the next release")
        if name == "next":
            libraries = f"{NEXT}/usr/lib/x86_64-linux-gnu"
            wrapper = tmp_path / "sluice"
            wrapper.write_text(f'#!/bin/sh\nexec {libraries}/ld-linux-x86-64.so.2 --library-path '
                               f'{libraries}:/usr/lib/x86_64-linux-gnu {sluice.path} "$@"\n')
            wrapper.chmod(wrapper.stat().st_mode | stat.S_IXUSR)
            sluice.path = wrapper
        return sluice

    return choose


@pytest.fixture
def rekeyer(build, sluice, certificate, tmp_path):
    """In front of `sluice serve`, which stores what comes in tmp_path / "stored"."""
    (tmp_path / "stored").mkdir()
    server = sluice.serve("--listen", "rtmp://127.0.0.1:0", tmp_path / "stored")
    port = server.expect(r"listening on rtmp://127\.0\.0\.1:(\d+)")[1]
    with Rekeyer(build, certificate, port, ASK_AFTER) as started:
        yield started


def stored(folder, count):
    """The streams that were stored, one after the other."""
    deadline = time.monotonic() + 10
    while len(found := list(folder.rglob("*.flv"))) < count and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(found) == count
    return [tag for path in sorted(found, key=lambda path: path.stat().st_mtime_ns) for tag in streams.load(path)]


@both_kernels
@pytest.mark.parametrize("openssl", ["own", "next"])
@pytest.mark.parametrize("what", ["ktls", "ktls:tls13"])
def test_keys_that_the_other_end_wants_changed(rekeyer, with_openssl, certificate, long_flv, tmp_path, openssl, what):
    """By the kernel where it can, else by OpenSSL, else not at all: then each connection ends in order, and the next one
    goes on where it ended."""
    can = openssl == "next" and kernel_rekeys()
    changes, before = kernel_counts("TlsTxRekeyOk"), kernel_counts("TlsTxSw")
    done = rekeyer.push(with_openssl(openssl), long_flv, what, certificate)
    assert done.code == support.OK, done.err
    summary = json.loads(done.out.splitlines()[-1])
    renewals = summary["renewals"]
    told = rekeyer.told_until_orderly(renewals + 1)
    connections = [c for c in told if c.end == "orderly"]
    assert len(connections) == renewals + 1, done.err
    assert not any(c.asked for c in told if c not in connections), "only refused, as the name was still held"
    assert summary["tls_kernel"] is (can or what == "ktls:tls13")
    assert kernel_counts("TlsTxSw") - before == (len(told) if summary["tls_kernel"] else 0)
    streams.check(long_flv, streams.without_repeated_headers(stored(tmp_path / "stored", renewals + 1)))
    if summary["tls_kernel"] and not can:
        assert renewals > 2 and summary["undelivered_bytes"] == 0
        assert all(c.asked > 0 and c.answered == 0 for c in connections[:-1])
        assert not done.err
        return
    assert renewals == 0
    assert connections[0].asked == REQUESTS
    assert 0 < connections[0].answered <= REQUESTS, "one answer is enough for all that asked before it"
    if can:
        assert not done.err
        assert kernel_counts("TlsTxRekeyOk") - changes == connections[0].answered
        assert kernel_counts("TlsTxRekeyError") == 0
    else:
        (said,) = done.err.splitlines()
        assert ("this kernel" if openssl == "next" else "OpenSSL before 3.5") in said
