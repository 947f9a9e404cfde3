# SPDX-License-Identifier: MIT
"""What `sluice doctor` keeps, for the measurements that are compared with it: sluice-doctor(1) has the format."""
import collections
import urllib.parse

# A suite, and who makes its records. etm: of CBC, with encrypt-then-MAC. costs: ns per MB at each size of the file.
Way = collections.namedtuple("Way", "door suite version etm costs")


def name_of(way):
    return "%s%s TLS %s, %s" % (way.suite, " (EtM)" if way.etm else "", way.version, way.door)


def read(path):
    """The sizes, and the ways."""
    sizes, ways = [], []
    for line in path.read_text(encoding="ascii").splitlines():
        words = [urllib.parse.unquote(word) for word in line.split()]
        if words[0] == "sizes":
            sizes = [int(n) for n in words[1:]]
        if words[0] == "way":
            ways.append(Way(words[1], words[2], words[3], words[4] == "etm", tuple(int(n) for n in words[5:])))
    return sizes, ways


def offload(way):
    """As --tls-offload takes it. TLS 1.3 has to be asked for where the kernel cannot change its keys."""
    return "ktls:tls13" if way.door == "ktls" and way.version == "1.3" else way.door


def options(way):
    """Of `sluice push`."""
    suites = "--ciphersuites" if way.version == "1.3" else "--ciphers"
    return ["--tls-min", way.version, "--tls-max", way.version, suites, way.suite, "--tls-offload", offload(way)]
