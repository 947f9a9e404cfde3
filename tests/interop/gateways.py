# SPDX-License-Identifier: MIT
"""rtmpgw, ours and Debian's, and HTTP clients that behave and that do not."""
import contextlib
import pathlib
import re
import socket
import subprocess
import threading
import time
import urllib.parse
from collections import namedtuple

import pytest

import flv
import flvcmp
import programs
import stubs
import support

TAGS = flv.frames(60)
LOOPBACK = "127.0.0.1"
DEBIANS = pathlib.Path("/usr/sbin/rtmpgw")

Answer = namedtuple("Answer", "status reason fields body")


class Gateway(support.Process):
    """One at a free port. Its console is open, for Debian's is busy with one that has ended."""

    def __init__(self, sluice, folder, *options, debians=False, port=0, **settings):
        self.patience = sluice.patience
        self.debians = debians
        if debians and not DEBIANS.exists():
            pytest.skip("rtmpgw is not installed (rtmpdump)")
        self.port = programs.free_port() if debians else port
        argv = [DEBIANS if debians else stubs.beside(sluice, "rtmpgw"), "-g", self.port, *options]
        argv += ["-D", LOOPBACK] if debians else []
        env = {"HOME": str(folder)} | settings.pop("env", {})
        super().__init__(argv, stdin=settings.pop("stdin", subprocess.PIPE), env=env, **settings)

    def ready(self):
        said = self.expect(rf"Streaming on http://{re.escape(LOOPBACK)}:(\d+)\n", 20 * self.patience, "err")
        self.port = self.port or int(said[1])
        return self

    @staticmethod
    def target(*pairs):
        """Of a request with these (name, value)."""
        return "/?" + "&".join(f"{name}={urllib.parse.quote(value, safe='')}" for name, value in pairs)

    def url(self, *pairs):
        return f"http://{LOOPBACK}:{self.port}{self.target(*pairs)}"

    def get(self, *pairs, path=None, options=(), timeout=30):
        """The answer, by curl."""
        url = f"http://{LOOPBACK}:{self.port}{path}" if path else self.url(*pairs)
        done = subprocess.run(["curl", "-sS", "-i", "-g", "--path-as-is", *options, url], capture_output=True,
                              timeout=timeout * self.patience, check=False)
        assert done.returncode == 0 and done.stdout, done.stderr
        return parse(done.stdout)

    def connect(self):
        return socket.create_connection((LOOPBACK, self.port), 20 * self.patience)

    def raw(self, data):
        """The answer to these bytes, after which nothing more is said."""
        with self.connect() as sock:
            sock.sendall(data)
            sock.shutdown(socket.SHUT_WR)
            return parse(until_end(sock))

    def children(self):
        path = pathlib.Path(f"/proc/{self.pid}/task/{self.pid}/children")
        return path.read_text(encoding="ascii").split()

    def has_children(self, count, timeout=20):
        end = time.monotonic() + timeout * self.patience
        while len(found := self.children()) != count:
            assert time.monotonic() < end, f"{count} clients were wanted: {found}"
            time.sleep(0.02)

    def cpu(self):
        """Seconds of CPU time, of its own and of clients that ended."""
        fields = pathlib.Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rsplit(")", 1)[1].split()
        return sum(map(int, fields[11:15])) / 100

    def type(self, text):
        self.process.stdin.write(text)
        self.process.stdin.flush()


def until_end(sock):
    data = b""
    while part := sock.recv(65536):
        data += part
    return data


def parse(data):
    head, _, body = data.partition(b"\r\n\r\n")
    first, *fields = head.decode().split("\r\n")
    match = re.fullmatch(r"HTTP/1\.0 (\d{3}) (.+)", first)
    assert match, data[:300]
    return Answer(int(match[1]), match[2], dict(f.split(": ", 1) for f in fields), body)


def same(answer, tags):
    """The answer is the stream: its tags, byte for byte, and their times."""
    assert answer.status == 200, answer
    found = flvcmp.difference([flvcmp.Tag(*t, 0) for t in tags], flvcmp.parse(answer.body))
    assert not found, found


class First:
    """A listener that keeps the first bytes it gets, and closes."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.got = None
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        with contextlib.suppress(OSError):
            sock, _ = self.listener.accept()
            with sock:
                self.got = sock.recv(4096)

    def bytes(self):
        self.thread.join(20)
        return self.got

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()
