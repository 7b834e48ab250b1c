"""The locked requirements: complete, hashed, from no particular host, and under licences that allow their use."""

from __future__ import annotations

import json
import re
import runpy
import sys
import tomllib
from operator import itemgetter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCKS = {name: (ROOT / "requirements" / name).read_text() for name in ("dev.txt", "docs.txt")}
LOCK = LOCKS["dev.txt"]
LICENCES = (ROOT / "requirements" / "licences.md").read_text()
NOT_LOCKED = {"torch"}  # another file on each kind of machine; constraints.txt has its version
ALLOWED = ("Apache", "BSD", "CNRI", "HPND", "ISC", "LGPL", "MIT", "MPL", "Mozilla", "Historical", "PSF", "Python Software", "0BSD", "Unlicense", "Zlib", "Public Domain")  # fmt: skip # noqa: E501
READ = {"axe-playwright-python": "MIT License"}  # silent in its metadata; its LICENSE file says so


def name_of(requirement):
    return re.split(r"[\s\[<>=!~;]", requirement, maxsplit=1)[0].lower().replace("_", "-")


def locked(text):
    """(name, version, marker, number of hashes) of each entry."""
    entries = text.replace("\\\n", " ").splitlines()
    for entry in entries:
        if entry and not entry.startswith("#"):
            head, *hashes = entry.split("--hash=")
            requirement, _, marker = head.partition(";")
            name, version = requirement.strip().split("==")
            for value in hashes:
                assert re.fullmatch(r"sha256:[0-9a-f]{64}", value.strip()), entry
            yield name, version.strip(), marker.strip(), len(hashes)


def names_in(text):
    return set(map(itemgetter(0), locked(text)))


def names_and_versions_in(text):
    return set(map(itemgetter(0, 1), locked(text)))


def check_hashes(text):
    for name, _, _, hashes in locked(text):
        assert hashes > 0, name


def asked_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    needed = runpy.run_path(str(ROOT / "requirements" / "needed.py"))["needed"]
    return set(map(name_of, [*needed("dev"), *project["dependency-groups"]["build"]]))


def test_all_that_is_asked_for_is_locked():
    assert asked_for() - NOT_LOCKED <= names_in(LOCK)


def test_all_that_the_documentation_site_needs_is_locked_in_the_versions_of_the_tools():
    group = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]["docs"]
    assert set(map(name_of, group)) <= names_in(LOCKS["docs.txt"])
    names_of_tools, tools = names_in(LOCK), names_and_versions_in(LOCK)
    for name, version in names_and_versions_in(LOCKS["docs.txt"]):
        assert (name, version) in tools or name not in names_of_tools


@pytest.mark.parametrize("file", LOCKS)
def test_every_version_is_pinned_with_hashes(file):
    assert len(list(locked(LOCKS[file]))) > 25
    check_hashes(LOCKS[file])


@pytest.mark.parametrize("file", LOCKS)
def test_the_lock_names_no_host_and_no_gpu(file):
    assert not re.search(r"://|index-url|find-links|trusted-host", LOCKS[file])
    for name in names_in(LOCKS[file]):
        assert not name.startswith(("nvidia", "cuda", "triton", "torch"))


@pytest.mark.parametrize(
    "planted", ["pytest==9.0", "pytest==9.0 \\\n    --hash=sha256:abc", "https://example.org/a.whl --hash=sha256:0"]
)
def test_a_planted_entry_without_a_sound_hash_is_found(planted):
    with pytest.raises((AssertionError, ValueError)):
        check_hashes(planted)


def licence_of_each_package():
    licences = {}
    for line in filter(None, LICENCES.splitlines()[2:]):
        package, _, licence = map(str.strip, line.split("|")[1:-1])
        name = package.lower().replace("_", "-").replace(".", "-")
        licences[name] = READ.get(name, licence) if licence == "UNKNOWN" else licence
    return licences


def test_every_package_that_linux_installs_has_a_known_licence():
    """`make licences` reads them on Linux, for the oldest Python."""
    licences = licence_of_each_package()
    assert licences.keys() >= NOT_LOCKED
    for name, _, marker, _ in [*locked(LOCK), *locked(LOCKS["docs.txt"])]:
        if not re.search(
            r"sys_platform == '(darwin|win32)'|platform_system == 'Windows'|'pypy'|>= '3\.1[2-9]'", marker
        ):
            assert name in licences


def test_every_licence_is_one_that_allows_use_and_distribution():
    for name, licence in licence_of_each_package().items():
        assert licence.startswith(ALLOWED), name


def audited():
    return runpy.run_path(str(ROOT / "requirements" / "audited.py"))


def report(*rows):
    return json.dumps({"dependencies": list(rows), "fixes": []})


SOUND = {"name": "Some.Package", "version": "1", "vulns": []}


def test_an_audit_of_every_package_without_a_vulnerability_is_sound():
    assert audited()["problems"](report(SOUND), {"some-package"}) == []


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([], "some-package was not looked at: it is not in pip-audit's report"),
        ([{"name": "some-package", "skip_reason": "no answer"}], "some-package was not looked at: no answer"),
        ([SOUND | {"vulns": [{"id": "CVE-1"}]}], "some-package 1 is vulnerable: CVE-1"),
    ],
)
def test_an_audit_that_did_not_look_or_that_finds_something_fails(rows, sentence):
    assert audited()["problems"](report(*rows), {"some-package"}) == [sentence]


def test_the_audit_asks_for_all_that_this_machine_would_install():
    names = audited()["locked"](LOCK)
    assert {"numpy", "pytest", "jinja2"} <= names
    assert names <= set(map(name_of, names_in(LOCK)))
    assert "appnope" not in names or sys.platform == "darwin"
