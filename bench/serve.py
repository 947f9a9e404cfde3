#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Measures what one publisher of 4 Mb/s and many players cost a server, over RTMP and RTMPS, on loopback: sluice serve,
and nginx with its RTMP module, behind nginx's own TLS in the same process for RTMPS. nginx is measured with the chunk
size that it comes with, and with a larger one, where it makes the fewest calls.

CPU is that of the server's process, user and system, by its CPU clock, in seconds for each GB (10^9 bytes) of payload
that arrived at players. Each turn starts the server anew; servers take turns, and ratios are made turn by turn. Delay is
from the publisher's send to the player's receive. Memory is what a player adds to the server's process that waits for a
stream, or plays one of a small picture a second, without what the kernel holds for its socket: proportional set size, and
what was allocated and not freed, by a library that counts that, in a run of its own.

Each player checks that its messages follow one another, and have the length and the ends that were sent; the first one,
each byte. The publisher and the players run on the first CPU and the server on the last, and with root's rights before
all else that the machine does: a server that has to wait gathers more for each call, and so seems to be cheaper. What
the players took of the CPU is printed too, for a server can leave work to them: a packet that waits for an
acknowledgement is sent by whoever receives that.

What sluice serve is to reach is checked at the end, and the exit status is 1 where it does not.
"""
import argparse
import contextlib
import os
import pathlib
import re
import resource
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import machine

CPU_PLAIN, CPU_TLS = 0.7, 0.5  # of nginx's for each GB
IDLE_KB = 64  # of an idle player over RTMP
GROWTH = 1.2  # of CPU for each player, from 100 to 1,000
RATE = 4e6 / 8  # bytes a second of the stream
SCHEMES = {False: "RTMP", True: "RTMPS"}

NGINX = """
load_module /usr/lib/nginx/modules/ngx_stream_module.so;
load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;
daemon off;
master_process off;
worker_processes 1;
pid {dir}/nginx.pid;
error_log {dir}/error.log warn;
events {{ worker_connections 16384; }}
rtmp {{
    access_log off;
    server {{
        listen 127.0.0.1:{plain};
        listen unix:{dir}/rtmp.sock;
        chunk_size {chunk_size};
        application live {{ live on; }}
    }}
}}
stream {{
    server {{
        listen 127.0.0.1:{tls} ssl;
        ssl_certificate {dir}/cert.pem;
        ssl_certificate_key {dir}/key.pem;
        ssl_protocols TLSv1.3;
        proxy_buffer_size 64k;
        proxy_pass unix:{dir}/rtmp.sock;
    }}
}}
"""


REALTIME = os.geteuid() == 0 and "--no-realtime" not in sys.argv


def prepare(index):
    """Of a child: on the first or the last CPU, and before whatever else the machine does."""
    os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[index]})
    if REALTIME:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Process:
    """A child with its stdin and stdout."""

    def __init__(self, argv, index, log, env=None):
        with open(log, "ab") as said:
            self.child = subprocess.Popen([str(a) for a in argv], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                          stderr=said, text=True, env={**os.environ, **(env or {})},
                                          preexec_fn=lambda: prepare(index))
        self.pid = self.child.pid

    def line(self):
        line = self.child.stdout.readline().strip()
        if not line:
            raise RuntimeError("it ended early: " + " ".join(map(str, self.child.args)))
        return line

    def expect(self, word):
        line = self.line()
        if line != word:
            raise RuntimeError("%r instead of %r" % (line, word))

    def ask(self):
        self.child.stdin.write("\n")
        self.child.stdin.flush()
        return {name: int(n) for name, n in re.findall(r"(\w+) (\d+)", self.line())}

    def stop(self, number=None):
        if number and self.child.poll() is None:
            self.child.send_signal(number)
        with contextlib.suppress(BrokenPipeError):
            self.child.stdin.close()
        try:
            self.child.wait(20)
        except subprocess.TimeoutExpired:
            self.child.kill()
            self.child.wait()
        self.child.stdout.close()


class Sluice:
    name = "sluice serve"

    def __init__(self, build, options):
        self.build, self.options = build, options

    def start(self, folder, env=None):
        process = Process([self.build / "tools/sluice", "serve", "--no-record", "--max-connections", 5000,
                           "--cert", folder / "cert.pem", "--key", folder / "key.pem",
                           "--listen", "rtmp://127.0.0.1:0", "--listen", "rtmps://127.0.0.1:0", *self.options], -1, folder / "log", env)
        ports = [int(process.line().rsplit(":", 1)[1]) for _ in range(2)]
        return process, dict(zip((False, True), ports))


class Nginx:
    def __init__(self, chunk_size):
        self.chunk_size = chunk_size
        self.name = "nginx-rtmp, chunks of %d" % chunk_size

    def start(self, folder, env=None):
        ports = {False: free_port(), True: free_port()}
        conf = folder / "nginx.conf"
        conf.write_text(NGINX.format(dir=folder, plain=ports[False], tls=ports[True], chunk_size=self.chunk_size),
                        encoding="ascii")
        process = Process(["/usr/sbin/nginx", "-p", folder, "-c", conf, "-e", folder / "error.log"], -1, folder / "log", env)
        for _ in range(100):
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", ports[True]), 1).close()
                return process, ports
            time.sleep(0.05)
        raise RuntimeError("nginx did not start: " + (folder / "error.log").read_text(errors="replace"))


class Bench:
    def __init__(self, args, folder):
        self.args, self.folder = args, folder
        self.build = pathlib.Path(args.build).resolve()
        self.ours = Sluice(self.build, [] if args.gather is None else ["--gather", args.gather])
        self.usual, self.best = Nginx(4096), Nginx(args.chunk_size)

    @property
    def servers(self):
        return [self.ours, self.usual, self.best]

    def audience(self, ports, tls, players):
        return Process([self.build / "bench/audience", "tls" if tls else "plain", ports[tls], "live", "cam", players], 0, self.folder / "log")

    def camera(self, ports, *how):
        process = Process([self.build / "bench/camera", "rtmp://127.0.0.1:%d/live/cam" % ports[False], *how], 0, self.folder / "log")
        process.expect("on")
        return process

    # ---- a stream ----

    def stream(self, server, tls, players):
        """One turn."""
        process, ports = server.start(self.folder)
        camera = audience = None
        try:
            camera = self.camera(ports)
            audience = self.audience(ports, tls, players)
            audience.expect("playing")
            time.sleep(self.args.settle)
            before = [machine.process_seconds(p.pid) for p in (process, audience)]
            audience.ask()
            began = time.monotonic()
            time.sleep(self.args.seconds)
            got = audience.ask()
            took = time.monotonic() - began
            cpu, theirs = (machine.process_seconds(p.pid) - b for p, b in zip((process, audience), before))
            return {**got, "cpu": cpu / (got["bytes"] / 1e9), "theirs": theirs / (got["bytes"] / 1e9), "busy": cpu / took,
                    "share": got["bytes"] / (RATE * players * took)}
        finally:
            for child in (audience, camera):
                if child:
                    child.stop(signal.SIGTERM)
            process.stop(signal.SIGTERM)

    # ---- memory ----

    def held(self, process, counter):
        """PSS, or bytes that are allocated."""
        if counter:
            return int.from_bytes(counter.read_bytes(), sys.byteorder)
        text = pathlib.Path("/proc/%d/smaps_rollup" % process.pid).read_text(encoding="ascii")
        return int(re.search(r"(?m)^Pss: +(\d+)", text)[1]) * 1024

    def idle(self, server, tls, still, counted):
        """Bytes for each of 900 players beyond the first 100."""
        counter = self.folder / "held" if counted else None
        env = {"LD_PRELOAD": str(self.build / "bench/libheld.so"), "SLUICE_HELD": str(counter)} if counted else {}
        process, ports = server.start(self.folder, env)
        children = []
        try:
            if still:
                children.append(self.camera(ports, "still"))
            held = []
            for players in (100, 900):
                children.append(self.audience(ports, tls, players))
                children[-1].expect("playing")
                time.sleep(2.5)
                held.append(self.held(process, counter))
            return (held[1] - held[0]) / 900
        finally:
            for child in reversed(children):
                child.stop(signal.SIGTERM)
            process.stop(signal.SIGTERM)


def middle(values, form="%.2f"):
    return (form + " (" + form + " to " + form + ")") % (statistics.median(values), min(values), max(values))


def ratios(rounds, one, other, key="cpu"):
    return [a[key] / b[key] for a, b in zip(rounds[one.name], rounds[other.name])]


def report_streams(bench, tls, players, rounds):
    print("\n%s, %d player%s" % (SCHEMES[tls], players, "s" if players > 1 else ""))
    print("%-28s %22s %6s %9s %8s %8s %8s %7s %6s   %s" % (
        "", "CPU s/GB", "busy", "players'", "p50 ms", "p99 ms", "max ms", "share", "lost", "ours to it"))
    for server in bench.servers:
        runs = rounds[server.name]
        mid = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
        ratio = "" if server is bench.ours else middle(ratios(rounds, bench.ours, server))
        print("%-28s %22s %5.0f%% %9.2f %8.2f %8.2f %8.1f %6.1f%% %6d   %s" % (
            server.name, middle([run["cpu"] for run in runs]), mid["busy"] * 100, mid["theirs"], mid["p50"] / 1e3,
            mid["p99"] / 1e3, mid["max"] / 1e3, mid["share"] * 100, mid["lost"], ratio), flush=True)
        if any(run["broken"] for run in runs):
            raise RuntimeError("%s delivered messages that are not those that were sent" % server.name)
        if any(run["players"] != players for run in runs):
            raise RuntimeError("%s did not serve all players" % server.name)


def streams(bench, tls, players):
    """Medians of ours, and what is to be kept."""
    rounds = {server.name: [] for server in bench.servers}
    for _ in range(bench.args.runs):
        for server in bench.servers:
            rounds[server.name].append(bench.stream(server, tls, players))
    report_streams(bench, tls, players, rounds)
    delays = [statistics.median(run["p99"] for run in rounds[server.name]) for server in (bench.ours, bench.usual)]
    print("p99 of the delay: sluice serve %s" % machine.verdict(delays[0] / delays[1]), flush=True)
    most = CPU_TLS if tls else CPU_PLAIN
    what = "CPU for each GB over %s, %d player%s, to that of nginx-rtmp" % (
        SCHEMES[tls], players, "s" if players > 1 else "")
    checks = [(what, statistics.median(ratios(rounds, bench.ours, bench.usual)), most)]
    if any(run["lost"] for run in rounds[bench.ours.name]):
        checks.append(("messages lost over %s, %d players" % (SCHEMES[tls], players),
                       max(run["lost"] for run in rounds[bench.ours.name]), 0))
    return statistics.median(run["cpu"] for run in rounds[bench.ours.name]), checks


def memory(bench, tls):
    checks = []
    print("\n%s, KB for each idle player %21s %12s" % (SCHEMES[tls], "PSS", "allocated"))
    for still in (False, True):
        for server in (bench.ours, bench.usual):
            kb = [bench.idle(server, tls, still, counted) / 1024 for counted in (False, True)]
            print("%-40s %12.1f %12.1f" % (("nginx-rtmp" if server is bench.usual else server.name) +
                                           (", a still stream" if still else ", waits"), *kb), flush=True)
            if server is bench.ours and not tls:
                checks.append(("KB for a player that %s" % ("plays a still stream" if still else "waits"), kb[0], IDLE_KB))
    return checks


def kept(checks):
    """Prints what sluice serve is to keep, and whether it does."""
    print()
    for what, value, most in checks:
        print("%-66s %7.2f, to be <= %g%s" % (what, value, most, "" if value <= most else ": MISSED"))
    return all(value <= most for _, value, most in checks)


def describe(bench):
    text = pathlib.Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace")
    print("machine: %s, %d CPUs, Linux %s; %s; %s; %s" % (
        re.search(r"model name\s*: (.*)", text)[1], os.cpu_count(), os.uname().release,
        subprocess.run([bench.build / "tools/sluice", "--version"], capture_output=True, text=True,
                       check=True).stdout.splitlines()[0],
        subprocess.run(["/usr/sbin/nginx", "-v"], capture_output=True, text=True, check=True).stderr.strip(),
        "before all else" if REALTIME else "beside what else runs"), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build/bench", help="build folder (default build/bench)")
    parser.add_argument("--runs", type=int, default=3, help="turns (default 3)")
    parser.add_argument("--seconds", type=float, default=5, help="that a turn measures (default 5)")
    parser.add_argument("--settle", type=float, default=3, help="that a turn waits before (default 3)")
    parser.add_argument("--chunk-size", type=int, default=131072, help="nginx's other chunk size (default 131072)")
    parser.add_argument("--players", default="1,100,1000", type=lambda s: [int(n) for n in s.split(",")],
                        help="how many (default 1,100,1000)")
    parser.add_argument("--schemes", default="rtmp,rtmps", type=lambda s: [x == "rtmps" for x in s.split(",")],
                        help="which of rtmp,rtmps (default both)")
    parser.add_argument("--gather", type=int, help="of sluice serve, in ms (default its own)")
    parser.add_argument("--parts", default="streams,memory", type=lambda s: s.split(","),
                        help="which of streams,memory (default both)")
    parser.add_argument("--no-realtime", action="store_true", help="share the CPUs with what else runs")
    args = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    with tempfile.TemporaryDirectory(prefix="sluice-bench-") as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        machine.make_certificate(folder)
        bench = Bench(args, folder)
        describe(bench)
        checks = []
        for tls in args.schemes:
            cpu = {}
            for players in args.players if "streams" in args.parts else []:
                cpu[players], found = streams(bench, tls, players)
                checks += found
            if 100 in cpu and 1000 in cpu:
                checks.append(("CPU for each player over %s, 1000 players to 100" % SCHEMES[tls], cpu[1000] / cpu[100],
                               GROWTH))
            checks += memory(bench, tls) if "memory" in args.parts else []
        return 0 if kept(checks) else 1


if __name__ == "__main__":
    sys.exit(main())
