"""Sections that a suite adds to its report."""

from __future__ import annotations

import os
from operator import attrgetter

import pytest

from lrn.cli import main
from lrn.report import Quantities, ReportError, Section, write_report
from lrn.report._claims import claim_views
from lrn.verdicts import MeasuredQuantity, Quantity
from tests.report.conftest import RATE, THREE, suite_of, verdict

OWN = """
from neighbour import WORD
from lrn.report import Section

TITLE = "Coins & dice"

def sections(suite, ledger):
    yield Section("Late", f"<p>{WORD} {len(suite.claims)} {ledger}</p>", "in *Markdown*", {"a.svg": "<svg/>"})
    yield Section("Early", "<p>early</p>", first=True)
"""


@pytest.fixture
def root(tmp_path):
    (tmp_path / "suite").mkdir()
    (tmp_path / "neighbour.py").write_text('WORD = "from beside"\n')
    (tmp_path / "suite" / "report.py").write_text(OWN)
    return tmp_path


def written(root, **options):
    write_report(suite_of(*THREE), None, root / "out", root=root, **{"suite": root / "suite", **options})
    return (root / "out" / "index.html").read_text(), (root / "out" / "REPRODUCTION.md").read_text()


def test_a_suite_adds_sections_a_title_and_figures(root):
    page, markdown = written(root)
    assert "<h1>Coins &amp; dice</h1>" in page
    assert "from beside 5 None" in page
    assert markdown.startswith("# Coins &amp; dice\n")
    assert "## Late\n\nin *Markdown*" in markdown
    assert (root / "out" / "figures" / "a.svg").read_text() == "<svg/>"


def test_first_sections_stand_above_all_others_and_claims_come_last(root):
    page, _ = written(root)
    assert page.index('id="early"') < page.index('id="late"') < page.index('id="verdicts"')


def test_a_suite_without_sections_has_none(root):
    (root / "suite" / "report.py").unlink()
    page, _ = written(root)
    assert "<h1>Claims and verdicts</h1>" in page


def test_the_suites_folder_can_be_named(root):
    (root / "elsewhere").mkdir()
    (root / "suite" / "report.py").rename(root / "elsewhere" / "report.py")
    assert "Coins &amp; dice" not in written(root)[0]
    assert "Coins &amp; dice" not in written(root, suite=None)[0]
    assert "Coins &amp; dice" in written(root, suite=root / "elsewhere")[0]


def test_a_suite_adds_commands_and_what_its_document_says_of_a_case(root):
    with (root / "suite" / "report.py").open("a") as file:
        file.write(
            "COMMANDS = ['make coins']\ndef published(suite):\n    return {suite.claims[0].test: '5 of 10 <b>'}\n"
        )
    page, markdown = written(root)
    assert "<code>make coins</code>" in page
    assert '<td class="num" data-label="Document">5 of 10 &lt;b&gt;</td>' in page
    assert "| 1 | 5 of 10 &lt;b&gt; |" in markdown


@pytest.mark.parametrize("content", ["", "def sections(suite, ledger):\n    return ['text']\n"])
def test_a_file_that_gives_no_sections_is_refused(root, content):
    (root / "suite" / "report.py").write_text(content)
    with pytest.raises(ReportError, match=r"report\.py must have a function sections"):
        written(root)


@pytest.mark.parametrize("test", ["{}/suite/test_a.py::test_a", "suite/test_a.py::test_a", "out/../suite/test_a.py::t"])
def test_nothing_that_is_read_chooses_what_runs(root, test, monkeypatch, capsys):
    ran = root / "ran"
    (root / "suite" / "report.py").write_text(f"from pathlib import Path\nPath({str(ran)!r}).touch()\n")
    suite_of(verdict(test.format(root))).write(root / "v.json")
    monkeypatch.chdir(root)
    assert main(["report", "--verdicts", "v.json", "--out", "out"]) == 0
    write_report(root / "v.json", None, root / "out", root=root)
    assert not ran.exists()
    assert main(["report", "--verdicts", "v.json", "--out", "out", "--suite", "suite"]) == 2, "it gives no sections"
    assert ran.exists(), "what the person names is run"


def test_files_outside_the_root_and_what_is_no_file_are_not_opened(root, tmp_path):
    outside = tmp_path / "elsewhere"
    outside.mkdir()
    (outside / "secret.py").write_text("def test_a(): pass\n")
    inside = tmp_path / "root"
    (inside / "suite").mkdir(parents=True)
    os.mkfifo(inside / "suite" / "pipe.py")
    (inside / "suite" / "link.py").symlink_to(outside / "secret.py")
    with (inside / "suite" / "sparse.py").open("wb") as file:
        file.truncate(20 << 30)
    names = [f"{outside}/secret.py", "../elsewhere/secret.py", "suite/pipe.py", "suite/link.py", "suite/sparse.py"]
    tests = [verdict(f"{name}::test_a") for name in names]
    assert list(map(attrgetter("line"), claim_views(suite_of(*tests), inside))) == [None] * len(tests)


def test_anchors_are_made_of_titles():
    assert Section("Dead layers: Figures 4.1 and 4.2", "").anchor == "dead-layers-figures-4-1-and-4-2"


def test_a_quantity_is_found_by_what_it_is_at_its_most_seeds():
    late = RATE.replace(seeds=1024, point=0.3)
    quantities = Quantities(suite_of(verdict("t.py::test_a", estimates=(late,)), verdict("t.py::test_b")))
    assert quantities.find("rate", "heads", "a coin").point == 0.3
    for other in (
        ("mean", "heads", "a coin"),
        ("rate", "tails", "a coin"),
        ("rate", "heads", "a die"),
        ("rate", "heads"),
    ):
        assert quantities.find(*other) is None
    assert quantities.find("rate", "heads", "a coin", given="tails") is None
    assert list(quantities) == [late]
    assert len(quantities) == 1


def test_the_terms_of_a_comparison_are_found_too():
    other = RATE.replace(key="k3", quantity=Quantity("rate", "heads", ("another coin",)), point=0.125)
    difference = MeasuredQuantity(
        "k4", "the difference", 0.125, 0.0, 0.25, 256, 256, (0.0,), 1, terms=(RATE, other), coefficients=(1.0, -1.0)
    )
    quantities = Quantities(suite_of(verdict("t.py::test", estimates=(difference,))))
    assert quantities.find("rate", "heads", "another coin") == other
    assert set(quantities) == {RATE, other}


def test_a_median_is_a_quantile():
    quantity = Quantity("quantile", "heads", ("a coin",), given="tails", q=0.5)
    quantities = Quantities(suite_of(verdict("t.py::test", estimates=(RATE.replace(quantity=quantity),))))
    assert quantities.find("median", "heads", "a coin", given="tails") is quantities.find(
        "quantile", "heads", "a coin", given="tails", q=0.5
    )
    assert quantities.find("quantile", "heads", "a coin", given="tails", q=0.25) is None
    assert quantities.find("median", "heads", "a coin") is None
