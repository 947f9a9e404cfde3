# SPDX-License-Identifier: MIT
"""Foreign clients that `sluice serve` asks who they are: FFmpeg's own, and whatever has librtmp in it."""
import ctypes
import os
import pathlib
import subprocess
import sys

import pytest

import serving as serving_module
import support

USER, PASSWORD = "alice", "s3cret"


@pytest.fixture(params=["adobe", "llnw"])
def asking(request, sluice, tmp_path, certificates):
    users = tmp_path / "users"
    users.write_text(f"{USER}:{PASSWORD}\n")
    server = serving_module.Serving(sluice, tmp_path / "asking", certificates, "--auth", request.param, "--users", users)
    yield server
    server.stop()


def url_for(server, password=PASSWORD, app="live"):
    return server.url(app=app).replace("://", f"://{USER}:{password}@")


@pytest.mark.parametrize("app", ["live", "live/inst"])
def test_ffmpeg(asking, foreign, same_stream, short_clip, app):
    foreign("ffmpeg", "-v", "error", "-i", short_clip, "-c", "copy", "-f", "flv", "-rtmp_app", app, "-rtmp_playpath",
            "s", url_for(asking, app=app))
    same_stream(short_clip, asking.recorded(app=app))
    assert not asking.events("refuse")


def test_ffmpeg_with_a_wrong_password(asking, foreign, short_clip):
    with pytest.raises(AssertionError, match="Incorrect username/password"):
        foreign("ffmpeg", "-v", "error", "-i", short_clip, "-c", "copy", "-f", "flv", url_for(asking, "wrong"))
    assert len(asking.wait("refuse")) == 1 and not asking.events("publish")


@pytest.fixture(scope="module")
def roomy(tmp_path_factory):
    """The environment in which what Debian's librtmp writes behind its answer does no harm."""
    library = tmp_path_factory.mktemp("roomy") / "roomy_malloc.so"
    source = pathlib.Path(__file__).with_name("roomy_malloc.c")
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True, timeout=60)
    return os.environ | {"LD_PRELOAD": str(library)}


@pytest.fixture
def librtmp(foreign, roomy):
    """A publisher over librtmp, in a process of its own: the library may crash."""
    try:
        ctypes.CDLL("librtmp.so.1")
    except OSError:
        pytest.skip("librtmp is not installed (librtmp1)")

    def run(url, path):
        program = pathlib.Path(__file__).with_name("librtmp_publisher.py")
        return subprocess.run([sys.executable, program, url, path], env=roomy, capture_output=True, timeout=60, check=False)

    return run


@pytest.mark.parametrize("app", ["live", "live/inst"])
def test_librtmp(asking, librtmp, same_stream, short_clip, app):
    done = librtmp(f"{asking.url(app=app)} pubUser={USER} pubPasswd={PASSWORD}", short_clip)
    assert done.returncode == 0, done.stderr
    same_stream(short_clip, asking.recorded(app=app))
    assert not asking.events("refuse")


def test_librtmp_with_a_wrong_password(asking, librtmp, short_clip):
    done = librtmp(f"{asking.url()} pubUser={USER} pubPasswd=wrong", short_clip)
    assert done.returncode != 0
    assert len(asking.wait("refuse")) == 1 and not asking.events("publish")


def test_sluice(asking, sluice, same_stream, short_clip):
    result = sluice.run("push", "--fast", short_clip, url_for(asking))
    assert result.code == support.OK, result.err
    same_stream(short_clip, asking.recorded())
