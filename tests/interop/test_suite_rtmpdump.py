# SPDX-License-Identifier: MIT
"""rtmpdump, ours and Debian's: told the same, they tell a server the same; each option makes a difference."""
import socket
import struct
import threading

import pytest

import flv
import flvcmp
import peers
import rtmp
import serving as serving_module
import support
import swf
from dumps import FRAMES, URL

PLAYER, PLAIN = swf.player(compressed=True)
HASH = swf.hash_of(PLAIN)


# ---- what the server hears ----

CASES = {
    "none": [*URL],
    "host": ["-r", "rtmp://nowhere.invalid:{port}/live/stream", "-n", "127.0.0.1"],
    "port": ["-r", "rtmp://127.0.0.1:1/live/stream", "-c", "{port}"],
    "protocol": ["-r", "rtmpt://127.0.0.1:{port}/live/stream", "-l", "0"],
    "no URL": ["-n", "127.0.0.1", "-c", "{port}", "-l", "0", "-a", "live", "-y", "stream"],
    "app": [*URL, "-a", "other/app"],
    "playpath": [*URL, "-y", "mp4:some/where"],
    "URL with more": ["-r", "rtmp://127.0.0.1:{port}/a/b/c.mp4?x=1"],
    "tcUrl": [*URL, "-t", "rtmp://some.where/else"],
    "pageUrl": [*URL, "-p", "http://page/"],
    "swfUrl": [*URL, "-s", "http://player/a.swf"],
    "flashVer": [*URL, "-f", "WIN 9,0,0,1"],
    "auth": [*URL, "-u", "secret"],
    "conn": [*URL, "-C", "B:1", "-C", "S:text", "-C", "N:1.5", "-C", "Z:", "-C", "O:1", "-C", "NB:flag:0", "-C",
             "NN:number:2", "-C", "NS:name:value", "-C", "O:0"],
    "playlist": [*URL, "-Y"],
    "live": [*URL, "-v"],
    "subscribe": [*URL, "-d", "channel"],
    "subscribe, live": [*URL, "-v", "-d", "channel"],
    "start": [*URL, "-A", "1.5"],
    "start, live": [*URL, "-A", "1.5", "-v"],
    "stop": [*URL, "-B", "7"],
    "start, stop": [*URL, "-A", "2", "-B", "7"],
    "buffer": [*URL, "-b", "5000"],
    "jtv": [*URL, "-j", '{{"a":"b"}}'],
    "url": ["-i", "rtmp://127.0.0.1:{port}/live/stream app=other pageUrl=http://p conn=S:a start=2000 flashver=F"],
    "url, live": ["-i", "rtmp://127.0.0.1:{port}/live/stream live=1 subscribe=s", "-Y", "-C", "N:1", "-b", "7"],
}
SAME_AS_NONE = {"none", "host", "port", "protocol", "no URL"}


@pytest.mark.parametrize("name", CASES)
def test_the_server_hears_the_same(ours, debians, name):
    want = debians.play(*CASES[name])
    got = ours.play(*CASES[name])
    assert got == want
    assert ours.code == debians.code == 0
    assert not flvcmp.difference(debians.tags(), ours.tags(), shift=0)
    plain = ours.play(*CASES["none"])
    assert (got == plain) == (name in SAME_AS_NONE)


def test_timestamps_begin_where_it_starts(ours, debians):
    for dump in (debians, ours):
        dump.play(*URL, "-A", "1.5")
        assert [t.timestamp for t in flvcmp.media(dump.tags())][0] == 1500


def test_a_buffer_for_all_of_it(ours, debians):
    """The server learns that it is 5 seconds longer than the stream, unless it was given."""
    plays = [(rtmp.DATA, 0, rtmp.amf0("onMetaData", {"duration": 40000.0}))] + FRAMES
    for dump in (debians, ours):
        for options, sizes in ([], [36000000, 40005000]), (["-b", "100"], [100]):
            controls = dump.play(*URL, *options, plays=plays)["controls"]
            assert [struct.unpack(">I", c[6:])[0] for c in controls if c[:2] == b"\0\3"] == sizes


def ask_for_token(conn):
    conn.say("_result", conn.transaction, {"fmsVer": "FMS/3,0,1,123"},
             {"level": "status", "code": "NetConnection.Connect.Success",
              "secureToken": "3c1ff1a14e1181ab01fabc9e316a882f"})
    return True


ANSWER = ("secureTokenResponse", None, "secret token 123")


