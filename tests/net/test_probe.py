# SPDX-License-Identifier: MIT
"""sluice probe: what it says of servers that behave, of those that do not, and of many; and each of its options."""

import json
import os
import pty
import re
import select
import shlex
import socket
import ssl
import subprocess
import time

import pytest

import librtmp_runs
import peers
import tls_peers
from librtmp_runs import ours  # noqa: F401 (fixture)
from support import CONNECT, INPUT, INTERRUPTED, KEY, LOST, OK, OTHER, OUTPUT, PROTOCOL, REFUSED, TLS, USAGE, one_sentence
from tls_peers import CBC_128, CBC_256, GCM_128, GCM_256, Peer

MODEL = [GCM_128, CBC_256, CBC_128]
NAMES = ["TLS_RSA_WITH_AES_128_GCM_SHA256", "TLS_RSA_WITH_AES_256_CBC_SHA", "TLS_RSA_WITH_AES_128_CBC_SHA"]
# Long enough for an answer on a machine that has other things to do, and all that is waited for where none comes.
SILENCE = "2"


@pytest.fixture
def probe(sluice):
    sluice.need("probe")

    def probe(*args, **options):
        """The result, and its objects."""
        result = sluice.run("probe", "--json", *args, **options)
        return result, [json.loads(line) for line in result.out.splitlines()]

    return probe


@pytest.fixture
def one(probe):
    def one(*args, code=OK, **options):
        result, objects = probe(*args, **options)
        assert result.code == code, (result.err, result.out)
        assert len(objects) == 1 and result.err == ""
        return objects[0]

    return one


def self_signed(folder, name, subject):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-utf8", "-subj", subject, "-days", "3",
                    "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem"],
                   check=True, capture_output=True, timeout=60)
    return ssl.PEM_cert_to_DER_cert((folder / f"{name}.pem").read_text())


@pytest.fixture(scope="session")
def der(tmp_path_factory):
    """A certificate with an RSA key."""
    return self_signed(tmp_path_factory.mktemp("rsa"), "rsa", "/CN=rsa.example")


@pytest.fixture
def serve(sluice, certificates):
    """Of a running server: its port, and itself."""

    def serve(*options, certificate="good"):
        process = sluice.start("serve", "-v", "--no-record", "--listen", "rtmps://127.0.0.1:0", "--cert",
                               certificates / f"{certificate}.pem", "--key", certificates / f"{certificate}.key", *options)
        port = int(process.expect(r"listening on rtmps://127\.0\.0\.1:(\d+)", 20 * sluice.patience)[1])
        return port, process

    sluice.need("serve")
    return serve


def version(report, name):
    (found,) = [v for v in report["versions"] if v["version"] == name]
    return found


def suites(report, name="TLS 1.2"):
    return [s["name"] for s in version(report, name)["suites"]]


# ---- what it says of a server ----


def test_everything_of_a_server(one, serve, certificates):
    port, process = serve("--ciphers", "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305",
                          "--ciphersuites", "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256")
    report = one("--ca-file", certificates / "ca.pem", f"localhost:{port}")
    assert (report["target"], report["host"], report["port"]) == (f"localhost:{port}", "localhost", port)
    assert (report["address"], report["result"], report["sentence"]) == ("127.0.0.1", "ok", "")
    assert [v["version"] for v in report["versions"]] == ["TLS 1.3", "TLS 1.2", "TLS 1.1", "TLS 1.0", "SSL 3.0"]
    assert [v["accepted"] for v in report["versions"]] == [True, True, False, False, False]
    assert sorted(suites(report, "TLS 1.3")) == ["TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384"]
    assert sorted(suites(report)) == ["TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
                                      "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256"]
    assert all(v["suites_complete"] and v["order"] for v in report["versions"][:2])
    named = version(report, "TLS 1.2")["suites"]
    assert {s["openssl"]: s["number"] for s in named} == {"ECDHE-ECDSA-AES256-GCM-SHA384": 0xC02C,
                                                          "ECDHE-ECDSA-CHACHA20-POLY1305": 0xCCA9}
    assert all(s["weak"] == [] for s in named)
    (chain,) = report["chains"]
    assert chain["verified"] and chain["why_not"] == ""
    (certificate,) = chain["certificates"]
    assert (certificate["subject"], certificate["issuer"]) == ("good.example", "Throw-away test CA")
    assert certificate["names"] == "localhost, 127.0.0.1, ::1" and certificate["key"] == "EC P-256"
    assert report["extensions"]["extended_master_secret"] is True
    assert 0 < report["took"]["hellos"] + report["took"]["handshakes"] <= report["took"]["connections"] <= 16
    assert process.stop().code == OK


