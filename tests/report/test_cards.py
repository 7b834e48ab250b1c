"""Sentences on the page, in the Markdown and on the badge agree with the verdicts."""

from __future__ import annotations

import html
import json
import re

import pytest

from lrn.report import documents_of, headline, judgement, write_report
from lrn.report._judgement import is_slip, opinion
from lrn.verdicts import Outcome
from tests.changed_verdicts import change_claim
from tests.report.conftest import RATE, suite_of, verdict

PAPER = """
[document]
name = "paper"
title = "A. Author, A Paper (2020)"
link = "https://example.org/paper"

[[sentence]]
id = "heads"
section = "§1.2, Figure 3"
quote = "Coins **mostly** land on heads ($>50$ %)."
weight = "central"
note = "A note on <coins>."
readings = [
  { words = "some coins do", claims = ["X1"] },
  { words = "all coins do", claims = ["X2"] },
]

[[sentence]]
id = "spots"
title = "spotted dice"
section = "§2"
quote = "Dice have spots."
weight = "central"
readings = [{ words = "all dice", claims = ["X3[2]"] }]

[[sentence]]
id = "caption"
section = "§2"
quote = "Figure 7 shows a coin."
weight = "detail"
readings = [{ words = "as its caption says", claims = ["X4"], own = true }]

[[ours]]
about = "why coins land"
claims = ["O*"]
"""
NOTE = """
[document]
name = "note"
title = "A note"

[[sentence]]
id = "edge"
section = "§1"
quote = "Coins stand on their edge."
weight = "central"
readings = [{ words = "ever", claims = ["Y1"] }]
"""
VERDICTS = (
    verdict("s/test_a.py::test_some", id="X1"),
    verdict("s/test_a.py::test_all", Outcome.REFUTED, id="X2", known="a medal does not"),
    verdict("s/test_a.py::test_dice[1]", Outcome.REFUTED, id="X3"),
    verdict("s/test_a.py::test_dice[2]", id="X3"),
    verdict("s/test_a.py::test_caption", Outcome.REFUTED, id="X4", estimates=(), known="it shows a die"),
    verdict("s/test_b.py::test_edge", Outcome.REFUTED, id="Y1"),
    verdict("s/test_o.py::test_ours", id="O1"),
)


@pytest.fixture
def folder(tmp_path):
    sentences = tmp_path / "s" / "sentences"
    sentences.mkdir(parents=True)
    (sentences / "paper.toml").write_text(PAPER)
    (sentences / "a_note.toml").write_text(NOTE)
    return tmp_path / "s"


@pytest.fixture
def written(folder, tmp_path):
    def write(*verdicts, **settings):
        suite = suite_of(*verdicts, **settings)
        path = write_report(suite, None, tmp_path / "out", root=tmp_path, suite=folder)
        return path.read_text(), path.with_name("REPRODUCTION.md").read_text(), path.with_name("badge.json").read_text()

    return write


