#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Measures what it takes to find out what a TLS server accepts: connections, bytes and time, over a line with a delay,
against the same local server of 12 suites over TLS 1.2 and 1.3. The programs take turns.

Connections are SYNs that went over the line. Bytes are those of the TCP packets in both directions, with their headers
("wire"), and what is in them ("TLS"). The time is that of the whole command, by the clock. All are of the same run, in
which each program must have found the server's suites, all of them and no others. "round trips" is the time, in those of
the line; "path" is how many had to follow one another, as sluice says itself.

What sluice probe is to keep is checked at the end, and the exit status is 1 where it does not: the numbers of connections
and of round trips on its path, and that it takes a third of the time of the fastest of the others at most. With --full it
asks for what those do not ask for: that stands apart, and its time is compared with none.
"""
import argparse
import functools
import json
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
GNUTLS_TLS12 = ("ECDHE-RSA-AES256-GCM-SHA384 ECDHE-RSA-CHACHA20-POLY1305 ECDHE-RSA-AES128-GCM-SHA256 ECDHE-RSA-AES256-SHA "
                "ECDHE-RSA-AES128-SHA AES256-GCM-SHA384 AES128-GCM-SHA256 AES256-SHA AES128-SHA")
SUITES = 12

MOST = 20  # connections, by default
BESIDES = 16  # with --full: connections beyond those for suites, groups and signature schemes
FASTER = 3
# The first connection, nine suites of TLS 1.2 and their refusal, and whose order it is, without the name and with ChaCha20
# first; and two that not every connection is made in time. With --full groups and signature schemes come after that.
PATH = 15
FULL_PATH = 36

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


SERVERS = (("nginx", nginx, TLS12), ("gnutls-serv", gnutls, GNUTLS_TLS12))


@functools.lru_cache(maxsize=None)
def numbers():
    """Of suites, by OpenSSL's name, IANA's, and as testssl.sh writes them."""
    done = subprocess.run(["openssl", "ciphers", "-V", "-stdname", "ALL:COMPLEMENTOFALL:@SECLEVEL=0"], capture_output=True,
                          text=True, check=True)
    found = {}
    for high, low, iana, own in re.findall(r"0x(\w\w),0x(\w\w) - (\S+) +- (\S+)", done.stdout):
        number = int(high + low, 16)
        found.update({iana: number, own: number, "x%x" % number: number, "x%02x" % number: number})
    return found


class Tool:
    def __init__(self, name, argv, suites):
        self.name, self.argv = "%s %s" % (name, version(argv[0])), argv
        self.suites = suites  # a pattern of its output, in which the first group is a suite

    def found(self, text):
        """Numbers of suites."""
        return sorted({numbers()[name.replace("TLS_AKE_WITH_", "TLS_")] for name in re.findall(self.suites, text)})

    def said(self, text):  # of itself
        return {}


class Sluice(Tool):
    def __init__(self, name, build, *options):
        self.name, self.argv = name, [build / "tools/sluice", "probe", "--json", *options, TARGET]

    def found(self, text):
        return sorted(s["number"] for v in json.loads(text)["versions"] for s in v.get("suites", []))

    def said(self, text):
        report = json.loads(text)
        lists = {key: sum(len(v.get(key, [])) for v in report["versions"]) for key in ("groups", "schemes")}
        return {"path": report["took"]["round_trips"], **lists}


def version(program):
    done = subprocess.run([program, "--version"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    return re.search(r"\d+\.\d+(\.\d+)*", re.sub(r"\x1b\[[0-9;]*m", "", done.stdout + done.stderr))[0]


def others():
    """Each is asked for suites by version, and for no more than that where it lets itself be told so."""
    return [
        Tool("nmap", ["nmap", "-Pn", "-n", "--script", "ssl-enum-ciphers", "-p", str(PORT), HERE],
             r"(?m)^\| +(TLS_\w+) \("),
        Tool("sslscan", ["sslscan", "--no-colour", TARGET], r"(?m)^(?:Preferred|Accepted) +\S+ +\d+ bits +(\S+)"),
        Tool("testssl.sh -E", ["testssl", "--quiet", "--color", "0", "--warnings", "off", "-E", TARGET],
             r"(?m)^ (x[0-9a-f]+) "),
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


def measure(tool, line, suites, log):
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
    found = tool.found(done.stdout)
    if found != sorted(numbers()[name] for name in suites.split()):
        raise RuntimeError("%s found other suites, see %s: %s" % (tool.name, log, [hex(n) for n in found]))
    return {**line.counters(), "seconds": took, "suites": len(found), **tool.said(done.stdout)}


def middle(runs):
    return {key: statistics.median(run[key] for run in runs) for key in runs[0]}


def report(found, rounds, round_trip):
    print("%-22s %8s %12s %9s %9s %24s %12s %5s" % (
        "", "suites", "connections", "wire KB", "TLS KB", "seconds", "round trips", "path"))
    for tool in found:
        mid, seconds = middle(rounds[tool.name]), [run["seconds"] for run in rounds[tool.name]]
        print("%-22s %8d %12d %9.1f %9.1f %10.2f (%.2f to %.2f) %12.1f %5s" % (
            tool.name, mid["suites"], mid["connections"], mid["wire"] / 1e3, mid["payload"] / 1e3, mid["seconds"],
            min(seconds), max(seconds), mid["seconds"] / round_trip, "%d" % mid["path"] if "path" in mid else ""))


def kept(ours, full, rest, rounds):
    """Prints what sluice probe is to keep, and whether it does."""
    quick, whole = rounds[ours.name], rounds[full.name]
    fastest = min((middle(rounds[tool.name])["seconds"], tool.name) for tool in rest)
    times = fastest[0] / middle(quick)["seconds"]
    over = max(run["connections"] - run["suites"] - run["groups"] - run["schemes"] for run in whole)
    checks = [
        ("connections, by default", max(run["connections"] for run in quick), "<=", MOST),
        ("connections with --full, beyond suites, groups and schemes", over, "<=", BESIDES),
        ("round trips on the path, by default", max(run["path"] for run in quick), "<=", PATH),
        ("round trips on the path, with --full", max(run["path"] for run in whole), "<=", FULL_PATH),
        ("times as fast as %s" % fastest[1], times, ">=", FASTER),
    ]
    good = [value <= limit if sign == "<=" else value >= limit for _, value, sign, limit in checks]
    for (what, value, sign, limit), well in zip(checks, good):
        print("%-62s %6.4g, to be %s %g%s" % (what, value, sign, limit, "" if well else ": MISSED"))
    return all(good)


def against(name, server, suites, build, args, folder):
    """One server, and all tools in turn."""
    ours, full, rest = Sluice("sluice probe", build), Sluice("sluice probe --full", build, "--full"), others()
    line = Line(build, args.delay // 2, server, folder / "server.log")
    try:
        round_trip = line.round_trip()
        print("\n%s, %d suites, a round trip of %.1f ms, %d runs" % (name, SUITES, round_trip * 1e3, args.runs))
        rounds = {tool.name: [] for tool in [ours, full, *rest]}
        for _ in range(args.runs):
            for tool in [ours, full, *rest]:
                rounds[tool.name].append(measure(tool, line, suites, folder / "log"))
        report([ours, *rest], rounds, round_trip)
        report([full], rounds, round_trip)
        return kept(ours, full, rest, rounds)
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
        build = pathlib.Path(args.build).resolve()
        good = [against(name, command(folder), TLS13 + " " + tls12, build, args, folder)
                for name, command, tls12 in SERVERS if name in args.servers]
    return 0 if all(good) else 1


if __name__ == "__main__":
    sys.exit(main())
