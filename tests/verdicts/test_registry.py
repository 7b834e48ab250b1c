"""The registry has every case of any suite, each under an id of its own, and runs none."""

import functools
import json
import textwrap
from operator import attrgetter, itemgetter

import pytest

from lrn.verdicts import Outcome, SuiteVerdicts, Verdict
from lrn.verdicts.registry import as_json, as_text, registry

SUITE = """
    import pytest
    from lrn.claims import claim

    raise_if_run = pytest.mark.parametrize("width", [2, pytest.param(4, marks=pytest.mark.refuted("about 3 %"))])

    @claim("Wide is better", id="C1-wide", source="§1", quote="wider is „better“", reading="literal")
    @raise_if_run
    def test_wide(measure, width):
        raise SystemExit("it ran")

    @claim("Deep is better", id="C19", inconclusive="too close")
    def test_deep(measure):
        raise SystemExit("it ran")

    class TestNoId:
        @claim("Nameless")
        def test_nameless(self):
            raise SystemExit("it ran")

    def test_no_claim():
        raise SystemExit("it ran")
"""


def write_suite(root, body, name="claims/test_a.py"):
    """Writes a module of claims; returns its folder."""
    path = root / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(textwrap.dedent(body), encoding="utf-8")
    return path.parent


@pytest.fixture
def suite(tmp_path):
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    return functools.partial(write_suite, tmp_path)


@pytest.fixture(scope="module")
def cases_of_suite(tmp_path_factory):
    """The cases of SUITE, which a process of its own collects, in about a second."""
    root = tmp_path_factory.mktemp("suite")
    (root / "pytest.ini").write_text("[pytest]\n")
    return registry(write_suite(root, SUITE))


@pytest.fixture
def collected(cases_of_suite, monkeypatch):
    """Lets every folder have the cases of SUITE."""
    monkeypatch.setattr("lrn.verdicts.registry._collected", lambda folder: cases_of_suite)


def recorded(*endings):
    """Verdicts: (test, verdict)."""
    verdicts = [
        Verdict("", test, "", "", "", "", Outcome(outcome), Outcome.SUPPORTED, None, "", 1) for test, outcome in endings
    ]
    return SuiteVerdicts.of(
        verdicts, alpha=0.001, quantities=64, seed_offset=0, first_seeds=8, max_seeds=512, complete=True
    )


def ids(cases):
    return list(map(attrgetter("id"), cases))


def test_a_case_is_all_that_a_claim_says_and_where(cases_of_suite):
    assert ids(cases_of_suite) == ["C1-wide[2]", "C1-wide[4]", "C19", "test_nameless"]
    two, _, deep, nameless = cases_of_suite
    assert (two.claim, two.statement, two.source, two.quote, two.reading) == (
        "C1-wide",
        "Wide is better",
        "§1",
        "wider is „better“",
        "literal",
    )
    assert (two.test, two.file, two.line) == ("claims/test_a.py::test_wide[2]", "claims/test_a.py", 7)
    assert list(map(attrgetter("expected"), cases_of_suite)) == ["SUPPORTED", "REFUTED", "INCONCLUSIVE", "SUPPORTED"]
    assert list(map(attrgetter("known"), cases_of_suite)) == [None, "about 3 %", "too close", None]
    assert nameless.test == "claims/test_a.py::TestNoId::test_nameless"
    assert deep.verdict is None


@pytest.mark.usefixtures("collected")
def test_verdicts_are_those_of_the_same_test():
    record = recorded(("claims/test_a.py::test_wide[4]", "REFUTED"), ("claims/test_a.py::test_gone", "SUPPORTED"))
    outcomes = dict(map(attrgetter("id", "outcome"), registry("claims", record)))
    assert outcomes == {"C1-wide[2]": None, "C1-wide[4]": "REFUTED", "C19": None, "test_nameless": None}


@pytest.mark.usefixtures("collected")
def test_verdicts_may_be_a_file(tmp_path):
    recorded(("claims/test_a.py::test_deep", "INCONCLUSIVE")).write(tmp_path / "v.json")
    assert ids(registry("claims", tmp_path / "v.json", verdict="inconclusive")) == ["C19"]


@pytest.mark.usefixtures("collected")
@pytest.mark.parametrize(
    ("options", "selected"),
    [
        ({"group": "C"}, ["C1-wide[2]", "C1-wide[4]", "C19"]),
        ({"group": "C1"}, ["C1-wide[2]", "C1-wide[4]"]),
        ({"group": "C1-w"}, []),
        ({"group": "C1-wide"}, ["C1-wide[2]", "C1-wide[4]"]),
        ({"search": "BETTER“"}, ["C1-wide[2]", "C1-wide[4]"]),
        ({"search": "3 %"}, ["C1-wide[4]"]),
        ({"search": "is better"}, ["C1-wide[2]", "C1-wide[4]", "C19"]),
        ({"search": "nothing like it"}, []),
        ({"group": "C1", "search": "[4]"}, ["C1-wide[4]"]),
    ],
)
def test_cases_are_selected_by_group_and_text(options, selected):
    assert ids(registry("claims", **options)) == selected


