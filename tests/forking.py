# SPDX-License-Identifier: MIT
"""A TLS server that forks for each connection: forking.py MODE PORT CERT KEY, until "end" or the end of its input. It
sends 256 KiB of "1", then as much of "2".

own: the child makes its context and does all. inherit: the parent makes the context, does the handshake and sends the
first half; the child goes on in the middle of the connection."""

import os
import select
import signal
import socket
import ssl
import sys

HALF = 1 << 18


def context(cert, key):
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(cert, key)
    return tls


def child(conn, half):
    conn.sendall(half)
    conn.unwrap()
    os._exit(0)


def own(plain, cert, key):
    pid = os.fork()
    if pid == 0:
        conn = context(cert, key).wrap_socket(plain, server_side=True)
        conn.sendall(b"1" * HALF)
        child(conn, b"2" * HALF)
    plain.close()
    return pid


def inherit(tls, plain):
    conn = tls.wrap_socket(plain, server_side=True)
    conn.sendall(b"1" * HALF)
    pid = os.fork()
    if pid == 0:
        child(conn, b"2" * HALF)
    os.close(conn.detach())  # no close_notify: the connection is the child's
    return pid


def main():
    mode, port, cert, key = sys.argv[1:]
    signal.alarm(120)
    shared = context(cert, key) if mode == "inherit" else None
    listener = socket.create_server(("127.0.0.1", int(port)))
    print("ready", flush=True)
    while sys.stdin not in select.select([listener, sys.stdin], [], [])[0]:
        plain, _ = listener.accept()
        pid = inherit(shared, plain) if shared else own(plain, cert, key)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if status:
            sys.exit(f"a child ended with {status}")


main()
