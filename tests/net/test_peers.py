# SPDX-License-Identifier: MIT
"""The peers themselves, against each other and against software of other people: a test that misbehaves by accident
says nothing about the one under test."""

import shutil
import subprocess

import pytest

import flvcmp
import peers
import rtmp
import support


def test_amf0_round_trip():
    values = ["connect", 1.0, {"app": "live", "n": 7.0, "yes": True, "inner": {"x": None}}, None]
    assert rtmp.amf0_decode(rtmp.amf0(*values)) == values


@pytest.mark.parametrize("csid", [3, 63, 64, 319, 320, 65599])
def test_client_and_server_agree(csid):
    with peers.Server(dribble=100) as server:
        with peers.Client(server.host, server.port) as client:
            client.to("started", "a")
            for stamp, size in ((0, 0), (40, 1), (0xFFFFFE, 128), (0xFFFFFF, 129), (0xFFFFFFFF, 1000)):
                client.media(rtmp.VIDEO, bytes(size), stamp, csid)
            client.send(rtmp.command("deleteStream", 0, None, 1))
        session = server.session()
    assert session.commands == ["connect", "createStream", "publish", "deleteStream"]
    assert [(m.timestamp, len(m.payload)) for m in session.media] == [
        (0, 0), (40, 1), (0xFFFFFE, 128), (0xFFFFFF, 129), (0xFFFFFFFF, 1000)]
    assert session.ended == "closed" and session.name == "a"


@pytest.mark.parametrize("step", peers.STEPS[:4])
def test_misbehaves_where_it_is_told(step):
    with peers.Server(step, peers.reset) as server:
        with pytest.raises((OSError, rtmp.Ended)):  # a reset may be quicker than connect() returns
            with peers.Client(server.host, server.port) as client:
                client.to("connected")
        assert server.session().ended == step


def test_ffmpeg_publishes_to_the_server(clip):
    if not shutil.which("ffmpeg"):
        pytest.skip("ffmpeg is not installed")
    with peers.Server() as server:
        subprocess.run(["ffmpeg", "-loglevel", "error", "-i", clip, "-c", "copy", "-f", "flv", server.url() + "/s"],
                       check=True, timeout=60, stdin=subprocess.DEVNULL)
        session = server.session()
    wanted = [t for t in flvcmp.parse(clip.read_bytes()) if t.type != flvcmp.SCRIPT]
    got = [m for m in session.media if m.type != rtmp.DATA]
    assert len(wanted) > 50
    assert [(t.type, t.body) for t in wanted] == [(m.type, m.payload) for m in got][: len(wanted)]
    assert session.ended == "closed" and session.info["app"] == "live"


def test_ffmpeg_plays_from_the_server(clip, tmp_path):
    if not shutil.which("ffmpeg"):
        pytest.skip("ffmpeg is not installed")
    tags = flvcmp.parse(clip.read_bytes())
    plays = [rtmp.Message(t.type, t.timestamp, 1, t.body) for t in tags]
    out = tmp_path / "played.flv"
    with peers.Server(plays=plays) as server:
        subprocess.run(["ffmpeg", "-loglevel", "error", "-i", server.url() + "/s", "-c", "copy", out], check=True,
                       timeout=60, stdin=subprocess.DEVNULL)
    wanted = [t.body for t in tags if t.type == flvcmp.VIDEO and t.body[1] == 1]
    got = [t.body for t in flvcmp.parse(out.read_bytes()) if t.type == flvcmp.VIDEO and t.body[1] == 1]
    assert got == wanted


def test_the_checks_check():
    """The helpers that every other test leans on do fail."""
    def result(code=0, out=b"", err=""):
        return support.Result(code, out, err, 0, 0, 0)

    for bad in (result(-11), result(err=f"x {support.KEY} y"), result(out=support.KEY.encode()),
                result(err="==1==ERROR: AddressSanitizer: heap-use-after-free"),
                result(err="a.c:1:2: runtime error: signed integer overflow")):
        with pytest.raises(AssertionError):
            support.check_sane(bad)
    good = "sluice push: cannot connect to 127.0.0.1:1; check the port"
    assert support.one_sentence(result(err=good + "\n"), "127.0.0.1:1") == good
    for bad in ("", good + "\n" + good, "cannot connect to 127.0.0.1:1 at all, sorry", "sluice: no"):
        with pytest.raises(AssertionError):
            support.one_sentence(result(err=bad))
    with pytest.raises(AssertionError):
        support.one_sentence(result(err=good), "localhost")
    with support.Process(["sleep", "30"]) as process, pytest.raises(AssertionError):
        process.wait(0.1)


@pytest.mark.parametrize("name,works", [("good", True), ("expired", False), ("future", False), ("wrong-name", False),
                                        ("self-signed", False)])
def test_the_certificates_are_what_they_say(certificates, name, works):
    done = subprocess.run(["openssl", "verify", "-CAfile", certificates / "ca.pem", "-verify_ip", "127.0.0.1",
                           certificates / f"{name}.pem"], capture_output=True, timeout=60, check=False)
    assert (done.returncode == 0) == works, done.stderr