def test_the_table_has_what_the_json_has(sluice, one, serve, certificates):
    port, _ = serve()
    args = ["--ca-file", certificates / "ca.pem", f"localhost:{port}"]
    report, result = one(*args), sluice.run("probe", *args)
    lines = result.out.decode("ascii").splitlines()
    assert result.code == OK and result.err == "" and lines[0] == f"localhost:{port} (127.0.0.1)"
    for name in suites(report) + suites(report, "TLS 1.3"):
        assert sum(line.split()[:1] == [name] for line in lines) == 1
    for suite in version(report, "TLS 1.2")["suites"]:
        assert any(line.split() == [suite["name"], suite["openssl"]] for line in lines)
    assert "Not accepted  TLS 1.1, TLS 1.0, SSL 3.0" in lines and "Certificate   verified" in lines
    form = {report["advice"]["push"], report["advice"]["url"], *report["advice"]["openssl_conf"].splitlines()}
    assert all(len(line) <= 80 for line in lines if line.strip() not in form)
    assert form - {""} <= {line.strip() for line in lines}


def test_what_was_not_asked_is_said(sluice, one, serve):
    port, _ = serve("--tls-min", "1.3")
    target = f"localhost:{port}"
    brief, full = (version(one(*options, target), "TLS 1.3") for options in ([], ["--full"]))
    assert not brief["groups_complete"] and full["groups_complete"] and len(brief["groups"]) < len(full["groups"])
    assert not brief["schemes_complete"] and full["schemes_complete"]
    assert "(--full asks for all)" in sluice.run("probe", target).out.decode()
    assert "--full" not in sluice.run("probe", "--full", target).out.decode()


@pytest.mark.parametrize("name,word", [("expired", "expired"), ("wrong-name", "elsewhere.example"), ("self-signed", "signed")])
def test_certificates_that_will_not_do(one, serve, certificates, name, word):
    port, _ = serve(certificate=name)
    (chain,) = one("--ca-file", certificates / "ca.pem", f"localhost:{port}")["chains"]
    assert chain["verified"] is False and word in chain["why_not"]


def test_trust_and_name(one, serve, certificates, tmp_path):
    port, _ = serve(certificate="wrong-name")
    target, verified = f"localhost:{port}", lambda *options: one(*options, target)["chains"][0]["verified"]
    assert verified("--ca-file", certificates / "ca.pem", "--server-name", "elsewhere.example")
    assert not verified("--ca-file", certificates / "ca.pem") and not verified("--server-name", "elsewhere.example")
    (tmp_path / "ca.pem").write_bytes((certificates / "ca.pem").read_bytes())
    subprocess.run(["openssl", "rehash", tmp_path], check=True, capture_output=True, timeout=30)
    assert verified("--ca-path", tmp_path, "--server-name", "elsewhere.example")


def test_weak_ones_are_marked_with_the_reason(sluice, one, der):
    with Peer(tls_peers.model(MODEL, der)) as peer:
        report = one(peer.target())
        table = sluice.run("probe", peer.target()).out.decode()
    assert [s["weak"] for s in version(report, "TLS 1.2")["suites"]] == [
        ["no forward secrecy"], ["no forward secrecy", "MAC-then-encrypt"], ["no forward secrecy", "MAC-then-encrypt"]]
    lines = [line.split() for line in table.splitlines() if line.startswith("  ! ")]
    assert [line[1] for line in lines] == ["no", NAMES[0], "no", *NAMES[1:]]
    assert " ".join(lines[0]) == "! no forward secrecy:" and " ".join(lines[2]) == "! no forward secrecy; MAC-then-encrypt:"


def test_a_certificate_that_would_speak_to_the_terminal(sluice, one, tmp_path):
    der = self_signed(tmp_path, "bad", "/CN=\x1b[31mred\u202e\n.example")
    with Peer(tls_peers.model(MODEL, der)) as peer:
        report = one(peer.target())
        table = sluice.run("probe", peer.target()).out
    assert b"\x1b" not in table and max(table) < 0x80
    assert "\\x1b[31mred" in report["chains"][0]["certificates"][0]["subject"]


# ---- servers by hand ----


@pytest.mark.parametrize("size", [16384, 100, 1])
def test_records_of_any_size(one, der, size):
    with Peer(tls_peers.model(MODEL, der, size)) as peer:
        report = one(peer.target())
    assert suites(report) == NAMES and report["result"] == "ok" and report["notes"] == []
    assert version(report, "TLS 1.2")["suites_complete"] and version(report, "TLS 1.2")["order"] == "server"
    assert report["chains"][0]["certificates"][0]["subject"] == "rsa.example"


