# SPDX-License-Identifier: MIT
"""sluice serve as a service: what the service manager is told, and the unit that ships."""

import functools
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import time

import pytest

import support
from support import KEY


class Manager:
    """What a service manager hears: each datagram as a dictionary."""

    def __init__(self, address):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address)
        self.socket.settimeout(30)

    def hear(self):
        return dict(line.split("=", 1) for line in self.socket.recv(4096).decode().splitlines())


@pytest.fixture(params=["file", "abstract"])
def manager(request):
    """Its $NOTIFY_SOCKET, in both of its forms."""
    name = f"sluice-notify-{os.getpid()}-{time.monotonic_ns()}"
    address = f"/tmp/{name}" if request.param == "file" else f"\0{name}"
    made = Manager(address)
    made.name = address.replace("\0", "@")
    yield made
    made.socket.close()
    if request.param == "file":
        os.unlink(address)


def test_the_manager_is_told(sluice, manager, certificates, tmp_path):
    sluice.need("serve")
    server = sluice.start("serve", "--listen", "rtmp://127.0.0.1:0", "--cert", certificates / "good.pem", "--key", certificates / "good.key",
                          tmp_path, env={"NOTIFY_SOCKET": manager.name})
    assert manager.hear() == {"READY": "1", "STATUS": "0 clients are connected."}
    assert server.expect("listening on", 20 * sluice.patience, "out")
    before = time.clock_gettime(time.CLOCK_MONOTONIC) * 1e6
    server.process.send_signal(signal.SIGHUP)
    told = manager.hear()
    assert told["RELOADING"] == "1"
    assert before <= int(told["MONOTONIC_USEC"]) <= time.clock_gettime(time.CLOCK_MONOTONIC) * 1e6
    assert manager.hear()["READY"] == "1"
    server.expect("the certificate was read again")
    server.process.send_signal(signal.SIGTERM)
    assert manager.hear()["STOPPING"] == "1"
    assert server.wait(20).code == support.OK


def test_it_lives_as_often_as_is_asked_for(sluice, manager):
    sluice.need("serve")
    server = sluice.start("serve", "--no-record", "--listen", "rtmp://127.0.0.1:0",
                          env={"NOTIFY_SOCKET": manager.name, "WATCHDOG_USEC": "400000"})
    assert manager.hear()["READY"] == "1"
    for _ in range(3):
        assert manager.hear() == {"WATCHDOG": "1", "STATUS": "0 clients are connected."}
    assert server.stop().code == support.OK


def test_a_watchdog_of_another_process_is_none(sluice, manager):
    sluice.need("serve")
    server = sluice.start("serve", "--no-record", "--listen", "rtmp://127.0.0.1:0",
                          env={"NOTIFY_SOCKET": manager.name, "WATCHDOG_USEC": "1000", "WATCHDOG_PID": "1"})
    assert manager.hear()["READY"] == "1"
    server.expect("listening on", 20, "out")
    assert server.stop().code == support.OK
    assert manager.hear()["STOPPING"] == "1"


@pytest.mark.parametrize("name", ["/nonexistent/socket", "vsock:2:1", "", "@" + "x" * 200])
def test_a_manager_that_is_not_there(sluice, name):
    sluice.need("serve")
    server = sluice.start("serve", "--no-record", "--listen", "rtmp://127.0.0.1:0", env={"NOTIFY_SOCKET": name})
    server.expect("listening on", 20 * sluice.patience, "out")
    assert server.stop().code == support.OK


# ---- the unit ----


def systemd_analyze(*args):
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not installed")
    done = subprocess.run(["systemd-analyze", *map(str, args)], capture_output=True, timeout=60, check=False)
    return done.returncode, (done.stdout + done.stderr).decode()


@pytest.fixture
def unit(sluice, tmp_path):
    """As it was made by the build, but that it names the command that is there."""
    built = pathlib.Path(sluice.path).parent.parent / "systemd" / "sluice-serve.service"
    if not built.exists():
        pytest.skip("this build has no unit")
    text, n = re.subn(r"^(ExecStart=)\S+/bin/sluice ", rf"\g<1>{sluice.path} ", built.read_text(), flags=re.M)
    assert n == 1
    path = tmp_path / "sluice-serve.service"
    path.write_text(text)
    return path


