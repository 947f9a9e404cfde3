#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Measures what a program of others costs when it publishes over TLS 1.2 with Debian's librtmp.so.1, and with ours. The
loader's path is all that differs.

CPU is the program's own user and system time, from wait4(), as seconds per GB (10^9 bytes) of FLV, sent as fast as it
goes; the libraries take turns, and the ratios are made turn by turn. Counts (system calls, TLS records, bytes) are of one
run each over the 20 s clip.
"""
import argparse
import os
import pathlib
import statistics
import sys
import tempfile

import machine
import publish

TLS12 = machine.SERVER_CONF % "MaxProtocol = TLSv1.2"


class DropIn(publish.Bench):
    """Publishers are programs, each on either library."""

    def publishers(self):
        url = "rtmps://localhost:%d/live/bench"

        def ffmpeg(port, file):
            return [self.args.ffmpeg, "-nostdin", "-v", "error", "-i", file, "-c", "copy", "-f", "flv",
                    "-flvflags", "no_duration_filesize", url % port]

        def gstreamer(port, file):
            return ["gst-launch-1.0", "-q", "filesrc", "location=%s" % file, "!", "flvdemux", "name=d",
                    "d.video", "!", "queue", "!", "mux.video", "d.audio", "!", "queue", "!", "mux.audio",
                    "flvmux", "name=mux", "streamable=true", "!", "rtmpsink", "sync=false", "location=" + url % port]

        ours = ["env", "LD_LIBRARY_PATH=%s" % (self.build / "compat/librtmp"),
                "LIBRTMP_TLS_CA_FILE=%s" % (self.dir / "cert.pem")]
        found = []
        for name, program in (("FFmpeg", ffmpeg), ("rtmpsink", gstreamer)):
            for library, prefix in (("Debian's", ["env"]), ("ours", ours)):
                found.append(publish.Publisher("%s, %s" % (name, library), True,
                                               lambda port, file, a=prefix, b=program: a + b(port, file)))
        return found

    def start_sinks(self):
        """Debian's library cannot talk to TLS 1.3. The sink does not decrypt: where it falls behind, the kernel gathers
        the small writes, and they cost a third of what they do in a live stream."""
        environment = dict(os.environ)
        os.environ.update(machine.openssl_environment(self.dir / "openssl.cnf", TLS12))
        super().start_sinks("discard")
        os.environ.clear()
        os.environ.update(environment)

    def report(self, publishers, rounds, counts):
        print("\n%-20s %24s %12s %9s %9s %8s" % ("", "CPU s/GB", "syscalls/MB", "writes", "records", "wire"))
        for p in publishers:
            total = [u + s for u, s in rounds[p.name]]
            c = counts[p.name]
            print("%-20s %8.2f (%.2f to %.2f) %12.1f %9d %9d %8.4f" % (
                p.name, statistics.median(total), min(total), max(total), c["syscalls"], c["writes"], c["records"],
                c["wire"]))
        print("\n%-12s %28s %18s %18s" % ("Debian's/ours", "CPU, turn by turn", "records", "writes"))
        for debian, ours in zip(publishers[::2], publishers[1::2]):
            cpu = [sum(d) / sum(o) for d, o in zip(rounds[debian.name], rounds[ours.name])]
            a, b = counts[debian.name], counts[ours.name]
            print("%-12s %10.1f (%.1f to %.1f) %18.1f %18.1f" % (
                debian.name.split(",")[0], statistics.median(cpu), min(cpu), max(cpu), a["records"] / b["records"],
                a["writes"] / b["writes"]))

    def main(self):
        with tempfile.TemporaryDirectory(prefix="sluice-bench-") as folder:
            self.dir = pathlib.Path(folder)
            try:
                self.make_certificate()
                self.start_sinks()
                short, long = self.clips(self.args.loops)
                self.machine()
                print("clip: %d bytes, %.1f s; CPU over %d bytes" % (short.stat().st_size, 20, long.stat().st_size))
                publishers = self.publishers()
                rounds = self.cpu(publishers, long)
                counts = {p.name: self.counts(p, p.command, short) for p in publishers}
                self.report(publishers, rounds, counts)
            finally:
                self.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default="build/bench", help="build folder (default build/bench)")
    parser.add_argument("--ffmpeg", required=True, help="an FFmpeg with librtmp: dropin.sh has it built")
    parser.add_argument("--runs", type=int, default=5, help="turns to count (default and at least 5)")
    parser.add_argument("--loops", type=int, default=30, help="how often the 20 s clip is sent in a turn (default 30)")
    parser.add_argument("--unpinned", action="store_true", help="let the scheduler place program and sink")
    args = parser.parse_args()
    if args.runs < 5:
        parser.error("--runs: at least 5")
    DropIn(args).main()


if __name__ == "__main__":
    sys.exit(main())