def test_a_secure_token_is_answered(ours, debians):
    """The answer is what Debian's made of this token with this key."""
    for dump in (debians, ours):
        assert ANSWER in dump.play(*URL, "-T", "opensesame", setup=("connect", ask_for_token))["calls"]
    calls = ours.play(*URL, setup=("connect", ask_for_token))["calls"]
    assert not any(c[0] == "secureTokenResponse" for c in calls)


def test_url_and_what_is_beside_it(ours):
    """Debian's ignores it without a word."""
    url = ["-i", "rtmp://127.0.0.1:{port}/live/stream app=other"]
    calls = ours.play(*url, "-y", "mine", "-B", "3", "-p", "http://p")
    assert calls["calls"][-1] == ("play", None, "mine", 0.0, 3000.0)
    assert calls["info"]["app"] == "other" and calls["info"]["pageUrl"] == "http://p"


def test_what_is_beside_a_url_counts_before_it(ours):
    url = "rtmp://127.0.0.1:{port}/live/stream "
    token = ours.play("-i", url + "token=other", "-T", "opensesame", setup=("connect", ask_for_token))
    assert ANSWER in token["calls"]
    for options, tc_url in (("", "rtmp://127.0.0.1:PORT/mine"), ("app=other", "rtmp://127.0.0.1:PORT/mine"),
                            ("tcUrl=rtmp://else/where", "rtmp://else/where")):
        info = ours.play("-i", url + options, "-a", "mine")["info"]
        assert (info["app"], info["tcUrl"]) == ("mine", tc_url)
        assert ours.code == 0
    info = ours.play("-i", url + "app=other", "-t", "rtmp://else/where")["info"]
    assert (info["app"], info["tcUrl"], ours.code) == ("other", "rtmp://else/where", 0)


def test_a_proxy_beside_a_url(ours):
    """SOCKS4 is what the proxy hears, and not the server what the URL says."""
    for options in "", " socks=127.0.0.1:1":
        ear = Ear(9)
        with ours.start("-i", f"rtmp://127.0.0.2:1935/live/stream{options}", "-S", f"127.0.0.1:{ear.port}") as process:
            assert ear.heard()[:8] == b"\x04\x01" + (1935).to_bytes(2, "big") + bytes([127, 0, 0, 2])
            assert process.wait(60).code == 3


def test_a_player_s_age_beside_a_url(ours):
    """With 0 the web server is asked about what is known already."""
    with swf.Web(swf.modified(PLAYER)) as web:
        url = "rtmp://127.0.0.1:{port}/live/stream swfVfy=1 swfUrl=" + web.url()
        for options, asked in ((), 1), ((), 1), (("-X", "0"), 2):
            ours.play("-i", url, *options)
            assert len(web.heads) == asked


# ---- how it connects ----


class Ear:
    """Hears the first bytes of whoever connects, and hangs up."""

    def __init__(self, size):
        self.size, self.data = size, b""
        self.sock = socket.create_server(("127.0.0.1", 0))
        self.sock.settimeout(60)
        self.port = self.sock.getsockname()[1]
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        conn, _ = self.sock.accept()
        with conn:
            while len(self.data) < self.size and (data := conn.recv(4096)):
                self.data += data

    def heard(self):
        self.thread.join(60)
        self.sock.close()
        return self.data


@pytest.mark.parametrize("protocol, begins", [("0", b"\x03"), ("1", b"POST /"), ("2", b"\x06"), ("3", b"POST /"),
                                              ("4", b"\x16\x03"), ("5", b"\x16\x03")])
def test_protocols(ours, debians, protocol, begins):
    for dump in (debians, ours):
        ear = Ear(len(begins))
        with dump.start("-r", f"rtmp://127.0.0.1:{ear.port}/live/stream", "-l", protocol) as process:
            assert ear.heard()[:len(begins)] == begins
            if dump is ours:  # Debian's goes on for ever over HTTP
                assert process.wait(20 * ours.patience).code == 3


def test_socks(ours, debians):
    for dump in (debians, ours):
        ear = Ear(8)
        dump.run("-r", "rtmp://127.0.0.2:99/live/stream", "-S", f"127.0.0.1:{ear.port}")
        assert ear.heard()[:8] == b"\x04\x01\0\x63\x7f\0\0\x02"
    assert ours.code == debians.code == 3


