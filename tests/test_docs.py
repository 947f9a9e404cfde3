# SPDX-License-Identifier: MIT
"""Whatever --help says, the man pages and the completion say too, and the other way round."""

import pathlib
import re
import shutil
import subprocess

import pytest

import support

MAN = support.ROOT / "doc" / "man"
COMPLETION = support.ROOT / "doc" / "completion" / "sluice.bash"
ALWAYS = {"--help", "--help-all"}


def help_of(sluice, *args):
    return subprocess.run([sluice, *args], capture_output=True, timeout=30, check=True).stdout.decode()


def options_in(text):
    return set(re.findall(r"(?<![\w-])--[a-z][a-zA-Z0-9-]*", text))


def man_options(page):
    """Options that have an entry of their own: the line after .TP."""
    text = (MAN / f"{page}.1").read_text(encoding="utf-8").replace("\\-", "-")
    return options_in(" ".join(re.findall(r"^\.TP\n(.*)$", text, re.M)))


@pytest.fixture(params=["push", "pull", "serve", "probe", "doctor"])
def verb(request, sluice_path):
    if request.param not in support.verbs(sluice_path):
        pytest.skip(f"this build of sluice has no {request.param}")
    return request.param


def test_every_verb_is_named(sluice_path):
    verbs = support.verbs(sluice_path)
    assert verbs
    main = (MAN / "sluice.1").read_text(encoding="utf-8")
    for name in verbs:
        assert f"sluice\\-{name} (1)" in main
        assert (MAN / f"sluice-{name}.1").exists()


def test_options_are_the_same_everywhere(sluice_path, verb):
    told = options_in(help_of(sluice_path, verb, "--help-all"))
    brief = options_in(help_of(sluice_path, verb, "--help")) - ALWAYS
    assert told == brief and len(told) > 3
    page = man_options(f"sluice-{verb}")
    common = man_options("sluice")
    assert told <= page | common, f"not in a man page: {told - page - common}"
    assert page - ALWAYS <= told, f"only in the man page: {page - told}"
    completed = complete(verb, "--")
    assert completed - ALWAYS == told


def test_common_options_are_somebodys(sluice_path):
    told = set().union(*(options_in(help_of(sluice_path, v, "--help-all")) for v in support.verbs(sluice_path)))
    assert man_options("sluice") - ALWAYS <= told