def words(text):
    body = re.sub(r"<(style|script)>.*?</\1>", "", text, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


def card(page, address):
    return words(re.search(rf'<article class="card [^>]* id="{address}".*?</article>', page, re.DOTALL)[0])


def ended(id, outcome):
    return change_claim(suite_of(*VERDICTS), id, verdict=outcome, expected=outcome).claims


def test_the_first_sentence_counts_the_sentences_of_the_largest_document(written):
    page, markdown, badge = written(*VERDICTS)
    sentence = (
        "The paper holds up in part: of its 3 checked sentences 1 holds as written, 1 is overstated and 1 stands "
        "against its own table. Of the 2 it stands on, 1 holds as written and 1 is overstated; none is refuted."
    )
    assert sentence in words(page)
    assert f"**{sentence}**" in markdown
    assert json.loads(badge)["message"] == "1 of 3 sentences hold"
    assert "claims hold" not in words(page)
    assert "claims hold" not in markdown


def test_another_verdict_changes_page_markdown_and_badge(written):
    page, markdown, badge = written(*ended("X2", Outcome.SUPPORTED))
    sentence = "The paper holds up: of its 3 checked sentences 2 hold as written and 1 stands against its own table."
    assert sentence in words(page)
    assert sentence in markdown
    assert json.loads(badge)["message"] == "2 of 3 sentences hold"


@pytest.mark.parametrize(
    ("ends", "words_"),
    [
        ({"X1": "S", "X2": "S", "X3": "S"}, "holds up"),
        ({"X1": "S", "X2": "R", "X3": "S"}, "holds up in part"),
        ({"X1": "S", "X2": "I", "X3": "S"}, "holds up as far as it is decided"),
        ({"X1": "I", "X2": "I", "X3": "I"}, "is undecided"),
        ({"X1": "I", "X2": "I", "X3": "R"}, "does not hold up"),
        ({"X1": "R", "X2": "R", "X3": "S"}, "does not hold up"),
        ({"X1": "R", "X2": "R", "X3": "R"}, "does not hold up"),
    ],
)
def test_whether_a_document_holds_up_follows_from_what_it_stands_on(folder, ends, words_):
    outcomes = {"S": Outcome.SUPPORTED, "R": Outcome.REFUTED, "I": Outcome.INCONCLUSIVE}
    suite = suite_of(*VERDICTS)
    for id, end in ends.items():
        suite = change_claim(suite, id, verdict=outcomes[end])
    (paper, _) = documents_of(suite, folder)
    assert opinion(paper) == words_


def test_a_document_largely_holds_up_if_most_of_what_it_stands_on_does_and_nothing_is_refuted(folder):
    third = PAPER[PAPER.index('[[sentence]]\nid = "spots"') : PAPER.index('[[sentence]]\nid = "caption"')]
    third = third.replace("spots", "third").replace("X3[2]", "X1")
    (folder / "sentences" / "paper.toml").write_text(PAPER + third)
    (paper, _) = documents_of(suite_of(*VERDICTS), folder)
    assert opinion(paper) == "largely holds up"
    (paper, _) = documents_of(suite_of(*ended("X1", Outcome.REFUTED)), folder)
    assert opinion(paper) != "largely holds up"


def test_a_card_has_quotation_readings_numbers_weight_and_why(written):
    page, _, _ = written(*VERDICTS)
    text = card(page, "paper/heads").replace("\u00a0", " ")
    assert "△ overstated central paper §1.2, Figure 3" in text
    assert "Coins mostly land on heads (>50 %)." in text
    assert text.index("✓ holds measured some coins do") < text.index("✗ refuted measured all coins do")
    assert "25.0 % [12.5, 50.0] , 256 seeds" in text
    assert "a medal does not" in text
    assert "A note on <coins>." in text


def test_a_paraphrase_is_not_shown_as_a_quotation(written, folder):
    text = PAPER.replace('quote = "Dice have spots."', 'paraphrase = "dice are spotted"')
    (folder / "sentences" / "paper.toml").write_text(text)
    page, markdown, _ = written(*VERDICTS)
    assert "In our words: dice are spotted" in card(page, "paper/spots")
    assert "<q>dice are spotted</q>" not in page
    assert "(central, paper §2): in our words, dice are spotted\n" in markdown
    assert "“dice are spotted”" not in markdown


def test_what_holds_has_the_same_card_as_what_does_not(written):
    page, _, _ = written(*VERDICTS)
    text = card(page, "paper/spots").replace("\u00a0", " ")
    assert "✓ holds central paper §2" in text
    assert "all dice" in text
    assert "25.0 % [12.5, 50.0] , 256 seeds" in text


def test_central_sentences_are_named_by_their_titles_else_by_their_ids(written):
    page, markdown, _ = written(*VERDICTS)
    names = re.search(r'<ul class="names">.*?</ul>', page, re.DOTALL)[0]
    assert words(names) == "✓ holds: spotted dice △ overstated: heads"
    assert "- *holds*: spotted dice\n- *overstated*: heads\n" in markdown


def test_the_markdown_says_what_it_is_about_and_how_much_was_measured(written):
    _, markdown, _ = written(*VERDICTS)
    assert "- About: [A. Author, A Paper (2020)](https://example.org/paper)" in markdown
    assert re.search(r"- Measured: 1 quantity over 256 seeds, by lrn \d", markdown)


@pytest.mark.parametrize("estimates", [(RATE,), ()])
def test_reasons_that_differ_stand_each_at_its_case(written, estimates):
    def refuted(number, known):
        test = f"s/test_a.py::test_all[{number}]"
        return verdict(test, Outcome.REFUTED, id="X2", known=known, estimates=estimates)

    others = [v for v in VERDICTS if v.id != "X2"]
    page, _, _ = written(*others, refuted(1, "a medal does not"), refuted(2, "a plate does not"))
    first, second = re.findall(r"<li><a href=\"#X2/\d\">.*?</li>", page)
    assert words(first).startswith("1")
    assert "medal" in first
    assert "plate" not in first
    assert words(second).startswith("2")
    assert "plate" in second


def test_slips_stand_apart_from_what_is_contested(written, folder):
    (paper, _) = documents_of(suite_of(*VERDICTS), folder)
    (slip,) = filter(is_slip, paper.sentences)
    assert slip.sentence.id == "caption"
    page, markdown, _ = written(*VERDICTS)
    order = re.findall(r'id="(contested|slips|holds|paper/(?:heads|caption|spots))"', page)
    assert order == ["contested", "paper/heads", "slips", "paper/caption", "holds", "paper/spots"]
    assert markdown.index("Contested: 1") < markdown.index("Slips") < markdown.index("What holds: 1")


def test_other_documents_and_our_own_statements_are_not_added_in(written):
    page, _, _ = written(*VERDICTS)
    text = words(page)
    assert "1 refuted; not added in" in text
    assert "1 claim with 1 case: 1 supported; they count for or against no document" in text
    other, _, _ = written(*ended("Y1", Outcome.SUPPORTED))
    assert re.search(r"The paper .*?refuted\.", words(other))[0] == re.search(r"The paper .*?refuted\.", text)[0]


def test_a_card_links_to_its_cases(written):
    page, _, _ = written(*VERDICTS)
    part = re.search(r'id="paper/spots".*?</article>', page, re.DOTALL)[0]
    assert 'href="#X3/2"' in part
    assert 'href="#X3/1"' not in part


def test_a_part_of_a_suite_and_missing_sentences(written, folder):
    page, _, _ = written(*VERDICTS[:3], complete=False)
    assert "This is a part of the suite" in words(page)
    assert documents_of(suite_of(verdict("t.py::test", id="Z")), folder) == []
    assert documents_of(suite_of(*VERDICTS), None) == []
    assert headline(suite_of(*VERDICTS), []) == "3 of 7 claims hold; 4 are refuted, 0 undecided."


def test_texts_of_sentences_become_no_markup(written, folder):
    evil = "<script>alert(1)</script> & [a](b)"
    changed = PAPER.replace("Dice have spots.", evil).replace("all dice", evil).replace("A. Author", "<b>A</b>")
    (folder / "sentences" / "paper.toml").write_text(changed)
    page, markdown, _ = written(*VERDICTS)
    assert page.count("<script") == 1
    assert "<b>A</b>" not in page
    assert r"&lt;script&gt;alert(1)&lt;/script&gt; &amp; \[a\](b)" in markdown


def test_the_judgement_of_the_committed_record_is_that_of_the_thesis(pytestconfig):
    from lrn.verdicts import SuiteVerdicts

    suite = SuiteVerdicts.read(pytestconfig.rootpath / "reports" / "verdicts.json")
    documents = documents_of(suite, pytestconfig.rootpath / "claims")
    assert documents[0].document.name == "thesis"
    assert judgement(documents[0]).startswith(
        f"The thesis largely holds up: of its {len(documents[0].sentences)} checked"
    )


def test_open_sentences_stand_apart_from_what_is_contested(written):
    page, markdown, _ = written(*ended("X3", Outcome.INCONCLUSIVE))
    text = words(page)
    assert "Open: 1 sentence is neither confirmed nor contested" in text
    assert "Contested: 1 sentence that does" in text
    assert page.index('id="open"') < page.index('id="paper/spots"') < page.index('id="slips"')
    assert page.index('id="contested"') < page.index('id="paper/heads"') < page.index('id="open"')
    assert 'href="#open"' in page
    assert markdown.index("#### Contested: 1") < markdown.index("#### Open") < markdown.index("Dice have spots")
    without, plain, _ = written(*VERDICTS)
    assert 'id="open"' not in without
    assert "#### Open" not in plain
