# SPDX-License-Identifier: MIT
"""Publisher authentication: what `sluice push` answers a server that asks, and whom `sluice serve` lets publish."""

import base64
import hashlib
import ssl

import pytest

import flvcmp
import peers
from support import KEY, OK, REFUSED, USAGE, one_sentence

USER, PASSWORD = "alice", "s3cret-of-alice"
MODS = ("adobe", "llnw")


def md5(*parts):
    return hashlib.md5("".join(parts).encode(), usedforsecurity=False)


def base64_md5(*parts):
    return base64.b64encode(md5(*parts).digest()).decode()


def told(text):
    return f"[ AccessManager.Reject ] : {text}"


class Asks:
    """A server's action at "connect": refuses with each description in turn, then goes on."""

    def __init__(self, *descriptions, hangs_up=peers.close):
        self.left, self.hangs_up = list(descriptions), hangs_up

    def __call__(self, conn):
        if not self.left:
            return True
        conn.say("_error", conn.transaction, None, {"level": "error", "code": "NetConnection.Connect.Rejected",
                                                   "description": told(self.left.pop(0))})
        self.hangs_up(conn)
        return False


def questions(mod):
    fields = "salt=5a17&challenge=cccc&opaque=0paque==" if mod == "adobe" else "nonce=n0nce"
    return f"[ code=403 need auth; authmod={mod} ] : ", f"[ authmod={mod} ] : ?reason=needauth&user={USER}&{fields}"


def fields_of(text):
    return dict(pair.split("=", 1) for pair in text.partition("?")[2].split("&"))


def expected(mod, sent, path):
    """What the last query has to be, but for the client's number, which is taken from it."""
    if mod == "adobe":
        number = sent["challenge"]
        response = base64_md5(base64_md5(USER, "5a17", PASSWORD), "0paque==", number)
        return {"authmod": mod, "user": USER, "challenge": number, "response": response, "opaque": "0paque=="}
    number = sent["cnonce"]
    secret, what = (md5(text).hexdigest() for text in (f"{USER}:live:{PASSWORD}", f"publish:/{path}"))
    response = md5(f"{secret}:n0nce:00000001:{number}:auth:{what}").hexdigest()
    return {"authmod": mod, "user": USER, "nonce": "n0nce", "cnonce": number, "nc": "00000001", "response": response}


@pytest.fixture
def push(sluice, short_clip):
    def run(server, *options, app="live", user=f"{USER}:{PASSWORD}", **how):
        url = server.url(app).replace("://", f"://{user}@" if user else "://")
        result = sluice.run("push", "--fast", *options, short_clip, url, KEY, **how)
        assert PASSWORD not in result.err and PASSWORD not in result.out.decode()
        return result

    return run


@pytest.mark.parametrize("app, path", [("live", "live/_definst_"), ("live/inst", "live/inst")])
@pytest.mark.parametrize("hangs_up", [peers.close, peers.reset], ids=lambda a: a.__name__)
@pytest.mark.parametrize("mod", MODS)
def test_answers(push, short_clip, mod, hangs_up, app, path):
    with peers.Server("connect", Asks(*questions(mod), hangs_up=hangs_up)) as server:
        result = push(server, "-vv", app=app)
        assert result.code == OK, result.err
        first, second, third = server.sessions
        server.threads[2].join(20)
    assert [s.info["app"] for s in (first, second)] == [app, f"{app}?authmod={mod}&user={USER}"]
    sent = fields_of(third.info["app"])
    assert sent == expected(mod, sent, path) and list(sent) == list(expected(mod, sent, path))
    url = server.url(app)
    for session in server.sessions:
        assert session.info["tcUrl"] == url + session.info["app"][len(app):]
    assert len(third.media) == len(flvcmp.parse(short_clip.read_bytes())) and not first.media and not second.media
    assert result.err.count("asks who publishes") == 2
    assert len({fields_of(s.info["app"]).get("response") for s in (second, third)}) == 2


def test_the_clients_number_is_never_the_same(push):
    numbers = set()
    for _ in range(3):
        with peers.Server("connect", Asks(*questions("llnw")[1:])) as server:
            assert push(server).code == OK
            numbers.add(fields_of(server.sessions[1].info["app"])["cnonce"])
    assert len(numbers) == 3


