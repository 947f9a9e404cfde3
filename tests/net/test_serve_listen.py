# SPDX-License-Identifier: MIT
"""Where sluice serve listens: addresses, unix sockets, how many at a time; with other people's proxies in front."""

import contextlib
import os
import pathlib
import re
import resource
import shutil
import signal
import socket
import stat
import subprocess
import time

import pytest

import flvcmp
import peers
import rtmp
import support
from support import KEY, one_sentence


@pytest.fixture
def short_path(tmp_path):
    """A unix socket's path has 107 bytes at most."""
    path = pathlib.Path(f"/tmp/sluice-{os.getpid()}-{time.monotonic_ns()}")
    path.mkdir()
    yield path
    shutil.rmtree(path)


@pytest.fixture
def serve(sluice, tmp_path):
    """A running server, and what it listens at."""
    sluice.need("serve")

    def serve(*options, places=1, **more):
        process = sluice.start("serve", *options, **more)
        process.expect(rf"(listening on \S+\n){{{places}}}", 20 * sluice.patience, "out")
        return process, re.findall(r"listening on (\S+)", process.text("out"))

    return serve


class UnixClient(peers.Client):
    def __init__(self, path, timeout=20):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(timeout)
        self.sock.connect(path)
        self.reader = rtmp.Reader(self.sock)
        self.transactions, self.stream = 0, 1
        self.host, self.port = "localhost", 1935


def free_port(host="127.0.0.1"):
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as s:
        s.bind((host, 0))
        return s.getsockname()[1]


@pytest.fixture
def socat(sluice):
    """Takes connections for a unix socket: the port."""
    if not shutil.which("socat"):
        pytest.skip("socat is not installed")

    def socat(target):
        port = free_port()
        process = support.Process(["socat", "-d", "-d", f"TCP-LISTEN:{port},bind=127.0.0.1,reuseaddr,fork", target])
        sluice.running.append(process)
        process.expect("listening on", 20)
        return port

    return socat


def same(wanted, got):
    wanted, got = flvcmp.media(flvcmp.read(wanted)), flvcmp.media(flvcmp.read(got))
    assert flvcmp.difference(wanted, got) is None
    return len(got)


# ---- all kinds at a time ----


def test_listeners_of_all_kinds_at_a_time(sluice, serve, socat, certificates, short_path, clip, tmp_path):
    """A publisher through each, all at once; what comes through the unix sockets is FFmpeg's, by way of socat."""
    if not shutil.which("ffmpeg"):
        pytest.skip("ffmpeg is not installed")
    places = ["rtmp://127.0.0.1:0", "rtmps://127.0.0.1:0", "rtmp://[::1]:0", "rtmps://[::1]:0", f"unix:{short_path}/socket",
              f"unix:@sluice-{os.getpid()}"]
    options = [word for place in places for word in ("--listen", place)]
    server, bound = serve("--cert", certificates / "good.pem", "--key", certificates / "good.key", *options, tmp_path, "-v",
                          places=6)
    urls = [*bound[:4], *(f"rtmp://127.0.0.1:{socat(target)}" for target in (
        f"UNIX-CONNECT:{short_path}/socket", f"ABSTRACT-CONNECT:sluice-{os.getpid()}"))]
    assert bound[4:] == places[4:]
    pushes = [sluice.start("push", "--fast", "--ca-file", certificates / "ca.pem", clip, url + "/live", f"s{i}")
              for i, url in enumerate(urls[:4])]
    pushes += [support.Process(["ffmpeg", "-nostdin", "-v", "error", "-i", clip, "-c", "copy", "-f", "flv", f"{url}/live/s{i}"])
               for i, url in enumerate(urls[4:], 4)]
    for push in pushes:
        result = push.wait(30 * sluice.patience)
        assert result.code == 0, result.err
    server.expect(r"(?s)(published \d.*){6}", 20 * sluice.patience, "err")
    assert server.stop().code == support.OK
    assert len(re.findall(r"#\d+, unix, publishes", server.text("err"))) == 2
    for i in range(6):
        assert same(clip, tmp_path / "live" / f"s{i}.flv") == 685
    assert not (short_path / "socket").exists()


@pytest.mark.parametrize("order", [("0.0.0.0", "[::]"), ("[::]", "0.0.0.0")])
def test_wildcards_of_both_families_go_together(serve, order):
    port = free_port()
    server, bound = serve("--no-record", *(w for host in order for w in ("--listen", f"rtmp://{host}:{port}")), "-v", places=2)
    assert bound == [f"rtmp://{host}:{port}" for host in order]
    for host in ("127.0.0.1", "::1"):
        with peers.Client(host, port) as client:
            client.to("connected")
        server.expect(rf", {re.escape('[::1]' if ':' in host else host)}:\d+, connected")


