# SPDX-License-Identifier: MIT
"""The hash of a Flash player: what Debian's librtmp makes of it is what ours makes, and each reads what the other keeps."""
import email.utils
import os
import re
import ssl
import struct
import time

import pytest

import dropin
import support
import swf

if struct.calcsize("P") != 8:
    pytest.skip("the layout that these tests know is that of 64 bits", allow_module_level=True)

OK, NOT_MODIFIED, NOT_FOUND, BAD_REQUEST, SERVER_ERROR, REDIRECTED, LOST = range(7)


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def ours(sluice_path, home):
    return swf.Library(dropin.Library("ours"), home)


@pytest.fixture
def debians(home):
    return swf.Library(dropin.Library("debian"), home)


# ---- the hash ----


@pytest.mark.parametrize("size,compressed", [(8, False), (9, False), (70000, False), (70000, True), (3000000, True)])
def test_as_debians_has_it(ours, debians, home, size, compressed):
    body, plain = swf.player(size, compressed)
    with swf.Web(lambda head: swf.response(body)) as web:
        assert debians.hash_swf(web.url(), 0) == [0, len(plain), swf.hash_of(plain)]
        (home / ".swfinfo").unlink()
        assert ours.hash_swf(web.url(), 0) == [0, len(plain), swf.hash_of(plain)]
    theirs, own = (head.split("\r\n") for head in web.heads)
    assert set(theirs[1:]) - {f"Host: 127.0.0.1"} <= set(own), "ours says no less"


def test_setting_up_a_session(ours):
    body, plain = swf.player(compressed=True)
    with swf.Web(swf.modified(body)) as web:
        options = f"rtmp://h/app/play swfUrl={web.url()} swfVfy=1 swfAge="
        assert ours.call("setup_url", options + "1") == [1, len(plain), swf.hash_of(plain)]
        assert ours.call("setup_url", options + "1") == [1, len(plain), swf.hash_of(plain)]
        assert len(web.heads) == 1, "kept for a day"
        assert ours.call("setup_url", options + "0") == [1, len(plain), swf.hash_of(plain)]
        assert len(web.heads) == 2 and f"If-Modified-Since: {swf.DATE}\r\n" in web.heads[1]
        assert ours.call("setup_url", f"rtmp://h/app/play swfUrl={web.url()} swfAge=0") == [1, 0, "00" * 32]
        assert len(web.heads) == 2, "nobody asked for it"
        other = f"rtmp://h/app/play swfUrl={web.url('none')} swfVfy=1"
        web.answer = lambda head: swf.response(b"", "404 Not Found")
        assert ours.call("setup_url", other) == [1, 0, "00" * 32], "that is the server's to say"
        assert "404, not found" in ours.said


@pytest.mark.parametrize("body,part", [
    (b"ZWS\x0d" + bytes(40), "LZMA (ZWS)"), (b"<html>not here</html>", "no Flash player"), (b"FWS", "fewer than 8 bytes"),
    (b"", "fewer than 8 bytes"), (swf.player(compressed=True)[0][:-9], "cut off"),
    (swf.player(compressed=True)[0][:50] + b"\xff" * 50, "damaged")])
def test_what_is_no_player(ours, home, body, part):
    with swf.Web(lambda head: swf.response(body)) as web:
        url = web.url("p.swf?token=s3cret")
        assert ours.hash_swf(url.replace("//", "//ann:pa55w0rd@")) == [-1, 0, "00" * 32]
    assert part in ours.said and url.split("?")[0] in ours.said
    assert not re.search("s3cret|ann|pa55w0rd", ours.said)
    assert not (home / ".swfinfo").exists()


def test_a_player_that_unfolds_without_end(ours):
    """A thousand times its size: 128 MiB of zeros."""
    import zlib

    packer = zlib.compressobj()
    body = b"CWS\x0a\x08\0\0\0" + b"".join(packer.compress(bytes(1 << 20)) for _ in range(128)) + packer.flush()
    with swf.Web(lambda head: swf.response(body)) as web:
        assert ours.hash_swf(web.url())[0] == -1
    assert "more than 64 MiB" in ours.said


