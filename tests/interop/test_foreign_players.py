# SPDX-License-Identifier: MIT
"""Foreign players that `sluice serve` verifies, and what they say before they play: rtmpdump's and FFmpeg's own."""
import hashlib
import hmac
import http.server
import shutil
import threading
import zlib

import pytest

import serving as serving_module
import streams
import support

OK, INCOMPLETE = 0, 2  # of rtmpdump; see test_rtmpdump.py

PLAIN = b"FWS\x0a" + bytes(range(256)) * 20
SWF = PLAIN[:4] + len(PLAIN).to_bytes(4, "little") + PLAIN[8:]  # its size is in its head
HASH = hmac.new(b"Genuine Adobe Flash Player 001", SWF, hashlib.sha256).hexdigest()
OTHER = hashlib.sha256(b"another").hexdigest()


def check(clip, path):
    """All that librtmp hands on; see test_rtmpdump.py."""
    streams.check(streams.large_enough(clip), streams.load(path))


@pytest.fixture
def verifying(sluice, tmp_path, certificates, short_clip):
    """A server that plays to one player only, with a recording."""
    server = serving_module.Serving(sluice, tmp_path / "served", certificates, "-vvv", "--swf-verify",
                                    f"{HASH}:{len(SWF)}")
    assert sluice.run("push", "--fast", short_clip, server.url()).code == support.OK
    server.wait("recorded")
    yield server
    server.stop()


@pytest.fixture
def rtmpdump(background, tmp_path):
    """rtmpdump to its end, with a home of its own: it keeps what it knows of players there."""
    if not shutil.which("rtmpdump"):
        pytest.skip("rtmpdump is not installed")

    def run(url, *args):
        path = tmp_path / "got.flv"
        path.unlink(missing_ok=True)
        process = background("env", f"HOME={tmp_path}", "rtmpdump", "-r", url, "-o", path, *args)
        return process.wait(30), path

    return run


def test_rtmpdump_with_hash_and_size(verifying, rtmpdump, short_clip):
    result, path = rtmpdump(verifying.url(), "-w", HASH, "-x", len(SWF))
    assert result.code in (OK, INCOMPLETE), result.err
    check(short_clip, path)


@pytest.mark.parametrize("args", [[], ["-w", OTHER, "-x", len(SWF)], ["-w", HASH, "-x", len(SWF) + 1]])
def test_rtmpdump_is_refused(verifying, rtmpdump, args):
    result, path = rtmpdump(verifying.url(), *args)
    assert result.code not in (OK, INCOMPLETE) and "NetStream.Play.Failed" in result.err
    assert not path.exists() or path.stat().st_size <= 13


@pytest.fixture(params=["plain", "compressed"])
def player(request):
    """A player's URL, from a server of web pages that has it plain or compressed."""
    body = SWF if request.param == "plain" else b"CWS" + SWF[3:8] + zlib.compress(SWF[8:])

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("Content-Type", "application/x-shockwave-flash")
            self.send_header("Last-Modified", "Mon, 01 Jan 2024 00:00:00 GMT")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    web = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=web.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{web.server_address[1]}/player.swf"
    web.shutdown()
    web.server_close()
    thread.join(10)


def test_rtmpdump_with_the_players_url(verifying, rtmpdump, player, short_clip):
    result, path = rtmpdump(verifying.url(), "-W", player)
    assert result.code in (OK, INCOMPLETE), result.err
    check(short_clip, path)


def test_ffmpeg(verifying, foreign, same_stream, short_clip, tmp_path):
    path = tmp_path / "got.flv"
    foreign("ffmpeg", "-v", "error", "-rtmp_live", "recorded", "-rtmp_swfhash", HASH, "-rtmp_swfsize", len(SWF), "-i",
            verifying.url(), "-c", "copy", path)
    same_stream(short_clip, path)
    with pytest.raises(AssertionError):
        foreign("ffmpeg", "-v", "error", "-rtmp_live", "recorded", "-rtmp_swfhash", OTHER, "-rtmp_swfsize", len(SWF),
                "-i", verifying.url(), "-c", "copy", "-y", path)


# ---- what is said before play ----


@pytest.mark.parametrize("args, heard", [
    (["-d", "other"], ["FCSubscribe"]),
    (["-Y"], ["set_playlist"]),
    (["-j", "t0ken"], ["NetStream.Authenticate.UsherToken"]),
    (["-Y", "-d", "s", "-j", "t0ken"], ["NetStream.Authenticate.UsherToken", "FCSubscribe", "set_playlist"]),
])
def test_rtmpdump_before_play(sluice, tmp_path, certificates, rtmpdump, short_clip, args, heard):
    server = serving_module.Serving(sluice, tmp_path / "served", certificates, "-vvv")
    assert sluice.run("push", "--fast", short_clip, server.url()).code == support.OK
    server.wait("recorded")
    result, path = rtmpdump(server.url(), *args)
    assert result.code in (OK, INCOMPLETE), result.err
    check(short_clip, path)
    server.stop()
    said = server.process.text("err")
    at = [said.index(f"<- {name} ") for name in heard]
    assert at == sorted(at) and "t0ken" not in said
    assert said.count("-> playlist_ready") == ("-Y" in args)
