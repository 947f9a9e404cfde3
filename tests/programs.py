# SPDX-License-Identifier: MIT
"""Programs that know nothing of us, with the provider loaded from openssl.cnf: what the tests on this machine, where no
device is, and those in the lab, where one counts, run alike. Peers are this process's own TLS, without the provider."""

import contextlib
import os
import pathlib
import queue
import socket
import ssl
import subprocess
import sys
import threading
import time

PATIENCE = 60
FORKING = pathlib.Path(__file__).with_name("forking.py")

# The default provider has to be named: OpenSSL only loads it by itself when no other is activated.
CONFIG = """openssl_conf = init
[init]
providers = providers
alg_section = algorithms
[algorithms]
default_properties = ?provider=devcrypto
[providers]
default = software
devcrypto = devcrypto
[software]
activate = 1
[devcrypto]
module = {module}
{activate}
{settings}
"""

NGINX = """
daemon off;
worker_processes 2;
user root;
pid {dir}/nginx.pid;
error_log {dir}/error.log;
events {{ worker_connections 64; }}
http {{
    access_log off;
    client_body_temp_path {dir}/body;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {cert};
        ssl_certificate_key {key};
        {ssl}
        root {dir}/files;
    }}
}}
"""


class Module:
    """environment(setting=value): for a program that is to load it."""

    def __init__(self, path, folder, **settings):
        self.path, self.folder, self.settings = path, folder, settings
        self.count = 0

    def environment(self, activate=True, **settings):
        self.count += 1
        conf = self.folder / f"openssl{self.count}.cnf"
        lines = "\n".join(f"{name} = {value}" for name, value in (self.settings | settings).items())
        conf.write_text(CONFIG.format(module=self.path, settings=lines, activate="activate = 1" if activate else ""))
        return {"OPENSSL_CONF": str(conf)}

    def run(self, *argv, check=True, data=b"", environment=None, **settings):
        """To its end: stdout and stderr."""
        done = subprocess.run([str(a) for a in argv], input=data, capture_output=True, timeout=PATIENCE, check=False,
                              env=dict(os.environ, **(environment or self.environment(**settings))))
        assert not check or done.returncode == 0, done.stderr.decode()
        return done

    def start(self, *argv, **settings):
        return Talker([str(a) for a in argv], dict(os.environ, **self.environment(**settings)))


