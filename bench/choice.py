#!/usr/bin/python3
# SPDX-License-Identifier: MIT
"""Whether --tls-offload auto --ciphers auto takes what costs least on the stream itself.

bench/choice.sh runs it twice. "machine", in the lab's emulated one: `sluice doctor --quick` measures and keeps; then each
way that it knows, a suite and who encrypts, is taken by name for `sluice push --fast` of the clip, and its cost is the
whole machine's CPU without the sink's, the /dev/crypto's program (CUSE) in it. "processor", for a core without AES
instructions, an ARM Cortex-A7 by QEMU's user emulation: all is in software there, and a cost is the instructions that
`sluice push` carries out, which leaves the kernel's out.

Then `sluice push` has to choose by itself, with servers that take all suites, all but ChaCha20-Poly1305, and only CBC with
encrypt-then-MAC. What it took and what that cost stands beside the cheapest way that this server takes and that "auto" may
choose: not MAC-then-encrypt, and not the kernel with TLS 1.3 where it cannot change keys. In the machine it goes by what was
kept. On the processor nothing is, for the doctor measures time, which is the emulator's there: "auto" goes by its own
estimate of a few milliseconds, which has no CBC, so that the third server is left out.

Starting and connecting are taken off, also of a connection that was refused. The ways take turns. The spread is the
largest distance of two turns of one way, of the two that are compared, as a share of their median. The same cipher by the
same door in TLS 1.2 and in 1.3 is one choice, for "auto" offers both where they cost alike, and the server decides. A server
that refuses what is offered first gets all, once, and decides: what comes of that is printed. Exit status 1: from a server
that had the first choice auto took another one than the cheapest, dearer by more than the spread.
"""
import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

import kept
import machine

sys.path.insert(0, str(machine.ROOT / "tests/lab/guest"))
from device import Device  # noqa: E402

CBC_ONLY = "MaxProtocol = TLSv1.2\nCipherString = ECDHE+AES:!AESGCM:!AESCCM"
# name: the server's OpenSSL settings, and which ways it takes.
SERVERS = {
    "all suites": ("MinProtocol = TLSv1.2", lambda way: True),
    "no ChaCha20-Poly1305": ("CipherString = DEFAULT:!CHACHA20\nCiphersuites = TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384",
                             lambda way: "CHACHA20" not in way.suite),
    "CBC, encrypt-then-MAC": (CBC_ONLY, lambda way: way.etm),
}
WITHOUT_ETM = "CBC, MAC-then-encrypt"  # for the ways that auto is not to take


def cipher(suite):
    """Alike for both versions of TLS: TLS_AES_128_GCM_SHA256 and ECDHE-ECDSA-AES128-GCM-SHA256."""
    if "CHACHA20" in suite:
        return "CHACHA20"
    return suite.replace("TLS_AES_", "AES").replace("ECDHE-ECDSA-", "").replace("_", "-")


class Machine:
    """The emulated one, from within."""

    unit = "s/GB"
    kept = pathlib.Path("/out/measured")
    by, servers = "what was kept", list(SERVERS)

    def __init__(self, args):
        self.sluice = [pathlib.Path(args.build) / "tools/sluice"]
        self.device = Device(pathlib.Path(args.build) / "tests/lab/cusecrypto", passing="afalg")
        self.idle = machine.idle_share(3)

    def cost(self, argv, sink, env, stderr):
        took = machine.measured(argv, env, self.idle, {"sink": sink.pid}, stderr)
        return took["busy"] - took["sink"], took["text"]

    def stop(self):
        self.device.stop()


