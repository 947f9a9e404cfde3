#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Measures what it takes to find out what a TLS server accepts: connections, bytes and time, over a line with a delay,
against the same local server of 12 suites over TLS 1.2 and 1.3. The programs take turns.

Connections are SYNs that went over the line. Bytes are those of the TCP packets in both directions, with their headers
("wire"), and what is in them ("TLS"). The time is that of the whole command, by the clock. All are of the same run, and
"suites" is how many of them the program has found in it.
"""
import argparse
import os
import pathlib
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time

HERE, PORT = "10.98.0.2", 4433  # of bench/delay.c
TARGET = "%s:%d" % (HERE, PORT)

TLS13 = "TLS_AES_256_GCM_SHA384 TLS_CHACHA20_POLY1305_SHA256 TLS_AES_128_GCM_SHA256"
TLS12 = ("ECDHE-RSA-AES256-GCM-SHA384 ECDHE-RSA-CHACHA20-POLY1305 ECDHE-RSA-AES128-GCM-SHA256 ECDHE-RSA-AES256-SHA384 "
         "ECDHE-RSA-AES128-SHA256 ECDHE-RSA-AES256-SHA ECDHE-RSA-AES128-SHA AES256-GCM-SHA384 AES128-GCM-SHA256")
SUITES = len((TLS13 + " " + TLS12).split())

NGINX = """
daemon off;
user root;
worker_processes 2;
pid {dir}/pid;
error_log stderr crit;
events {{ worker_connections 512; }}
http {{
    access_log off;
    client_body_temp_path {dir}/b; proxy_temp_path {dir}/p; fastcgi_temp_path {dir}/f; uwsgi_temp_path {dir}/u;
    scgi_temp_path {dir}/s;
    server {{
        listen {here}:{port} ssl;
        ssl_certificate {dir}/cert.pem;
        ssl_certificate_key {dir}/key.pem;
        ssl_protocols TLSv1.2 TLSv1.3;
        ssl_ciphers {tls12};
        ssl_conf_command Ciphersuites {tls13};
        ssl_prefer_server_ciphers on;
        return 200;
    }}
}}
"""

GNUTLS = ("NONE:+VERS-TLS1.3:+VERS-TLS1.2:+ECDHE-RSA:+RSA:+AES-256-GCM:+CHACHA20-POLY1305:+AES-128-GCM:+AES-256-CBC:"
          "+AES-128-CBC:+AEAD:+SHA1:+SIGN-ALL:+GROUP-ALL:+COMP-NULL:%SERVER_PRECEDENCE")


def nginx(folder):
    conf = folder / "nginx.conf"
    conf.write_text(NGINX.format(dir=folder, here=HERE, port=PORT, tls12=TLS12.replace(" ", ":"),
                                 tls13=TLS13.replace(" ", ":")), encoding="ascii")
    return ["nginx", "-p", folder, "-c", conf, "-e", "stderr"]


def gnutls(folder):
    return ["gnutls-serv", "--quiet", "--echo", "--port", str(PORT), "--x509certfile", folder / "cert.pem", "--x509keyfile",
            folder / "key.pem", "--disable-client-cert", "--priority", GNUTLS]


class Tool:
    def __init__(self, name, argv, suites):
        self.name, self.argv = "%s %s" % (name, version(argv[0])), argv
        self.suites = suites  # a pattern of its output, as often as there are suites


def version(program):
    done = subprocess.run([program, "--version"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return re.search(r"\d+\.\d+(\.\d+)*", re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr))[0]


def tools():
    """Each is asked for suites by version, and for no more than that where it lets itself be told so."""
    return [
        Tool("nmap", ["nmap", "-Pn", "-n", "--script", "ssl-enum-ciphers", "-p", str(PORT), HERE], r"(?m)^\| +TLS_\w+ \("),
        Tool("sslscan", ["sslscan", "--no-colour", TARGET], r"(?m)^(?:Preferred|Accepted) "),
        Tool("testssl.sh -E", ["testssl", "--quiet", "--color", "0", "--warnings", "off", "-E", TARGET],
             r"(?m)^ x[0-9a-f]+ "),
    ]


class Line:
    """bench/delay, running, with a server at its far end."""

    def __init__(self, build, milliseconds, server, log):
        with open(log, "ab") as said:
            self.process = subprocess.Popen([build / "bench/delay", str(milliseconds), *server], stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE, stderr=said, text=True)
        if self.process.stdout.readline() != "ready\n":
            raise RuntimeError("no line with a delay on this machine: " + log.read_text(errors="replace"))
        for _ in range(100):
            try:
                socket.create_connection((HERE, PORT), 10).close()
                break
            except OSError:
                time.sleep(0.1)
        else:
            raise RuntimeError("the server at the far end does not listen")

    def counters(self):
        """Of what has passed since the last call."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return {name: int(n) for name, n in re.findall(r"(\w+) (\d+)", self.process.stdout.readline())}

    def round_trip(self):
        """In seconds: the middle of some connections, which take one each."""
        took = []
        for _ in range(9):
            began = time.monotonic()
            socket.create_connection((HERE, PORT), 10).close()
            took.append(time.monotonic() - began)
        return statistics.median(took)

    def stop(self):
        self.process.stdin.close()
        self.process.wait(10)
        self.process.stdout.close()


