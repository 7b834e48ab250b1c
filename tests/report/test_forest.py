"""The forest plot: the thesis's figures with the intervals of its few runs, beside ours."""

from __future__ import annotations

import re
from itertools import chain
from operator import attrgetter

import numpy as np
import pytest
from scipy import stats

from claims.documents import THESIS
from claims.thesis.report.context import Context
from claims.thesis.report.exact_difference import difference_interval
from claims.thesis.report.forest import SCALES, STATEMENTS, Published, forest, word
from lrn.verdicts import SuiteVerdicts
from lrn.verdicts.sentences import Weight
from tests.report.conftest import suite_of, verdict


@pytest.fixture(scope="module")
def committed(pytestconfig):
    return SuiteVerdicts.read(pytestconfig.rootpath / "reports" / "verdicts.json")


def figure(low, high):
    return Published("", (low + high) / 2, low, high)


@pytest.mark.parametrize(
    ("published", "measured", "line", "words"),
    [
        (figure(0.1, 0.5), (0.2, 0.9), 0.0, "agrees"),
        (figure(-0.5, -0.1), (-0.3, -0.01), 0.0, "agrees"),
        (figure(0.1, 0.5), (-0.3, -0.01), 0.0, "opposite"),
        (figure(-0.1, 0.5), (0.2, 0.9), 0.0, "too few to tell"),
        (figure(0.1, 0.5), (-0.2, 0.9), 0.0, "not decided"),
        (figure(0.26, 0.88), (0.501, 0.607), 0.5, "too few to tell"),
        (figure(0.53, 0.77), (0.501, 0.629), 0.5, "agrees"),
        (None, (0.2, 0.9), 0.0, "not published"),
    ],
)
def test_the_word_follows_from_both_intervals(published, measured, line, words):
    assert word(published, *measured, line) == words


CENTRAL = [sentence for sentence in THESIS.document.sentences if sentence.weight is Weight.CENTRAL]


def test_every_central_sentence_has_a_row_and_no_other_has():
    shown = list(chain.from_iterable(map(attrgetter("sentences"), STATEMENTS)))
    assert sorted(shown) == sorted(map(attrgetter("id"), CENTRAL))


def test_every_central_sentence_has_a_title_of_its_own():
    titles = list(map(attrgetter("title"), CENTRAL))
    assert all(titles)
    assert len(set(titles)) == len(titles)


def test_a_row_is_called_by_the_title_of_its_sentence(committed):
    section = forest(Context(committed, None))
    for statement in STATEMENTS:
        for id in statement.sentences:
            assert f'<a href="#thesis/{id}">{THESIS[id].title}</a>' in section.html


def test_every_group_says_what_its_pictures_span(committed):
    html = forest(Context(committed, None)).html
    groups = set(map(attrgetter("group"), STATEMENTS))
    for group in groups:
        assert f"{group} <span" in html
    assert set(SCALES) == groups


def test_every_row_was_measured(committed):
    section = forest(Context(committed, None))
    assert section.html.count("<svg") == len(STATEMENTS)
    assert section.markdown.count("\n| ") == len(STATEMENTS) + 1
    assert section.first


def test_the_title_counts_the_words(committed):
    section = forest(Context(committed, None))
    title = re.search(r"<h3[^>]*>(\d+) of (\d+) published figures agree", section.html)
    words = re.findall(r'class="word w-[^"]*">([^<]*)<', section.html)
    assert words.count("agrees") == int(title[1])
    assert len(words) - words.count("not published") == int(title[2])


def test_nothing_is_drawn_of_what_was_not_measured():
    assert forest(Context(suite_of(verdict("t.py::test")), None)) is None


@pytest.mark.parametrize("rates", [(0.55, 0.0), (0.5, 0.3), (0.05, 0.02), (0.9, 0.95), (0.3, 0.3)])
def test_the_interval_of_a_difference_misses_as_seldom_as_it_says(rates):
    chances = stats.binom.pmf(np.arange(11), 10, np.reshape(rates, (2, 1)))
    held = 0.0
    for a in range(11):
        for b in range(11):
            low, high = difference_interval(a, 10, b, 10, 0.05)
            held += chances[0][a] * chances[1][b] * (low <= rates[0] - rates[1] <= high)
    assert held >= 0.95


def test_the_interval_of_a_difference_agrees_with_the_exact_test():
    """Boschloo's and Barnard's tests find six of ten against none, and not three of ten against none."""
    assert difference_interval(6, 10, 0, 10, 0.05)[0] > 0
    assert difference_interval(3, 10, 0, 10, 0.05)[0] <= 0
    assert difference_interval(0, 10, 6, 10, 0.05)[1] < 0


def test_many_runs_have_the_interval_of_both_rates_subtracted():
    low, high = difference_interval(39, 70, 6, 70, 0.05)
    assert low == pytest.approx(0.2256, abs=1e-3)
    assert high == pytest.approx(0.6636, abs=1e-3)