def complete(*words):
    """What bash would offer for the last word."""
    script = (
        f"source {COMPLETION}; COMP_WORDS=(sluice {' '.join(words)}); COMP_CWORD={len(words)}; _sluice; "
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    return set(subprocess.run(["bash", "-c", script], capture_output=True, check=True, timeout=30).stdout.decode().split())


def test_completion_offers_verbs_and_values(sluice_path):
    assert support.verbs(sluice_path) <= complete("''")
    assert complete("push", "--kind", "''") == {"live", "record", "append"}
    assert complete("push", "--tls-min", "1.3") == {"1.3"}
    assert complete("push", "--rtmpe-type", "''") == {"6", "8", "9"}
    assert complete("pull", "rtmps") >= {"rtmps://"}
    assert complete("probe", "rtmp") >= {"rtmps://"} and "rtmp://" not in complete("probe", "rtmp")
    assert complete("pull", "rtmpe") >= {"rtmpe://"}


def test_help_fits_a_screen(sluice_path, verb):
    lines = help_of(sluice_path, verb, "--help").splitlines()
    assert len(lines) <= 24 and max(map(len, lines)) < 80
    lines = help_of(sluice_path, "--help").splitlines()
    assert len(lines) <= 24 and max(map(len, lines)) < 80


def test_exit_statuses_are_documented(sluice_path):
    told = dict(re.findall(r"^ +(\d+)  (.*)$", help_of(sluice_path, "--help"), re.M))
    page = (MAN / "sluice.1").read_text(encoding="utf-8").split(".SH EXIT STATUS")[1]
    assert set(told) == set(re.findall(r"^\.B (\d+)$", page, re.M))
    assert {int(s) for s in told} == {*range(11), support.INTERRUPTED}


@pytest.mark.parametrize("name", ["rtmpgw", "rtmpsrv", "rtmpsuck"])
def test_options_of_the_suites_servers(sluice_path, name):
    program = pathlib.Path(sluice_path).parent / name
    if not program.exists():
        pytest.skip(f"this build has no {name}")
    told = subprocess.run([program, "--help"], capture_output=True, timeout=30, check=True).stderr.decode()
    told = set(re.findall(r"^(?:-\w, )?(--[a-zA-Z-]+)", told, re.M))
    page = (MAN / f"{name}.8").read_text(encoding="utf-8").replace("\\-", "-")
    assert told == options_in(" ".join(re.findall(r"^\.TP\n(.*)$", page, re.M))) and len(told) > 3
    script = (f"source {COMPLETION.parent}/{name}.bash; complete -p {name}; COMP_WORDS=({name} --); COMP_CWORD=1\n"
              f'declare -F _{name} >/dev/null && _{name} && printf "%s\\n" "${{COMPREPLY[@]}}"; true')
    offered = subprocess.run(["bash", "-c", script], capture_output=True, check=True, timeout=30).stdout.decode()
    assert told == options_in(offered)


def test_options_of_rtmpdump(sluice_path):
    """Letters and names, which have capitals; with what they take."""
    program = pathlib.Path(sluice_path).parent / "rtmpdump"
    if not program.exists():
        pytest.skip("this build has no rtmpdump")
    told = subprocess.run([program, "--help"], capture_output=True, timeout=30, check=True).stderr.decode()
    told = re.findall(r"^-(\S), --(\w+)(?: ([A-Z:]+))? ", told, re.M)
    page = re.sub(r"\\f[IR]", "", (MAN / "rtmpdump.1").read_text(encoding="utf-8").replace("\\-", "-"))
    assert sorted(told) == sorted(re.findall(r'^\.TP\n\.BR -(\S) ", " --(\w+)(?: " ([A-Z:]+)")?$', page, re.M))
    assert len(told) == 36
    script = (f"source {COMPLETION.parent}/rtmpdump.bash; COMP_WORDS=(rtmpdump --); COMP_CWORD=1; _rtmpdump; "
              'printf "%s\\n" "${COMPREPLY[@]}"')
    offered = subprocess.run(["bash", "-c", script], capture_output=True, check=True, timeout=30).stdout.decode()
    assert sorted(offered.split()) == sorted(f"--{name}" for _, name, _ in told)


def test_version_names_openssl(sluice_path):
    assert re.match(r"sluice \d+\.\d+\.\d+, OpenSSL \d", help_of(sluice_path, "--version"))


def test_settings_and_counters_of_the_provider():
    """With their defaults; the page's names are those of the source."""
    source = {name: (support.ROOT / "provider" / name).read_text(encoding="utf-8") for name in ("settings.c", "provider.c")}
    page = (MAN / "devcrypto.7").read_text(encoding="utf-8").replace("\\-", "-")
    parts = dict(re.findall(r"^\.SH (\w+)\n(.*?)(?=^\.SH)", page, re.M | re.S))
    settings = dict(re.findall(r"^\.BI (\w+)= .*\n((?:[^.].*\n|\.RI.*\n)+)", parts["SETTINGS"], re.M))
    known = re.search(r'setting_names\[\] =\s+"(.*)"', source["settings.c"])[1]
    assert list(settings) == known.split(", ")
    for name, value in re.findall(r"^\t\t\.(\w+) = (\d+),", source["settings.c"], re.M):
        assert f"({value})" in settings[name], name
    counters = set(re.findall(r"^\.B (\w+)$", parts["COUNTERS"], re.M)) - {"drivers"}
    assert counters == set(re.findall(r'COUNTER\("(\w+)"\)', source["provider.c"]))


def test_options_and_variables_of_the_drop_in():
    """The page has the names of the source, each in an entry of its own, and the variables in the options' order."""
    folder = support.ROOT / "compat" / "librtmp"
    old, new = ((folder / name).read_text(encoding="utf-8") for name in ("options.c", "settings.c"))
    options = re.findall(r'^\t\{"(\w+)", (?:TEXT|INTEGER|FLAG|EXTRA|PROXY)', old, re.M)
    settings = re.findall(r'\{"(\w+)", "(LIBRTMP_\w+)"', new)
    page = re.sub(r"\\f[BRI]", "", (MAN / "librtmp.3").read_text(encoding="utf-8"))
    entries = re.findall(r"^\.TP\n\.BI (.*)$", page, re.M)
    told = [name for entry in entries for name in re.findall(r"(\w+)=", entry)]
    assert len(options) == 21 and len(settings) == 13
    assert sorted(told) == sorted(options + [name for name, _ in settings])
    environment = page.split(".SH ENVIRONMENT")[1].split(".SH")[0]
    assert re.findall(r"LIBRTMP_\w+", environment) == [variable for _, variable in settings]
    assert re.findall(r"\b(?:tls[A-Z]\w+|chunkSize|connectTimeout)", environment) == [name for name, _ in settings]


@pytest.mark.parametrize("page", [p.name for p in sorted(MAN.glob("*.[1378]"))])
def test_man_pages_are_well_formed(page):
    if not shutil.which("mandoc") and not shutil.which("groff"):
        pytest.skip("neither mandoc nor groff is installed")
    command = ["mandoc", "-T", "lint", "-W", "warning"] if shutil.which("mandoc") else ["groff", "-man", "-ww", "-z"]
    result = subprocess.run([*command, str(pathlib.Path(MAN) / page)], capture_output=True, timeout=60, check=False)
    assert result.stdout + result.stderr == b""
