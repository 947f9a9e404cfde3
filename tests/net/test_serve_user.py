# SPDX-License-Identifier: MIT
"""sluice serve gives up root once it listens, for good and in all its threads."""

import os
import pathlib
import re
import shutil
import signal
import ssl
import subprocess
import tempfile

import pytest

import peers
import support
from support import KEY, one_sentence

NOBODY = 65534

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")

# Whose memory cannot be looked into cannot look for its leaks either.
ENV = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":detect_leaks=0"}
LISTEN = ["--listen", "rtmp://127.0.0.1:0"]


@pytest.fixture
def folder(tmp_path):
    """Which nobody may write to, and reach only by way of one who had it open."""
    path = tmp_path / "recorded"
    path.mkdir()
    os.chown(path, NOBODY, NOBODY)
    tmp_path.chmod(0o700)
    return path


@pytest.fixture
def serve(sluice):
    sluice.need("serve")

    def serve(*options, prefix=()):
        process = sluice.start("serve", *options, prefix=prefix, env=ENV)
        process.expect(r"listening on \S+:(\d+)\n", 20 * sluice.patience, "out")
        return process

    return serve


def statuses(process):
    """Of all threads, once there is one that has become somebody else."""
    return [file.read_text() for file in pathlib.Path(f"/proc/{process.pid}/task").glob("*/status")]


def field(status, name):
    return re.search(rf"^{name}:\s*(.*)$", status, re.M)[1].split()


def as_nobody():
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)


@pytest.mark.parametrize("user", ["nobody", "nobody:daemon", "65534:65534", "3999999:3999998"])
def test_root_is_given_up_for_good(sluice, serve, folder, clip, user):
    """At a port that takes root, and into a folder that is no longer reached by its name."""
    uid, gid = {"nobody": (NOBODY, NOBODY), "nobody:daemon": (NOBODY, 1)}.get(user) or map(int, user.split(":"))
    os.chown(folder, uid, gid)
    server = serve("--user", user, "--listen", "rtmp://127.0.0.1:843", folder,
                   prefix=["unshare", "-n", "sh", "-c", 'ip link set lo up; exec "$@"', "sh"])
    push = subprocess.run(["nsenter", "-t", str(server.pid), "-n", sluice.path, "push", "--fast", clip, "rtmp://127.0.0.1:843/live", KEY],
                          capture_output=True, timeout=60, check=False)
    assert push.returncode == support.OK, push.stderr
    server.expect("published ")
    threads = statuses(server)
    assert threads
    for status in threads:
        assert field(status, "Uid") == [str(uid)] * 4
        assert field(status, "Gid") == [str(gid)] * 4
        assert "0" not in field(status, "Groups")
        assert field(status, "CapPrm") == field(status, "CapEff") == field(status, "CapInh") == ["0" * 16]
        assert field(status, "NoNewPrivs") == ["1"]
    assert os.stat(f"/proc/{server.pid}/mem").st_uid == 0  # nor is there a way into its memory for that user
    assert server.stop().code == support.OK
    stored = folder / "live" / f"{KEY}.flv"
    assert stored.stat().st_size > 500000 and stored.stat().st_uid == uid
    assert "warning" not in server.text("err")


@pytest.mark.parametrize("user, said", [
    ("no-such-user", 'no user "no-such-user"'), ("nobody:no-such-group", 'no group "no-such-group"'), ("root", "is root"),
    ("nobody:root", "is root, or of its group"), ("3999999", "give one too"), ("", 'no user ""'), ("4294967295:1", "no user"),
])
def test_who_cannot_be_is_told(sluice, user, said):
    result = sluice.run("serve", "--no-record", *LISTEN, "--user", user)
    assert result.code == support.USAGE
    one_sentence(result, said)


@pytest.fixture
def everybodys(sluice):
    """A copy of the command where nobody may run it."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield shutil.copy(sluice.path, folder)


def test_only_root_can(everybodys):
    done = subprocess.run([everybodys, "serve", "--no-record", *LISTEN, "--user", "daemon"], preexec_fn=as_nobody, capture_output=True,
                          timeout=30, check=False)
    assert done.returncode == support.USAGE
    assert b"only root can become another user" in done.stderr


def test_a_folder_that_the_user_cannot_write_to(sluice, tmp_path):
    result = sluice.run("serve", *LISTEN, "--user", "nobody", tmp_path)
    assert result.code == support.OUTPUT
    one_sentence(result, f"cannot record into {tmp_path}: Permission denied")


def test_root_is_told_that_it_is(sluice, serve, everybodys):
    said = "warning: the server runs as root"
    anywhere = ["--listen", "rtmp://:0"]
    assert said in serve("--no-record", *anywhere).stop().err
    assert said not in serve("--no-record", "-q", *anywhere).stop().err
    assert said not in serve("--no-record", *LISTEN, "--listen", "rtmp://[::1]:0").stop().err
    # Not by root: the command that is begun with takes the place of root's own.
    prefix = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "sh", "-c", 'shift; exec "$0" "$@"', everybodys]
    assert said not in serve("--no-record", *anywhere, prefix=prefix).stop().err


def test_what_cannot_be_read_again_is_said(serve, certificates, tmp_path):
    """At the start, and when it is to be read: the old ones serve on."""
    tmp_path.chmod(0o711)
    for parent in tmp_path.parents:
        if not parent.stat().st_mode & 0o001:
            parent.chmod(0o711)
    cert, key, keys = tmp_path / "cert.pem", tmp_path / "key.pem", tmp_path / "keys"
    shutil.copy(certificates / "good.pem", cert)
    shutil.copy(certificates / "good.key", key)
    keys.write_text("0" * 64 + "\n")
    for path, mode in ((cert, 0o644), (key, 0o600), (keys, 0o600)):
        path.chmod(mode)
    server = serve("--no-record", "--user", "nobody", "--listen", "rtmps://127.0.0.1:0", "--cert", cert, "--key", key, "--keys", keys)
    server.expect(rf"warning: user nobody cannot read {key} \(Permission denied\): SIGHUP will leave what was read from it")
    server.expect(rf"warning: user nobody cannot read {keys} ")
    assert f"read {cert}" not in server.text("err")
    server.process.send_signal(signal.SIGHUP)
    server.expect(f"the old certificate stays: cannot read the key {key}: Permission denied")
    server.expect(f"the old keys stay: cannot read the keys from {keys}: Permission denied")
    port = int(server.expect(r"rtmps://127\.0\.0\.1:(\d+)", 20, "out")[1])
    with peers.Client("127.0.0.1", port, tls=ssl.create_default_context(cafile=certificates / "ca.pem")) as client:
        client.to("connected")
