# SPDX-License-Identifier: MIT
"""A TLS server that asks for new keys, in front of one without TLS: the lab's program of that name."""

import subprocess
from collections import namedtuple

Told = namedtuple("Told", "asked answered bytes end")  # how a client behaved; end: "orderly", or not


class Rekeyer:
    """Passes connections on to port, one after the other, and asks for new keys each time ask_after bytes have come."""

    def __init__(self, build, certificate, port, ask_after):
        self.process = subprocess.Popen([build / "tests/lab/rekeyer", *certificate, str(port), str(ask_after)],
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.port = self.process.stdout.readline().strip()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(10)

    def _push(self, path, what, certificate, *options):
        return ["push", "--fast", "--json", "--send-buffer", "65536", "--tls-min", "1.3", "--tls-offload", what,
                "--ca-file", certificate[0], *options, path, f"rtmps://localhost:{self.port}/live/s"]

    def push(self, sluice, *args):
        """push(sluice, path, what, certificate, options...): a push to it, to its end."""
        return sluice.run(*self._push(*args))

    def start(self, sluice, *args):
        return sluice.start(*self._push(*args))

    def told(self, connections):
        """Of each of them, once it has ended."""
        return [self._one(self.process.stdout.readline()) for _ in range(connections)]

    def told_until_orderly(self, connections):
        """Of all of them until so many have ended in order."""
        told = []
        while sum(one.end == "orderly" for one in told) < connections and (line := self.process.stdout.readline()):
            told.append(self._one(line))
        return told

    @staticmethod
    def _one(line):
        asked, answered, count, end = line.strip().split(", ")
        return Told(int(asked.split()[1]), int(answered.split()[1]), int(count.split()[0]), end)
