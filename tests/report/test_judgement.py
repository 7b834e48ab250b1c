"""The section on sentences says what the verdicts say."""

from __future__ import annotations

import dataclasses
import re

import pytest

from claims.documents import SENTENCES
from claims.judgement import headline, judgement
from claims.thesis.report import sections
from lrn.verdicts import Outcome, SuiteVerdicts
from lrn.verdicts.sentences import read_documents
from tests.report.conftest import suite_of, verdict


@pytest.fixture(scope="module")
def committed(pytestconfig):
    return SuiteVerdicts.read(pytestconfig.rootpath / "reports" / "verdicts.json")


def counted(section, standing):
    return re.search(rf"^\| {standing} \| (.*) \|$", section.markdown, re.MULTILINE)[1].split(" | ")


def with_outcome(suite, id, outcome):
    claims = (dataclasses.replace(v, verdict=outcome) if v.id == id else v for v in suite.claims)
    return dataclasses.replace(suite, claims=tuple(claims))


def test_without_verdicts_there_is_no_section_and_no_headline():
    nothing = suite_of(verdict("t.py::test"))
    assert judgement(nothing) is None
    assert headline(nothing) == ""


def test_every_sentence_is_on_the_page_and_in_the_markdown(committed):
    section = judgement(committed)
    known = sum(len(document.sentences) for document in read_documents(SENTENCES))
    assert section.html.count("<p><b>") == section.markdown.count("): “") == known


def test_another_verdict_changes_the_sentence(committed):
    held, failed = (judgement(with_outcome(committed, "C8-spikes", o)) for o in (Outcome.SUPPORTED, Outcome.REFUTED))
    assert counted(held, "refuted") != counted(failed, "refuted")
    assert "**refuted** (detail, thesis §4.2.1, Figure 4.8): “Part of the reason" in failed.markdown
    assert "**holds** (detail, thesis §4.2.1, Figure 4.8): “Part of the reason" in held.markdown


def test_the_headline_counts_the_thesis_alone(committed):
    thesis = headline(committed)
    assert thesis.startswith("Of the thesis’s 119 sentences")
    assert headline(with_outcome(committed, "F4", Outcome.REFUTED)) == thesis
    assert headline(with_outcome(committed, "C2", Outcome.REFUTED)) != thesis


def test_markdown_marks_in_quotations_are_escaped(committed):
    assert r"\*\*residual connection\*\*" in judgement(committed).markdown


def test_a_case_of_a_claim_can_carry_a_finding():
    found = [
        verdict("t.py::test[batch-2]", id="C9-plain-practical", verdict=Outcome.REFUTED),
        verdict("t.py::test[batch-5]", id="C9-plain-practical", verdict=Outcome.SUPPORTED),
    ]
    assert list(sections(suite_of(*found), None)) == [], "its figure was not measured"
