# SPDX-License-Identifier: MIT
"""rtmpsrv and rtmpsuck, ours and Debian's. Debian's want port 1935 at every address, and are given a network apart."""
import pathlib
import subprocess
import time

import pytest

import peers
import support

DEBIANS = pathlib.Path("/usr/sbin")
APART = ["unshare", "--map-root-user", "--net"]
LOOPBACK = "127.0.0.1"
URL = {"app": "live", "tcUrl": "rtmp://h/live"}  # what connect says of it


class Stub(support.Process):
    """One of ours at a free port, in a folder of its own."""

    def __init__(self, sluice, name, folder, *options, stdin=subprocess.DEVNULL, env=None, prefix=()):
        folder.mkdir(exist_ok=True)
        self.folder = folder
        self.patience = sluice.patience
        super().__init__([*prefix, beside(sluice, name), "-D", LOOPBACK, "-g", "0", *options], cwd=folder, stdin=stdin, env=env)
        self.port = int(self.expect(r"Streaming on rtmp://127\.0\.0\.1:(\d+)\n", 20 * sluice.patience, "err")[1])

    def url(self, rest="live", scheme="rtmp"):
        return f"{scheme}://{LOOPBACK}:{self.port}/{rest}"

    def client(self, tls=None, timeout=20):
        return peers.Client(LOOPBACK, self.port, tls, timeout * self.patience)

    def lines(self):
        """What is on stdout, without empty lines."""
        return [line for line in self.text("out").splitlines() if line]

    def line(self, count=1):
        """The last of so many lines on stdout."""
        end = time.monotonic() + 20 * self.patience
        while len(lines := self.lines()) < count:
            assert time.monotonic() < end, f"{count} lines were wanted: {lines}, {self.text()}"
            time.sleep(0.01)
        return lines[count - 1]

    def files(self):
        return sorted(p.name for p in self.folder.iterdir())

    def ends(self, code=0, timeout=15):
        result = self.stop(timeout=timeout * self.patience)
        assert result.code == code, result.err
        return result

    def cpu(self):
        """Seconds of CPU time that it has taken."""
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / 100


def beside(sluice, name):
    """The program that was built with sluice."""
    path = pathlib.Path(sluice.path).parent / name
    if not path.exists():
        pytest.skip(f"this build has no {name}")
    return path


def both(sluice, name):
    """Debian's program and ours."""
    if not (DEBIANS / name).exists():
        pytest.skip(f"{name} is not installed (rtmpdump)")
    if subprocess.run([*APART, "true"], capture_output=True, check=False).returncode:
        pytest.skip("network namespaces are not to be had here")
    return [DEBIANS / name, beside(sluice, name)]


def apart(program, folder, script, patience=1, timeout=60):
    """Runs program in a network of its own, at its default port, finds nothing to run in its PATH; meanwhile script, a
    piece of shell, in folder; then it is told to end on its console. Its exit status, stdout and stderr."""
    folder.mkdir()
    (folder / "empty").mkdir()
    whole = (
        f"ip link set lo up; mkfifo in; exec 3<>in\n"
        f"env PATH={folder}/empty {program} <&3 >out 2>err & stub=$!\n"
        "for i in $(seq 100); do ss -Htln sport = 1935 | grep -q . && break; sleep 0.1; done\n"
        "ss -Htln > listening\n"
        f"{script}\n"
        "echo q >&3; wait $stub; echo $? > status\n")
    subprocess.run([*APART, "sh", "-c", whole], cwd=folder, stdin=subprocess.DEVNULL, capture_output=True,
                   timeout=timeout * patience, check=False)
    out, err = ((folder / name).read_bytes() for name in ("out", "err"))
    return int((folder / "status").read_text()), out, err.decode(errors="replace")


def ask(client, play="foo", extra=(), token=None, **info):
    """Connects and plays, and reads up to rtmpsrv's end."""
    client.handshake()
    client.call("connect", info, *extra)
    assert client.until("_result", "_error")[0] == "_result"
    if token is not None:
        client.call("NetStream.Authenticate.UsherToken", None, token)
        assert client.until("_result", "_error")[0] == "_result"
    client.create_stream()
    client.play(play)
    assert client.until("onStatus")[3]["code"] in ("NetStream.Play.Reset", "NetStream.Play.Start")
    while client.until("onStatus")[3]["code"] != "NetStream.Play.Stop":
        pass
    assert client.ended(20)


def asks(stub, **what):
    with stub.client() as client:
        ask(client, **what)
