# SPDX-License-Identifier: MIT
"""Programs that others made of librtmp.so.1, as Debian packages them, run on a library of the test's choice: Debian's,
which tells what is so for everybody, and ours. The loader's path alone decides.

A build with AddressSanitizer needs its run-time library in the program from the start: it is preloaded.
"""
import os
import pathlib
import re
import shutil
import subprocess
import time

import pytest

import support

HERE = pathlib.Path(__file__).resolve().parent
NAME = "librtmp.so.1"
PYTHON = "/usr/bin/python3"  # the one that python3-librtmp is installed for
INCOMPLETE = 2  # rtmpdump wants the last timestamp to reach the duration in the metadata, which is never quite so


def build():
    return pathlib.Path(support.find_sluice()).resolve().parent.parent


def runtime(library):
    """What a library with AddressSanitizer has to find in the program: gcc's is named in it, clang's is not."""
    needed = subprocess.run(["readelf", "-d", library], capture_output=True, text=True, timeout=30, check=True).stdout
    if named := re.search(r"\[(libasan\.so\.\d+)\]", needed):
        return subprocess.run(["gcc", f"-print-file-name={named[1]}"], capture_output=True, text=True, timeout=30,
                              check=True).stdout.strip()
    for clang in ("clang", "clang-14"):
        if shutil.which(clang):
            found = subprocess.run([clang, "-print-file-name=libclang_rt.asan-" + os.uname().machine + ".so"],
                                   capture_output=True, text=True, timeout=30, check=True).stdout.strip()
            if os.path.exists(found):
                return found
    return pytest.skip("AddressSanitizer's run-time library is not to be had")