WRONG = {
    "HTTP": (tls_peers.sends(b"HTTP/1.1 400 Bad Request\r\n\r\n"), "not_tls", TLS, "HTTP"),
    "SSH": (tls_peers.sends(b"SSH-2.0-OpenSSH_9.2\r\n"), "not_tls", TLS, "SSH"),
    "noise": (tls_peers.sends(b"\xff" * 300), "not_tls", TLS, "no TLS"),
    "silence": (tls_peers.stalls, "silent", CONNECT, "says nothing"),
    "the end of the stream": (tls_peers.closes, "closes", CONNECT, "hangs up"),
    "a reset": (tls_peers.resets, "closes", CONNECT, "hangs up"),
    "an alert": (tls_peers.sends(tls_peers.alert(40)), "refuses", REFUSED, "handshake_failure"),
    "garbage in a record": (tls_peers.sends(tls_peers.record(22, b"\xff" * 64)), "broken", TLS, "handshake message"),
    "a message without an end": (tls_peers.endless, "broken", TLS, "16777215 bytes"),
    "half a ServerHello": (tls_peers.sends(tls_peers.record(22, tls_peers.server_hello(GCM_128)[:20])), "closes", CONNECT,
                           "hangs up before the end"),
}


@pytest.mark.parametrize("what", WRONG)
def test_servers_that_are_none(one, what):
    answer, result, code, word = WRONG[what]
    with Peer(answer) as peer:
        report = one("--timeout", SILENCE, peer.target(), code=code)
    assert report["result"] == result and word in report["sentence"], report["sentence"]
    assert all(not v["accepted"] for v in report["versions"]) and "advice" not in report
    assert report["sentence"].isascii() and 30 < len(report["sentence"]) < 500
    assert report["exit_status"] == code and report["took"]["bytes_in"] < 300000


def test_a_suite_that_was_not_offered(one, der):
    with Peer(tls_peers.sends(tls_peers.pieces(tls_peers.flight(0x5601, der), 16384))) as peer:
        report = one("--timeout", SILENCE, peer.target(), code=TLS)
    assert report["result"] == "broken" and any("0x5601, which was not offered" in note for note in report["notes"])
    # What it takes whatever is offered is one suite: that this is not all there is cannot be known.
    with Peer(tls_peers.sends(tls_peers.pieces(tls_peers.flight(GCM_256, der), 16384))) as peer:
        report = one("--timeout", SILENCE, peer.target())
    assert suites(report) == ["TLS_RSA_WITH_AES_256_GCM_SHA384"] and not version(report, "TLS 1.2")["suites_complete"]
    assert any("not offered" in note for note in report["notes"])


@pytest.mark.parametrize("then", [tls_peers.stalls, tls_peers.closes, tls_peers.resets], ids=["stalls", "closes", "resets"])
def test_a_server_that_has_enough(sluice, one, der, then):
    with Peer(tls_peers.first(3, tls_peers.model(MODEL, der), then)) as peer:
        report = one("--timeout", SILENCE, peer.target(), code=LOST)
    assert report["result"] == "cut" and set(suites(report)) < set(NAMES)
    assert not version(report, "TLS 1.2")["suites_complete"]


def test_answers_that_differ_each_time(probe, der):
    """Whatever is made of that, no suite is there that it did not choose, and what was not learned is told."""
    model = tls_peers.model(MODEL, der)
    oddities = [tls_peers.sends(tls_peers.alert(80)), tls_peers.closes, tls_peers.sends(b"\xff" * 300), tls_peers.endless,
                tls_peers.resets, tls_peers.sends(tls_peers.pieces(tls_peers.flight(0x5601, der), 50))]
    for turn in range(len(oddities)):
        answers = [model, oddities[turn], model, oddities[turn - 1], oddities[turn - 3]]
        with Peer(tls_peers.in_turn(*answers)) as peer:
            result, (report,) = probe("--timeout", SILENCE, peer.target())
        found = set(suites(report) if version(report, "TLS 1.2")["accepted"] else [])
        assert result.err == "" and found <= set(NAMES)
        # An end that is tried once more, or comes where a refusal is due, is not missed.
        assert report["notes"] or report["sentence"] or found == set(NAMES)


def test_no_connection(one):
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        report = one(f"127.0.0.1:{sock.getsockname()[1]}", code=CONNECT)
    assert report["result"] == "unreachable" and "refused" in report["sentence"]
    report = one("no.such.name.invalid", code=CONNECT)
    assert report["result"] == "unresolved" and report["port"] == 443 and report["address"] == ""


# ---- targets ----


@pytest.mark.parametrize("text,word", [
    ("rtmp://localhost/live", "no TLS"), ("rtmpe://localhost/live", "no TLS"), ("https://localhost", "another kind"),
    ("::1", "brackets"), ("localhost:nought", "port"), ("localhost/live", "neither"), ("a b", "space"), ("", "empty"),
    (f"rtmps://localhost:x/live/{KEY}", "port"), ("x" * 300, "name"),
])
def test_what_is_no_target(sluice, text, word):
    sluice.need("probe")
    result = sluice.run("probe", "--", text)
    assert result.code == USAGE and result.out == b""
    one_sentence(result, word)


