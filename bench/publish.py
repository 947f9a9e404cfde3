#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Measures what publishing an FLV costs the publisher, against other publishers and against two floors.

CPU is the publisher's own user and system time, from wait4(), as seconds per GB (10^9 bytes) of FLV, over a long clip
sent as fast as it goes; the publishers take turns, and the ratios are made turn by turn, for machines are noisy. The
publisher runs on the last CPU and the sink on the first: left to itself the scheduler puts both on one in some runs,
where sharing a cache makes the same work cost a third.
Counts (system calls, TLS records, bytes, instructions) are of one run each over the 20 s clip: they do not drift.
"""
import argparse
import contextlib
import os
import pathlib
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PINNED = "--unpinned" not in sys.argv
LOOPS = 95  # of the 20 s clip: 1 GB, so that starting and connecting weigh little


class Publisher:
    """A way to send FILE to PORT: the command, and what it can be compared with."""

    def __init__(self, name, tls, command, floor=None, realtime=None):
        self.name = name
        self.tls = tls
        self.command = command  # (port, file) -> argv
        self.floor = floor  # name of the floor it is measured against
        self.realtime = realtime  # (port, file) -> argv


def run(argv, **kwargs):
    return subprocess.run([str(a) for a in argv], check=True, **kwargs)


def pin(index):
    """Binds the process to the first or the last of the CPUs that it may use."""
    if PINNED:
        os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[index]})


def measured(argv, log):
    """Runs argv to its end and returns its user and system seconds."""
    with open(log, "ab") as out:
        child = subprocess.Popen([str(a) for a in argv], stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                 preexec_fn=lambda: pin(-1))
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise RuntimeError("exit %d, see %s: %s" % (child.returncode, log, " ".join(map(str, argv))))
    return usage.ru_utime, usage.ru_stime


def anonymous_peak(argv, log):
    """Runs argv and returns the largest RssAnon, in KB, that looking every 2 ms showed."""
    peak = 0
    with open(log, "ab") as out:
        child = subprocess.Popen([str(a) for a in argv], stdin=subprocess.DEVNULL, stdout=out, stderr=out)
        while child.poll() is None:
            with contextlib.suppress(OSError, TypeError):  # it may have ended
                text = pathlib.Path("/proc/%d/status" % child.pid).read_text(encoding="ascii")
                peak = max(peak, int(re.search(r"RssAnon:\s+(\d+)", text)[1]))
            time.sleep(0.002)
    return peak


class Bench:
    def __init__(self, args):
        self.args = args
        self.build = pathlib.Path(args.build).resolve()
        self.sluice = self.build / "tools" / "sluice"
        self.children = []
        self.dir = None

    # ---- what stands around the publishers ----

    def make_certificate(self):
        run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
             "-keyout", self.dir / "key.pem", "-out", self.dir / "cert.pem", "-days", "2", "-subj", "/CN=localhost",
             "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"], stderr=subprocess.DEVNULL)

    def start(self, argv):
        child = subprocess.Popen([str(a) for a in argv], stdout=subprocess.PIPE, text=True,
                                 preexec_fn=lambda: pin(0))
        self.children.append(child)
        return child

    def start_sinks(self, *how):
        cert, key = self.dir / "cert.pem", self.dir / "key.pem"
        plain, tls = ([self.build / "bench/sink", *args] for args in (["plain"], ["tls", cert, key, *how]))
        self.ports = {False: int(self.start(plain).stdout.readline()), True: int(self.start(tls).stdout.readline())}

    def relay(self, port):
        child = self.start([self.build / "bench/relay", port])
        return child, int(child.stdout.readline())

    def stop(self):
        for child in self.children:
            if child.poll() is None:
                child.send_signal(signal.SIGTERM)
                child.wait(timeout=10)

    def clips(self, loops=LOOPS):
        short = self.dir / "short.flv"
        run([ROOT / "scripts/make-clip.sh", "bench", short])
        long = self.dir / "long.flv"
        run(["ffmpeg", "-nostdin", "-v", "error", "-stream_loop", loops - 1, "-i", short, "-c", "copy", long])
        return short, long

    # ---- the publishers ----

    def publishers(self):
        ca = self.dir / "cert.pem"
        stream = "live/bench"

        def push(scheme):
            tls = ["--ca-file", ca] if scheme == "rtmps" else []
            url = scheme + "://localhost:%d/" + stream
            return (lambda port, file: [self.sluice, "push", "--fast", *tls, file, url % port],
                    lambda port, file: [self.sluice, "push", *tls, file, url % port])

        def ffmpeg(scheme, pace):
            tls = ["-tls_verify", "1", "-ca_file", ca] if scheme == "rtmps" else []
            return lambda port, file: ["ffmpeg", "-nostdin", "-v", "error", *pace, "-i", file, "-c", "copy", "-f", "flv",
                                       "-flvflags", "no_duration_filesize", *tls,
                                       "%s://localhost:%d/%s" % (scheme, port, stream)]

        def gstreamer(scheme, sync):
            return lambda port, file: ["gst-launch-1.0", "-q", "filesrc", "location=%s" % file, "!", "flvdemux", "name=d",
                                       "d.video", "!", "queue", "!", "mux.video", "d.audio", "!", "queue", "!", "mux.audio",
                                       "flvmux", "name=mux", "streamable=true", "!", "rtmp2sink", "sync=" + sync,
                                       "tls-validation-flags=0",
                                       "location=%s://localhost:%d/%s" % (scheme, port, stream)]

        def floor(kind):
            return lambda port, file: [self.build / "bench/floor", kind, "localhost", port, ca, file]

        found = []
        for scheme, kind in (("rtmps", "tls"), ("rtmp", "plain")):
            tls = scheme == "rtmps"
            fast, realtime = push(scheme)
            found.append(Publisher("floor " + kind, tls, floor(kind)))
            found.append(Publisher("sluice push " + scheme, tls, fast, "floor " + kind, realtime))
            found.append(Publisher("FFmpeg " + scheme, tls, ffmpeg(scheme, []), "floor " + kind, ffmpeg(scheme, ["-re"])))
            if self.args.gstreamer:
                found.append(Publisher("GStreamer rtmp2sink " + scheme, tls, gstreamer(scheme, "false"),
                                       "floor " + kind, gstreamer(scheme, "true")))
        return found

    def port(self, publisher):
        return self.ports[publisher.tls]

    # ---- the measurements ----

    def cpu(self, publishers, file):
        gb = file.stat().st_size / 1e9
        rounds = {p.name: [] for p in publishers}
        for number in range(self.args.runs + 1):  # the first warms up
            for p in publishers:
                user, system = measured(p.command(self.port(p), file), self.dir / "log")
                if number:
                    rounds[p.name].append((user / gb, system / gb))
        return rounds

    def counts(self, p, argv_of, file):
        """One run each under strace, through the relay, and under callgrind."""
        mb = file.stat().st_size / 1e6
        trace = self.dir / "strace"
        run(["strace", "-f", "-c", "-U", "calls,name", "-o", trace, *argv_of(self.port(p), file)],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        calls = dict((name, int(n)) for n, name in re.findall(r"^\s*(\d+)\s+(\w+)$", trace.read_text(), re.M))
        calls.pop("total", None)
        child, port = self.relay(self.port(p))
        measured(argv_of(port, file), self.dir / "log")
        wire, records, tiny = map(int, re.findall(r"\d+", child.communicate(timeout=60)[0]))
        return {
            "syscalls": sum(calls.values()) / mb,
            "writes": sum(calls.get(n, 0) for n in ("write", "writev", "sendto", "sendmsg")),
            "records": records,
            "records_mb": records / mb,
            "tiny": tiny,
            "wire": wire / file.stat().st_size,
            "anon": anonymous_peak(argv_of(self.port(p), file), self.dir / "log"),
        }

    def instructions(self, p, file):
        out = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null",
                              *map(str, p.command(self.port(p), file))], capture_output=True, text=True, check=True)
        return int(re.search(r"Collected : (\d+)", out.stderr)[1]) / (file.stat().st_size / 1e6)

    # ---- the report ----

    def print_cpu(self, publishers, rounds):
        print("\nCPU of the publisher, s/GB, median (min to max) of %d turns; ratio to the floor turn by turn" %
              self.args.runs)
        print("%-28s %22s %8s %8s   %s" % ("publisher", "user+system", "user", "system", "ratio to its floor"))
        for p in publishers:
            total = [u + s for u, s in rounds[p.name]]
            line = "%-28s %6.3f (%.3f to %.3f) %8.3f %8.3f" % (
                p.name, statistics.median(total), min(total), max(total),
                statistics.median(u for u, _ in rounds[p.name]), statistics.median(s for _, s in rounds[p.name]))
            if p.floor:
                ratios = [t / (u + s) for t, (u, s) in zip(total, rounds[p.floor])]
                line += "   %.2f (%.2f to %.2f)" % (statistics.median(ratios), min(ratios), max(ratios))
            print(line)

    def print_counts(self, title, rows):
        print("\n" + title)
        print("%-28s %12s %8s %11s %8s %6s %7s %9s %12s" % (
            "publisher", "syscalls/MB", "writes", "records/MB", "records", "1-byte", "wire", "anon KB", "M instr/MB"))
        for name, c in rows:
            print("%-28s %12.1f %8d %11.1f %8d %6d %7.4f %9d %12s" % (
                name, c["syscalls"], c["writes"], c["records_mb"], c["records"], c["tiny"], c["wire"], c["anon"],
                "%.2f" % (c["instructions"] / 1e6) if "instructions" in c else "-"))

    def machine(self):
        cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
        print("machine: %s, %d CPUs; %s" % (cpu[1] if cpu else "?", os.cpu_count(), run(
            [self.sluice, "--version"], capture_output=True, text=True).stdout.strip().replace("\n", "; ")))
        print(run(["ffmpeg", "-version"], capture_output=True, text=True).stdout.splitlines()[0])

    def main(self):
        with tempfile.TemporaryDirectory(prefix="sluice-bench-") as folder:
            self.dir = pathlib.Path(folder)
            try:
                self.make_certificate()
                self.start_sinks()
                short, long = self.clips()
                self.machine()
                print("clip: %d bytes, %.1f s; CPU over %d bytes" % (short.stat().st_size, 20, long.stat().st_size))
                publishers = self.publishers()
                if "cpu" in self.args.parts:
                    self.print_cpu(publishers, self.cpu(publishers, long))
                if "counts" in self.args.parts:
                    rows = []
                    for p in publishers:
                        rows.append((p.name, self.counts(p, p.command, short)))
                        if not p.name.startswith("GStreamer"):  # minutes under callgrind
                            rows[-1][1]["instructions"] = self.instructions(p, short)
                    self.print_counts("Counts, as fast as it goes, 20 s clip", rows)
                if "realtime" in self.args.parts:
                    rows = [(p.name, self.counts(p, p.realtime, short)) for p in publishers if p.realtime]
                    self.print_counts("Counts, in real time, 20 s clip", rows)
                    hold = anonymous_peak([self.build / "bench/floor", "hold", "localhost", self.ports[True],
                                           self.dir / "cert.pem", 1], self.dir / "log")
                    print("%-28s %s %9d" % ("only a TLS connection", " " * 57, hold))
            finally:
                self.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build/bench", help="build folder (default build/bench)")
    parser.add_argument("--runs", type=int, default=5, help="turns to count (default and at least 5)")
    parser.add_argument("--parts", default="cpu,counts,realtime", type=lambda s: s.split(","),
                        help="which of cpu,counts,realtime (default all)")
    parser.add_argument("--unpinned", action="store_true", help="let the scheduler place publisher and sink")
    parser.add_argument("--no-gstreamer", dest="gstreamer", action="store_false",
                        default=shutil.which("gst-launch-1.0") is not None, help="leave GStreamer out")
    args = parser.parse_args()
    if args.runs < 5:
        parser.error("--runs: at least 5")
    Bench(args).main()


if __name__ == "__main__":
    sys.exit(main())
