#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Compares what `sluice doctor` predicts with what a stream costs.

Runs in the machine that bench/predict.sh starts, twice. "measure" has the doctor measure and keep. "compare", after the
machine began anew, reads what was kept, and writes down for each way (a suite, and who encrypts) what records of two sizes
will cost that the doctor did not measure: between the sizes that it did, what a record costs is taken for linear in its
size. Then it sends streams of such records by each way (bench/stream, which makes sure that they are), and compares.

What a stream's TLS costs is CPU of the whole machine without the sink's, which does not decrypt, as ms per MB (10^6 bytes
of payload), less what the same stream takes over plain RTMP. The /dev/crypto is a program in user space, and is in it, as
in what the doctor measured. Starting and connecting are taken off. Median of the turns. Exit status 1: the worst
prediction is off by more than --limit.
"""
import argparse
import bisect
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

import kept
import machine
from kept import name_of

sys.path.insert(0, str(machine.ROOT / "tests/lab/guest"))
from device import Device  # noqa: E402

KEPT = pathlib.Path("/out/measured")
SIZES = (700, 6000)
COUNT = {700: 2500, 6000: 700}  # records of a stream

def predicted(sizes, way, size):
    """ms per MB: a record's cost lies on the line through its neighbours'."""
    right = min(max(bisect.bisect(sizes, size), 1), len(sizes) - 1)
    (a, cost_a), (b, cost_b) = ((sizes[i], way.costs[i] * sizes[i] / 1e6) for i in (right - 1, right))
    record = cost_a + (cost_b - cost_a) * (size - a) / (b - a)
    return record / size


def offload(way):
    """Records of every size go where they are to."""
    return "devcrypto:min_size=0" if way.door == "devcrypto" else kept.offload(way)


class Bench:
    def __init__(self, args):
        self.args = args
        self.build = pathlib.Path(args.build)
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="sluice-predict-"))
        self.sinks = {}

    def start_device(self):
        return Device(self.build / "tests/lab/cusecrypto", passing="afalg")

    def measure(self):
        with self.start_device():
            subprocess.run([self.build / "tools/sluice", "doctor", "--keep", KEPT], check=True)

    def start_sinks(self):
        """None: plain RTMP; else TLS with encrypt-then-MAC or without."""
        machine.make_certificate(self.dir)
        self.sinks[None] = machine.Sink(self.build, "plain")
        for etm in (False, True):
            env = machine.openssl_environment(self.dir / ("sink-%d" % etm),
                                              machine.SERVER_CONF % ("Options = %sEncryptThenMac" % ("" if etm else "-")))
            self.sinks[etm] = machine.Sink(self.build, "tls", self.dir / "cert.pem", self.dir / "key.pem", "discard", env=env)

    def seconds(self, way, size, count):
        sink = self.sinks[way.etm if way else None]
        tls = [self.dir / "cert.pem", way.version, way.suite, offload(way)] if way else []
        cost = machine.measured([self.build / "bench/stream", "%s://localhost:%d/live/bench" % (
            "rtmps" if way else "rtmp", sink.port), count, size, *tls], os.environ, self.idle, {"sink": sink.pid})
        kernel = cost["text"].split()[4] == "1"
        if kernel != bool(way and way.door == "ktls"):
            raise RuntimeError("%s: the kernel %s records" % (name_of(way), "made" if kernel else "made no"))
        return cost["busy"] - cost["sink"]

    def streams(self, ways):
        """ms per MB of each way and size, turn by turn; None is plain RTMP."""
        cases = [(way, size) for size in SIZES for way in ways]
        # What warms up has records of that size too. A program or a module that was not in memory yet only makes it more.
        base = {(way, size): min(self.seconds(way, size, 0) for _ in range(2)) for way, size in cases}
        found = {case: [] for case in cases}
        for _ in range(self.args.runs):
            for way, size in cases:
                took = self.seconds(way, size, COUNT[size]) - base[way, size]
                found[way, size].append(took / (size * COUNT[size]) * 1e9)
        return found

    def compare(self):
        sizes, ways = kept.read(KEPT)
        if set(sizes) & set(SIZES) or not ways:
            raise RuntimeError("%s is of no use here: it has the sizes %s" % (KEPT, sizes))
        told = {(way, size): predicted(sizes, way, size) for way in ways for size in SIZES}
        with self.start_device():
            self.start_sinks()
            self.idle = machine.idle_share(3)
            print("idle: %.1f %% busy" % (self.idle * 100))
            found = self.streams([None] + ways)
        return self.report(ways, told, found)

    def report(self, ways, told, found):
        print("\nTLS, CPU ms per MB, predicted in the boot before and measured on the stream, median of %d turns" % self.args.runs)
        errors = {}
        for size in SIZES:
            plain = found[None, size]
            print("\nrecords of %d bytes; TCP alone: %s" % (size, machine.middle(plain)))
            for way in ways:
                cost = statistics.median(a - b for a, b in zip(found[way, size], plain))
                errors[way, size] = told[way, size] / cost - 1
                print("  %-52s %9.1f predicted %9.1f measured %+6.1f %%" % (
                    name_of(way), told[way, size], cost, 100 * errors[way, size]))
        way, size = max(errors, key=lambda case: abs(errors[case]))
        bad = abs(errors[way, size]) > self.args.limit / 100
        print("\nworst of %d predictions: %+.1f %%, %s, records of %d bytes: %s %.0f %%" % (
            len(errors), 100 * errors[way, size], name_of(way), size, "MORE than" if bad else "within", self.args.limit))
        return 1 if bad else 0

    def main(self):
        try:
            return self.measure() if self.args.part == "measure" else self.compare()
        finally:
            for sink in self.sinks.values():
                sink.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=["measure", "compare"])
    parser.add_argument("--build", required=True, help="build folder")
    parser.add_argument("--runs", type=int, default=3, help="turns to count (default and at least 3)")
    parser.add_argument("--limit", type=float, default=20, help="per cent that a prediction may be off (default 20)")
    args = parser.parse_args()
    if args.runs < 3:
        parser.error("--runs: at least 3")
    return Bench(args).main()


if __name__ == "__main__":
    sys.exit(main())