class Library:
    """One librtmp.so.1: "debian" or "ours"."""

    def __init__(self, name):
        self.name = name
        self.ours = name == "ours"
        self.environment = {"LD_LIBRARY_PATH": "", "GST_REGISTRY_FORK": "no"}
        if self.ours:
            self.path = build() / "compat/librtmp" / NAME
            if not self.path.exists():
                pytest.skip(f"this build has no {NAME}")
            self.environment["LD_LIBRARY_PATH"] = str(self.path.parent)
            if support.sanitized(support.find_sluice()):
                # What the programs themselves leave behind is not the library's fault.
                self.environment |= {"LD_PRELOAD": runtime(self.path),
                                     "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}
        else:
            found = subprocess.run(["ldconfig", "-p"], capture_output=True, text=True, timeout=30, check=True,
                                   env={"PATH": "/sbin:/usr/sbin:/bin:/usr/bin"}).stdout
            if not (match := re.search(rf"{NAME} .*=> (/\S+)", found)):
                pytest.skip(f"Debian's {NAME} is not installed (librtmp1)")
            self.path = pathlib.Path(match[1])

    def check(self, pid):
        """That this is the librtmp in a running process, and no other."""
        deadline = time.monotonic() + 20
        while not (found := set(re.findall(r"/\S*librtmp\.so\S*", mapped(pid)))):
            assert time.monotonic() < deadline, "it never loaded a librtmp"
            time.sleep(0.02)
        assert {os.path.realpath(path) for path in found} == {os.path.realpath(self.path)}

    def __repr__(self):
        return self.name


def mapped(pid):
    with open(f"/proc/{pid}/maps", encoding="utf-8") as maps:
        return maps.read()


def libraries():
    """A sanitized build has nothing new to say of Debian's."""
    path = support.find_sluice()
    return ["ours"] if path and support.sanitized(path) else ["debian", "ours"]


# ---- the programs ----


def options(url, live):
    """An application that cannot be changed takes options in the URL."""
    return f"{url} live=1" if live else url


def curl_play(_, url, got, live):
    """It takes no blank in a URL, and so no options: without live=1 it asks for a recording, or else the live stream."""
    return ["curl", "-sS", "-o", got, url]


def gstreamer_play(_, url, got, live):
    # async=false: when a source fails at once, gst-launch waits now and then for ever for the sink's first buffer.
    return ["gst-launch-1.0", "-q", "rtmpsrc", f"location={options(url, live)}", "!", "filesink", f"location={got}",
            "async=false"]


def rtmpdump_play(_, url, got, live):
    return ["rtmpdump", "-i", options(url, live), "-o", got]


def python_play(_, url, got, live):
    return [PYTHON, "-I", HERE / "python_librtmp.py", "play", options(url, live), got]


def ffmpeg_play(ffmpeg, url, got, live):
    return [ffmpeg("librtmp") / "ffmpeg", "-nostdin", "-v", "error", "-i", options(url, live), "-c", "copy",
            "-f", "flv", "-y", got]


PLAYERS = {"curl": curl_play, "gstreamer": gstreamer_play, "rtmpdump": rtmpdump_play, "python": python_play,
           "ffmpeg": ffmpeg_play}


def curl_publish(_, url):
    return ["curl", "-sS", "-T", "-", url]


def gstreamer_publish(_, url):
    return ["gst-launch-1.0", "-q", *gstreamer_remux(), "rtmpsink", "sync=false", f"location={url}"]


def gstreamer_remux():
    return ["fdsrc", "!", "flvdemux", "name=d",
            "d.video", "!", "queue", "!", "h264parse", "!", "mux.video",
            "d.audio", "!", "queue", "!", "aacparse", "!", "mux.audio",
            "flvmux", "name=mux", "streamable=true", "!"]


def python_publish(_, url):
    return [PYTHON, "-I", HERE / "python_librtmp.py", "publish", url]


def ffmpeg_publish(ffmpeg, url):
    return [ffmpeg("librtmp") / "ffmpeg", "-v", "error", "-analyzeduration", "100000", "-i", "pipe:0", "-c", "copy", "-f", "flv",
            "-flvflags", "no_duration_filesize", url]


# All read the FLV from standard input.
PUBLISHERS = {"curl": curl_publish, "gstreamer": gstreamer_publish, "python": python_publish, "ffmpeg": ffmpeg_publish}


if libraries() == ["ours"]:
    # Debian's curl does not start with AddressSanitizer's run-time library in it, whatever it is to do.
    del PLAYERS["curl"], PUBLISHERS["curl"]


def codes(name):
    """Exit codes of a program that has ended well."""
    return (0, INCOMPLETE) if name == "rtmpdump" else (0,)


def need(name):
    """Skips the test where the program, or what it has of librtmp, is not installed."""
    if name == "gstreamer":
        import gstreamer
        gstreamer.need("rtmpsrc", "rtmpsink", "flvdemux", "flvmux", "h264parse", "aacparse")
    elif name == "curl":
        version = shutil.which("curl") and subprocess.run(["curl", "--version"], capture_output=True, text=True,
                                                          timeout=30, check=True).stdout
        if not version or "librtmp" not in version:
            pytest.skip("curl is not installed, or is one without librtmp")
    elif name == "python":
        if subprocess.run([PYTHON, "-c", "import librtmp"], capture_output=True, timeout=30, check=False).returncode:
            pytest.skip("python3-librtmp is not installed")
    elif name == "rtmpdump" and not shutil.which("rtmpdump"):
        pytest.skip("rtmpdump is not installed")


def installed(name):
    try:
        need(name)
    except pytest.skip.Exception:
        return False
    return True


class Programs:
    """Runs the programs on one library."""

    def __init__(self, library, own_ffmpeg, patience):
        self.library, self.own_ffmpeg, self.patience = library, own_ffmpeg, patience
        self.running = []

    def start(self, argv, environment=(), stdin=subprocess.DEVNULL):
        self.running.append(support.Process(argv, env={**self.library.environment, **dict(environment)}, stdin=stdin))
        return self.running[-1]

    def play(self, name, url, got, live=False, environment=()):
        need(name)
        return self.start(PLAYERS[name](self.own_ffmpeg, url, got, live), environment)

    def publish(self, name, url, environment=()):
        """Waits for its standard input."""
        need(name)
        return self.start(PUBLISHERS[name](self.own_ffmpeg, url), environment, subprocess.PIPE)

    def run(self, argv, stdin=os.devnull, environment=(), timeout=30):
        """To its end; stdin is a file."""
        with open(stdin, "rb") as data:
            return self.start(argv, environment, data).wait(timeout * self.patience)

    def feed(self, process, path, publishing):
        """Half of the file, which is enough for it to begin; its library is looked at; and the rest."""
        data = pathlib.Path(path).read_bytes()
        pipe = process.process.stdin
        pipe.write(data[: len(data) // 2])
        pipe.flush()
        publishing()
        self.library.check(process.pid)
        pipe.write(data[len(data) // 2 :])
        pipe.close()

    def stop(self):
        for process in self.running:
            process.__exit__()
