# SPDX-License-Identifier: MIT
"""The servers are configured as their tables say: so nmap, sslscan and OpenSSL's s_client find, as far as they can see.
No program of ours has a part in this; what is found of the same servers by ours is held against the same tables."""
import concurrent.futures

import pytest

import foreign
import servers
from configurations import CONFIGURATIONS
from servers import CHACHA, CLIENT, REQUIRED, SERVER, SSL30, TLS10, TLS12, TLS13

# What all primes of RFC 7919 begin with, and no other.
OF_RFC_7919 = "f" * 16 + "adf85458a2bb4a9a"

MARKS = [b"DOWNGRD\x00", b"DOWNGRD\x01"]

MENTIONED = {servers.EMS, servers.ETM, servers.RENEGOTIATION, servers.TICKET, servers.MAX_FRAGMENT}

pytestmark = pytest.mark.parametrize("running", CONFIGURATIONS, indirect=True, ids=[c.name for c in CONFIGURATIONS],
                                     scope="module")


@pytest.fixture(scope="module")
def look():
    def look(server, _):
        """What both see, at the same time."""
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            jobs = {"nmap": pool.submit(foreign.nmap, server.port),
                    "sslscan": pool.submit(foreign.sslscan, server.port, groups=not server.lingers)}
            return {name: job.result() for name, job in jobs.items()}

    return look


def compare_suites(suites, table, mistaken, at_the_end=()):
    """Versions, and the suites of each: in order where the server has one."""
    assert suites.keys() == table.suites.keys()
    for version, seen in suites.items():
        wanted = mistaken.get("suites", {}).get(version, table.suites[version])
        if wanted is None or seen is None:
            assert seen is None
        elif table.order == CLIENT or version in mistaken.get("order", {}):
            assert sorted(seen) == sorted(wanted)
        else:
            assert seen == [s for s in wanted if s not in at_the_end] + [s for s in wanted if s in at_the_end]


def test_nmap_sees_the_table(running, seen):
    configuration, view = running[0], seen["nmap"]
    table, mistaken = configuration.table, configuration.mistaken.get("nmap", {})
    compare_suites(view.suites, table, mistaken)
    for version, order in view.order.items():
        alone = len(view.suites[version]) == 1
        wanted = "indeterminate" if alone else CLIENT if table.order == CLIENT else SERVER
        assert order == mistaken.get("order", {}).get(version, wanted)
    assert view.taken <= frozenset().union(*table.groups.values())
    assert view.dh_bits == mistaken.get("dh_bits", table.dh_bits)


def test_sslscan_sees_the_table(running, seen):
    configuration, view = running[0], seen["sslscan"]
    table, mistaken = configuration.table, {**configuration.mistaken.get("sslscan", {})}
    mistaken["suites"] = {SSL30: None, **mistaken.get("suites", {})}  # of which it sees that there is one
    compare_suites(view.suites, table, mistaken, view.at_the_end)
    if any(view.suites.values()):
        assert view.dh_bits == mistaken.get("dh_bits", table.dh_bits)


def test_s_client_is_let_in_by_version(running):
    configuration, server = running
    for version in foreign.S_CLIENT_VERSIONS:
        said = foreign.s_client(server.port, version, "-cipher", foreign.ALL)
        assert (said.chosen() is not None) == (version in configuration.table.suites), said.text


def test_s_client_is_told_of_newer_versions(running):
    """RFC 8446, 4.1.3: as one that knows no newer version itself, it does not mind."""
    configuration, server = running
    table = configuration.table
    if table.marked() is None:
        return
    said = foreign.s_client(server.port, table.older(), "-msg", "-cipher", foreign.ALL)
    assert (said.mark() == MARKS[table.older() == TLS12]) == table.marked(), said.text