def test_link_local(serve, netns):
    """In a network of its own, whose addresses are known."""
    program = ("ip link set lo up; ip link add v0 type veth peer name v1; ip link set v0 up; ip link set v1 up; "
               "ip addr add fe80::77/64 dev v0 nodad; exec \"$@\"")
    server, bound = serve("--no-record", "--listen", "rtmp://[fe80::77%v0]:0", prefix=["unshare", "-n", "sh", "-c", program, "sh"])
    assert re.fullmatch(r"rtmp://\[fe80::77%v0\]:\d+", bound[0])
    port = bound[0].rsplit(":", 1)[1]
    done = subprocess.run(["nsenter", "-t", str(server.pid), "-n", "/usr/bin/python3", "-c",
                           f"import socket; s = socket.create_connection(('fe80::77%v0', {port}), 10); s.sendall(b'x')"],
                          capture_output=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr


# ---- unix sockets ----


def test_a_socket_is_replaced_when_nobody_listens(sluice, serve, short_path):
    place = f"unix:{short_path}/socket"
    first, _ = serve("--no-record", "--listen", place)
    result = sluice.run("serve", "--no-record", "--listen", place)
    assert result.code == support.OTHER
    one_sentence(result, f"cannot listen at {place}", "something listens there already")
    with UnixClient(place[5:]) as client:
        client.to("started")
    first.process.kill()
    first.process.wait(20)
    assert (short_path / "socket").is_socket()
    second, _ = serve("--no-record", "--listen", place)
    with UnixClient(place[5:]) as client:
        client.to("started")
    assert second.stop().code == support.OK
    assert not (short_path / "socket").exists()


def test_what_is_no_socket_stays(sluice, short_path):
    (short_path / "file").write_text("mine")
    result = sluice.run("serve", "--no-record", "--listen", f"unix:{short_path}/file")
    assert result.code == support.OTHER
    one_sentence(result, "is no socket, and is left alone")
    assert (short_path / "file").read_text() == "mine"


def test_a_socket_that_was_taken_over_stays(serve, short_path):
    """Somebody has removed it, and listens there himself."""
    path = short_path / "socket"
    server, _ = serve("--no-record", "--listen", f"unix:{path}")
    path.unlink()
    with socket.socket(socket.AF_UNIX) as other:
        other.bind(str(path))
        assert server.stop().code == support.OK
        assert path.is_socket()


def test_who_may_connect_is_said_by_the_umask(serve, short_path):
    serve("--no-record", "--listen", f"unix:{short_path}/socket", prefix=["sh", "-c", 'umask 027; exec "$@"', "sh"])
    assert stat.S_IMODE((short_path / "socket").stat().st_mode) == 0o750


def test_those_of_a_unix_socket_have_one_address(serve, short_path):
    """Which is none of TCP's."""
    server, bound = serve("--no-record", "-v", "--max-per-address", "1", "--listen", "rtmp://127.0.0.1:0",
                          "--listen", f"unix:{short_path}/socket", places=2)
    with UnixClient(f"{short_path}/socket") as client:
        client.to("connected")
        server.expect(r"#1, unix, connected to app \"live\"")
        with UnixClient(f"{short_path}/socket") as second:
            assert second.ended(20)
        server.expect(r"unix, was refused: .* \(max-per-address\)")
        with peers.Client("127.0.0.1", int(bound[0].rsplit(":", 1)[1])) as third:
            third.to("connected")


# ---- how many ----


@pytest.mark.parametrize("option", ["--listen", "--swf-verify"])
def test_too_many_of_an_option(sluice, option):
    result = sluice.run("serve", "--no-record", *([option, "unix:/nonexistent/socket"] * 17))
    assert result.code == support.USAGE
    one_sentence(result, f"{option} can be given 16 times at most")


def test_many_connect_at_once(sluice, serve):
    """More than a short queue holds come while the server does nothing: the kernel keeps them all."""
    if int(pathlib.Path("/proc/sys/net/core/somaxconn").read_text()) < 600:
        pytest.skip("net.core.somaxconn is less than 600")
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < 1000:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 1000), hard))
    server, bound = serve("--no-record", "-v", "--max-connections", "600", "--listen", "rtmp://127.0.0.1:0")
    server.process.send_signal(signal.SIGSTOP)
    with contextlib.ExitStack() as stack:
        clients = [stack.enter_context(peers.Client("127.0.0.1", int(bound[0].rsplit(":", 1)[1]))) for _ in range(500)]
        server.process.send_signal(signal.SIGCONT)
        clients[-1].to("connected")
        server.expect("connected to app", 20 * sluice.patience)
    assert "refused" not in server.text("err") and "turned away" not in server.text("err")


def files_allowed(process):
    text = pathlib.Path(f"/proc/{process.pid}/limits").read_text()
    return tuple(int(n) for n in re.search(r"Max open files\s+(\d+)\s+(\d+)", text).groups())


def test_as_many_files_as_connections_may_want(serve):
    if not shutil.which("prlimit"):
        pytest.skip("prlimit is not installed")
    listen = ["--no-record", "--listen", "rtmp://127.0.0.1:0"]
    server, _ = serve(*listen, "--max-connections", "500", prefix=["prlimit", "--nofile=256:4096"])
    assert files_allowed(server) == (1064, 4096)
    assert "warning" not in server.text("err")
    server, _ = serve(*listen, prefix=["prlimit", "--nofile=1000:1024"])
    assert files_allowed(server) == (1000, 1024)
    server, _ = serve(*listen, "--max-connections", "500", prefix=["prlimit", "--nofile=256:512"])
    assert files_allowed(server) == (512, 512)
    server.expect(r"warning: 500 connections want 564 open files, and 512 are allowed: .*LimitNOFILE=")