class Talker:
    """A program with a pipe to write into; what it says is kept, out and err together."""

    def __init__(self, argv, environment):
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                        env=environment)
        self.said = b""
        self.news = threading.Condition()
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self):
        while text := os.read(self.process.stdout.fileno(), 65536):
            with self.news:
                self.said += text
                self.news.notify_all()

    def write(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def expect(self, text, times=1):
        with self.news:
            assert self.news.wait_for(lambda: self.said.count(text) >= times, PATIENCE), self.said[-2000:]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(10)
        with contextlib.suppress(OSError):
            self.process.stdin.close()


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(port):
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise AssertionError(f"nobody listens at port {port}")


def exactly(conn, n):
    """The next n bytes of a connection."""
    data = bytearray()
    while len(data) < n:
        part = conn.recv(min(65536, n - len(data)))
        assert part, f"the end after {len(data)} of {n} bytes"
        data += part
    return bytes(data)


def client_context(version=None, ciphers=None):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if version:
        context.minimum_version = context.maximum_version = version
    if ciphers:
        context.set_ciphers(ciphers)
    return context


def plain(port):
    return socket.create_connection(("127.0.0.1", port), PATIENCE)


def connect(port, **options):
    conn = client_context(**options).wrap_socket(plain(port))
    conn.settimeout(PATIENCE)
    return conn


class Sink:
    """A TLS server of this process, for one connection after the other: each one's SSLSocket comes from conn()."""

    def __init__(self, certificates, version=None):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificates / "good.pem", certificates / "good.key")
        if version:
            self.context.minimum_version = self.context.maximum_version = version
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.conns = queue.Queue()
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        with contextlib.suppress(OSError):
            while True:
                plain, _ = self.listener.accept()
                plain.settimeout(PATIENCE)
                self.conns.put(self.context.wrap_socket(plain, server_side=True))

    def conn(self):
        return self.conns.get(timeout=PATIENCE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()


# ---- what is done with them ----


def enc(module, bits, **settings):
    """Encrypts a file's worth, which is what openssl makes without the module, and decrypts it. Returns what it said."""
    data = bytes(range(251)) * 4000
    command = ["openssl", "enc", f"-aes-{bits}-cbc", "-K", "5c" * (bits // 8), "-iv", "a7" * 16]
    done = module.run(*command, data=data, **settings)
    theirs = module.run(*command, data=data, environment={"OPENSSL_CONF": "/dev/null"})
    assert done.stdout == theirs.stdout and theirs.stderr == b""
    back = module.run(*command, "-d", data=done.stdout, **settings)
    assert back.stdout == data
    return done.stderr + back.stderr


def s_server(module, certificates, *options, **settings):
    port = free_port()
    # What it says with printf() is to come when it is said.
    server = module.start("stdbuf", "-oL", "openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-cert", certificates / "good.pem",
                          "-key", certificates / "good.key", *options, **settings)
    server.port = port
    server.expect(b"ACCEPT")
    return server


def push_over(program, conn, times, size=65536):
    """What is written into a program arrives at the other end of its connection, letter for letter. No letter that
    s_client and s_server take for a command comes first."""
    for i in range(times):
        data = bytes([ord("a") + i]) * size
        program.write(data)
        assert exactly(conn, size) == data


def key_updates_of_a_client(module, certificates, **settings):
    with Sink(certificates, ssl.TLSVersion.TLSv1_3) as sink, module.start(
            "openssl", "s_client", "-connect", f"127.0.0.1:{sink.port}", **settings) as client:
        conn = sink.conn()
        client.expect(b"Verify return code")
        push_over(client, conn, 2)
        for i, letter in enumerate([b"k", b"K", b"k"]):
            client.write(letter + b"\n")
            client.expect(b"KEYUPDATE", i + 1)
            push_over(client, conn, 2)
            conn.sendall(b"pong%d" % i)  # and the other way, under new keys after K
            client.expect(b"pong%d" % i)
        conn.close()
        return client.said


def key_updates_of_a_server(module, certificates, **settings):
    # Without tickets, which it would encrypt as well.
    with s_server(module, certificates, "-tls1_3", "-num_tickets", "0", **settings) as server, connect(server.port) as conn:
        conn.sendall(b"ping")
        server.expect(b"ping")
        push_over(server, conn, 2)
        for i, letter in enumerate([b"k", b"K"]):
            server.write(letter + b"\n")
            server.expect(b"SSL_do_handshake -> 1", i + 1)
            push_over(server, conn, 2)
            conn.sendall(b"pong" + letter)
            server.expect(b"pong" + letter)
        return server.said


def resumption(module, certificates, folder, version, **settings):
    """s_client leaves its session to the next one, which sends through it."""
    session = folder / f"session{version}"
    with s_server(module, certificates, f"-{version}", "-rev", **settings) as server:
        for option in "-sess_out", "-sess_in":
            client = ["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", f"-{version}", option, session]
            with module.start(*client, **settings) as talker:
                # A line comes back the other way round; the ticket of TLS 1.3 has come by then.
                talker.write(b"a" * 8000 + b"b\n")
                talker.expect(b"b" + b"a" * 8000)
            words = talker.said
            assert (b"Reused, " in words) == (option == "-sess_in"), words[:3000]
            assert session.stat().st_size > 500
        return server.said


def reconnects(module, certificates, **settings):
    """s_client resumes its session five times, and asks for a page by the last connection. Returns what both said."""
    with s_server(module, certificates, "-tls1_2", "-no_ticket", "-www", **settings) as server:
        client = ["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-tls1_2", "-reconnect", "-ign_eof"]
        done = module.run(*client, data=b"GET / HTTP/1.0\r\n\r\n", **settings)
        assert done.stdout.count(b"\nReused, ") == 5 + 1, "and the page says so too"
        assert b"HTTP/1.0 200 ok" in done.stdout and b"</HTML>" in done.stdout
        return done.stderr + server.said


class Nginx:
    """https with two workers, which nginx forks after it has made its contexts."""

    def __init__(self, module, folder, certificates, tls="", **settings):
        self.dir, self.port = folder, free_port()
        (folder / "files").mkdir(parents=True)
        self.content = bytes(range(256)) * 16384
        (folder / "files/bulk").write_bytes(self.content)
        for path in folder, folder / "files":
            path.chmod(0o755)
        (folder / "nginx.conf").write_text(NGINX.format(dir=folder, port=self.port, ssl=tls, cert=certificates / "good.pem",
                                                        key=certificates / "good.key"))
        self.process = module.start("/usr/sbin/nginx", "-p", folder, "-c", folder / "nginx.conf", **settings)
        wait_for(self.port)

    def said(self):
        return self.process.said + (self.dir / "error.log").read_bytes()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.process.terminate()
        self.process.process.wait(20)


def curl(module, nginx, **settings):
    """Fetches it all, which is what it was. Returns what curl said besides."""
    done = module.run("curl", "-sS", "-k", f"https://localhost:{nginx.port}/bulk", **settings)
    assert done.stdout == nginx.content
    return done.stderr


def forking(module, certificates, mode, **settings):
    """A server that forks, and this process as three of its clients, each of which gets two halves. Returns what it said."""
    port = free_port()
    with module.start(sys.executable, FORKING, mode, port, certificates / "good.pem", certificates / "good.key",
                      **settings) as server:
        server.expect(b"ready")
        for _ in range(3):
            with connect(port) as conn:
                assert exactly(conn, 2 * (1 << 18)) == b"1" * (1 << 18) + b"2" * (1 << 18)
                assert conn.recv(1) == b"", "and nothing more"
                conn.unwrap()  # the child waits for this side's end
        server.write(b"end\n")
        assert server.process.wait(PATIENCE) == 0, server.said
        return server.said
