# SPDX-License-Identifier: MIT
"""Other people's proxies, as Debian packages them, each at a port of its own on loopback."""
import contextlib
import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import time

import pytest

import support
from nginx import free_port

USER, PASSWORD = "somebody", "pass_w0rd-42"

DANTE = """
logoutput: stderr
internal: 127.0.0.1 port = {port}
external: 127.0.0.1
socksmethod: none
clientmethod: none
user.privileged: {user}
user.unprivileged: {user}
client pass {{ from: 0.0.0.0/0 to: 0.0.0.0/0 }}
socks pass {{
    from: 0.0.0.0/0 to: 0.0.0.0/0
    protocol: tcp
    proxyprotocol: {protocol}
    log: connect
}}
"""

TINYPROXY = """
Port {port}
Listen 127.0.0.1
MaxClients 20
LogLevel Connect
{auth}
"""


def wait_until_it_listens(process, port):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and process.process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.02)
    raise RuntimeError(f"{process.argv} did not start: {process.text('out')}{process.text('err')}")


class Proxy:
    def __init__(self, url, process):
        self.url, self.process = url, process

    def __enter__(self):
        return self

    def __exit__(self, *_):
        """In order, so that those with several processes take them all along."""
        if self.process.process.poll() is None:
            self.process.process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.process.wait(10)
        self.process.__exit__()


def start(program, make, scheme, credentials=""):
    """make(port) is its command line."""
    path = shutil.which(program) or shutil.which(program, path="/usr/sbin")
    if not path:
        pytest.skip(f"{program} is not installed")
    port = free_port()
    process = support.Process([path, *make(port)])
    try:
        wait_until_it_listens(process, port)
    except RuntimeError:
        process.__exit__()
        raise
    return Proxy(f"{scheme}://{credentials}127.0.0.1:{port}", process)


def microsocks(_, auth=False):
    """SOCKS5, and nothing else."""
    return start("microsocks", lambda port: ["-i", "127.0.0.1", "-p", port] + (["-u", USER, "-P", PASSWORD] if auth else []),
                 "socks5", f"{USER}:{PASSWORD}@" if auth else "")


def tinyproxy(folder, auth=False):
    """CONNECT."""
    def make(port):
        path = folder / "tinyproxy.conf"
        path.write_text(TINYPROXY.format(port=port, auth=f"BasicAuth {USER} {PASSWORD}" if auth else ""))
        return ["-d", "-c", path]

    return start("tinyproxy", make, "http", f"{USER}:{PASSWORD}@" if auth else "")


def dante(folder, scheme="socks4", protocol="socks_v4"):
    """SOCKS4 or 5."""
    def make(port):
        path = folder / "danted.conf"
        path.write_text(DANTE.format(port=port, protocol=protocol, user=pwd.getpwuid(os.geteuid()).pw_name))
        return ["-f", path]

    return start("danted", make, scheme)


def perl(_):
    """SOCKS4 and 4a: Dante takes 4a's 0.0.0.1 for an address."""
    if not shutil.which("perl") or subprocess.run(["perl", "-MIO::Socket::Socks", "-e1"], capture_output=True, timeout=30,
                                                  check=False).returncode:
        pytest.skip("Perl's IO::Socket::Socks is not installed (libio-socket-socks-perl)")
    return start("perl", lambda port: [pathlib.Path(__file__).with_name("socks4.pl"), port], "socks4a")


KINDS = {
    "microsocks": microsocks,
    "microsocks with a password": lambda folder: microsocks(folder, auth=True),
    "tinyproxy": tinyproxy,
    "tinyproxy with a password": lambda folder: tinyproxy(folder, auth=True),
    "dante, SOCKS4": dante,
    "perl, SOCKS4a": perl,
    "dante, SOCKS5": lambda folder: dante(folder, "socks5", "socks_v5"),
}
