# SPDX-License-Identifier: MIT
"""Fixtures of the end-to-end tests. SLUICE names the command under test; without it the newest build is taken.
SLUICE_EMULATED is the emulator that its build needs, when that is a script that starts it."""

import os
import signal
import subprocess

import pytest

import flvcmp
import support

# A shell's background job has it ignored, and so would all programs that are started from here.
signal.signal(signal.SIGINT, signal.default_int_handler)

# What runs in the second kernel only: tests/lab/lab.sh starts it, and sets this.
collect_ignore = [] if "SLUICE_LAB" in os.environ else ["lab/guest"]


class Sluice:
    """The command: run() to its end, or start() and go on."""

    def __init__(self, path):
        self.path = path
        self.sanitized = support.sanitized(path)
        self.emulated = bool(os.environ.get("SLUICE_EMULATED"))
        self.patience = 4 if self.sanitized or self.emulated else 1
        self.running = []

    def need(self, *names):
        missing = set(names) - support.verbs(self.path)
        if missing:
            pytest.skip(f"this build of sluice has no {', '.join(sorted(missing))}")

    def start(self, *args, prefix=(), **options):
        process = support.Process([*prefix, self.path, *args], **options)
        self.running.append(process)
        return process

    def run(self, *args, timeout=30, **options):
        with self.start(*args, **options) as process:
            return process.wait(timeout * self.patience)

    def serve(self, *args):
        """A running `sluice serve` and the ports it listens on, by scheme."""
        self.need("serve")
        process = self.start("serve", *args)
        process.expect(r"listening on \S+", 20 * self.patience)
        return process


@pytest.fixture(scope="session")
def sluice_path():
    path = support.find_sluice()
    if not path:
        pytest.skip("no sluice to test: set SLUICE, or build it")
    return path


@pytest.fixture
def sluice(sluice_path):
    command = Sluice(sluice_path)
    yield command
    for process in command.running:
        process.__exit__()


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    return support.make_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="session")
def clip():
    """The sample clip's path."""
    return support.ROOT / "examples" / "clip.flv"


@pytest.fixture(scope="session")
def short_clip(clip, tmp_path_factory):
    """Its first two seconds: what is paced takes no longer."""
    data = clip.read_bytes()
    tags = flvcmp.parse(data)
    end = next(t.offset for t in tags if t.type != flvcmp.SCRIPT and t.timestamp >= 2000)
    path = tmp_path_factory.mktemp("clip") / "short.flv"
    path.write_bytes(data[:end])
    return path


@pytest.fixture
def netns():
    """Whether this machine lets a test make network namespaces."""
    try:
        subprocess.run(["unshare", "-n", "true"], check=True, capture_output=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        pytest.skip("network namespaces need root")
