# SPDX-License-Identifier: MIT
"""What the end-to-end tests share: running the command under a deadline, watching its memory, certificates."""

import functools
import os
import pathlib
import re
import signal
import subprocess
import threading
import time
from collections import namedtuple

ROOT = pathlib.Path(__file__).resolve().parent.parent

# The stream name of every test: it must never be seen in what the command says.
KEY = "live_k3y-9f8e7d6c5b4a"

# tools/exit.h
OK, OTHER, USAGE, CONNECT, TLS, REFUSED, INPUT, OUTPUT, LOST, PROTOCOL, UNDELIVERED = range(11)
INTERRUPTED = 130

# code: the exit status, negative for a signal. resident and reserved: the most of memory in kB that was ever in use
# and ever mapped (0 when the process was too quick to be watched).
Result = namedtuple("Result", "code out err seconds resident reserved")


def find_sluice():
    """The command under test: $SLUICE, or the newest build below build/. None when there is none."""
    if os.environ.get("SLUICE"):
        return os.path.abspath(os.environ["SLUICE"])
    built = sorted(ROOT.glob("build*/**/tools/sluice"), key=lambda p: p.stat().st_mtime)
    return str(built[-1]) if built else None


@functools.lru_cache(maxsize=None)
def sanitized(path):
    """True for a build with AddressSanitizer or ThreadSanitizer, whose memory tells nothing and which takes longer for
    all."""
    program = pathlib.Path(path).read_bytes()
    return b"__asan_init" in program or b"__tsan_init" in program


@functools.lru_cache(maxsize=None)
def verbs(path):
    text = subprocess.run([path, "--help"], capture_output=True, timeout=30, check=True).stdout.decode()
    return frozenset(re.findall(r"^  ([a-z]+)  ", text, re.M))


class Process:
    """A program that runs until it ends or the deadline has passed; used as a context, it never outlives it."""

    def __init__(self, argv, env=None, stdin=subprocess.DEVNULL, cwd=None, stdout=subprocess.PIPE):
        self.argv = [str(a) for a in argv]
        self.began = time.monotonic()
        self.resident = self.reserved = 0
        self.chunks = {"out": [], "err": []}
        self.news = threading.Condition()
        self.process = subprocess.Popen(
            self.argv, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, cwd=cwd, env=dict(os.environ, **(env or {}))
        )
        self.pid = self.process.pid
        self.threads = [threading.Thread(target=self._watch, daemon=True)]
        for name, pipe in (("out", self.process.stdout), ("err", self.process.stderr)):
            if pipe:
                self.threads.append(threading.Thread(target=self._collect, args=(name, pipe), daemon=True))
        for thread in self.threads:
            thread.start()

    def _collect(self, name, pipe):
        while data := os.read(pipe.fileno(), 65536):
            with self.news:
                self.chunks[name].append(data)
                self.news.notify_all()

    def _watch(self):
        while self.process.poll() is None:
            self.memory()
            time.sleep(0.01)
        with self.news:
            self.news.notify_all()

    def memory(self):
        """(resident, reserved): the high-water marks in kB."""
        try:
            text = pathlib.Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        except OSError:
            return self.resident, self.reserved
        resident, reserved = (re.search(rf"^{name}:\s+(\d+)", text, re.M) for name in ("VmHWM", "VmPeak"))
        if resident and reserved:
            self.resident, self.reserved = int(resident[1]), int(reserved[1])
        return self.resident, self.reserved

    def text(self, name="err"):
        with self.news:
            return b"".join(self.chunks[name]).decode(errors="replace")

    def expect(self, pattern, timeout=20, name=None):
        """Waits until stderr or stdout (or the one named) has pattern; the match."""
        end = time.monotonic() + timeout
        while True:
            for stream in [name] if name else ["err", "out"]:
                if match := re.search(pattern, self.text(stream)):
                    return match
            left = end - time.monotonic()
            if left <= 0 or self.process.poll() is not None:
                raise AssertionError(f"{self.argv} never said {pattern!r}; stderr: {self.text()!r}")
            with self.news:
                self.news.wait(min(left, 0.2))

    def wait(self, timeout):
        """The Result, when it ends in time; else it is killed and the test fails."""
        try:
            self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError(f"{self.argv} was still running after {timeout} s; stderr: {self.text()!r}") from None
        for thread in self.threads:
            thread.join(5)
        result = Result(
            self.process.returncode,
            b"".join(self.chunks["out"]),
            self.text(),
            time.monotonic() - self.began,
            self.resident,
            self.reserved,
        )
        check_sane(result)
        return result

    def stop(self, sig=signal.SIGTERM, timeout=20):
        if self.process.poll() is None:
            self.process.send_signal(sig)
        return self.wait(timeout)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for thread in self.threads:
            thread.join(5)
        for pipe in (self.process.stdout, self.process.stderr):
            if pipe:
                pipe.close()


