# SPDX-License-Identifier: MIT
"""The certificates of sluice serve and of its clients, as OpenSSL's own client, GnuTLS's, curl and FFmpeg see them."""

import json
import re
import shutil
import signal
import socket
import ssl
import subprocess

import pytest

import flv
import flvcmp
import support
from support import KEY, one_sentence


class Authority:
    """Issues certificates: NAME.pem and NAME.key in its folder."""

    def __init__(self, folder, name="authority"):
        self.folder, self.name = folder, name
        folder.mkdir(exist_ok=True)
        self.key(name)
        self.run("req", "-x509", "-new", "-key", self.key_of(name), "-subj", f"/CN={name}", "-days", 3, "-out", self.pem(name))

    def run(self, *args):
        done = subprocess.run(["openssl", *map(str, args)], capture_output=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr.decode()

    def pem(self, name):
        return self.folder / f"{name}.pem"

    def key_of(self, name):
        return self.folder / f"{name}.key"

    def key(self, name, rsa=False):
        kind = ["RSA", "-pkeyopt", "rsa_keygen_bits:2048"] if rsa else ["EC", "-pkeyopt", "ec_paramgen_curve:P-256"]
        self.run("genpkey", "-algorithm", *kind, "-out", self.key_of(name))
        self.key_of(name).chmod(0o600)

    def issue(self, name, *hosts, rsa=False, subject=None):
        """The options that a server has it by."""
        self.key(name, rsa)
        extensions = self.folder / f"{name}.ext"
        extensions.write_text("basicConstraints=CA:false\n" + (
            "subjectAltName=" + ",".join(f"DNS:{h}" for h in hosts) + "\n" if hosts else ""))
        self.run("req", "-new", "-utf8", "-key", self.key_of(name), "-subj", subject or f"/CN={name}", "-out", self.folder / f"{name}.csr")
        self.run("x509", "-req", "-in", self.folder / f"{name}.csr", "-CA", self.pem(self.name), "-CAkey", self.key_of(self.name),
                 "-CAcreateserial", "-days", 2, "-extfile", extensions, "-out", self.pem(name))
        return ["--cert", self.pem(name), "--key", self.key_of(name)]


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    made = Authority(tmp_path_factory.mktemp("authority"))
    made.issue("first", "first.example", "localhost")
    made.issue("plain", "a.example", "b.example")
    made.issue("wild", "*.wild.example")
    made.issue("exact", "exact.wild.example")
    made.issue("rsa", "two.example", rsa=True)
    made.issue("ecdsa", "two.example")
    made.issue("cam", subject="/O=Studio/CN=cam \u00e9 1")
    return made


@pytest.fixture
def serve(sluice):
    """A server with these certificates: the process, and the port of rtmps."""
    sluice.need("serve")

    def serve(authority, *options, names=("first",), listen=("rtmps://127.0.0.1:0",)):
        options = [*options, *(word for place in listen for word in ("--listen", place))]
        for name in names:
            options += ["--cert", authority.pem(name), "--key", authority.key_of(name)]
        process = sluice.start("serve", *options, *(() if "--no-record" in options else ("--no-record",)))
        port = int(process.expect(r"rtmps://127\.0\.0\.1:(\d+)", 20 * sluice.patience, "out")[1])
        return process, port

    return serve


def s_client(port, *options, text=b"Q\n"):
    done = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", *map(str, options)], input=text,
                          capture_output=True, timeout=30, check=False)
    return (done.stdout + done.stderr).decode(errors="replace")


def subject_for(authority, port, name, *options):
    """The certificate that who asks for name is shown."""
    said = s_client(port, *(("-servername", name) if name else ("-noservername",)), "-CAfile", authority.pem("authority"), *options)
    return re.search(r"^subject=\s*CN\s*=\s*(\w+)$", said, re.M)[1]


# ---- which certificate ----


