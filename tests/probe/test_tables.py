# SPDX-License-Identifier: MIT
"""What sluice probe finds of other people's servers is what their tables say.

test_foreign.py holds what nmap, sslscan and s_client see of the same servers against the same tables. So ours is what
theirs is, wherever they can see: what they cannot is told at the top of foreign.py, and what they mistake is beside each
configuration, with the reason.

Connections are counted by a relay before the server.
"""
import json
import subprocess

import pytest

import support
from configurations import CONFIGURATIONS
from relay import Relay
from servers import (
    ASKED, CHACHA, CLIENT, EMS, ETM, MAX_FRAGMENT, RENEGOTIATION, REQUIRED, SERVER, SSL30, TICKET, TLS12, TLS13, VERSIONS)

MODES = {"default": [], "full": ["--full"]}
EXTENSIONS = {EMS: "extended_master_secret", ETM: "encrypt_then_mac", RENEGOTIATION: "secure_renegotiation",
              TICKET: "session_tickets", MAX_FRAGMENT: "max_fragment_length"}
KEYS = {"RSA 2048 bits": "RSA", "EC P-256": "ECDSA"}

# With a sanitizer: one of each library.
FEW = ["openssl: one suite", "nginx: CBC alone, the client's order", "gnutls: a client certificate required",
       "nss: TLS 1.2 and 1.3, a client certificate required", "mbedtls: TLS 1.0 to 1.2", "go: two certificates"]
PATH = support.find_sluice()
CHOSEN = [c for c in CONFIGURATIONS if not PATH or not support.sanitized(PATH) or c.name in FEW]

pytestmark = [
    pytest.mark.parametrize("running", CHOSEN, indirect=True, ids=[c.name for c in CHOSEN], scope="module"),
    pytest.mark.parametrize("mode", MODES),
]


@pytest.fixture(scope="module")
def look(sluice_path):
    def look(server, keys):
        return {mode: probe(sluice_path, server, keys, options) for mode, options in MODES.items()}

    if "probe" not in support.verbs(sluice_path):
        pytest.skip("this build of sluice has no probe")
    return look


def probe(path, server, keys, options):
    """What it says, and how many connections there were."""
    with Relay(server.port) as relay:
        done = subprocess.run([path, "probe", "--json", "--ca-file", keys.ca, "--address", "127.0.0.1", *options,
                               f"localhost:{relay.port}"], capture_output=True, text=True, timeout=120, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        return json.loads(done.stdout), relay.connections


@pytest.fixture
def report(seen, mode):
    return seen[mode][0]


def of_version(report, version):
    return next(v for v in report["versions"] if v["version"] == version)


def names(things):
    return [thing["name"] for thing in things]


def asked_for_all(table, mode):
    """The versions whose suites are all asked for: by default TLS 1.2 and 1.3, or the newest that there is."""
    accepted = [v for v in VERSIONS if v in table.suites]
    return accepted if mode == "full" else [v for v in accepted if v in (TLS12, TLS13)] or accepted[-1:]


def test_versions(running, report, mode):
    table = running[0].table
    complete = asked_for_all(table, mode)
    assert (report["result"], report["notes"]) == ("ok", [])
    for version in VERSIONS:
        found = of_version(report, version)
        if mode == "full" or version in (TLS12, TLS13) or version in complete:
            assert found["accepted"] == (version in table.suites)
        elif found["accepted"] is not None:  # one hello finds the newest of the older ones
            assert found["accepted"] == (version in table.suites)
            assert not found["accepted"] or version == max((v for v in table.suites if v < TLS12), key=VERSIONS.index)


def test_suites_and_their_order(running, report, mode):
    table = running[0].table
    for version in asked_for_all(table, mode):
        found, wanted = of_version(report, version), table.suites[version]
        assert found["suites_complete"]
        if table.order == CLIENT:
            assert sorted(names(found["suites"])) == sorted(wanted)
        else:
            assert names(found["suites"]) == wanted
        assert found["order"] == (None if len(wanted) == 1 else CLIENT if table.order == CLIENT else SERVER)


def test_what_is_found_of_an_old_version_by_the_way(running, report, mode):
    table = running[0].table
    for version in table.suites.keys() - asked_for_all(table, mode):
        found = of_version(report, version)
        if found["accepted"]:
            assert set(names(found["suites"])) <= set(table.suites[version]) and not found["suites_complete"]


def test_chacha20(running, report, mode):
    """Whether it is taken of those who put it first."""
    table = running[0].table
    having = [v for v in asked_for_all(table, mode) if len(table.suites[v]) > 1 and "CHACHA20" in "".join(table.suites[v])]
    for version in VERSIONS:
        found = of_version(report, version).get("chacha20_first")
        wanted = table.order in (CLIENT, CHACHA) or "CHACHA20" in table.suites[version][0] if version in having else None
        assert found == wanted


def test_groups(running, report, mode):
    """Of the newest of the older versions, and of TLS 1.3. With DHE a group shows where the prime is one of RFC 7919."""
    table = running[0].table
    for key, wanted in table.groups.items():
        found = of_version(report, TLS13 if key == TLS13 else table.newest())
        of_dhe = {table.dhe_group} - {""} if key != TLS13 else set()
        if mode == "full":
            assert set(names(found["groups"])) == wanted | of_dhe and found["groups_complete"]
        else:
            assert set(names(found["groups"])) <= wanted | of_dhe and set(names(found["groups"])) & wanted
    if table.newest():
        assert of_version(report, table.newest())["dh_bits"] == min(table.dh_bits, default=None)


def test_signature_schemes(running, report, mode):
    table = running[0].table
    for version in {TLS12, TLS13} & table.suites.keys():
        found = of_version(report, version)
        if mode == "full":
            assert set(names(found["schemes"])) == table.schemes(version) and found["schemes_complete"]
        else:
            assert set(names(found["schemes"])) <= table.schemes(version) and found["schemes"]


def test_certificates(running, report, mode):
    table = running[0].table
    links = [chain["certificates"][0] for chain in report["chains"]]
    assert sorted(KEYS[link["key"]] for link in links) == sorted(table.keys)
    assert all(chain["verified"] and chain["why_not"] == "" for chain in report["chains"])
    assert {(link["subject"], link["issuer"], link["names"]) for link in links} == {
        (f"{key.lower()}.example", "Throw-away test CA", "localhost, 127.0.0.1") for key in table.keys}


def test_extensions(running, report, mode):
    table, found = running[0].table, report["extensions"]
    assert {name for name, key in EXTENSIONS.items() if found[key]} == table.extensions
    assert found["alpn"] == table.alpn or (not table.alpn and not found["alpn"])
    if table.newest() != SSL30:  # whose clients have no means to name one
        assert found["needs_server_name"] == table.needs_name
    assert found["client_certificate"] == bool(table.client_certificate)
    wanted = {REQUIRED: True, ASKED: False}.get(table.client_certificate)
    assert found["client_certificate_needed"] == wanted
    assert found["downgrade_protection"] == table.marked()


def test_connections(running, seen, mode):
    """By default at most 20 for 12 suites over two versions."""
    table, (report, connections) = running[0].table, seen[mode]
    suites = sum(len(table.suites[v]) for v in asked_for_all(table, mode))
    assert connections == report["took"]["connections"]
    if mode == "default":
        assert connections <= suites + 8
    else:
        groups = sum(len(of_version(report, v).get("groups", [])) for v in (TLS13, table.newest()) if v)
        schemes = sum(len(v.get("schemes", [])) for v in report["versions"])
        assert connections <= suites + groups + schemes + 16
