"""The figures in the reason why a claim is known to be refuted or inconclusive are those that were measured."""

from __future__ import annotations

import dataclasses
import re
from operator import attrgetter, itemgetter

import pytest

from lrn.verdicts import MeasuredQuantity, Outcome, Verdict


def listed(number):
    """A pattern of one number, or of several as in "2, 5 and 10"."""
    return rf"{number}(?:(?:,| and| to| or) {number})*"


# Settings and the documents' own figures, which a reason names rather than measures.
CITED = re.compile(
    r"(?:Figures?|Tables?|§|[Ll]earning rates?(?: of)?) ?"
    + listed(r"\d+(?:\.\d+)*")
    + r"|(?:[Dd]epths?|[Ww]idths?) "
    + listed(r"\d+(?![\d.]*\d)")
)
FIGURE = re.compile(
    r"(?P<told>(?:about|against) )?"
    r"(?P<number>\d(?:[\d,]*\d)?(?:\.\d+)?(?:e[+-]?\d+)?)"
    r"(?P<unit> ?%| (?:in|of) 1,?000\b)?"
)
NUMBER = re.compile(r"\d|\b(?:one|two|three|four|five|six|seven|eight|nine|ten|twenty|half|twice|none|every)\b")
INTERVAL = re.compile(r"\[(-?inf|-?[\d.]+(?:e[+-]?\d+)?), (inf|-?[\d.]+(?:e[+-]?\d+)?)\]")
SCALE = {"": 1.0, "%": 100.0, "1000": 1000.0}


def figures(reason):
    """[(text, smallest, largest)]: a reason's measured figures, and what would be rounded to each.

    Figures are decimals, numbers with an exponent, shares ("3 %", "6 in 1000"), and whole numbers after "about" or
    "against", whose closing zeros count as rounded. Signs are left out: a reason says "less" or "falls".
    """
    for match in FIGURE.finditer(CITED.sub("", reason)):
        number, unit = match["number"].replace(",", ""), (match["unit"] or "").replace(",", "").split(" ")[-1]
        digits, _, exponent = number.partition("e")
        if not (unit or match["told"] or "." in number or exponent):
            continue
        rounded = len(digits.partition(".")[2]) - int(exponent or 0)
        if digits == number and "." not in number and not unit:
            rounded = len(number.rstrip("0")) - len(number)
        half = 0.5 * 10.0**-rounded
        yield match[0], (float(number) - half) / SCALE[unit], (float(number) + half) / SCALE[unit]


def intervals(verdicts):
    """The intervals of all quantities that the cases measured or compared, with both signs."""
    for verdict in verdicts:
        for quantity in verdict.estimates:
            for measured in (quantity, *quantity.leaves):
                yield measured.low, measured.high
                yield -measured.high, -measured.low
        for ends in INTERVAL.findall(verdict.reason):
            low, high = map(float, ends)
            yield low, high
            yield -high, -low


def unmeasured(reason, verdicts):
    """The figures of a reason that lie in none of the intervals."""
    measured, texts = list(intervals(verdicts)), []
    for text, smallest, largest in figures(reason):
        if not any(low <= largest and smallest <= high for low, high in measured):
            texts.append(text)
    return texts


def known_by_measurement(cases):
    """{(test function, reason): the recorded verdicts of the cases that share it}, where they measured anything."""
    groups = {}
    for case in cases:
        if case.known and case.verdict and case.verdict.estimates:
            groups.setdefault((case.test.partition("[")[0], case.known), []).append(case.verdict)
    return groups


def test_every_figure_in_a_reason_was_measured(project_cases):
    groups = known_by_measurement(project_cases)
    assert groups
    for (test, reason), verdicts in groups.items():
        assert unmeasured(reason, verdicts) == [], (test, reason)


def test_every_reason_that_rests_on_measurement_has_a_figure(project_cases):
    for test, reason in known_by_measurement(project_cases):
        assert NUMBER.search(CITED.sub("", reason)), (test, reason)


def test_the_record_ends_as_the_claims_say(project_cases):
    recorded = list(filter(attrgetter("verdict"), project_cases))
    assert recorded
    for case in recorded:
        assert case.outcome is case.expected, case.id


# ---- The checks themselves ----

ONE = Verdict("C", "a.py::test_a", "s", "", "", "", Outcome.REFUTED, Outcome.REFUTED, "", "", 1)


def measured(*ends, reason=""):
    estimates = tuple(MeasuredQuantity(f"q{i}", "q", low, low, high, 9, 64) for i, (low, high) in enumerate(ends))
    return dataclasses.replace(ONE, estimates=estimates, reason=reason)


@pytest.mark.parametrize(
    ("reason", "texts"),
    [
        (
            "about 0.66 against 0.41 at depth 2, and 3.4 to 3.6 against 2.0 at 5",
            "about 0.66|against 0.41|3.4|3.6|against 2.0",
        ),
        ("at depth 2, 6.2 against 5.5 at 5", "6.2|against 5.5"),
        ("8e-4 and 3.5e-05", "8e-4|3.5e-05"),
        ("about 30 % converge; Figure 4.9 itself reports three of ten", "about 30 %"),
        (
            "in 3 of 1000 at depths 2, 5 and 10; Figures 4.3, 4.6 and 4.18; §4.2; a learning rate of 0.1",
            "3 of 1000",
        ),
        ("faster at learning rate 0.1: a median of about 2,100 epochs against 850", "about 2,100|against 850"),
        ("0.049 [0.036, 0.065] at 8,192 seeds", "0.049|0.036|0.065"),
        ("no figure at depth 10", ""),
    ],
)
def test_the_figures_of_a_reason_are_found(reason, texts):
    assert "|".join(map(itemgetter(0), figures(reason))) == texts


@pytest.mark.parametrize(
    ("reason", "low", "high"),
    [
        ("0.41", 0.405, 0.415),
        ("2.0", 1.95, 2.05),
        ("about 30 %", 0.295, 0.305),
        ("0.4 %", 0.0035, 0.0045),
        ("6 in 1000", 0.0055, 0.0065),
        ("8e-4", 0.00075, 0.00085),
        ("3.5e-05", 3.45e-5, 3.55e-5),
        ("about 2100 epochs", 2050, 2150),
        ("about 37 epochs", 36.5, 37.5),
    ],
)
def test_a_figure_stands_for_what_rounds_to_it(reason, low, high):
    ((_, smallest, largest),) = figures(reason)
    assert (smallest, largest) == pytest.approx((low, high), rel=1e-9)


def test_a_figure_outside_every_interval_is_found():
    cases = [measured((0.6, 0.7)), measured((0.2, 0.3), (-0.05, -0.04))]
    assert unmeasured("0.65 against 0.25, less by 0.045", cases) == []
    assert unmeasured("0.65 against 0.35", cases) == ["against 0.35"]
    assert unmeasured("71 % against 0.25", cases) == ["71 %"]
    assert unmeasured("0.7 at first", [measured((0.71, 0.74))]) == [], "it is 0.7 when rounded"
    assert unmeasured("0.70 at first", [measured((0.71, 0.74))]) == ["0.70"]


def test_what_was_compared_counts_as_measured():
    assert unmeasured("a chance of about 0.42", [measured((0.04, 0.06))]) == ["about 0.42"]
    reason = "0.4175 [0.3547, 0.4821] > 0.5"
    assert unmeasured("a chance of about 0.42", [measured((0.04, 0.06), reason=reason)]) == []
    assert unmeasured("1e-3 more", [measured((1, 2), reason="0.001 [3.9e-04, inf] > 2")]) == []