@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_the_certificate_has_the_name_that_is_asked_for(serve, authority, version):
    _, port = serve(authority, names=("first", "plain", "wild", "exact"))
    for name, wanted in {"first.example": "first", "a.example": "plain", "b.example": "plain", "B.EXAMPLE": "plain",
                         "x.wild.example": "wild", "exact.wild.example": "exact", "Exact.Wild.Example": "exact",
                         "x.y.wild.example": "first", "wild.example": "first", "unknown.example": "first", None: "first"}.items():
        assert subject_for(authority, port, name, version) == wanted, name


def test_gnutls_gets_it_too(serve, authority):
    if not shutil.which("gnutls-cli"):
        pytest.skip("gnutls-cli is not installed")
    _, port = serve(authority, names=("first", "plain", "wild"))
    for name, code in {"b.example": 0, "x.wild.example": 0, "first.example": 0, "x.y.wild.example": 1, "unknown.example": 1}.items():
        done = subprocess.run(["gnutls-cli", "-p", str(port), "--x509cafile", authority.pem("authority"), "--sni-hostname", name,
                               "--verify-hostname", name, "127.0.0.1"], stdin=subprocess.DEVNULL, capture_output=True, timeout=30,
                              check=False)
        assert done.returncode == code, (name, done.stdout)


@pytest.mark.parametrize("names", [("first", "rsa", "ecdsa"), ("ecdsa", "rsa"), ("rsa", "first", "ecdsa")])
def test_rsa_and_ecdsa_for_the_same_name(serve, authority, names):
    """Whichever the client can do."""
    _, port = serve(authority, names=names)
    for algorithm, wanted in {"RSA-PSS+SHA256": "rsa", "ECDSA+SHA256": "ecdsa"}.items():
        for version in ("-tls1_2", "-tls1_3"):
            assert subject_for(authority, port, "two.example", "-sigalgs", algorithm, version) == wanted


# ---- sessions ----


def answer(context, port, name, session=None):
    """One connection to the end, as a web browser's: the session that it may be gone on with, and whether it was one."""
    with socket.create_connection(("127.0.0.1", port), 20) as s, context.wrap_socket(s, server_hostname=name, session=session) as tls:
        tls.sendall(b"GET / HTTP/1.0\r\n\r\n")
        with_it = b""
        while data := tls.recv(4096):
            with_it += data
        assert with_it.startswith(b"HTTP/1.1 405")
        return tls.session, tls.session_reused


def trusting(authority, version, cert=None):
    context = ssl.create_default_context(cafile=authority.pem("authority"))
    context.minimum_version = context.maximum_version = version
    if cert:
        context.load_cert_chain(authority.pem(cert), authority.key_of(cert))
    return context


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_sessions_stay_with_their_certificate(serve, authority, version):
    server, port = serve(authority, names=("first", "plain"))
    context = trusting(authority, version)
    session, reused = answer(context, port, "a.example")
    assert not reused
    session, reused = answer(context, port, "b.example", session)
    assert reused  # the same certificate
    session, reused = answer(context, port, "first.example", session)
    assert not reused
    session, reused = answer(context, port, "first.example", session)
    assert reused
    server.process.send_signal(signal.SIGHUP)
    server.expect("the certificates were read again")
    _, reused = answer(context, port, "first.example", session)
    assert not reused


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_no_session_leads_past_another_authority(serve, authority, version, tmp_path):
    other = Authority(tmp_path / "other", "other")
    ca = tmp_path / "ca.pem"
    shutil.copy(authority.pem("authority"), ca)
    server, port = serve(authority, "--client-ca", ca)
    context = trusting(authority, version, cert="cam")
    session, _ = answer(context, port, "localhost")
    session, reused = answer(context, port, "localhost", session)
    assert reused
    shutil.copy(other.pem("other"), ca)
    server.process.send_signal(signal.SIGHUP)
    server.expect("the certificates were read again")
    with pytest.raises(OSError):
        answer(context, port, "localhost", session)


# ---- clients' certificates ----


def curl(authority, port, *options):
    if not shutil.which("curl"):
        pytest.skip("curl is not installed")
    done = subprocess.run(["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "--cacert", authority.pem("authority"),
                           "--resolve", f"localhost:{port}:127.0.0.1", *map(str, options), f"https://localhost:{port}/"],
                          capture_output=True, timeout=30, check=False)
    return done.stdout.decode()


