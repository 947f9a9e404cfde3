#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Measures what publishing over RTMPS costs a machine without AES instructions, in software and through /dev/crypto.

Runs in the machine that bench/offload.sh starts. Publisher and sink are in it, and so is the /dev/crypto: a program in
user space (CUSE), which passes AES-CBC on to the machine's virtio-crypto device through the kernel.

CPU is the whole machine's (bench/machine.py says how), as seconds per GB (10^9 bytes) of FLV. The sink's own time is taken off. The CUSE program's
is shown apart, and each ratio once without it and once with it: a driver in the kernel takes less, for it has neither
another process nor copies between the two, but it has some of its work, the MAC among it where there is no hardware for
that. Starting and connecting are taken off too. All settings are the default ones: the first 16 records of a connection
are done in software as well, and make the 99th percentile of the latency. The ways take turns, and the ratios are made
turn by turn.
"""
import argparse
import collections
import os
import pathlib
import statistics
import sys
import tempfile

import machine
from machine import ROOT, verdict

sys.path.insert(0, str(ROOT / "tests/lab/guest"))
from device import Device  # noqa: E402

RATE = 4e6 / 8  # bytes a second of a stream of 4 Mb/s

# A cipher suite, in software and through the device. alike: what its ratio is to.
Way = collections.namedtuple("Way", "name suite device alike")
CHACHA, GCM = "ECDHE-ECDSA-CHACHA20-POLY1305", "ECDHE-ECDSA-AES128-GCM-SHA256"
CBC, CBC256 = "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES128-SHA256"
WAYS = [
    Way("ChaCha20-Poly1305", CHACHA, False, None),
    Way("AES-128-GCM", GCM, False, None),
    Way("AES-128-CBC-SHA", CBC, False, None),
    Way("AES-128-CBC-SHA /dev/crypto", CBC, True, "AES-128-CBC-SHA"),
    Way("AES-128-CBC-SHA256", CBC256, False, None),
    Way("AES-128-CBC-SHA256 /dev/crypto", CBC256, True, "AES-128-CBC-SHA256"),
]

SERVER_CONF = machine.SERVER_CONF % "MaxProtocol = TLSv1.2\nOptions = -EncryptThenMac"
DEVICE_CONF = """openssl_conf = init
[init]
providers = providers
alg_section = algorithms
[providers]
default = software
devcrypto = hardware
[software]
activate = 1
[hardware]
module = %s
activate = 1
%s
[algorithms]
default_properties = ?provider=devcrypto
"""


# Of one run: the whole machine, and of that the sink, the CUSE program, the publisher; and the device's operations.
COSTS = ("busy", "sink", "server", "publisher", "operations")


def with_cuse(cost):
    return cost["busy"] - cost["sink"]


def without_cuse(cost):
    return with_cuse(cost) - cost["server"]


class Bench:
    def __init__(self, args):
        self.args = args
        self.build = pathlib.Path(args.build)
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="sluice-offload-"))
        self.sink = None
        self.device = None

    # ---- what stands around the publisher ----

    def start_sink(self):
        """One for all suites: the client says which."""
        self.sink = machine.Sink(self.build, "tls", self.dir / "cert.pem", self.dir / "key.pem",
                                 env=machine.openssl_environment(self.dir / "sink.cnf", SERVER_CONF))

    def start_device(self, *faults, passing=None):
        if self.device:
            self.device.stop()
        self.device = Device(self.build / "tests/lab/cusecrypto", *faults, passing=passing)

    def operations(self):
        counters = self.device.counters()
        return counters["crypt"] + counters["authcrypt"]

    def client(self, way, settings=""):
        """The environment of a publisher that goes this way."""
        if not way.device:
            return {**os.environ, "OPENSSL_CONF": "/dev/null"}
        return machine.openssl_environment(self.dir / "device.cnf",
                                           DEVICE_CONF % (self.build / "provider/devcrypto.so", settings))

    # ---- the measurements ----

    def client_run(self, argv, way, settings=""):
        """Of a client of the sink; its operations are the device's."""
        before = self.operations()
        watched = {"sink": self.sink.pid, "server": self.device.process.pid}
        cost = machine.measured(argv, self.client(way, settings), self.idle, watched)
        cost["operations"] = self.operations() - before
        if way.device and not settings and not cost["operations"]:
            raise RuntimeError("%s: nothing came to the device" % way.name)
        return cost

    def push(self, way, clip):
        return self.client_run([self.build / "tools/sluice", "push", "-q", "--fast", "--ca-file", self.dir / "cert.pem",
                                "--ciphers", way.suite, "--tls-max", "1.2", clip,
                                "rtmps://localhost:%d/live/bench" % self.sink.port], way)

    def records(self, way, size, count, interval_us, settings=""):
        cost = self.client_run([self.build / "bench/records", self.sink.port, self.dir / "cert.pem", way.suite, size, count,
                                interval_us], way, settings)
        suite, size, median, p99 = cost["text"].split()
        if suite != way.suite:
            raise RuntimeError("%s was not taken, but %s" % (way.suite, suite))
        return {**cost, "bytes": int(size), "median": float(median), "p99": float(p99)}

    def turns(self):
        """Pushes of the clip, less what a push of the sample costs: starting and connecting are not measured."""
        sample = ROOT / "examples/clip.flv"
        long, short = ({w.name: [] for w in WAYS} for _ in range(2))
        self.gb = (pathlib.Path(self.args.clip).stat().st_size - sample.stat().st_size) / 1e9
        for number in range(self.args.runs + 1):  # the first warms up
            for w in WAYS:
                costs = self.push(w, self.args.clip), self.push(w, sample)
                if number:
                    long[w.name].append(costs[0])
                    short[w.name].append(costs[1])
        base = {name: {key: statistics.median(c[key] for c in costs) for key in COSTS} for name, costs in short.items()}
        return {name: [{key: (c[key] - base[name][key]) / self.gb for key in COSTS} for c in costs]
                for name, costs in long.items()}

    # ---- the report ----

    def print_cpu(self, rounds):
        print("\nRTMPS push, s/GB of the emulated CPU, median (min to max) of %d turns" % self.args.runs)
        print("%-30s %26s %10s %8s %8s %10s" % ("", "whole machine, less ->", "CUSE", "sink", "publisher", "ioctls/MB"))
        for w in WAYS:
            middle = {key: statistics.median(c[key] for c in rounds[w.name]) for key in COSTS}
            own = [without_cuse(c) for c in rounds[w.name]]
            print("%-30s %9.1f (%5.1f to %5.1f) %9.1f %8.1f %9.1f %10.1f" % (
                w.name, statistics.median(own), min(own), max(own), middle["server"], middle["sink"],
                middle["publisher"], middle["operations"] / 1e3))

    def print_ratios(self, rounds):
        cheapest = min((w.name for w in WAYS if not w.device),
                       key=lambda name: statistics.median(without_cuse(c) for c in rounds[name]))
        print("\nratios, turn by turn, median (min to max)")
        for w in WAYS:
            for other in [w.alike, cheapest] if w.device else []:
                for label, cost in (("without CUSE", without_cuse), ("with CUSE", with_cuse)):
                    ratios = [cost(a) / cost(b) for a, b in zip(rounds[w.name], rounds[other])]
                    print("%-30s to %s in software, %s: %.2f (%.2f to %.2f), the device %s" % (
                        w.name, other, label, statistics.median(ratios), min(ratios), max(ratios),
                        verdict(statistics.median(ratios))))

    def print_latency(self):
        print("\nlatency of a record of 16,384 bytes, us, one each %.0f ms, with the CUSE program in it" %
              (self.args.interval / 1e3))
        print("%-30s %10s %10s" % ("", "median", "p99"))
        median = {}
        for w in WAYS:
            c = self.records(w, 16384, self.args.records, self.args.interval)
            median[w.name] = c["median"]
            print("%-30s %10.0f %10.0f   %s" % (w.name, c["median"], c["p99"], w.device and "%.2f of software: %s" % (
                median[w.name] / median[w.alike], verdict(median[w.name] / median[w.alike])) or ""))

    def print_small(self):
        """What librtmp makes of a stream: a record of every 128 bytes."""
        print("\nthe same bytes in records of 128 bytes, as librtmp sends them, and in full ones; AES-128-CBC-SHA")
        print("%-50s %10s %20s %16s" % ("", "ioctls/MB", "ioctls/s at 4 Mb/s", "s/GB with CUSE"))
        software, device = (w for w in WAYS if w.suite == CBC)
        for way, size, settings, label in (
                (device, 16384, "", "16,384 bytes, /dev/crypto"),
                (device, 128, "min_size = 0", "128 bytes, /dev/crypto with min_size = 0"),
                (device, 128, "min_size = 4096", "128 bytes, /dev/crypto as it is set: in software"),
                (software, 128, "", "128 bytes, without the provider")):
            one = self.records(way, size, 1, 0, settings)
            # The checks of the first records are not to weigh on full ones, of which there are few.
            c = self.records(way, size, 1 + self.args.small * (10 if size > 128 else 1) // size, 0, settings)
            mb = (c["bytes"] - one["bytes"]) / 1e6
            ioctls = (c["operations"] - one["operations"]) / mb
            print("%-50s %10.1f %20.1f %16.1f" % (label, ioctls, ioctls * RATE / 1e6,
                                                 (with_cuse(c) - with_cuse(one)) / mb * 1e3))

    def print_ahead(self):
        """A device that has AES-ECB and nothing else, computed by the CUSE program: only ioctls are worth counting."""
        print("\nAES-128-GCM by a device that has AES-ECB only: key stream asked for ahead of the records")
        print("%-44s %10s %12s %22s" % ("", "ioctls/MB", "per record", "ioctls/s at 4 Mb/s"))
        way = Way("AES-128-GCM", GCM, True, None)
        for faults, label in ((["ecb-only"], "no largest request"),
                              (["ecb-only", "largest=38016"], "38,016 bytes at most")):
            self.start_device(*faults)
            c = self.records(way, 16384, self.args.records, 0)
            mb = c["bytes"] / 1e6
            print("%-44s %10.1f %12.3f %22.1f" % (label, c["operations"] / mb, c["operations"] / self.args.records,
                                                  c["operations"] / mb * RATE / 1e6))

    def main(self):
        try:
            machine.make_certificate(self.dir)
            self.start_sink()
            self.start_device(passing="afalg")
            self.idle = machine.idle_share(5)
            print("idle: %.1f %% busy" % (self.idle * 100))
            rounds = self.turns()
            self.print_cpu(rounds)
            self.print_ratios(rounds)
            self.print_latency()
            self.print_small()
            self.print_ahead()
        finally:
            if self.sink:
                self.sink.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True, help="build folder")
    parser.add_argument("--clip", required=True, help="the FLV that is published")
    parser.add_argument("--runs", type=int, default=5, help="turns to count (default and at least 5)")
    parser.add_argument("--records", type=int, default=200, help="records of which the latency is taken (default 200)")
    parser.add_argument("--interval", type=int, default=20000, help="microseconds between these (default 20000)")
    parser.add_argument("--small", type=int, default=1000000, help="bytes in records of 128 (default 1000000)")
    args = parser.parse_args()
    if args.runs < 5:
        parser.error("--runs: at least 5")
    Bench(args).main()


if __name__ == "__main__":
    sys.exit(main())
