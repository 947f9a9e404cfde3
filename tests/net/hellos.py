# SPDX-License-Identifier: MIT
"""Servers of others with TLS, in front of one of ours without it, and what their clients offer: a relay between them reads
each ClientHello."""

import contextlib
import pathlib
import socket
import struct
import subprocess
import threading
import time

MODULES = pathlib.Path("/usr/lib/nginx/modules")
NGINX = pathlib.Path("/usr/sbin/nginx")
SCSV = 0x00FF  # RFC 5746, 3.3: no suite
ALERT_HANDSHAKE_FAILURE = b"\x15\x03\x03\x00\x02\x02\x28"

CONFIG = """
{module}
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log {folder}/error.log info;
events {{ worker_connections 64; }}
stream {{
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {certificate}.pem;
        ssl_certificate_key {certificate}.key;
        ssl_protocols {protocols};
        {lines}
        proxy_pass 127.0.0.1:{behind};
    }}
}}
"""


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def wait_for(port, process, patience=1):
    """Until somebody listens: a connection would count as a client."""
    deadline = time.monotonic() + 10 * patience
    while f":{port:04X} 00000000:0000 0A" not in pathlib.Path("/proc/net/tcp").read_text(encoding="ascii"):
        assert process.poll() is None and time.monotonic() < deadline, "the server did not start"
        time.sleep(0.01)


def nginx_available():
    return NGINX.exists() and (MODULES / "ngx_stream_module.so").exists()


class Ended:
    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(10)


class Nginx(Ended):
    """nginx's stream module ends TLS and passes on to a port."""

    def __init__(self, folder, certificate, behind, protocols, *lines):
        folder.mkdir()
        for path in (folder, *folder.parents[:2]):
            path.chmod(0o777)  # started as root, its workers are www-data
        self.port = free_port()
        module = MODULES / "ngx_stream_module.so"
        (folder / "nginx.conf").write_text(CONFIG.format(
            module=f"load_module {module};" if module.exists() else "", folder=folder, port=self.port, behind=behind,
            certificate=certificate, protocols=protocols, lines="\n        ".join(lines)), encoding="ascii")
        self.process = subprocess.Popen([NGINX, "-p", folder, "-c", folder / "nginx.conf"], stdin=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        wait_for(self.port, self.process)


class OpensslServer(Ended):
    """`openssl s_server`, which passes what it gets on to one connection. One that it refuses carries nothing."""

    def __init__(self, certificate, behind, *options):
        self.port = free_port()
        with socket.create_connection(("127.0.0.1", behind)) as plain:
            self.process = subprocess.Popen(
                ["openssl", "s_server", "-quiet", "-accept", f"127.0.0.1:{self.port}", "-cert", f"{certificate}.pem",
                 "-key", f"{certificate}.key", *options], stdin=plain, stdout=plain, stderr=subprocess.DEVNULL)
        wait_for(self.port, self.process)


def suites(hello):
    """What a ClientHello offers (RFC 8446, 4.1.2), in a record of its own."""
    assert hello[0] == 22 and hello[5] == 1, "no ClientHello"
    at = 5 + 4 + 2 + 32
    at += 1 + hello[at]
    (n,) = struct.unpack_from(">H", hello, at)
    return [s for s in struct.unpack_from(f">{n // 2}H", hello, at + 2) if s != SCSV]


def hang_up(client):
    """Without a word, and in order: what the client has sent is read."""
    client.shutdown(socket.SHUT_RDWR)


def reset(client):
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def refuse(client):
    client.sendall(ALERT_HANDSHAKE_FAILURE)
    client.shutdown(socket.SHUT_WR)
    with contextlib.suppress(OSError):
        while client.recv(4096):
            pass


def say_nothing(client):
    with contextlib.suppress(OSError):
        while client.recv(4096):
            pass


class Relay:
    """Passes connections on to a port, and keeps what each of them offers. `unless` a suite is among that, `then` ends the
    connection instead."""

    def __init__(self, port, unless=None, then=None):
        self.target, self.unless, self.then = port, unless, then
        self.offers = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._accept, daemon=True)
        self.thread.start()

    def url(self):
        return f"rtmps://localhost:{self.port}/live"

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._run, args=(client,), daemon=True).start()

    def _run(self, client):
        with client, contextlib.suppress(OSError):
            hello = client.recv(5, socket.MSG_WAITALL)
            hello += client.recv(int.from_bytes(hello[3:5], "big"), socket.MSG_WAITALL)
            self.offers.append(suites(hello))
            if self.then and self.unless not in self.offers[-1]:
                self.then(client)
                return
            with socket.create_connection(("127.0.0.1", self.target)) as server:
                server.sendall(hello)
                back = threading.Thread(target=self._pass, args=(server, client), daemon=True)
                back.start()
                self._pass(client, server)
                back.join(20)

    @staticmethod
    def _pass(source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(1 << 18):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        self.thread.join(5)