def test_a_query_in_the_app_stays(push):
    with peers.Server("connect", Asks(*questions("llnw"))) as server:
        assert push(server, app="live?t=1").code == OK
        apps = [s.info["app"] for s in server.sessions]
    assert apps[:2] == ["live?t=1", f"live?t=1&authmod=llnw&user={USER}"]
    sent = dict(pair.split("=", 1) for pair in apps[2].partition("?t=1&")[2].split("&"))
    assert sent == expected("llnw", sent, "live/_definst_")


@pytest.mark.parametrize("mod", MODS)
def test_over_tls(push, certificates, mod):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificates / "good.pem", certificates / "good.key")
    with peers.Server("connect", Asks(*questions(mod)), tls=tls) as server:
        result = push(server, "--ca-file", certificates / "ca.pem", "--server-name", "localhost", "--json")
        assert result.code == OK, result.err
        assert len(server.sessions) == 3
        server.threads[2].join(20)
        assert server.sessions[2].media


FAILED = "[ authmod=adobe ] : ?reason=authfailed"
WHO, CHALLENGE = questions("adobe")


@pytest.mark.parametrize("descriptions, sessions, why", [
    ([FAILED], 1, "the user or the password is wrong"),
    ([WHO, CHALLENGE, FAILED], 3, "the user or the password is wrong"),
    ([WHO, "[ authmod=adobe ] : ?reason=nosuchuser"], 2, "does not know this user"),
    ([WHO] * 9, 2, "again and again"),
    ([CHALLENGE] * 9, 2, "does not take the answer"),
    ([WHO, "[ authmod=adobe ] : ?reason=needauth"], 2, "lacks what an answer is made of"),
    (["[ authmod=llnw ] : ?reason=needauth&user=x"], 1, "lacks what an answer is made of"),
    (["[ authmod=adobe ] : ?reason=needauth&salt=s&opaque=" + "o" * 440], 2, "does not take the answer"),
    (["[ code=403 need auth; authmod=ntlm ] : "], 1, "only adobe and llnw"),
])
def test_there_is_an_end(push, descriptions, sessions, why):
    if "o" * 440 in descriptions[0]:
        descriptions = descriptions * 2
    with peers.Server("connect", Asks(*descriptions)) as server:
        result = push(server)
        assert len(server.sessions) == sessions
    assert result.code == REFUSED
    assert why in one_sentence(result)


@pytest.mark.parametrize("user", ["", USER, f"{USER}:"])
def test_without_user_or_password(push, user):
    with peers.Server("connect", Asks(WHO)) as server:
        result = push(server, user=user)
        assert len(server.sessions) == 1
    assert result.code == REFUSED and "wants a user and a password" in one_sentence(result)


def test_escapes_in_the_url(push):
    with peers.Server("connect", Asks(*questions("llnw"))) as server:
        result = push(server, user=f"%61lice:{PASSWORD.replace('-', '%2D')}")
        assert result.code == OK, result.err
        sent = fields_of(server.sessions[2].info["app"])
    assert sent == expected("llnw", sent, "live/_definst_")


def test_other_refusals_are_told_as_they_were(push):
    with peers.Server("connect", Asks("[ code=403 no such app ]")) as server:
        result = push(server)
        assert len(server.sessions) == 1
    assert result.code == REFUSED and "no such app" in one_sentence(result)


# ---- sluice serve ----


@pytest.fixture
def serve(sluice, tmp_path):
    users = tmp_path / "users"
    users.write_text(f"# who may\n\n{USER}:{PASSWORD}\nbob:p:w\r\n")

    def start(mod, *options):
        sluice.need("serve")
        process = sluice.start("serve", "--no-record", "--json", "--listen", "rtmp://127.0.0.1:0", "--auth", mod,
                               "--users", users, *options)
        port = int(process.expect(r"rtmp://127\.0\.0\.1:(\d+)", 20, "out")[1])
        return process, port

    return start


@pytest.mark.parametrize("mod", MODS)
@pytest.mark.parametrize("user, code", [(f"{USER}:{PASSWORD}", OK), ("bob:p:w", OK), (f"{USER}:p:w", REFUSED),
                                        (f"carol:{PASSWORD}", REFUSED), ("", REFUSED)])