def check_sane(result):
    """Whatever happened: no crash, nothing that a sanitizer says, and no stream key."""
    assert "Sanitizer" not in result.err and "runtime error:" not in result.err, result.err
    assert result.code >= 0, f"killed by signal {-result.code}: {result.err}"
    assert KEY not in result.err, result.err
    assert KEY.encode() not in result.out


def one_sentence(result, *parts, warnings=False):
    """Stderr is one line, fit for a human, that has all parts; with warnings, warnings may come before it."""
    lines = [line for line in result.err.splitlines() if line.strip()]
    if warnings:
        lines = [line for line in lines if ": warning: " not in line]
    assert len(lines) == 1, f"one line was wanted, not: {result.err!r}"
    line = lines[0]
    assert re.match(r"sluice( [a-z]+)?: ", line), line
    assert 30 < len(line) < 1000 and line.isprintable(), line
    for part in parts:
        assert part in line, f"{part!r} is not in {line!r}"
    return line


def make_certificates(folder):
    """A throw-away CA (ca.pem) and server certificates NAME.pem with keys NAME.key: good, expired, future, wrong-name,
    and self-signed. Made with the openssl command, all for 127.0.0.1, ::1 and localhost but wrong-name."""
    config = folder / "ca.cnf"
    config.write_text(
        f"[ca]\ndefault_ca=c\n[c]\ndir={folder}\nnew_certs_dir={folder}\ndatabase={folder}/index\n"
        f"serial={folder}/serial\nprivate_key={folder}/ca.key\ncertificate={folder}/ca.pem\ndefault_md=sha256\n"
        "policy=p\nunique_subject=no\nrand_serial=yes\n[p]\ncommonName=supplied\n"
        "[req]\ndistinguished_name=dn\n[dn]\n"
        "[root]\nbasicConstraints=critical,CA:true\nkeyUsage=critical,keyCertSign,cRLSign\nsubjectKeyIdentifier=hash\n"
        "[right]\nsubjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1\nbasicConstraints=CA:false\n"
        "[wrong]\nsubjectAltName=DNS:elsewhere.example\nbasicConstraints=CA:false\n",
        encoding="ascii",
    )
    (folder / "index").write_text("", encoding="ascii")

    def openssl(*args):
        done = subprocess.run(["openssl", *map(str, args)], capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr.decode()

    def key(name):
        openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", folder / f"{name}.key")

    key("ca")
    openssl("req", "-x509", "-new", "-config", config, "-key", folder / "ca.key", "-subj", "/CN=Throw-away test CA",
            "-days", 3, "-extensions", "root", "-out", folder / "ca.pem")
    now = time.time()
    day = 86400
    for name, begin, end, extensions in (
        ("good", now - day, now + 2 * day, "right"),
        ("expired", now - 9 * day, now - 2 * day, "right"),
        ("future", now + 2 * day, now + 9 * day, "right"),
        ("wrong-name", now - day, now + 2 * day, "wrong"),
    ):
        key(name)
        openssl("req", "-new", "-config", config, "-key", folder / f"{name}.key", "-subj", f"/CN={name}.example",
                "-out", folder / f"{name}.csr")
        start, stop = (time.strftime("%Y%m%d%H%M%SZ", time.gmtime(t)) for t in (begin, end))
        openssl("ca", "-batch", "-notext", "-config", config, "-startdate", start, "-enddate", stop, "-extensions",
                extensions, "-in", folder / f"{name}.csr", "-out", folder / f"{name}.pem")
    key("self-signed")
    openssl("req", "-x509", "-new", "-config", config, "-key", folder / "self-signed.key", "-subj", "/CN=localhost",
            "-days", 3, "-extensions", "right", "-out", folder / "self-signed.pem")
    return folder