class Processor:
    """Another one than this machine's, emulated program by program."""

    unit = "million instructions per MB"
    by, servers = "an estimate", list(SERVERS)[:2]

    def __init__(self, args):
        self.log = pathlib.Path(args.folder) / "instructions"
        self.kept = pathlib.Path(args.folder) / "measured"
        emulator = ["qemu-arm", "-cpu", args.cpu, "-L", args.root]
        self.plain = [*emulator, args.sluice]
        self.sluice = [*emulator, "-plugin", args.plugin, "-d", "plugin", "-D", self.log, args.sluice]

    def cost(self, argv, _, env, stderr):
        done = subprocess.run([str(a) for a in argv], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                              env=env, stderr=stderr)
        return int(re.search(r"instructions (\d+)", self.log.read_text())[1]) / 1e9, done.stdout

    def stop(self):
        pass


class Bench:
    def __init__(self, args):
        self.args = args
        self.build = pathlib.Path(args.build)
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix="sluice-choice-"))
        self.place = {"machine": Machine, "processor": Processor}[args.part](args)
        self.sinks = {}
        self.said = self.dir / "said"
        self.env = {**os.environ, "XDG_STATE_HOME": str(self.dir / "nothing"), "HOME": str(self.dir / "nothing")}

    def start_sinks(self):
        machine.make_certificate(self.dir)
        confs = {name: conf for name, (conf, _) in SERVERS.items()}
        confs[WITHOUT_ETM] = CBC_ONLY + "\nOptions = -EncryptThenMac"
        for number, (name, conf) in enumerate(confs.items()):
            env = machine.openssl_environment(self.dir / ("sink-%d" % number), machine.SERVER_CONF % conf)
            self.sinks[name] = machine.Sink(self.build, "tls", self.dir / "cert.pem", self.dir / "key.pem", "discard", env=env)

    def measure(self):
        """What there is to choose from."""
        sluice = getattr(self.place, "plain", self.place.sluice)
        said = subprocess.run([str(a) for a in [*sluice, "doctor", "--quick", "--json", "--keep", self.place.kept]], check=True,
                              stdout=subprocess.PIPE, text=True, env=self.env)
        self.rekeys = json.loads(said.stdout)["ktls"].get("rekeys", False)
        _, ways = kept.read(self.place.kept)
        self.ways = [way for way in ways if self.place.by == "what was kept" or way.door == "off"]

    def may_take(self, way):
        aead = "GCM" in way.suite or "CHACHA20" in way.suite
        return (aead or way.etm) and not (way.door == "ktls" and way.version == "1.3" and not self.rekeys)

    # ---- one push ----

    def push(self, options, server, clip):
        """Its cost, and its summary."""
        argv = [*self.place.sluice, "push", "-q", "--fast", "--json", "--ca-file", self.dir / "cert.pem", *options, clip,
                "rtmps://localhost:%d/live/bench" % self.sinks[server].port]
        with open(self.said, "a", encoding="utf-8") as stderr:
            cost, text = self.place.cost(argv, self.sinks[server], self.env, stderr)
        return cost, json.loads(text.splitlines()[-1])

    def took(self, end):
        """The door and the suite of a push that has ended."""
        offload = end.get("tls_offload", {})
        door = "ktls" if end["tls_kernel"] else offload.get("door", "off") if offload.get("operations") else "off"
        return door, end["tls_suite"]

    def measured(self, cases):
        """cases: name to (options, server, what it has to take or None). Costs of each, turn by turn, and what it took."""
        long, short = pathlib.Path(self.args.clip), pathlib.Path(self.args.short)
        mb = (long.stat().st_size - short.stat().st_size) / 1e6
        base = {name: statistics.median(self.push(options, server, short)[0] for _ in range(3))
                for name, (options, server, _) in cases.items()}
        costs, taken = {name: [] for name in cases}, {}
        for _ in range(self.args.runs):
            for name, (options, server, wanted) in cases.items():
                cost, end = self.push(options, server, long)
                costs[name].append((cost - base[name]) / mb * 1e3)
                taken[name] = self.took(end)
                if wanted not in (None, taken[name]):
                    raise RuntimeError("%s by %s was asked for, and it became %s by %s" % (*wanted[::-1], *taken[name][::-1]))
        return costs, taken

    # ---- the report ----

    def server_for(self, way):
        aead = "GCM" in way.suite or "CHACHA20" in way.suite
        return "all suites" if aead or way.etm else WITHOUT_ETM

    def cases(self):
        """All ways by name, and auto for each server."""
        chosen = ["--tls-offload", "auto", "--ciphers", "auto"]
        if self.place.by == "what was kept":
            chosen += ["--tls-measured", self.place.kept]
        cases = {way: (kept.options(way), self.server_for(way), (way.door, way.suite)) for way in self.ways}
        cases.update({("auto", server): (chosen, server, None) for server in self.place.servers})
        return cases

    def print_ways(self, costs):
        print("\n%s, median (min to max) of %d turns" % (self.place.unit, self.args.runs))
        for way in sorted(self.ways, key=lambda way: statistics.median(costs[way])):
            print("  %-54s %-28s %s" % (kept.name_of(way), machine.middle(costs[way]),
                                        "" if self.may_take(way) else "not for auto"))

    def judge(self, costs, taken):
        """What auto took against the cheapest."""
        bad = False
        first = min(filter(self.may_take, self.ways), key=lambda way: statistics.median(costs[way]))
        for case in (case for case in costs if case not in self.ways):
            _, server = case
            takes = SERVERS[server][1]
            cheapest = min((way for way in self.ways if self.may_take(way) and takes(way)),
                           key=lambda way: statistics.median(costs[way]))
            least, own = statistics.median(costs[cheapest]), statistics.median(costs[case])
            dearer = own / least - 1
            spread = max((max(c) - min(c)) / statistics.median(c) for c in (costs[cheapest], costs[case]))
            wrong = dearer > spread and (taken[case][0], cipher(taken[case][1])) != (cheapest.door, cipher(cheapest.suite))
            refused = not takes(first)
            bad = bad or (wrong and not refused)
            print("\nserver: %s; auto goes by %s\n  took     %-54s %s" % (server, self.place.by, "%s, %s" % taken[case][::-1],
                                                                       machine.middle(costs[case])))
            print("  cheapest %-54s %s\n  auto's is %+.1f %%, with a spread of %.1f %%: %s" % (
                kept.name_of(cheapest), machine.middle(costs[cheapest]), 100 * dearer, 100 * spread,
                "right" if not wrong else "NOT the cheapest, of all that was offered once the first choice was refused"
                if refused else "NOT the cheapest"))
        return 1 if bad else 0

    def print_said(self):
        lines = self.said.read_text(encoding="utf-8").splitlines() if self.said.exists() else []
        if lines:
            print("\nsluice push, each line once:\n" + "\n".join(dict.fromkeys(lines)))

    def main(self):
        try:
            self.start_sinks()
            self.measure()
            costs, taken = self.measured(self.cases())
            self.print_ways(costs)
            return self.judge(costs, taken)
        finally:
            self.print_said()
            for sink in self.sinks.values():
                sink.stop()
            self.place.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("part", choices=["machine", "processor"])
    parser.add_argument("--build", required=True, help="build folder, of the sink and all that runs in the machine")
    parser.add_argument("--clip", required=True, help="the FLV that is published")
    parser.add_argument("--short", required=True, help="a short piece of it")
    parser.add_argument("--runs", type=int, default=3, help="turns to count (default and at least 3)")
    parser.add_argument("--folder", help="processor: where to write")
    parser.add_argument("--sluice", help="processor: the program, built for it")
    parser.add_argument("--root", help="processor: its libraries")
    parser.add_argument("--plugin", help="processor: bench/instructions.c, built")
    parser.add_argument("--cpu", default="cortex-a7", help="processor: as qemu-arm calls it (default cortex-a7)")
    args = parser.parse_args()
    if args.runs < 3:
        parser.error("--runs: at least 3")
    return Bench(args).main()


if __name__ == "__main__":
    sys.exit(main())