def test_nobody_without_one(sluice, serve, authority, clip, tmp_path):
    other = Authority(tmp_path / "other", "other")
    other.issue("stranger")
    server, port = serve(authority, "--json", "-vv", "--client-ca", authority.pem("authority"), "--client-cert", "all")
    assert curl(authority, port) == "000"
    assert curl(authority, port, "--cert", other.pem("stranger"), "--key", other.key_of("stranger")) == "000"
    assert curl(authority, port, "--cert", authority.pem("cam"), "--key", authority.key_of("cam")) == "405"
    url, trust = f"rtmps://localhost:{port}/live", ["--ca-file", authority.pem("authority")]
    mine = ["--cert", authority.pem("cam"), "--cert-key", authority.key_of("cam")]
    assert sluice.run("pull", *trust, url + "/" + KEY, tmp_path / "out.flv").code == support.TLS
    pull = sluice.start("pull", *trust, *mine, "--wait=20", url + "/" + KEY, tmp_path / "out.flv")
    server.expect('"play"', 20, "out")
    assert sluice.run("push", "--fast", *trust, *mine, clip, url, KEY).code == support.OK
    assert pull.wait(20 * sluice.patience).code == support.OK
    assert flvcmp.difference(flvcmp.media(flvcmp.read(clip)), flvcmp.media(flvcmp.read(tmp_path / "out.flv"))) is None
    lines = [json.loads(line) for line in server.stop().out.decode().splitlines()]
    assert [e["tls_client"] for e in lines if e["event"] == "connect"] == ["CN=cam \\xc3\\xa9 1,O=Studio"] * 2
    server.expect("the client shows no certificate", 20)
    server.expect('"CN=stranger", was issued by "other"', 20)


def test_gnutls_shows_one(serve, authority):
    if not shutil.which("gnutls-cli"):
        pytest.skip("gnutls-cli is not installed")
    server, port = serve(authority, "-vv", "--client-ca", authority.pem("authority"))
    say = ["gnutls-cli", "-p", str(port), "--x509cafile", authority.pem("authority"), "--verify-hostname", "localhost", "127.0.0.1"]
    for options, wanted in ((["--x509certfile", authority.pem("cam"), "--x509keyfile", authority.key_of("cam")], True), ([], False)):
        done = subprocess.run([*say, *options], input=b"GET / HTTP/1.0\r\n\r\n", capture_output=True, timeout=30, check=False)
        assert (b"405 Method Not Allowed" in done.stdout) is wanted, done.stdout
    server.expect("the client shows no certificate")


def test_publishers_only(sluice, serve, authority, clip, tmp_path):
    """Who has none may play, and publish nowhere, not even as one of this machine."""
    server, port = serve(authority, "-v", "--client-ca", authority.pem("authority"), "--client-cert", "publish",
                         listen=("rtmps://127.0.0.1:0", "rtmp://127.0.0.1:0"))
    plain = server.expect(r" rtmp://127\.0\.0\.1:(\d+)", 20, "out")[1]
    url, trust = f"rtmps://localhost:{port}/live", ["--ca-file", authority.pem("authority")]
    mine = ["--cert", authority.pem("cam"), "--cert-key", authority.key_of("cam")]
    for result in (sluice.run("push", "--fast", *trust, clip, url, KEY),
                   sluice.run("push", "--fast", clip, f"rtmp://127.0.0.1:{plain}/live", KEY)):
        assert result.code == support.REFUSED
        one_sentence(result, "certificate")
    pull = sluice.start("pull", *trust, "--wait=20", url + "/" + KEY, tmp_path / "out.flv")
    server.expect("plays")
    assert sluice.run("push", "--fast", *trust, *mine, clip, url, KEY).code == support.OK
    assert pull.wait(20 * sluice.patience).code == support.OK
    server.expect(r"connected to app \"live\" over TLS\S+ \S+ as CN=cam \\xc3\\xa9 1,O=Studio\n")
    assert flvcmp.difference(flvcmp.media(flvcmp.read(clip)), flvcmp.media(flvcmp.read(tmp_path / "out.flv"))) is None