def test_brackets_and_urls(one, serve, certificates, sluice):
    port, _ = serve()
    report = one("--address", "127.0.0.1", f"[::1]:{port}")
    assert (report["host"], report["target"]) == ("::1", f"[::1]:{port}")
    report = one(f"rtmps://user:password@localhost:{port}/live/{KEY}?token=x")
    assert report["target"] == f"rtmps://localhost:{port}/live/..." and report["port"] == port
    assert sluice.run("probe").code == USAGE


def test_targets_from_a_file(probe, der, tmp_path):
    with Peer(tls_peers.model(MODEL, der), "0.0.0.0") as peer:
        lines = ["# all of them", "", f"  {peer.target('127.0.0.2')}  # the second", f"{peer.target('127.0.0.3')}\r"]
        path = tmp_path / "targets"
        path.write_text("\n".join(lines), encoding="ascii")
        wanted = {peer.target(f"127.0.0.{i}") for i in (1, 2, 3)}
        result, reports = probe("--targets", path, peer.target())
        assert result.code == OK and {r["target"] for r in reports} == wanted
        with open(path, "rb") as stdin:
            result, reports = probe("--targets", "-", stdin=stdin)
        assert result.code == OK and {r["target"] for r in reports} == wanted - {peer.target()}
        assert all(suites(r) == NAMES for r in reports)
        path.write_text("127.0.0.1\nrtmp://127.0.0.1/\n", encoding="ascii")
        result, reports = probe("--targets", path)
        assert result.code == INPUT and not reports
        one_sentence(result, "line 2 of")
    path.write_bytes(b"\xef\xbb\xbflocalhost:1\r\n")  # as Windows' editors begin a file in UTF-8
    assert [r["target"] for r in probe("--targets", path)[1]] == ["localhost:1"]
    path.write_bytes(b"x" * 100000)
    assert probe("--targets", path)[0].code == INPUT
    path.write_bytes(b"")
    assert probe("--targets", path)[0].code == USAGE
    assert probe("--targets", tmp_path / "none")[0].code == INPUT


def test_status_of_several(probe, der):
    with Peer(tls_peers.model(MODEL, der)) as good, Peer(tls_peers.closes) as bad, Peer(tls_peers.sends(b"\xff" * 9)) as odd:
        assert probe(good.target(), bad.target())[0].code == CONNECT
        assert probe(bad.target(), good.target(), bad.target())[0].code == CONNECT
        result, reports = probe(good.target(), bad.target(), odd.target())
        assert result.code == OTHER and {r["result"] for r in reports} == {"ok", "closes", "not_tls"}


def test_many_targets_in_little_memory(sluice, probe, der, tmp_path):
    most = {}
    with Peer(tls_peers.model(MODEL, der), "0.0.0.0") as peer:
        for count in (20, 200):
            path = tmp_path / str(count)
            path.write_text("".join(f"{peer.target(f'127.0.{i // 100}.{i % 100 + 1}')}\n" for i in range(count)))
            result, reports = probe("--targets", path, timeout=120)
            assert result.code == OK and len({r["host"] for r in reports}) == count
            assert all(suites(r) == NAMES and r["result"] == "ok" for r in reports)
            most[count] = result.resident
    if sluice.sanitized or sluice.emulated or not most[20]:
        return
    assert most[200] < most[20] + 1024, most