# ---- what is kept ----


def test_each_reads_what_the_other_keeps(ours, debians, home):
    body, plain = swf.player(compressed=True)
    wanted = [0, len(plain), swf.hash_of(plain)]
    for first, second in (ours, debians), (debians, ours):
        (home / ".swfinfo").unlink(missing_ok=True)
        with swf.Web(swf.modified(body)) as web:
            assert first.hash_swf(web.url()) == wanted
            assert second.hash_swf(web.url()) == wanted
            assert len(web.heads) == 1, "the second has it from the first"
            for library in second, first:
                before = len(web.heads)
                assert library.hash_swf(web.url(), 0) == wanted
                assert f"If-Modified-Since: {swf.DATE}\r\n" in web.heads[before] and len(web.heads) == before + 1
        text = home / ".swfinfo"
        assert re.fullmatch(rf"url: {web.url()}\nctim: (.*)\ndate: {swf.DATE}\nsize: {len(plain):08x}\nhash: {wanted[2]}\n",
                            text.read_text())


def test_the_file(ours, home):
    """Private, replaced as a whole, and what else is in it stays."""
    body, plain = swf.player()
    path = home / ".swfinfo"
    other = "url: http://a.example/b.swf\nctim: Mon, 02 Nov 2020 08:00:00 GMT\ndate: \nsize: 00000009\nhash: " + "ab" * 32 + "\n"
    path.write_text(other + "strange\n", encoding="ascii")
    before = path.stat().st_ino
    with swf.Web(swf.modified(body)) as web:
        assert ours.hash_swf(web.url("p.swf?session=s3cret"))[0] == 0
        assert ours.hash_swf(web.url("p.swf?session=other"))[0] == 0
        assert len(web.heads) == 1 and "GET /p.swf?session=s3cret HTTP/1.1\r\n" in web.heads[0]
    text = path.read_text(encoding="ascii")
    assert text.startswith(other + "strange\nurl: " + web.url("p.swf") + "\nctim: ") and "s3cret" not in text
    assert path.stat().st_mode & 0o777 == 0o600 and path.stat().st_ino != before
    assert [p.name for p in home.iterdir()] == [".swfinfo"]


def entry(url, plain, days_ago, date=swf.DATE):
    asked = email.utils.formatdate(time.time() - days_ago * 86400, usegmt=True)
    return f"url: {url}\nctim: {asked}\ndate: {date}\nsize: {len(plain):08x}\nhash: {swf.hash_of(plain)}\n"


def test_age(ours, home):
    body, plain = swf.player()
    with swf.Web(swf.modified(body)) as web:
        for days_ago, age, asks in (0.5, 1, False), (1.5, 1, True), (29.5, 30, False), (30.5, 30, True), (0.1, 0, True), (-3, 1, True):
            (home / ".swfinfo").write_text(entry(web.url(), plain, days_ago), encoding="ascii")
            before = len(web.heads)
            assert ours.hash_swf(web.url(), age) == [0, len(plain), swf.hash_of(plain)]
            assert len(web.heads) - before == asks, (days_ago, age)
            asked = re.search("ctim: (.*)", ours.info())[1]
            age_now = time.time() - email.utils.parsedate_to_datetime(asked).timestamp()
            assert not asks or -2 < age_now < 60, "asked now"


def test_a_player_that_is_another_now(ours, home):
    body, plain = swf.player(seed=b"new")
    later = email.utils.formatdate(swf.MODIFIED + 99, usegmt=True)
    with swf.Web(swf.modified(body, later)) as web:
        (home / ".swfinfo").write_text(entry(web.url(), swf.player(seed=b"old")[1], 99), encoding="ascii")
        assert ours.hash_swf(web.url()) == [0, len(plain), swf.hash_of(plain)]
    assert f"date: {later}\n" in ours.info() and swf.DATE not in ours.info()


