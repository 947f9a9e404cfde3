#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Measures what a stream costs whose TLS records the kernel makes (--tls-offload ktls), against libssl's (off).

Runs in the machine that bench/ktls.sh starts, publisher and sink in it. Two streams: "bulk" is `sluice push --fast` of the
clip, whose write calls are large; "live" is bench/stream, with a flush for each frame of a stream of 4 Mb/s, video and
audio, as fast as it goes.

CPU is the whole machine's less the sink's, as seconds per GB (10^9 bytes) of what is sent. The sink reads and decrypts
nothing, so that it does the same for all. Starting and connecting are taken off, by a short stream of the same kind. The
ways take turns, and the ratios are made turn by turn. Plain RTMP stands beside them: what TLS costs is what comes on top.

Counts are of one run each, less those of a short stream too:
system calls by strace; of them write calls, by what the publisher counted;
bytes that user space copied by bench/copies.c, which counts what memcpy() and its kin were asked to copy;
bytes that the kernel copied from user space by probes in it: what tcp_sendmsg() took, and of what tls_sw_sendmsg() took
what sk_msg_memcopy_from_iter() copied. The rest of that it encrypted from where it lay.
"""
import argparse
import collections
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

import machine
from machine import middle, verdict

# version: of TLS; None is plain RTMP. offload: as --tls-offload takes it.
Way = collections.namedtuple("Way", "name version suite offload")
SUITES = [("ChaCha20-Poly1305", "1.2", "ECDHE-ECDSA-CHACHA20-POLY1305"),
          ("AES-128-GCM", "1.2", "ECDHE-ECDSA-AES128-GCM-SHA256"),
          ("ChaCha20-Poly1305", "1.3", "TLS_CHACHA20_POLY1305_SHA256"),
          ("AES-128-GCM", "1.3", "TLS_AES_128_GCM_SHA256")]
# Asked for by name: before Linux 6.14 no key of TLS 1.3 can be changed.
KTLS = {"1.2": "ktls", "1.3": "ktls:tls13"}
PLAIN = Way("plain RTMP", None, None, None)
FRAMES = "16650,370,371"  # a frame of video, and the audio that comes with it
ROUNDS = 600  # of these
TRACING = pathlib.Path("/sys/kernel/tracing")
PROBES = {"tcp": "r:slu/tcp tcp_sendmsg bytes=$retval:s32", "tls": "r:slu/tls tls_sw_sendmsg bytes=$retval:s32",
          "copied": "p:slu/copied sk_msg_memcopy_from_iter bytes=%cx:s32"}


class Probes:
    """In the kernel: the bytes that went through some of its functions, process by process."""

    def __init__(self):
        subprocess.run(["mount", "-t", "tracefs", "none", TRACING], check=True)
        (TRACING / "kprobe_events").write_text("\n".join(PROBES.values()) + "\n", encoding="ascii")
        for name in PROBES:
            # What failed, with EAGAIN for instance, is a negative number.
            (TRACING / "events/slu" / name / "trigger").write_text(
                "hist:keys=common_pid:vals=bytes if bytes > 0\n", encoding="ascii")

    def of(self, pid):
        lines = {name: (TRACING / "events/slu" / name / "hist").read_text(encoding="ascii") for name in PROBES}
        found = {name: re.search(r"common_pid: +%d }.* bytes: +(\d+)" % pid, text) for name, text in lines.items()}
        return {name: int(match[1]) if match else 0 for name, match in found.items()}


def pair(name, version, suite):
    """libssl's way and the kernel's."""
    return tuple(Way("%s, TLS %s, %s" % (name, version, who), version, suite, offload)
                 for who, offload in (("libssl", "off"), ("kernel", KTLS[version])))


class Bench:
    def __init__(self, args):
        self.args = args
        self.pairs = [pair(*each) for each in SUITES if each[1] in args.versions]
        self.ways = [PLAIN] + [way for both in self.pairs for way in both]
        self.build = pathlib.Path(args.build)
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="sluice-ktls-"))
        self.streams = {"bulk": self.bulk, "live": self.live}
        self.sinks = {}

    def start_sinks(self):
        machine.make_certificate(self.dir)
        self.cert = self.dir / "cert.pem"
        self.sinks = {False: machine.Sink(self.build, "plain"),
                      True: machine.Sink(self.build, "tls", self.cert, self.dir / "key.pem", "discard")}

    # ---- the two streams, long and short ----

    def url(self, way):
        tls = way.version is not None
        return "%s://localhost:%d/live/bench" % ("rtmps" if tls else "rtmp", self.sinks[tls].port)

    def bulk(self, way, long):
        """The command, and how many bytes it sends."""
        clip = pathlib.Path(self.args.clip if long else self.args.short)
        suites = "--ciphersuites" if way.version == "1.3" else "--ciphers"
        tls = ["--ca-file", self.cert, "--tls-min", way.version, "--tls-max", way.version, suites, way.suite,
               "--tls-offload", way.offload] if way.version else []
        return [self.build / "tools/sluice", "push", "--fast", "--json", *tls, clip, self.url(way)], clip.stat().st_size

    def live(self, way, long):
        count = ROUNDS * 3 if long else 0
        tls = [self.cert, way.version, way.suite, way.offload] if way.version else []
        size = sum(map(int, FRAMES.split(","))) * count // 3
        return [self.build / "bench/stream", self.url(way), count, FRAMES, *tls], size

    def told(self, stream, way, text):
        """By the publisher: write calls. And that it went the way that it was to go."""
        if stream == "bulk":
            end = json.loads(text.splitlines()[-1])
            writes, kernel, suite = end["writes"], end["tls_kernel"], end["tls_suite"]
        else:
            words = text.split()
            writes, kernel, suite = int(words[2]), words[4] == "1", words[5].replace("-", "", words[5] == "-")
        if kernel != (way.offload not in (None, "off")) or suite != (way.suite or ""):
            raise RuntimeError("%s: it became %s, by %s" % (way.name, suite, "the kernel" if kernel else "libssl"))
        return writes

    # ---- CPU ----

    def cost(self, stream, way, long):
        """Seconds, bytes."""
        argv, size = self.streams[stream](way, long)
        took = machine.measured(argv, os.environ, self.idle, {"sink": self.sinks[way.version is not None].pid})
        self.told(stream, way, took["text"])
        return took["busy"] - took["sink"], size

    def turns(self, stream):
        """s/GB of each way, turn by turn. The short ones come first, and warm up."""
        less = {way: [self.cost(stream, way, False) for _ in range(3)] for way in self.ways}
        base = {way: statistics.median(seconds for seconds, _ in costs) for way, costs in less.items()}
        rounds = {way: [] for way in self.ways}
        for _ in range(self.args.runs):
            for way in self.ways:
                seconds, size = self.cost(stream, way, True)
                rounds[way].append((seconds - base[way]) / (size - less[way][0][1]) * 1e9)
        return rounds

    # ---- counts ----

    def system_calls(self, stream, way, long):
        argv, _ = self.streams[stream](way, long)
        trace = self.dir / "strace"
        subprocess.run(["strace", "-f", "-c", "-U", "calls,name", "-o", trace, *map(str, argv)], check=True,
                       stdout=subprocess.DEVNULL)
        return sum(int(n) for n, name in re.findall(r"^\s*(\d+)\s+(\w+)$", trace.read_text(), re.M) if name != "total")

    def user_copies(self, stream, way, long):
        argv, _ = self.streams[stream](way, long)
        found = self.dir / "copies"
        env = {**os.environ, "LD_PRELOAD": str(self.build / "bench/libcopies.so"), "SLUICE_COPIES": str(found)}
        subprocess.run([str(a) for a in argv], check=True, stdout=subprocess.DEVNULL, env=env)
        return int(found.read_text())

    def kernel_copies(self, stream, way, long):
        argv, _ = self.streams[stream](way, long)
        child = subprocess.Popen([str(a) for a in argv], stdout=subprocess.PIPE, text=True)
        text, _ = child.communicate()
        return {**self.probes.of(child.pid), "writes": self.told(stream, way, text)}

    def counts(self, stream, way):
        """By MB of the stream, or for each of its bytes."""
        size, less = (self.streams[stream](way, long)[1] for long in (True, False))
        mb = (size - less) / 1e6
        kernel, base = (self.kernel_copies(stream, way, long) for long in (True, False))
        calls, user = (count(stream, way, True) - count(stream, way, False) for count in (self.system_calls, self.user_copies))
        if stream == "live":  # the short one has counted none
            base["writes"] = 0
        kernel = {name: kernel[name] - base[name] for name in kernel}
        return {"calls": calls / mb, "writes": kernel["writes"] / mb, "user": max(user, 0) / mb / 1e6,
                "kernel": (kernel["tcp"] + kernel["copied"]) / mb / 1e6,
                "in_place": (kernel["tls"] - kernel["copied"]) / mb / 1e6}

    # ---- the report ----

    def print_cpu(self, stream, rounds):
        print("\n%s: s/GB of the emulated CPU, whole machine without the sink, median (min to max) of %d turns" % (
            stream, self.args.runs))
        print("%-38s %-30s %s" % (PLAIN.name, middle(rounds[PLAIN]), "of it in each of the others"))
        for libssl, kernel in self.pairs:
            ratios = [a / b for a, b in zip(rounds[kernel], rounds[libssl])]
            print("%-38s %s" % (libssl.name, middle(rounds[libssl])))
            print("%-38s %-30s %.2f (%.2f to %.2f) of libssl's: the kernel %s" % (
                kernel.name, middle(rounds[kernel]), statistics.median(ratios), min(ratios), max(ratios),
                verdict(statistics.median(ratios))))

    def print_counts(self, stream):
        print("\n%s: counts, by MB of the stream; bytes copied, for each byte of it" % stream)
        print("%-38s %12s %12s %14s %10s %22s" % ("", "system calls", "write calls", "in user space", "by kernel",
                                                  "encrypted where it lay"))
        for way in self.ways:
            c = self.counts(stream, way)
            print("%-38s %12.1f %12.1f %14.2f %10.2f %22.2f" % (way.name, c["calls"], c["writes"], c["user"],
                                                                c["kernel"], c["in_place"]))

    def main(self):
        try:
            self.start_sinks()
            self.idle = machine.idle_share(3)
            print("idle: %.1f %% busy" % (self.idle * 100))
            for stream in self.streams:
                self.print_cpu(stream, self.turns(stream))
                sys.stdout.flush()
            if self.args.counts:
                self.probes = Probes()
                for stream in self.streams:
                    self.print_counts(stream)
                    sys.stdout.flush()
        finally:
            for sink in self.sinks.values():
                sink.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True, help="build folder")
    parser.add_argument("--clip", required=True, help="the FLV that is published in bulk")
    parser.add_argument("--short", required=True, help="a short piece of it")
    parser.add_argument("--runs", type=int, default=5, help="turns to count (default and at least 5)")
    parser.add_argument("--versions", default="1.2,1.3", type=lambda s: s.split(","), help="of TLS (default 1.2,1.3)")
    parser.add_argument("--no-counts", dest="counts", action="store_false", help="CPU only")
    args = parser.parse_args()
    if args.runs < 5:
        parser.error("--runs: at least 5")
    Bench(args).main()


if __name__ == "__main__":
    sys.exit(main())