def wait_until(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert condition()


def test_few_open_files(sluice, der):
    """What the system allows is used, and where that is not enough, fewer targets are asked at a time."""
    sluice.need("probe")
    targets = [f"127.0.0.{i}" for i in range(1, 21)]
    for limit, options, count, warned in ("40:4096", [], 16, 0), ("100:100", [], 3, 1), ("100:100", ["-q"], 3, 0):
        with Peer(tls_peers.stalls, "0.0.0.0") as peer:
            with sluice.start("probe", *options, *map(peer.target, targets), prefix=["prlimit", f"--nofile={limit}"]) as process:
                wait_until(lambda: len(peer.open) >= count)
                time.sleep(0.2)
                assert process.stop().err.count("open files") == warned
            assert peer.most == count
    with Peer(tls_peers.model(MODEL, der), "0.0.0.0") as peer:
        with sluice.start("probe", "--json", *map(peer.target, targets), prefix=["prlimit", "--nofile=64:64"]) as process:
            result = process.wait(60 * sluice.patience)
        assert result.code == OK and [suites(json.loads(line)) for line in result.out.splitlines()] == [NAMES] * 20


def test_parallel(sluice, probe):
    for options, count in (["--parallel", "3"], 3), ([], 16), (["--parallel", "30"], 20):
        with Peer(tls_peers.stalls, "0.0.0.0") as peer:
            with sluice.start("probe", *options, *(peer.target(f"127.0.0.{i}") for i in range(1, 21))) as process:
                wait_until(lambda: len(peer.open) >= count)
                time.sleep(0.2)
                assert process.stop().code == INTERRUPTED
            assert peer.most == count
    assert probe("--parallel", "0", "localhost")[0].code == USAGE


def test_interrupted(sluice, tmp_path):
    sluice.need("probe")
    with Peer(tls_peers.stalls) as peer:
        with sluice.start("probe", "-v", peer.target()) as process:
            wait_until(lambda: peer.count)
            assert process.stop().code == INTERRUPTED


def test_nobody_takes_the_report(sluice, der):
    sluice.need("probe")
    with Peer(tls_peers.model(MODEL, der)) as peer, open("/dev/full", "wb") as full:
        for options in [], ["--json"]:
            result = sluice.run("probe", *options, peer.target(), stdout=full)
            assert result.code == OUTPUT
            one_sentence(result, "No space left")


# ---- options ----


def test_families(one, der):
    with Peer(tls_peers.model(MODEL, der)) as peer:
        assert one("-4", f"localhost:{peer.port}")["result"] == "ok"
        assert one("-6", peer.target(), code=CONNECT)["result"] == "unresolved"


def test_address_and_bind(one, probe, der):
    seen = []

    def answer(client, hello, number):
        seen.append((client.getpeername()[0], b"no.such.name.invalid" in hello))
        tls_peers.model(MODEL, der)(client, hello, number)

    with Peer(answer) as peer:
        target = f"no.such.name.invalid:{peer.port}"
        assert suites(one("--address", "127.0.0.1", "--bind", "127.0.0.77", target)) == NAMES
        assert {address for address, _ in seen} == {"127.0.0.77"} and (seen[0][0], True) in seen
        result, _ = probe("--bind", "nonsense", peer.target())
        assert result.code == USAGE
        one_sentence(result)


def test_interface(one, der):
    with Peer(tls_peers.model(MODEL, der)) as peer:
        report = one("--interface", "nosuch0", peer.target(), code=CONNECT)
        assert report["result"] == "unreachable"


def test_connect_timeout(one):
    """Nobody accepts, and the queue for it is full: then Linux answers to no SYN."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        waiting = [socket.socket() for _ in range(4)]
        for sock in waiting:
            sock.setblocking(False)
            sock.connect_ex(listener.getsockname())
        begin = time.monotonic()
        report = one("--connect-timeout", "0.5", f"127.0.0.1:{listener.getsockname()[1]}", code=CONNECT)
        assert report["result"] == "unreachable" and 0.4 < time.monotonic() - begin < 5
        for sock in waiting:
            sock.close()


def test_timeout(one):
    with Peer(tls_peers.stalls) as peer:
        begin = time.monotonic()
        assert one("--timeout", "1", peer.target(), code=CONNECT)["result"] == "silent"
        assert 0.9 < time.monotonic() - begin < 20


def test_timeout_of_a_server_that_is_slow(one, der):
    """Each of its answers comes in time, and not all of them."""

    def answer(client, hello, number):
        time.sleep(1)
        tls_peers.model(MODEL, der)(client, hello, number)

    with Peer(answer) as peer:
        report = one("--timeout", "2.5", peer.target(), code=LOST)
    assert report["result"] == "cut" and suites(report) and not version(report, "TLS 1.2")["suites_complete"]
    assert "within 2.5 s" in report["sentence"]


def test_rate(one, der):
    """The first seven go at once, the others each in their turn."""
    many = [GCM_128, GCM_256, CBC_128, CBC_256, 0x003C, 0x003D, 0x0041, 0x0084, 0x0096]
    with Peer(tls_peers.model(many, der)) as peer:
        took = one("--rate", "10", peer.target())["took"]
    assert took["connections"] > 10 and took["ms"] > 80 * (took["connections"] - 8)


def test_bit_rate(one, serve):
    port, _ = serve("--ciphersuites", "TLS_AES_128_GCM_SHA256", "--tls-min", "1.3")
    for rate, mbit in ("6M", 6), ("2500k", 2.5), ("4500000", 4.5), ("1G", 1000):
        advice = one("--bitrate", rate, f"localhost:{port}")["advice"]
        assert f" at {mbit} Mbit/s" in advice["sentence"]
        best = advice["best"]
        assert best["cpu_percent"] == pytest.approx(best["cpu_ms_per_mb"] * mbit / 8 / 10)


@pytest.mark.parametrize("rate", ["0", "-1M", "6X", "M", "6Mb", "", "nan"])
def test_bit_rates_that_are_none(probe, rate):
    result, _ = probe("--bitrate", rate, "localhost")
    assert result.code == USAGE
    one_sentence(result, "--bitrate")


@pytest.mark.parametrize("name", ["", ".", "two words", "red\x1b[31m", "b\u00fccher.example", "x" * 300])
def test_server_names_that_are_none(probe, name):
    result, _ = probe("--server-name", name, "localhost")
    assert result.code == USAGE
    one_sentence(result, "--server-name")


def test_verbose(sluice, serve, certificates):
    port, _ = serve()
    said = []
    for options in [], ["-v"], ["-vv"]:
        result = sluice.run("probe", "--rtmp", "--ca-file", certificates / "ca.pem", *options, f"localhost:{port}")
        assert result.code == OK
        said.append(result.err)
    assert said[0] == "" and f"localhost:{port} is done" in said[1]
    assert "connect" in said[2] and said[2].count("\n") > said[1].count("\n")


def on_terminal(path, *args, env=None):
    """All that a terminal of 100 columns sees."""
    master, slave = pty.openpty()
    subprocess.run(["stty", "cols", "100"], stdin=slave, check=True, timeout=20)
    process = subprocess.Popen([str(a) for a in (path, "probe", *args)], stdin=subprocess.DEVNULL, stdout=slave, stderr=slave,
                               env={**os.environ, "TERM": "xterm", "NO_COLOR": "", **(env or {})})
    os.close(slave)
    seen, deadline = b"", time.monotonic() + 60
    while time.monotonic() < deadline:
        if not select.select([master], [], [], 1)[0]:
            continue
        try:
            data = os.read(master, 65536)
        except OSError:  # Linux: nobody has the other end any more
            break
        if not data:
            break
        seen += data
    os.close(master)
    assert process.wait(20) == OK, seen
    return seen.decode()


def test_colours(sluice, der):
    sluice.need("probe")
    with Peer(tls_peers.model(MODEL, der)) as peer:
        target = peer.target()
        assert "\033[1m" in on_terminal(sluice.path, target) and "\033[31m" in on_terminal(sluice.path, target)
        for options, env in (["--no-color"], {}), ([], {"NO_COLOR": "1"}), ([], {"TERM": "dumb"}):
            seen = on_terminal(sluice.path, "-q", *options, target, env=env)
            assert "\033" not in seen and "TLS_RSA_WITH" in seen


def test_bar(sluice, der):
    sluice.need("probe")
    with Peer(tls_peers.model(MODEL, der), "0.0.0.0") as peer:
        targets = [peer.target(f"127.0.0.{i}") for i in range(1, 41)]
        seen = on_terminal(sluice.path, *targets)
        assert re.search(r"\[#*-*\] \d+ %.*: \d+ of 40 done, \d+ answers", seen)
        assert "of 40 done" not in on_terminal(sluice.path, "-q", *targets)
        assert "of 40 done" not in on_terminal(sluice.path, "--json", *targets)
        assert re.search(r"\r\d+ answers\033", on_terminal(sluice.path, targets[0]))


# ---- RTMP ----


def rtmp(report):
    assert report["result"] == "ok"
    return report["rtmp"]


@pytest.fixture
def trust(certificates):
    return ["--ca-file", certificates / "ca.pem", "--rtmp"]


def context(certificates):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificates / "good.pem", certificates / "good.key")
    return tls


def test_rtmp(sluice, one, serve, trust):
    port, process = serve()
    target = f"rtmps://user:password@localhost:{port}/live/instance/{KEY}"
    report = one(*trust, target)
    said = rtmp(report)
    assert (said["connected"], said["handshake"], said["app"]) == (True, "digest", "accepted")
    assert said["server"].startswith("FMS/") and said["chunk_size"] > 128 and said["window"] == 2500000
    assert said["code"] == "NetConnection.Connect.Success" and said["error"] == ""
    best = report["advice"]["best"]
    assert (said["tls_version"].replace("v", " "), said["tls_suite"]) == (best["version"], best["openssl"])
    table = sluice.run("probe", *trust, target).out.decode()
    assert "handshake         with digests" in table and "app               accepted" in table
    assert process.stop().code == OK
    log = process.text("out") + process.text()
    assert "listening" in log and KEY not in log and "publish" not in log


def test_rtmp_sends_connect_and_no_more(one, certificates, trust):
    with peers.Server(tls=context(certificates)) as server:
        said = rtmp(one(*trust, server.url("live", host="localhost") + f"/instance/{KEY}"))
        talked = [s for s in server.sessions if s.commands]
        assert (said["handshake"], said["app"], said["server"]) == ("plain", "accepted", "FMS/3,0,1,123")
        assert (said["chunk_size"], said["window"]) == (128, 2500000)
        assert [s.commands for s in talked] == [["connect"]]
        assert talked[0].info["app"] == "live/instance" and KEY not in str(talked[0].calls)


def test_rtmp_without_a_url_has_no_app(one, certificates, trust):
    with peers.Server(tls=context(certificates)) as server:
        rtmp(one(*trust, f"localhost:{server.port}"))
        assert [s.info["app"] for s in server.sessions if s.commands] == [""]


def test_rtmp_refused(one, certificates, trust):
    refuse = peers.replies(lambda transaction: peers.rtmp.command(
        "_error", transaction, None, {"level": "error", "code": "NetConnection.Connect.Rejected",
                                      "description": "no \x1b[31msuch app"}))
    with peers.Server("connect", refuse, tls=context(certificates)) as server:
        said = rtmp(one(*trust, server.url("nosuch", host="localhost"), code=REFUSED))
    assert (said["app"], said["code"]) == ("refused", "NetConnection.Connect.Rejected")
    assert said["description"] == "no \\x1b[31msuch app" and said["error"] == ""


def test_rtmp_version_that_would_speak_to_the_terminal(one, certificates, trust):
    def answer(transaction):
        return peers.rtmp.command("_result", transaction, {"fmsVer": "FMS/\x1b[31m\x00\u202e"}, {"code": "a\nb"})

    with peers.Server("connect", peers.replies(answer), tls=context(certificates)) as server:
        said = rtmp(one(*trust, server.url(host="localhost")))
    assert said["server"] == "FMS/\\x1b[31m\\x00\\xe2\\x80\\xae" and said["code"] == "a\\x0ab"


def test_rtmp_once_more_without_digests(one, certificates, trust):
    """A server that knows the plain handshake alone, and hangs up on any other."""
    hellos = []

    def listen(conn):
        hellos.append(conn.c0c1[5:9])
        if hellos[-1] == bytes(4):
            return True
        return peers.close(conn)

    with peers.Server("c0c1", listen, tls=context(certificates)) as server:
        said = rtmp(one(*trust, server.url(host="localhost")))
    assert said["app"] == "accepted" and said["handshake"] == "plain"
    assert len(hellos) == 2 and hellos[0] != bytes(4)


@pytest.mark.parametrize("step,action,code", [
    ("c0c1", peers.garbage, PROTOCOL), ("accepted", peers.http, PROTOCOL), ("connect", peers.close, REFUSED),
    ("connect", peers.reset, REFUSED),
])
def test_rtmp_that_is_none(one, certificates, trust, step, action, code):
    with peers.Server(step, action, tls=context(certificates)) as server:
        said = rtmp(one(*trust, server.url(host="localhost"), code=code))
    assert said["connected"] and said["app"] is None and 30 < len(said["error"]) < 600


def test_rtmp_goes_to_none_that_is_not_verified(one, certificates):
    with peers.Server(tls=context(certificates)) as server:
        said = rtmp(one("--rtmp", server.url(host="localhost"), code=TLS))
        assert "--ca-file" in said["error"] and all(not s.commands for s in server.sessions)


# ---- the recommendation: programs take it, and negotiate what it promises ----

# Of a server, and what the best of it is.
SERVERS = {
    "all that it has": ([], "GCM|CHACHA"),
    "TLS 1.3 alone": (["--tls-min", "1.3", "--ciphersuites", "TLS_AES_256_GCM_SHA384"], "^TLS_AES_256_GCM_SHA384$"),
    "TLS 1.2 alone": (["--tls-max", "1.2"], "GCM|CHACHA"),
    "one suite": (["--tls-max", "1.2", "--ciphers", "ECDHE-ECDSA-CHACHA20-POLY1305"], "^ECDHE-ECDSA-CHACHA20-POLY1305$"),
    "CBC, with encrypt-then-MAC": (["--tls-max", "1.2", "--ciphers", "ECDHE-ECDSA-AES128-SHA"], "^ECDHE-ECDSA-AES128-SHA$"),
    "TLS 1.0": (["--tls-min", "1.0", "--tls-max", "1.0"], "ECDHE-ECDSA-AES(128|256)-SHA$"),
}


@pytest.fixture(params=SERVERS)
def advised(request, one, serve, certificates):
    """Port and process of a server, and what is suggested for it."""
    options, best = SERVERS[request.param]
    port, process = serve(*options)
    advice = one("--allow-weak", "--ca-file", certificates / "ca.pem", f"localhost:{port}")["advice"]
    assert re.search(best, advice["best"]["openssl"]) and advice["suggested"]
    assert advice["end"] == ("weak" if request.param == "TLS 1.0" else "good")
    return port, process, advice


def promised(advice):
    return advice["best"]["version"].replace(" ", "v"), advice["best"]["openssl"]


def protocol(name):
    """TLSv1 is what OpenSSL has for 1.0."""
    return "TLSv1.0" if name == "TLSv1" else name


def test_options_of_push(sluice, advised, certificates, short_clip):
    port, _, advice = advised
    result = sluice.run("push", "--fast", "--json", "--ca-file", certificates / "ca.pem", *shlex.split(advice["push"]),
                        short_clip, f"rtmps://localhost:{port}/live", KEY)
    assert result.code == OK, result.err
    end = json.loads(result.out.splitlines()[-1])
    assert (protocol(end["tls_version"]), end["tls_suite"]) == promised(advice)


def test_configuration_of_openssl(advised, certificates, tmp_path):
    port, _, advice = advised
    path = tmp_path / "openssl.cnf"
    path.write_text(advice["openssl_conf"], encoding="ascii")
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-CAfile", certificates / "ca.pem"],
                          env={**os.environ, "OPENSSL_CONF": str(path)}, input=b"", capture_output=True, timeout=30,
                          check=False)
    said = re.search(rb"^New, .*, Cipher is (\S+)$", done.stdout, re.M)
    version_said = re.search(rb"^ +Protocol *: (\S+)$|^Protocol *: (\S+)$|^New, (TLSv1\.3), ", done.stdout, re.M)
    assert said and version_said, done.stdout + done.stderr
    found = next(filter(None, version_said.groups())).decode()
    assert (protocol(found), said[1].decode()) == promised(advice)


def test_options_of_the_drop_in(advised, ours, certificates, short_clip):  # noqa: F811
    port, process, advice = advised
    url = f"rtmps://localhost:{port}/live/{KEY} tlsCAFile={certificates / 'ca.pem'} {advice['url']}"
    result = librtmp_runs.run(ours, "publish", short_clip, url)
    assert result.code == OK, result.err
    said = process.expect(r" over (TLSv[\d.]+) (\S+?)[,;:]?\s")
    assert (protocol(said[1]), said[2]) == promised(advice)


def test_what_a_client_without_settings_negotiates(sluice, advised, certificates):
    theirs = subprocess.run(["openssl", "version"], capture_output=True, check=True, timeout=20).stdout.split()[1]
    if theirs not in sluice.run("--version").out.split():
        pytest.skip("the openssl command is of another OpenSSL than this build of sluice")
    port, _, advice = advised
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-CAfile", certificates / "ca.pem"],
                          input=b"", capture_output=True, timeout=30, check=False)
    said = re.search(rb"^New, .*, Cipher is (\S+)$", done.stdout, re.M)[1].decode()
    client = advice["default_client"]
    assert said == (client["openssl"] if client else "(NONE)")


def test_weak_ones_are_only_suggested_when_allowed(sluice, one, serve, trust):
    port, _ = serve("--tls-min", "1.0", "--tls-max", "1.1")
    target = f"localhost:{port}"
    report = one(*trust, target, code=TLS)
    advice = report["advice"]
    assert advice["end"] == "weak" and not advice["suggested"] and "RFC 8996" in advice["weak"]
    assert not {"push", "url", "openssl_conf"} & set(advice) and "not tried" in report["rtmp"]["error"]
    table = sluice.run("probe", target).out.decode()
    assert "--allow-weak" in table and "RFC 8996" in table and "--ciphers" not in table
    report = one("--allow-weak", *trust, target)
    assert report["advice"]["suggested"] and "RFC 8996" in report["advice"]["weak"] and report["rtmp"]["app"] == "accepted"
    assert report["advice"]["best"]["cpu_percent"] > 0  # CBC has been measured as well
    table = sluice.run("probe", "--allow-weak", target).out.decode()
    assert f"    {report['advice']['push']}\n" in table and "RFC 8996" in table


def test_by_what_the_doctor_kept(sluice, one, serve, tmp_path):
    sluice.need("doctor")
    kept = tmp_path / "measured"
    if sluice.run("doctor", "--quick", "--device", "/nonexistent/crypto", "--keep", kept, timeout=120).code != OK:
        pytest.skip("the doctor keeps nothing here")
    text = re.sub(r"^way .*\n", "", kept.read_text(), flags=re.M)
    text = re.sub(r"^sizes .*", "sizes 16384", text, flags=re.M)
    port, _ = serve("--tls-min", "1.3")
    for suite in "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256":
        costs = {"TLS_AES_128_GCM_SHA256": 4, "TLS_AES_256_GCM_SHA384": 4, "TLS_CHACHA20_POLY1305_SHA256": 4, suite: 2}
        kept.write_text(text + "".join(f"way off {name} 1.3 - {ms}000000\n" for name, ms in costs.items()))
        advice = one("--tls-measured", kept, "--bitrate", "8M", f"localhost:{port}")["advice"]
        best = advice["best"]
        assert (best["openssl"], best["cpu_ms_per_mb"], best["cpu_percent"]) == (suite, 2, pytest.approx(0.2))
    assert "kept" not in advice["why"]
    assert "cannot be used" in one("--tls-measured", tmp_path / "none", f"localhost:{port}")["advice"]["why"]


def test_rtmp_with_another_name(one, serve, trust):
    port, _ = serve(certificate="wrong-name")
    assert rtmp(one("--server-name", "elsewhere.example", *trust, f"localhost:{port}"))["app"] == "accepted"
    assert "elsewhere.example" in rtmp(one(*trust, f"localhost:{port}", code=TLS))["error"]