def test_a_certificate_takes_over_from_no_other(sluice, serve, authority, tmp_path):
    """Of the same subject it may, though it is another one."""
    source = tmp_path / "long.flv"
    source.write_bytes(flv.flv(flv.frames(1500)))
    authority.issue("bob")
    server, port = serve(authority, "--client-ca", authority.pem("authority"), "--takeover")

    def push(name):
        return sluice.start("push", "--ca-file", authority.pem("authority"), "--cert", authority.pem(name),
                            "--cert-key", authority.key_of(name), source, f"rtmps://localhost:{port}/live", KEY)

    with push("cam") as first:
        server.expect(", publishes to")
        with push("bob") as other:
            result = other.wait(20 * sluice.patience)
            assert result.code == support.REFUSED and "only they may take it over" in result.err
        assert first.process.poll() is None
        authority.issue("cam", subject="/O=Studio/CN=cam \u00e9 1")
        with push("cam"):
            server.expect("has taken over what it published")
            first.wait(20 * sluice.patience)


def test_ffmpeg_plays_without_one(sluice, serve, authority, clip, tmp_path):
    if not shutil.which("ffmpeg"):
        pytest.skip("ffmpeg is not installed")
    server, port = serve(authority, "--client-ca", authority.pem("authority"), "--client-cert", "publish")
    player = support.Process(["ffmpeg", "-nostdin", "-v", "error", "-i", f"rtmps://localhost:{port}/live/{KEY}", "-c", "copy", "-f", "flv",
                              tmp_path / "out.flv"])
    sluice.running.append(player)
    server.expect("plays")
    assert sluice.run("push", "--ca-file", authority.pem("authority"), "--cert", authority.pem("cam"), "--cert-key",
                      authority.key_of("cam"), clip, f"rtmps://localhost:{port}/live", KEY).code == support.OK
    assert player.wait(20).code == 0
    assert flvcmp.difference(flvcmp.media(flvcmp.read(clip)), flvcmp.media(flvcmp.read(tmp_path / "out.flv"))) is None


def test_where_all_must_show_one_nothing_else_is_listened_at(sluice, authority, netns):
    """By default: whoever names rtmp gets it."""
    prefix = ["unshare", "-n", "sh", "-c", 'ip link set lo up; exec "$@"', "sh"]
    options = ["--no-record", "--cert", authority.pem("first"), "--key", authority.key_of("first")]
    for more, wanted in ((["--client-ca", authority.pem("authority")], ["rtmps"]),
                         (["--client-ca", authority.pem("authority"), "--client-cert", "publish"], ["rtmp", "rtmps"]),
                         ([], ["rtmp", "rtmps"])):
        server = sluice.start("serve", *options, *more, prefix=prefix)
        server.expect("listening on rtmps", 20 * sluice.patience, "out")
        assert re.findall(r"listening on (\w+)", server.text("out")) == wanted
        assert server.stop().code == support.OK


# ---- reading them again ----


def test_all_are_read_again_or_none(sluice, serve, authority, clip, tmp_path):
    """Connections that are there go on."""
    folder = tmp_path / "now"
    now = Authority(folder)
    shutil.copy(authority.pem("authority"), folder / "authority.pem")
    for name in ("first", "plain"):
        shutil.copy(authority.pem(name), folder)
        shutil.copy(authority.key_of(name), folder)
    server, port = serve(now, names=("first", "plain"))
    push = sluice.start("push", "--ca-file", authority.pem("authority"), clip, f"rtmps://localhost:{port}/live", KEY)
    server.expect("publishes")
    shutil.copy(authority.pem("wild"), now.pem("first"))
    shutil.copy(authority.key_of("wild"), now.key_of("first"))
    shutil.copy(authority.pem("exact"), now.pem("plain"))
    server.process.send_signal(signal.SIGHUP)
    server.expect(rf"the old certificates stay: the key {now.key_of('plain')} does not belong to the certificate {now.pem('plain')}")
    assert subject_for(now, port, None) == "first" and subject_for(now, port, "a.example") == "plain"
    now.key_of("plain").unlink()
    server.process.send_signal(signal.SIGHUP)
    server.expect(rf"the old certificates stay: cannot read the key {now.key_of('plain')}: No such file")
    shutil.copy(authority.key_of("exact"), now.key_of("plain"))
    server.process.send_signal(signal.SIGHUP)
    server.expect("the certificates were read again")
    assert subject_for(now, port, None) == "wild" and subject_for(now, port, "exact.wild.example") == "exact"
    assert push.wait(30 * sluice.patience).code == support.OK


