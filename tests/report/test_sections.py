"""What a suite adds to its report."""

from __future__ import annotations

import pytest

from lrn.report import Quantities, ReportError, Section, write_report
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
    write_report(suite_of(*THREE), None, root / "out", root=root, **options)
    return (root / "out" / "index.html").read_text(), (root / "out" / "REPRODUCTION.md").read_text()


def test_a_suite_adds_sections_a_title_and_figures(root):
    page, markdown = written(root)
    assert "<h1>Coins &amp; dice</h1>" in page
    assert "from beside 5 None" in page
    assert markdown.startswith("# Coins &amp; dice\n")
    assert "## Late\n\nin *Markdown*" in markdown
    assert (root / "out" / "figures" / "a.svg").read_text() == "<svg/>"


def test_first_sections_stand_above_the_verdicts(root):
    page, _ = written(root)
    assert page.index('id="early"') < page.index('id="verdicts"') < page.index('id="late"')


def test_a_suite_without_sections_has_none(root):
    (root / "suite" / "report.py").unlink()
    page, _ = written(root)
    assert "<h1>Claims and verdicts</h1>" in page


def test_the_suites_folder_can_be_named(root):
    (root / "elsewhere").mkdir()
    (root / "suite" / "report.py").rename(root / "elsewhere" / "report.py")
    assert "Coins &amp; dice" not in written(root)[0]
    assert "Coins &amp; dice" in written(root, suite=root / "elsewhere")[0]


@pytest.mark.parametrize("content", ["", "def sections(suite, ledger):\n    return ['text']\n"])
def test_a_file_that_gives_no_sections_is_refused(root, content):
    (root / "suite" / "report.py").write_text(content)
    with pytest.raises(ReportError, match=r"report\.py must have a function sections"):
        written(root)


def test_anchors_are_made_of_titles():
    assert Section("Dead layers: Figures 4.1 and 4.2", "").anchor == "dead-layers-figures-4-1-and-4-2"


def test_a_quantity_is_looked_up_at_its_last_look():
    import dataclasses

    late = dataclasses.replace(RATE, seeds=1024, point=0.3)
    suite = suite_of(verdict("t.py::test_a", estimates=(late,)), verdict("t.py::test_b"))
    assert Quantities(suite)[RATE.name].point == 0.3
    assert Quantities(suite).get("nothing") is None