def test_serve_lets_users_publish(serve, sluice, short_clip, mod, user, code):
    process, port = serve(mod)
    url = f"rtmp://{user}{'@' if user else ''}127.0.0.1:{port}/live"
    assert sluice.run("push", "--fast", short_clip, url, KEY).code == code
    process.expect('"publish"' if code == OK else '"refuse"' if user else '"close"', 20, "out")
    assert PASSWORD not in process.text("out") + process.text("err")


@pytest.mark.parametrize("scheme", ["rtmpe", "rtmpt", "rtmpte"])
def test_over_what_else_there_is(serve, sluice, short_clip, scheme):
    process, port = serve("adobe")
    url = f"{scheme}://{USER}:{PASSWORD}@127.0.0.1:{port}/live"
    result = sluice.run("push", "--fast", short_clip, url, KEY)
    assert result.code == OK, result.err
    process.expect('"publish"', 20, "out")


@pytest.mark.parametrize("mod", MODS)
def test_serve_takes_no_answer_twice(serve, mod):
    _, port = serve(mod)

    def connect(app):
        with peers.Client("127.0.0.1", port) as client:
            client.handshake()
            values = client.connect(app)
            return values[0], values[3]["description"]

    name, text = connect("live")
    assert name == "_error" and text == told(f"[ code=403 need auth; authmod={mod} ] : ")
    name, text = connect(f"live?authmod={mod}&user={USER}")
    fields = fields_of(text)
    assert name == "_error" and fields["reason"] == "needauth" and fields["user"] == USER and len(text) < 256
    number = "12345678"
    if mod == "adobe":
        response = base64_md5(base64_md5(USER, fields["salt"], PASSWORD), fields["opaque"], number)
        answer = f"challenge={number}&response={response}&opaque={fields['opaque']}"
    else:
        secret, what = (md5(text).hexdigest() for text in (f"{USER}:live:{PASSWORD}", "publish:/live/_definst_"))
        response = md5(f"{secret}:{fields['nonce']}:00000001:{number}:auth:{what}").hexdigest()
        answer = f"nonce={fields['nonce']}&cnonce={number}&nc=00000001&response={response}"
    app = f"live?authmod={mod}&user={USER}&{answer}"
    assert connect(app)[0] == "_result"
    for _ in range(2):
        name, text = connect(app)
        assert name == "_error" and "?reason=authfailed" in text


def test_serve_refuses_who_says_nothing_of_publishing_and_lets_play(serve, sluice, short_clip, tmp_path):
    """A player is not asked who it is; a publisher that connects like one is refused when it publishes."""
    process, port = serve("adobe")
    with peers.Client("127.0.0.1", port) as client:
        client.handshake()
        client.call("connect", {"app": "live"})
        assert client.until("_result", "_error")[0] == "_result"
        client.create_stream()
        assert client.publish("stream")[3]["code"] == "NetStream.Publish.Unauthorized"
    url = f"rtmp://127.0.0.1:{port}/live"
    with sluice.start("pull", url, KEY, tmp_path / "got.flv") as pull:
        process.expect('"play"', 20, "out")
        assert sluice.run("push", "--fast", short_clip, url.replace("//", f"//{USER}:{PASSWORD}@"), KEY).code == OK
        assert pull.wait(20).code == OK
    assert flvcmp.parse((tmp_path / "got.flv").read_bytes())


@pytest.mark.parametrize("options, lines", [
    (["--auth", "adobe"], None),
    (["--auth", "ntlm"], "a:b"),
    ([], "a:b"),
    (["--auth", "adobe"], ""),
    (["--auth", "adobe"], "# nobody\n"),
    (["--auth", "adobe"], "a:b\nno colon, secret"),
    (["--auth", "adobe"], "a:b\na:c"),
    (["--auth", "adobe"], "a:" + "secret" * 50),
    (["--auth", "adobe"], ":secret"),
])
def test_users_that_cannot_be(sluice, tmp_path, options, lines):
    users = tmp_path / "users"
    if lines is not None:
        users.write_text(lines)
        options = [*options, "--users", users]
    result = sluice.run("serve", "--no-record", "--listen", "rtmp://127.0.0.1:0", *options)
    assert result.code == USAGE and "secret" not in one_sentence(result)


def test_users_that_are_not_there(sluice, tmp_path):
    result = sluice.run("serve", "--no-record", "--auth", "adobe", "--users", tmp_path / "none")
    assert result.code == USAGE and "cannot read the users" in one_sentence(result)