def test_what_clients_will_refuse_is_said(sluice, certificates):
    options = ["--no-record", "--listen", "rtmps://127.0.0.1:0"]
    for name in ("expired", "future"):
        options += ["--cert", certificates / f"{name}.pem", "--key", certificates / f"{name}.key"]
    server = sluice.start("serve", *options)
    server.expect("listening on", 20 * sluice.patience, "out")
    server.expect(r"warning: the certificate \S+/expired.pem expired on \d{4}-\d\d-\d\d .*: clients will refuse it")
    server.expect(r"warning: the certificate \S+/future.pem is valid only from \d{4}-\d\d-\d\d .*: clients will refuse it")


def test_a_key_that_all_can_read(sluice, authority, tmp_path):
    key = tmp_path / "key.pem"
    shutil.copy(authority.key_of("first"), key)
    for mode, said in ((0o604, "can read the key"), (0o602, "can change the key"), (0o640, None)):
        key.chmod(mode)
        server = sluice.start("serve", "--no-record", "--listen", "rtmps://127.0.0.1:0", "--cert", authority.pem("first"), "--key", key)
        server.expect("listening on", 20 * sluice.patience, "out")
        text = server.stop().err
        assert (f"all users of this machine {said} {key}: chmod o-rwx" in text) if said else ("all users" not in text)


# ---- mistakes ----


@pytest.mark.parametrize("options, code, said", [
    ("--cert {first} --cert {plain} --key {first_key}", support.USAGE, "as often as --cert"),
    ("--key {first_key} --key {first_key}", support.USAGE, "as many times --cert"),
    ("--client-cert all --cert {first} --key {first_key}", support.USAGE, "--client-ca"),
    ("--client-cert some --client-ca {authority} --cert {first} --key {first_key}", support.USAGE, "all or publish"),
    ("--client-ca {authority}", support.USAGE, "--client-ca wants --cert"),
    ("--client-ca {first_key} --cert {first} --key {first_key}", support.TLS, "holds no certificate"),
    ("--client-ca /nonexistent --cert {first} --key {first_key}", support.TLS, "cannot read the CA file /nonexistent"),
    ("--cert {first} --cert {plain} --key {first_key} --key {first_key}", support.TLS, "plain.pem"),
    (" ".join(["--cert {first}"] * 17), support.USAGE, "--cert can be given 16 times at most"),
])
def test_mistakes_are_told(sluice, authority, options, code, said):
    words = options.format(first=authority.pem("first"), plain=authority.pem("plain"), first_key=authority.key_of("first"),
                           authority=authority.pem("authority")).split()
    result = sluice.run("serve", "--no-record", "--listen", "rtmps://127.0.0.1:0", *words)
    assert result.code == code
    one_sentence(result, said)


def test_certificate_and_key_in_one_file_each(serve, sluice, authority, tmp_path):
    """Without --key."""
    options = []
    for name in ("first", "plain"):
        (tmp_path / f"{name}.pem").write_bytes(authority.pem(name).read_bytes() + authority.key_of(name).read_bytes())
        (tmp_path / f"{name}.pem").chmod(0o600)
        options += ["--cert", tmp_path / f"{name}.pem"]
    server = sluice.start("serve", "--no-record", "--listen", "rtmps://127.0.0.1:0", *options)
    port = int(server.expect(r"listening on rtmps://127\.0\.0\.1:(\d+)", 20 * sluice.patience, "out")[1])
    assert subject_for(authority, port, "b.example") == "plain"
    assert subject_for(authority, port, "first.example") == "first"
