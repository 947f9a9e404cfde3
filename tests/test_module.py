# SPDX-License-Identifier: MIT
"""devcrypto.so in programs that know nothing of it, on a machine without a /dev/crypto: all of them work, in software, and
say once why. tests/lab/guest/test_module.py has the same with a device."""

import pathlib
import re
import shutil
import subprocess

import pytest

import programs
import support

OFFERED = {"AES-128-CBC", "AES128", "AES-192-CBC", "AES192", "AES-256-CBC", "AES256", "AES-128-GCM", "ID-AES128-GCM",
           "AES-256-GCM", "ID-AES256-GCM", *(f"AES-{bits}-CBC-HMAC-SHA{sha}" for bits in (128, 256) for sha in (1, 256))}
NOT_THERE = b"devcrypto: /nonexistent/crypto: "


@pytest.fixture(scope="session")
def module_path(sluice_path):
    path = pathlib.Path(sluice_path).parent.parent / "provider/devcrypto.so"
    if not path.exists():
        pytest.skip("this build has no provider: it needs OpenSSL 3.0")
    if support.sanitized(str(path)):
        pytest.skip("a module with AddressSanitizer does not load into programs without")
    return path


@pytest.fixture
def module(module_path, tmp_path):
    return programs.Module(module_path, tmp_path, device="/nonexistent/crypto", min_size=1024)


def said_once(text):
    return text.count(NOT_THERE) == 1


def test_exports_nothing_but_its_beginning(module_path):
    names = subprocess.run(["nm", "-D", "--defined-only", module_path], check=True, capture_output=True, text=True).stdout
    assert re.findall(r" \w (\S+)", names) == ["OSSL_provider_init"]
    flags = subprocess.run(["readelf", "-dW", module_path], check=True, capture_output=True, text=True).stdout
    assert re.search(r"FLAGS_1.*NODELETE", flags)


def test_is_listed(module):
    text = module.run("openssl", "list", "-providers", "-verbose").stdout.decode()
    assert re.search(r"devcrypto\n    name: .*\n    version: \d+\.\d+\.\d+\n    status: active\n", text)
    ours = text[text.index("  devcrypto\n"):]
    for name in ["drivers", "operations", "bytes", "fallbacks", "checks", "mismatches", "abandoned", "sessions"]:
        assert f"      {name}: " in ours
    text = module.run("openssl", "list", "-cipher-algorithms").stdout.decode()
    names = re.findall(r"^ *\{? ?(.*?) ?\}? @ devcrypto$", text, re.M)
    assert {n.upper() for line in names for n in line.split(", ") if not n[0].isdigit()} == OFFERED
    for kind in "digest", "mac", "kdf", "random-generator", "public-key":
        option = f"-{kind}-algorithms" if kind != "random-generator" else "-random-generators"
        assert b"devcrypto" not in module.run("openssl", "list", option).stdout


def test_the_manuals_example(module_path, tmp_path):
    page = (support.ROOT / "doc/man/devcrypto.7").read_text()
    text = re.search(r"^\.nf\n(openssl_conf.*?)^\.fi", page, re.M | re.S)[1]
    assert "\\" not in text
    program = programs.Module(module_path, tmp_path)
    conf = tmp_path / "example.cnf"
    environment = {"OPENSSL_CONF": str(conf), "OPENSSL_MODULES": str(module_path.parent)}
    conf.write_text(text)
    listed = program.run("openssl", "list", "-providers", environment=environment).stdout
    assert b"  default\n" in listed and b"  devcrypto\n" in listed
    program.run("openssl", "dgst", "-sha256", data=b"x", environment=environment)
    # The trap that it warns of.
    conf.write_text(text.replace("default = default_sect\n", ""))
    done = program.run("openssl", "dgst", "-sha256", data=b"x", environment=environment, check=False)
    assert done.returncode and b"unsupported" in done.stderr


@pytest.mark.parametrize("setting, sentence", [
    ({"min_size": "few"}, "min_size=few: give a whole number"),
    ({"decrypt": "maybe"}, "decrypt=maybe: say on or off"),
    ({"device": "crypto"}, "device=crypto: give an absolute path"),
])
def test_a_bad_setting_is_told(module, setting, sentence):
    # OpenSSL keeps quiet of a provider of its configuration that cannot be loaded, and goes on without.
    done = module.run("openssl", "list", "-providers", **setting)
    assert f"devcrypto: {sentence}".encode() in done.stderr
    assert b"devcrypto" not in done.stdout and b"  default\n" in done.stdout
    # Asked for by name, the reason is in the error queue.
    done = module.run("openssl", "list", "-providers", "-provider", "devcrypto", check=False, activate=False, **setting)
    assert done.returncode and re.search(rf":{re.escape(sentence)}.*".encode(), done.stderr)


@pytest.mark.parametrize("setting", [
    {"min_size": "0"}, {"largest": "38016"}, {"check_first": "1"}, {"check_every": "1"}, {"ahead": "0"}, {"deadline_ms": "0"},
    {"decrypt": "on"}, {"fallback": "off"},
])
def test_each_setting_is_read(module, setting):
    assert b"  devcrypto\n" in module.run("openssl", "list", "-providers", **setting).stdout
    assert f"{next(iter(setting))}=".encode() in module.run("openssl", "list", "-providers", **dict.fromkeys(setting, "-")).stderr


def test_speed(module):
    done = module.run("openssl", "speed", "-seconds", "1", "-bytes", "16384", "-evp", "aes-128-gcm")
    assert re.search(rb"^AES-128-GCM +\d+\.\d+k", done.stdout, re.M)
    assert said_once(done.stderr)


@pytest.mark.parametrize("bits", [128, 192, 256])
def test_enc(module, bits):
    assert said_once(programs.enc(module, bits))


def test_key_updates(module, certificates):
    assert said_once(programs.key_updates_of_a_client(module, certificates))
    assert said_once(programs.key_updates_of_a_server(module, certificates))


@pytest.mark.parametrize("version", ["tls1_2", "tls1_3"])
def test_resumption(module, certificates, tmp_path, version):
    assert said_once(programs.resumption(module, certificates, tmp_path, version))


def test_reconnecting(module, certificates):
    programs.reconnects(module, certificates)


def test_nginx_and_curl(module, certificates, tmp_path):
    if not pathlib.Path("/usr/sbin/nginx").exists() or not shutil.which("curl"):
        pytest.skip("needs nginx and curl")
    with programs.Nginx(module, tmp_path / "nginx", certificates) as nginx:
        for _ in range(4):
            assert programs.curl(module, nginx) == b"", "it only decrypts, and that is software's"
        assert 1 <= nginx.said().count(NOT_THERE) <= 2, "once a worker"


@pytest.mark.parametrize("mode", ["own", "inherit"])
def test_server_that_forks(module, certificates, mode):
    assert programs.forking(module, certificates, mode).count(NOT_THERE) == (3 if mode == "own" else 1)