def order_kept(port, version, table):
    """The first suite and another are offered in either order; the other is of ChaCha20, if there is such a one."""
    known = [s for s in table.suites[version] if s in foreign.openssl_names()]
    names = known[:1] + sorted(known[1:], key=lambda name: "CHACHA20" not in name)[:1]
    for offered in (names, names[::-1]):
        theirs = [foreign.openssl_names()[name] for name in offered]
        said = foreign.s_client(port, version, "-ciphersuites" if version == TLS13 else "-cipher",
                                ":".join(theirs) + ":@SECLEVEL=0" * (version != TLS13))
        clients = table.order == CLIENT or (table.order == CHACHA and "CHACHA20" in theirs[0])
        assert said.chosen() == (theirs[0] if clients else foreign.openssl_names()[names[0]]), said.text


def test_s_client_meets_the_order(running):
    configuration, server = running
    met = [order_kept(server.port, version, configuration.table) for version in configuration.table.suites if version != SSL30]
    assert met or configuration.table.suites.keys() == {SSL30}, "which s_client has not"


def test_s_client_agrees_on_what_is_in_the_table(running):
    """With the newest version below TLS 1.3: extensions, ALPN, the client's certificate, the server's, its name."""
    configuration, server = running
    table = configuration.table
    version = table.newest()
    if version == SSL30:  # which s_client has not: it gives up when it sees whose ServerHello that is
        assert "unsupported protocol" in foreign.s_client(server.port, TLS10, "-cipher", foreign.ALL).text
        return
    asked = foreign.s_client(server.port, version or TLS13, "-cipher", foreign.ALL, "-maxfraglen", "2048", "-alpn",
                             "h2,http/1.1")
    assert asked.alpn() == table.alpn
    if version is None:
        assert (asked.key(),) == table.keys
        return
    cbc = foreign.s_client(server.port, version, "-cipher", foreign.CBC)  # for encrypt-then-MAC
    assert (asked.extensions() | cbc.extensions()) & MENTIONED == table.extensions
    assert asked.asked_for_certificate() == bool(table.client_certificate)
    assert (asked.alert() is not None) == (table.client_certificate == REQUIRED), asked.text
    found = {foreign.s_client(server.port, version, "-cipher", f"a{key}:@SECLEVEL=0").key() for key in ("RSA", "ECDSA")}
    assert found - {None} == set(table.keys)
    nameless = foreign.s_client(server.port, version, "-cipher", foreign.ALL, name=None)
    assert (nameless.alert() == 112) == table.needs_name  # unrecognized_name, RFC 6066, 3


def test_the_groups(running, seen):
    """By sslscan where it can, else by s_client."""
    configuration, server = running
    table, groups = configuration.table, seen["sslscan"].groups
    if groups is None or not table.groups.keys() <= table.suites.keys():
        # A certificate of P-256 is for those alone who know that group, below TLS 1.3 (RFC 8422, 5.1).
        also = ["secp256r1"] if table.keys == ("ECDSA",) else []
        groups = {version: foreign.groups(server.port, table.newest() if version == TLS12 else TLS13, also)
                for version in table.groups}
    assert groups == table.groups


def test_s_client_gets_signatures(running):
    configuration, server = running
    for version in {TLS12, TLS13} & configuration.table.suites.keys():
        assert foreign.schemes(server.port, version) == configuration.table.schemes(version)


def test_s_client_gets_a_prime_of_dhe(running):
    configuration, server = running
    table = configuration.table
    for version in {table.newest()} & foreign.S_CLIENT_VERSIONS.keys():
        said = foreign.s_client(server.port, version, "-msg", "-cipher", "DHE:@SECLEVEL=0")
        assert (said.chosen() is not None) == bool(table.dh_bits), said.text
        assert bool(said.prime()) == bool(table.dh_bits)
        assert (said.prime() or "").startswith(OF_RFC_7919) == bool(table.dhe_group)
    assert not table.dhe_group or table.dhe_group == f"ffdhe{next(iter(table.dh_bits))}"
