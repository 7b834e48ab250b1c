"""`lrn comment`: the verdicts that a pull request changes."""

import dataclasses

import pytest

from lrn.cli import main
from lrn.cli._comment import MARK
from lrn.verdicts import MeasuredQuantity, Outcome, SuiteVerdicts, Verdict

ONE = Verdict("C1", "a.py::test_a[2]", "Late is better", "§4", "", "", *[Outcome.SUPPORTED] * 2, None, "", 1)


@pytest.fixture(autouse=True)
def in_tmp_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def claim(name, outcome=Outcome.SUPPORTED, point=0.5, **changes):
    measured = MeasuredQuantity("q", "rate of heads", point, point - 0.1, point + 0.1, 64, 64)
    return dataclasses.replace(
        ONE, id=name, test=f"a.py::test_{name}[2]", verdict=outcome, estimates=(measured,), **changes
    )


def compared(capsys, before, after, *arguments, complete=True):
    for name, claims in (("before.json", before), ("after.json", after)):
        SuiteVerdicts.of(
            claims, alpha=0.001, quantities=64, seed_offset=0, first_seeds=8, max_seeds=64, complete=complete
        ).write(name)
    code = main(["comment", "before.json", "after.json", *arguments])
    return code, capsys.readouterr().out.splitlines()


def rows_of(claims, lines):
    """The rows of tables that begin so."""
    return [line for line in lines if line.startswith(f"| {claims}")]


def test_equal_verdicts_are_one_line_and_exit_with_0(capsys):
    code, lines = compared(capsys, [claim("C1")], [claim("C1")])
    assert code == 0
    assert lines[:2] == [MARK, "## Claims: no verdict changed"]
    assert "| before | 1 | 1 | 64 |" in lines
    assert "| after | 1 | 1 | 64 |" in lines
    assert "\n###" not in "\n".join(lines)


def test_changed_vanished_and_new_claims_stand_in_tables_with_their_intervals(capsys):
    before, after = [claim("C1"), claim("C2")], [claim("C1", Outcome.REFUTED, 0.2), claim("C3")]
    code, lines = compared(capsys, before, after)
    assert code == 1
    assert lines[1] == "## Claims: 1 changed, 1 vanished, 1 new"
    row = lines[lines.index("### Changed") + 4]
    assert row == (
        r"| C1\[2\]: Late is better (§4) | SUPPORTED | REFUTED | 0.5 \[0.4, 0.6\], 64 seeds "
        r"| 0.2 \[0.1, 0.3\], 64 seeds |"
    )
    assert lines[lines.index("### Vanished") + 4].startswith(r"| C2\[2\]: Late is better (§4) | SUPPORTED |")
    assert lines[lines.index("### New") + 4].startswith(r"| C3\[2\]")
    assert "1 of the verdicts now is not as expected." in lines


def test_numbers_that_moved_are_folded(capsys):
    code, lines = compared(capsys, [claim("C1")], [claim("C1", point=0.6)])
    assert code == 0
    assert "<details><summary>Numbers that moved, with the same verdict: 1</summary>" in lines
    (row,) = rows_of(r"C1\[2\] | SUPPORTED", lines)
    assert "0.5" in row
    assert "0.6" in row


def test_a_part_of_a_suite_has_nothing_vanish(capsys):
    code, lines = compared(capsys, [claim("C1"), claim("C2")], [claim("C1")], complete=False)
    assert code == 0
    assert "cannot be told which claims vanished" in "\n".join(lines)


def test_what_others_wrote_is_text_and_nothing_else(capsys):
    bad = "<img src=x onerror=y> | [x](javascript:y)\n## Head @everyone <!-- x -->"
    code, lines = compared(capsys, [claim("C1")], [claim("C1", Outcome.REFUTED, statement=bad, source=bad)])
    text = "\n".join(lines)
    assert code == 1
    assert "<img" not in text
    assert "[x](" not in text
    assert "\n## Head" not in text
    assert text.replace("@<!-- -->", "@").count("<!--") == 1


def test_a_comment_fits_a_code_host(capsys):
    before, after = [], []
    for number in range(500):
        before.append(claim(f"C{number}", statement="so " * 50))
        after.append(claim(f"C{number}", Outcome.REFUTED, statement="so " * 50))
    _, lines = compared(capsys, before, after)
    assert len("\n".join(lines)) < 65_536
    assert "does not fit" in lines[-1]


def test_it_is_written_to_a_file(capsys, tmp_path):
    code, lines = compared(capsys, [claim("C1")], [claim("C1")], "--out", "comment.md")
    assert (code, lines) == (0, [])
    assert (tmp_path / "comment.md").read_text().startswith(MARK)


def test_sentences_that_stand_otherwise_are_shown(capsys, tmp_path):
    (tmp_path / "sentences.toml").write_text(SENTENCES, encoding="utf-8")
    _, lines = compared(capsys, [claim("C1")], [claim("C1", Outcome.REFUTED)], "--sentences", "sentences.toml")
    assert "| Late \\*always\\* wins. | holds | refuted |" in lines
    _, lines = compared(capsys, [claim("C1")], [claim("C1")], "--sentences", "sentences.toml")
    assert "All 1 sentences of the documents stand as before." in lines


SENTENCES = """
[document]
name = "paper"
title = "A paper"

[[sentence]]
id = "s1"
section = "1"
quote = "Late *always* wins."
weight = "central"
readings = [{ words = "it does", claims = ["C1"] }]
"""


@pytest.mark.parametrize("names", [["before.json", "gone.json"], ["gone.json", "before.json"]])
def test_a_file_that_is_not_there_is_one_sentence(capsys, names):
    compared(capsys, [claim("C1")], [claim("C1")])
    assert main(["comment", *names]) == 2
    assert "must be a file of verdicts; there is no gone.json" in capsys.readouterr().err


def test_claims_that_are_not_as_expected_are_named_also_where_nothing_changed(capsys):
    refuted = claim("C2", Outcome.REFUTED, 0.2)
    code, lines = compared(capsys, [claim("C1"), refuted], [claim("C1"), refuted])
    assert code == 0
    row = lines[lines.index("### Not as expected, as before") + 4]
    assert row == r"| C2\[2\]: Late is better (§4) | REFUTED | SUPPORTED | 0.2 \[0.1, 0.3\], 64 seeds |"
    assert "C1" not in "\n".join(rows_of("C", lines[5:]))


def test_a_changed_claim_is_named_once(capsys):
    _, lines = compared(capsys, [claim("C1")], [claim("C1", Outcome.REFUTED)])
    assert len(rows_of(r"C1\[2\]", lines)) == 1


def test_nobody_is_told_of_a_comment_by_a_name_in_it(capsys):
    _, lines = compared(capsys, [claim("C1")], [claim("C1", Outcome.REFUTED, statement="thanks to @someone")])
    text = "\n".join(lines)
    assert "@someone" not in text
    assert "@<!-- -->someone" in text


@pytest.mark.parametrize("name", ["before.json", "after.json", "./after.json", "link.json"])
def test_the_verdicts_are_not_overwritten(capsys, tmp_path, name):
    (tmp_path / "link.json").symlink_to("after.json")
    compared(capsys, [claim("C1")], [claim("C1")])
    before = (tmp_path / "after.json").read_bytes()
    assert main(["comment", "before.json", "after.json", "--out", name]) == 2
    assert "--out must not be the file of verdicts" in capsys.readouterr().err
    assert (tmp_path / "after.json").read_bytes() == before