def test_systemd_understands_the_unit(unit):
    code, said = systemd_analyze("verify", "--man=no", unit)
    assert code == 0
    assert "sluice-serve" not in said, said


def test_the_unit_is_hardened(unit):
    """At most 2.0 of 10, by systemd's own count."""
    if "--offline" not in systemd_analyze("--help")[1]:
        pytest.skip("this systemd-analyze has no security --offline")
    code, said = systemd_analyze("security", "--offline=true", "--threshold=20", "--no-pager", unit)
    assert code == 0, said
    # That it is not for want of reading the unit.
    unit.write_text(re.sub(r"^(SystemCallFilter|CapabilityBoundingSet|ProtectSystem|DynamicUser)=.*\n", "", unit.read_text(), flags=re.M))
    assert systemd_analyze("security", "--offline=true", "--threshold=20", "--no-pager", unit)[0] != 0


@functools.lru_cache(maxsize=None)
def calls_of(group):
    """The system calls of one of systemd's groups, with those of the groups within it."""
    code, said = systemd_analyze("syscall-filter", group)
    assert code == 0, said
    words = {line.strip() for line in said.splitlines()[1:] if line.strip() and not line.strip().startswith("#")}
    return frozenset(w for w in words if w[0] != "@").union(*(calls_of(w) for w in words if w[0] == "@"))


def test_the_filter_lets_all_through_that_it_does(sluice, unit, certificates, clip, tmp_path):
    """A whole life: RTMP, RTMPS and a unix socket, recording, playing live and what was recorded, SIGHUP, the end."""
    if not shutil.which("strace") or sluice.sanitized:
        pytest.skip("strace is not installed" if not sluice.sanitized else "a sanitizer has calls of its own")
    allowed = set()
    for sign, groups in re.findall(r"^SystemCallFilter=(~?)(.*)$", unit.read_text(), re.M):
        for group in groups.split():
            allowed = allowed - calls_of(group) if sign else allowed | calls_of(group)
    assert {"accept4", "epoll_wait", "sendmsg"} <= allowed and "setuid" not in allowed
    trace, recorded = tmp_path / "trace", tmp_path / "recorded"
    recorded.mkdir()
    manager = Manager(str(tmp_path / "n"))
    server = sluice.start("serve", "--listen", "rtmp://127.0.0.1:0", "--listen", "rtmps://127.0.0.1:0", "--listen", f"unix:{tmp_path}/s",
                          "--cert", certificates / "good.pem", "--key", certificates / "good.key", "--client-ca", certificates / "ca.pem",
                          "--client-cert", "publish", "-v", recorded, prefix=["strace", "-f", "-c", "-S", "name", "-U", "name,calls", "-o", trace],
                          env={"NOTIFY_SOCKET": str(tmp_path / "n"), "WATCHDOG_USEC": "200000"})
    ports = {s: int(server.expect(rf"listening on {s}://127\.0\.0\.1:(\d+)", 30, "out")[1]) for s in ("rtmp", "rtmps")}
    assert manager.hear()["READY"] == "1"
    trust = ["--ca-file", certificates / "ca.pem"]
    mine = ["--cert", certificates / "good.pem", "--cert-key", certificates / "good.key"]
    players = [sluice.start("pull", *trust, "--wait=20", f"{scheme}://localhost:{port}/live/{KEY}", tmp_path / f"{scheme}.flv")
               for scheme, port in ports.items()]
    for i in range(2):
        server.expect(rf"#{i + 1}, .*plays")
    assert sluice.run("push", "--fast", *trust, *mine, clip, f"rtmps://localhost:{ports['rtmps']}/live", KEY).code == support.OK
    for player in players:
        assert player.wait(30).code == support.OK
    assert sluice.run("pull", "--vod", f"rtmp://localhost:{ports['rtmp']}/live/{KEY}", tmp_path / "vod.flv").code == support.OK
    inner = int(pathlib.Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()[0])
    os.kill(inner, signal.SIGHUP)
    server.expect("were read again")
    os.kill(inner, signal.SIGTERM)
    assert server.wait(30).code == support.OK
    used = set(re.findall(r"^\s*(\w+)\s+\d+$", trace.read_text(), re.M)) - {"total"}
    assert {"accept4", "epoll_wait", "sendmsg", "signalfd4", "unlink"} <= used
    assert used <= allowed, sorted(used - allowed)