def measure(tool, line, log):
    time.sleep(0.5)  # what the one before has left on the way
    line.counters()
    began = time.monotonic()
    done = subprocess.run(tool.argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=300,
                          env={**os.environ, "TERM": "dumb"})
    took = time.monotonic() - began
    time.sleep(0.2)
    with open(log, "a", encoding="utf-8") as out:
        out.write("== %s\n%s%s" % (" ".join(map(str, tool.argv)), done.stdout, done.stderr))
    if done.returncode:
        raise RuntimeError("exit %d, see %s: %s" % (done.returncode, log, tool.argv))
    return {**line.counters(), "seconds": took, "suites": len(re.findall(tool.suites, done.stdout))}


def report(found, rounds, round_trip):
    print("%-22s %8s %12s %9s %9s %24s %12s" % ("", "suites", "connections", "wire KB", "TLS KB", "seconds",
                                               "round trips"))
    for tool in found:
        runs = rounds[tool.name]
        middle = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
        seconds = [run["seconds"] for run in runs]
        print("%-22s %8d %12d %9.1f %9.1f %10.2f (%.2f to %.2f) %12.1f" % (
            tool.name, middle["suites"], middle["connections"], middle["wire"] / 1e3, middle["payload"] / 1e3,
            middle["seconds"], min(seconds), max(seconds), middle["seconds"] / round_trip))


def against(name, server, found, args, folder):
    """One server, and all tools in turn."""
    line = Line(pathlib.Path(args.build).resolve(), args.delay // 2, server, folder / "server.log")
    try:
        round_trip = line.round_trip()
        print("\n%s, %d suites, a round trip of %.1f ms, %d runs" % (name, SUITES, round_trip * 1e3, args.runs))
        rounds = {tool.name: [] for tool in found}
        for _ in range(args.runs):
            for tool in found:
                rounds[tool.name].append(measure(tool, line, folder / "log"))
        report(found, rounds, round_trip)
    finally:
        line.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build/bench", help="build folder (default build/bench)")
    parser.add_argument("--runs", type=int, default=3, help="turns (default 3)")
    parser.add_argument("--delay", type=int, default=50, help="the round trip, in ms, an even number (default 50)")
    parser.add_argument("--servers", default="nginx,gnutls-serv", type=lambda s: s.split(","),
                        help="which of nginx,gnutls-serv (default both)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sluice-bench-") as name:
        folder = pathlib.Path(name)
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder / "key.pem", "-out",
                        folder / "cert.pem", "-days", "2", "-subj", "/CN=" + HERE, "-addext", "subjectAltName=IP:" + HERE],
                       check=True, stderr=subprocess.DEVNULL)
        found = tools()
        for name, command in (("nginx", nginx), ("gnutls-serv", gnutls)):
            if name in args.servers:
                against(name, command(folder), found, args, folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