def test_claims_that_share_an_id_and_parameters_are_told_apart(suite):
    body = SUITE.replace('id="C19"', 'id="C1-wide"').replace("@raise_if_run", "").replace(", width):", "):")
    suite(body)
    cases = registry(suite(body, "claims/test_b.py"))
    assert ids(cases) == [
        "claims/test_a.py::test_wide",
        "claims/test_a.py::test_deep",
        "claims/test_a.py::TestNoId::test_nameless",
        "claims/test_b.py::test_wide",
        "claims/test_b.py::test_deep",
        "claims/test_b.py::TestNoId::test_nameless",
    ]
    (suite(body).parent / "claims" / "test_b.py").unlink()
    assert ids(registry(suite(body))) == ["C1-wide:test_wide", "C1-wide:test_deep", "test_nameless"]


def test_the_suites_own_settings_hold_and_hide_nothing(suite, tmp_path):
    folder = suite(SUITE)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -k C19 -n 2 --strict-markers\nfilterwarnings = error\n")
    (tmp_path / "conftest.py").write_text("collect_ignore = ['claims/test_b.py']\n")
    suite(SUITE, "claims/test_b.py")
    assert len(registry(folder)) == 4


def test_the_plugin_of_claims_need_not_be_installed(suite, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = --strict-markers\nlrn_verdicts = v.json\n")
    assert len(registry(suite(SUITE))) == 4


def test_a_folder_without_claims_has_none(suite, tmp_path):
    assert registry(suite("def test_it(): pass")) == []
    (tmp_path / "empty").mkdir()
    assert registry(tmp_path / "empty") == []


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ("1 / 0", "ZeroDivisionError: division by zero"),
        ("def test_it(: pass", "SyntaxError: invalid syntax"),
        (
            SUITE.replace('refuted("about 3 %")', "refuted()"),
            r"claims/test_a\.py::test_wide\[4\]: refuted needs the reason",
        ),
    ],
)
def test_a_suite_that_cannot_be_collected_is_one_sentence(suite, body, sentence):
    with pytest.raises(ValueError, match=rf"pytest could not collect .*claims: .*{sentence}") as caught:
        registry(suite(body))
    assert "\n" not in str(caught.value)


def test_bad_arguments_are_refused(suite, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"the suite must be a folder of claims; there is no .*nowhere"):
        registry(tmp_path / "nowhere")
    with pytest.raises(FileNotFoundError, match=r"there is no file of verdicts .*nothing\.json"):
        registry(tmp_path, tmp_path / "nothing.json")
    with pytest.raises(ValueError, match="cases that ended REFUTED can be told only with a file of verdicts; got none"):
        registry(tmp_path, verdict="REFUTED")
    with pytest.raises(ValueError, match=r"verdict must be one of SUPPORTED, .*; got 'maybe'"):
        registry(tmp_path, recorded(), verdict="maybe")


@pytest.mark.usefixtures("collected")
def test_the_table_has_one_line_per_case():
    record = recorded(("claims/test_a.py::test_wide[2]", "REFUTED"), ("claims/test_a.py::test_wide[4]", "REFUTED"))
    cases = registry("claims", record)
    lines = as_text(cases).splitlines()
    assert lines[0] == "C1-wide[2]     REFUTED         Wide is better  claims/test_a.py:7"
    assert lines[1] == "C1-wide[4]     REFUTED, known  Wide is better  claims/test_a.py:7"
    assert lines[2] == "C19            -               Deep is better  claims/test_a.py:12"
    assert lines[-1] == "4 cases of 3 claims, 2 REFUTED"
    assert len(lines) == 5
    assert as_text(cases, width=60).splitlines()[0] == "C1-wide[2]     REFUTED         Wide is better"
    assert as_text([]) == "0 cases of 0 claims"


@pytest.mark.usefixtures("collected")
def test_json_has_every_field_and_the_verdicts_name():
    cases = registry("claims", recorded(("claims/test_a.py::test_deep", "SUPPORTED")))
    data = json.loads(as_json(cases))
    assert list(map(itemgetter("id"), data)) == ids(cases)
    assert list(map(itemgetter("verdict"), data)) == [None, None, "SUPPORTED", None]
    assert data[0]["quote"] == "wider is „better“"
    assert "„better“" in as_json(cases)


def test_the_projects_ids_are_unique_and_every_claim_has_one(project_cases):
    assert len(project_cases) > 700
    assert len(set(ids(project_cases))) == len(project_cases)
    for case in project_cases:
        assert case.claim, case.test
