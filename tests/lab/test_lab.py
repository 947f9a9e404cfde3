# SPDX-License-Identifier: MIT
"""The lab itself: what it promises to the tests that run in it."""

import os
import pathlib
import pwd
import shutil
import subprocess
import tempfile
import time
import uuid

import pytest

LAB = pathlib.Path(__file__).resolve().parent / "lab.sh"
TIME_LIMIT, FAILED = 124, 125
SLEEPER = ["sh", "-c", "echo began; exec sleep 100"]

pytestmark = pytest.mark.skipif(
    os.uname().machine != "x86_64", reason="Debian has user-mode Linux for PCs only, and the PC runs this machine's programs"
)


def lab(*arguments, script=LAB, prefix=(), **options):
    options = {"capture_output": True, "timeout": 120, "check": False, "stdin": subprocess.DEVNULL} | options
    return subprocess.run([*map(str, prefix), str(script), *map(str, arguments)], **options)


class Watched:
    """An environment for a lab that keeps its files in a folder, and whose processes can be found by a mark in it."""

    def __init__(self, folder):
        self.mark = uuid.uuid4().hex
        self.folder = folder
        self.environment = dict(os.environ, TMPDIR=str(folder), LAB_TEST=self.mark)

    def processes(self):
        found = []
        for environment in pathlib.Path("/proc").glob("[0-9]*/environ"):
            try:
                if self.mark.encode() in environment.read_bytes():
                    found.append(environment.parent.name)
            except OSError:
                pass
        return found

    def files(self):
        return list(self.folder.iterdir())


@pytest.fixture
def watched(tmp_path):
    return Watched(tmp_path)


def test_status_and_both_outputs_are_the_programs():
    done = lab("sh", "-c", "echo out; echo err >&2; exit 42")
    assert (done.returncode, done.stdout, done.stderr) == (42, b"out\n", b"err\n")


def test_a_newer_kernel():
    done = lab("-b", "uml-next", "uname", "-r", timeout=300)
    if b"foreign.sh: " in done.stderr:
        pytest.skip("the mirror has no user-mode-linux of the next release")
    assert done.returncode == 0, done.stderr
    own = lab("uname", "-r").stdout
    assert [tuple(map(int, release.split(b".")[:2])) >= (6, 14) for release in (own, done.stdout)] == [False, True]


def test_a_program_that_a_signal_ends():
    assert lab("sh", "-c", "kill -SEGV $$").returncode == 128 + 11


def test_a_program_that_is_missing():
    done = lab("no-such-program")
    assert done.returncode == 127
    assert b"no-such-program" in done.stderr


def test_arguments_arrive_as_they_are():
    arguments = ["it's", 'a "b"', "$HOME", "", "*", "back\\slash", "two\nlines", "ä", "-v"]
    done = lab("--", "printf", "<%s>", *arguments)
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode() == "".join(f"<{argument}>" for argument in arguments)


def test_much_output_arrives_whole(tmp_path):
    """Which also shows that the guest has this machine's files, at the same paths, below /tmp too."""
    data = os.urandom(3_000_000)
    (tmp_path / "data").write_bytes(data)
    done = lab("cat", tmp_path / "data")
    assert done.returncode == 0, done.stderr
    assert done.stdout == data


def test_output_is_live(tmp_path):
    (tmp_path / "go").write_bytes(b"")
    script = "echo ready; until [ -s /out/go ]; do sleep 0.1; done; echo went"
    with subprocess.Popen([LAB, "-o", tmp_path, "sh", "-c", script], stdout=subprocess.PIPE) as running:
        assert running.stdout.readline() == b"ready\n"
        (tmp_path / "go").write_bytes(b"go")
        assert running.stdout.readline() == b"went\n"
        assert running.wait(60) == 0


def test_only_out_outlives_the_guest(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "kept").write_text("kept")
    script = f"echo gone >{tmp_path}/kept && echo gone >{tmp_path}/new && cat {tmp_path}/kept && echo here >/out/result"
    done = lab("-o", tmp_path / "out", "sh", "-c", script)
    assert (done.returncode, done.stdout) == (0, b"gone\n"), done.stderr
    assert (tmp_path / "kept").read_text() == "kept"
    assert not (tmp_path / "new").exists()
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["result"]
    assert (tmp_path / "out" / "result").read_text() == "here\n"


def test_the_working_folder(tmp_path):
    done = lab("-d", tmp_path, "pwd")
    assert done.stdout.decode() == f"{tmp_path}\n"
    assert lab("pwd", cwd=tmp_path).stdout == done.stdout


def test_the_time_limit_and_nothing_is_left(watched):
    done = lab("-t", 3, *SLEEPER, env=watched.environment)
    assert done.returncode == TIME_LIMIT
    assert done.stdout == b"began\n"
    assert b"did not end within the time limit of 3 s" in done.stderr
    assert not watched.processes() and not watched.files()


def test_a_terminated_lab_takes_its_machine_along(watched):
    with subprocess.Popen([LAB, *SLEEPER], stdout=subprocess.PIPE, env=watched.environment) as running:
        assert running.stdout.readline() == b"began\n"
        assert watched.processes() and watched.files()
        running.terminate()
        assert running.wait(20) == FAILED
    assert not watched.processes() and not watched.files()