def test_a_server_that_is_gone(ours, home):
    """What was kept is given all the same, as a failure."""
    plain = swf.player()[1]
    with swf.Web(lambda head: b"") as web:
        pass
    old = entry(web.url(), plain, 99)
    (home / ".swfinfo").write_text(old, encoding="ascii")
    assert ours.hash_swf(web.url()) == [-1, len(plain), swf.hash_of(plain)]
    assert "Connection refused" in ours.said and ours.info() == old


BROKEN = {
    "a link": lambda path: path.symlink_to(path.parent / "elsewhere"),
    "a folder": lambda path: path.mkdir(),
    "a pipe": os.mkfifo,
    "others may write": lambda path: (path.touch(), path.chmod(0o666)),
    "endless": lambda path: path.write_bytes(bytes(2 << 20)),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_file_that_cannot_be_used(ours, home, kind):
    """It is left as it is, with a warning, and the hash is made."""
    body, plain = swf.player()
    path = home / ".swfinfo"
    (home / "elsewhere").write_text("mine", encoding="ascii")
    BROKEN[kind](path)
    before = os.lstat(path)
    with swf.Web(lambda head: swf.response(body)) as web:
        assert ours.hash_swf(web.url()) == [0, len(plain), swf.hash_of(plain)]
    assert "cannot be used" in ours.said and ".swfinfo" in ours.said
    assert os.lstat(path).st_ino == before.st_ino and (home / "elsewhere").read_text() == "mine"


@pytest.mark.parametrize("old,new", [("hash: ", "hash: x"), ("size: 0", "size: z"), ("ctim: ", "ctim: never "),
                                     ("ctim: ", "time: "), ("date: ", "date: \x01")])
def test_a_damaged_entry(ours, home, old, new):
    """It is made anew, and the server is not asked with what stood there."""
    body, plain = swf.player()
    with swf.Web(swf.modified(body)) as web:
        (home / ".swfinfo").write_text(entry(web.url(), plain, 0).replace(old, new), encoding="ascii")
        assert ours.hash_swf(web.url()) == [0, len(plain), swf.hash_of(plain)]
        assert "If-Modified-Since" not in web.heads[0] and "is damaged" in ours.said
    assert re.fullmatch(entry(web.url(), plain, 0).replace(re.search("ctim: (.*)", entry(web.url(), plain, 0))[1], ".*"),
                        ours.info())


def test_no_home(ours, home):
    body, plain = swf.player()
    with swf.Web(lambda head: swf.response(body)) as web:
        assert ours.hash_swf(web.url(), HOME="nowhere") == [0, len(plain), swf.hash_of(plain)]
    assert not list(home.iterdir())


# ---- HTTP_get ----

PAGE = b"0123456789" * 5000
ANSWERS = {
    "a page": (swf.response(PAGE, "200 OK", f"Last-Modified: {swf.DATE}"), OK, 200, swf.DATE, PAGE),
    "no date": (swf.response(PAGE), OK, 200, "", PAGE),
    "without a length": (b"HTTP/1.0 200 OK\r\nContent-Type: x\r\n\r\n" + PAGE, OK, 200, "", PAGE),
    "not modified": (b"HTTP/1.1 304 Not Modified\r\n\r\n", NOT_MODIFIED, 304, "", b""),
    "not found": (swf.response(b"", "404 Not Found"), NOT_FOUND, 404, "", b""),
    "forbidden": (swf.response(b"", "403 Forbidden"), BAD_REQUEST, 403, "", b""),
    "broken": (swf.response(b"", "503 Later"), SERVER_ERROR, 503, "", b""),
    "elsewhere": (swf.response(b"", "302 Found", "Location: http://127.0.0.1:1/"), REDIRECTED, 302, "", b""),
    "no HTTP": (b"SSH-2.0-OpenSSH_9.2\r\n\r\n", BAD_REQUEST, -1, "", b""),
    "nothing": (b"", LOST, -1, "", b""),
    "half": (swf.response(PAGE[:1000], length=5000), LOST, 200, "", PAGE[:1000]),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_get(ours, debians, name):
    answer, result, status, date, page = ANSWERS[name]
    for library in debians, ours:
        with swf.Web(lambda head: answer) as web:
            assert library.get(web.url()) == [result, status, len(page), date, page.hex()], library.path


def test_get_asks_with_the_date(ours):
    with swf.Web(swf.modified(PAGE)) as web:
        assert ours.get(web.url(), swf.DATE) == [NOT_MODIFIED, 304, 0, swf.DATE, ""]
        assert ours.get(web.url("a/b?c#d"), "Mon, 02 Nov 2020 08:00:00 GMT")[:4] == [OK, 200, len(PAGE), swf.DATE]
    assert web.heads[1].startswith("GET /a/b?c HTTP/1.1\r\n")
    for url, result in ("ftp://h/x", BAD_REQUEST), ("http:/x", BAD_REQUEST), ("http://127.0.0.1:1/x", LOST), \
            ("http://no-such-name.invalid/", LOST), ("http://u:\x01@h/", BAD_REQUEST):
        assert ours.get(url)[:3] == [result, -1, 0], url


@pytest.mark.parametrize("answer,result,taken", [
    (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n" + PAGE, LOST, 0),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 1x\r\n\r\n" + PAGE, LOST, 0),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n" + PAGE, LOST, 0),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n" + PAGE, LOST, 0),
    (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n" + PAGE, OK, 0),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n012\r\n0\r\n\r\n" + PAGE, OK, 3),
    (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n012\r\nzz\r\n\r\n", LOST, 3),
    (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 20000 + b"\r\n\r\n", LOST, 0),
    (b"HTTP/1.1 200 OK\r\nLast-Modified: " + b"y" * 200 + b"\r\nContent-Length: 3\r\n\r\nabc", OK, 3),
    (b"HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\n", NOT_FOUND, 0),
])
def test_hostile_answers(ours, answer, result, taken):
    with swf.Web(lambda head: answer) as web:
        got = ours.get(web.url())
    assert got[0] in (result, BAD_REQUEST if result == LOST else result) and got[2] == taken and len(got[3]) < 64, got


def test_servers_that_stall(ours):
    """5 seconds without a byte, as ever."""
    for answer in b"", b"HTTP/1.1 200", swf.response(PAGE[:10], length=5000):
        with swf.Web(lambda head, answer=answer: answer, stays=True) as web:
            began = time.monotonic()
            before = os.times().children_user + os.times().children_system
            assert ours.get(web.url())[0] == LOST
            assert 4.5 < time.monotonic() - began < 15
            assert os.times().children_user + os.times().children_system - before < 2, "nobody spins"
            assert "no longer answers" in ours.said


@pytest.mark.parametrize("begin,why", [(b"x", "no Flash player"), (b"FWS\x0a\0\0\0\0x", "more than 6")])
def test_a_server_that_never_stops(ours, begin, why):
    with swf.Web(lambda head: b"HTTP/1.0 200 OK\r\n\r\n" + begin, pours=True) as web:
        assert ours.hash_swf(web.url())[0] == -1
    assert why in ours.said


def test_not_modified_since_when_nobody_asked(ours, home):
    with swf.Web(lambda head: b"HTTP/1.1 304 Not Modified\r\n\r\n") as web:
        assert ours.hash_swf(web.url()) == [-1, 0, "00" * 32]
    assert "304" in ours.said and not (home / ".swfinfo").exists()


def test_https(ours, certificates):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificates / "good.pem", certificates / "good.key")
    body, plain = swf.player(compressed=True)
    with swf.Web(lambda head: swf.response(body), tls=tls) as web:
        url = web.url(host="localhost")
        assert ours.hash_swf(url) == [-1, 0, "00" * 32] and "certificate" in ours.said
        assert ours.get(url)[0] == LOST
        trust = {"LIBRTMP_TLS_CA_FILE": str(certificates / "ca.pem")}
        assert ours.hash_swf(url, **trust) == [0, len(plain), swf.hash_of(plain)]
        assert ours.get(url, **trust)[:3] == [OK, 200, len(body)]
        setup = f"rtmp://h/app/play swfUrl={url} swfVfy=1 swfAge=0 tlsCAFile={certificates / 'ca.pem'}"
        assert ours.call("setup_url", setup) == [1, len(plain), swf.hash_of(plain)]


# ---- the command ----


@pytest.fixture
def serving_to(sluice, tmp_path, short_clip):
    """sluice serve, which plays to this player only; the URL of a stream that it has."""

    def start(plain):
        sluice.need("serve")
        (tmp_path / "served").mkdir()
        serve = sluice.start("serve", "--listen", "rtmp://127.0.0.1:0", "--swf-verify", f"{swf.hash_of(plain)}:{len(plain)}",
                             tmp_path / "served")
        url = f"rtmp://127.0.0.1:{serve.expect(r'rtmp://127[.]0[.]0[.]1:([0-9]+)', 20, 'out')[1]}/live"
        assert sluice.run("push", "--fast", short_clip, url, "s").code == support.OK
        serve.expect("was recorded")
        return url

    return start


def test_pull_as_a_player(sluice, serving_to, home, tmp_path, short_clip, same_stream):
    body, plain = swf.player(compressed=True)
    url, out, env = serving_to(plain), tmp_path / "out.flv", {"HOME": str(home)}
    with swf.Web(swf.modified(body)) as web:
        result = sluice.run("pull", "--vod", "--swf-player", web.url("p.swf?x=s3cret"), url, "s", out, env=env)
        assert result.code == support.OK, result.err
        same_stream(short_clip, out)
        assert f"url: {web.url('p.swf')}\n" in (home / ".swfinfo").read_text(encoding="ascii")
        assert sluice.run("pull", "--vod", "--swf-player", web.url("p.swf"), url, "s", out, env=env).code == support.OK
        assert len(web.heads) == 1, "kept for 30 days"
        result = sluice.run("pull", "--vod", "--swf-player", web.url("p.swf"), "--swf-age", "0", url, "s", out, env=env)
        assert result.code == support.OK and len(web.heads) == 2 and "If-Modified-Since" in web.heads[1]
        web.answer = lambda head: swf.response(swf.player(seed=b"another")[0])
        result = sluice.run("pull", "--vod", "--swf-player", web.url("q.swf"), url, "s", out, env=env)
        assert result.code == support.REFUSED, "another player"


def test_players_that_cannot_be_had(sluice, home, certificates, tmp_path):
    env, rest = {"HOME": str(home)}, ["rtmp://127.0.0.1:1/live", "s", tmp_path / "out.flv"]

    def pull(*options):
        return sluice.run("pull", *options, *rest, env=env)

    with swf.Web(lambda head: swf.response(b"", "404 Not Found")) as web:
        result = pull("--swf-player", web.url("p.swf?x=s3cret"))
        assert result.code == support.REFUSED
        assert "s3cret" not in support.one_sentence(result, f"the player {web.url('p.swf')} cannot be had", "404, not found")
        web.answer = lambda head: swf.response(b"<html>")
        assert pull("--swf-player", web.url()).code == support.USAGE
        web.answer = lambda head: b"no HTTP\r\n\r\n"
        assert pull("--swf-player", web.url()).code == support.PROTOCOL
    result = pull("--swf-player", web.url())
    assert result.code == support.CONNECT
    support.one_sentence(result, "Connection refused")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificates / "good.pem", certificates / "good.key")
    with swf.Web(lambda head: swf.response(swf.player()[0]), tls=tls) as web:
        url = web.url(host="localhost")
        assert pull("--swf-player", url).code == support.TLS
        for options in ["--ca-file", certificates / "ca.pem"], ["--insecure"]:
            result = pull("--swf-player", url, "--swf-age", "0", *options)
            assert result.code == support.CONNECT and "127.0.0.1:1 " in result.err, "the player is there, the server is not"
    for options in ["--swf-age", "3"], ["--swf-player", "http://h/", "--swf-verify", "00" * 32 + ":1"], \
            ["--swf-player", "http://h/", "--swf-age", "-1"], ["--swf-player", "rtmp://h/"]:
        result = pull(*options)
        assert result.code == support.USAGE, options
        support.one_sentence(result)