def test_timeout(ours, debians):
    """Sooner than the 30 seconds that it is without."""
    for dump in (debians, ours):
        with peers.Server("started", peers.stall) as server:
            dump.run("-r", server.url() + "/stream", "-m", "1")
    assert ours.code == debians.code == 2


# ---- SWF verification ----


@pytest.fixture
def verifying(sluice, tmp_path, certificates):
    """A server with a recording, which it plays to one player only."""
    server = serving_module.Serving(sluice, tmp_path / "served", certificates, "--swf-verify", f"{HASH}:{len(PLAIN)}")
    (tmp_path / "clip.flv").write_bytes(flv.flv(FRAMES))
    assert sluice.run("push", "--fast", tmp_path / "clip.flv", server.url()).code == support.OK
    server.wait("recorded")
    yield server
    server.stop()


def is_played(dump, server, *args):
    dump.got.unlink(missing_ok=True)
    dump.run("-r", server.url(), *args)
    return dump.got.exists() and len(dump.got.read_bytes()) > 10000


def test_a_player_is_vouched_for(ours, debians, verifying):
    with swf.Web(swf.modified(PLAYER)) as web:
        for dump in (debians, ours):
            assert is_played(dump, verifying, "-w", HASH, "-x", str(len(PLAIN)))
            assert is_played(dump, verifying, "-W", web.url())
            assert not is_played(dump, verifying, "-w", HASH, "-x", "1", "-m", "3")
            assert not is_played(dump, verifying, "-w", HASH, "-m", "3") and "swfsize" in dump.result.err
        assert len(web.heads) == 2


def test_the_age_of_a_hash(ours, debians, verifying):
    for dump in (debians, ours):
        with swf.Web(swf.modified(PLAYER)) as web:
            for age, asked in (["-X", "30"], 1), ([], 1), (["-X", "0"], 2):
                assert is_played(dump, verifying, "-W", web.url(), *age)
                assert len(web.heads) == asked
        assert HASH in (dump.folder / ".swfinfo").read_text(encoding="ascii")


# ---- the pause that makes servers hurry ----


def runs_dry(conn):
    for m in flv.messages(flv.frames(3)):
        conn.send(rtmp.message(m.type, m.payload, 6, m.timestamp, 1))
    conn.send(rtmp.message(rtmp.USER_CONTROL, struct.pack(">HI", 31, 1), 2))
    return True


@pytest.mark.parametrize("options, pauses", [([], 1), (["-R"], 0), (["-v"], 0)])
def test_realtime(ours, debians, options, pauses):
    for dump in (debians, ours):
        calls = dump.play(*URL, *options, setup=("started", runs_dry))["calls"]
        assert sum(c[0] == "pause" for c in calls) == pauses, calls


def falls_silent(conn):
    """Pauses when it is told to, and then says nothing more until it is asked anew."""
    runs_dry(conn)
    while conn.calls[-1][0] != "pause":
        m = conn.reader.message()
        if m.type == rtmp.COMMAND:
            conn.calls.append(rtmp.amf0_decode(m.payload))
    conn.status("NetStream.Pause.Notify", "paused")
    conn.server.step = None
    conn.serve()


def falls_silent_at_once(conn):
    for m in flv.messages(flv.frames(3)):
        conn.send(rtmp.message(m.type, m.payload, 6, m.timestamp, 1))
    conn.server.step = None
    conn.serve()


@pytest.mark.parametrize("silence", [falls_silent, falls_silent_at_once])
def test_silence(ours, debians, silence):
    """It is told to pause and to go on, and then asked once more, from the last frame on, at 83 ms."""
    want = [("createStream", None), ("play", None, "stream", 0.0), ("pause", None, True, 83.0), ("pause", None, False, 83.0),
            ("createStream", None), ("play", None, "stream", 83.0)]
    for dump in (debians, ours):
        calls = dump.play(*URL, "-m", "1", setup=("started", silence))["calls"]
        assert [c for i, c in enumerate(calls) if c not in calls[:i] or c[0] != "pause"] == want
        assert dump.code == 0 and "trying to resume" in dump.result.err
    assert not flvcmp.difference(debians.tags(), ours.tags(), shift=0)


def test_a_silence_of_live_streams(ours, debians):
    for dump in (debians, ours):
        with peers.Server("started", falls_silent_at_once) as server:
            dump.run("-r", server.url() + "/stream", "-v", "-m", "1")
            assert [c[0] for c in server.session().calls].count("play") == 1
        assert dump.code == 2