def test_a_killed_lab_takes_its_machine_along(watched):
    with subprocess.Popen([LAB, *SLEEPER], stdout=subprocess.PIPE, env=watched.environment) as running:
        assert running.stdout.readline() == b"began\n"
        running.kill()
    for _ in range(100):
        if not watched.processes():
            return
        time.sleep(0.1)
    assert not watched.processes()


def test_what_the_program_left_running_does_not_hold_it_up():
    done = lab("-t", 30, "sh", "-c", "sleep 1000 & (sleep 0.3; echo late) & echo done")
    assert (done.returncode, done.stdout) == (0, b"done\nlate\n")


def test_the_program_has_no_terminal():
    done = lab("sh", "-c", "test -t 0 || test -t 1 || test -t 2 || echo none; wc -c")
    assert done.stdout == b"none\n0\n"


def test_what_the_kernel_has():
    script = """
        [ -c /dev/cuse ] && [ -c /dev/fuse ] && echo cuse
        cat /proc/sys/net/ipv4/tcp_available_ulp
        unshare -n true && echo netns
        ip -br addr show lo
        /usr/bin/python3 -c 'from socket import *; socket(AF_ALG, SOCK_SEQPACKET).bind(("skcipher", "cbc(aes)")); print("alg")'
        id -u"""
    done = lab("sh", "-c", script)
    lines = done.stdout.decode().split("\n")
    assert done.returncode == 0, done.stderr
    assert lines[0] == "cuse" and "tls" in lines[1].split() and lines[2] == "netns"
    assert "127.0.0.1/8" in lines[3] and "::1/128" in lines[3]
    assert lines[4:6] == ["alg", "0"]


def test_the_emulated_machine_has_a_crypto_device():
    script = """grep -A 3 'driver *: virtio_crypto_aes_cbc' /proc/crypto; grep -cw aes /proc/cpuinfo
        [ -c /dev/cuse ] && cat /proc/sys/net/ipv4/tcp_available_ulp; echo err >&2; exit 9"""
    done = lab("-b", "x86", "-H", "-t", 60, "sh", "-c", script, timeout=300)
    out = done.stdout.decode()
    assert done.returncode == 9, done.stderr
    assert "virtio_crypto_aes_cbc" in out and "module       : virtio_crypto" in out
    lines = out.splitlines()
    assert lines[-2] == "0", "the CPU has AES instructions after all"
    assert "tls" in lines[-1].split()
    assert done.stderr.endswith(b"err\n")


def test_time_goes_by_instructions():
    """The same work takes eight times as long when an instruction does."""
    work = "import time; sum(range(1000000)); print(time.process_time())"
    took = []
    for shift in (0, 3):
        done = lab("-b", "x86", "-I", shift, "/usr/bin/python3", "-c", work, timeout=300)
        assert done.returncode == 0, done.stderr
        took.append(float(done.stdout))
    assert 7 < took[1] / took[0] < 9, took


def test_the_emulated_machine_keeps_to_the_time_limit(watched):
    done = lab("-b", "x86", "-t", 3, *SLEEPER, env=watched.environment, timeout=300)
    assert done.returncode == TIME_LIMIT, done.stderr
    assert not watched.processes() and not watched.files()


@pytest.mark.skipif(os.getuid() != 0, reason="all of these tests run as an ordinary user already")
def test_an_ordinary_user():
    """From a copy of the lab: a checkout may lie where only root looks."""
    nobody = pwd.getpwnam("nobody")
    folder = pathlib.Path(tempfile.mkdtemp())
    try:
        shutil.copytree(LAB.parent, folder / "lab", ignore=shutil.ignore_patterns("__pycache__"))
        (folder / "out").mkdir()
        for path in (folder, folder / "out"):
            os.chown(path, nobody.pw_uid, nobody.pw_gid)
        done = lab("-o", folder / "out", "-d", folder, "sh", "-c", "[ -c /dev/cuse ] && id -u && echo here >/out/result; exit 4",
                   script=folder / "lab" / "lab.sh", cwd=folder, env={"PATH": os.environ["PATH"], "HOME": str(folder)},
                   prefix=["setpriv", "--reuid", nobody.pw_uid, "--regid", nobody.pw_gid, "--clear-groups"])
        assert (done.returncode, done.stdout) == (4, b"0\n"), done.stderr
        assert (folder / "out" / "result").read_text() == "here\n"
        assert (folder / "out" / "result").stat().st_uid == nobody.pw_uid
    finally:
        shutil.rmtree(folder)


def test_a_missing_package_is_named(tmp_path):
    for tool in pathlib.Path("/usr/bin").iterdir():
        if tool.name not in ("linux.uml", "qemu-system-x86_64"):
            (tmp_path / tool.name).symlink_to(tool)
    if not (tmp_path / "busybox").exists():
        (tmp_path / "busybox").symlink_to("/bin/busybox")
    for backend, package in (("uml", "user-mode-linux"), ("x86", "qemu-system-x86")):
        done = lab("-b", backend, "true", env=dict(os.environ, PATH=str(tmp_path)))
        assert done.returncode == FAILED
        assert f"install the package {package}\n" in done.stderr.decode()


@pytest.mark.parametrize("wrong", [
    ["-t", "soon"], ["-d", "/no/such"], ["-o", "/no/such"], ["-b", "vax"], ["-H"], ["-b", "x86", "-I", "11"], ["-I", "3"], [],
])
def test_wrong_use_is_no_programs_status(wrong):
    done = lab(*wrong, *(["true"] if wrong else []))
    assert done.returncode == FAILED
    assert done.stderr
