"""The report's section on the journal's claims on digits, MNIST and Fashion-MNIST alike, from the records of each.

`make journal-images` writes the records of the larger images; where neither is there, the section is left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from operator import attrgetter
from pathlib import Path

from markupsafe import escape

from lrn.report import Quantities, Section, interval_text
from lrn.verdicts import Outcome, SuiteVerdicts, Verdict
from lrn.verdicts.text import markdown_text, natural_key

__all__ = ["RECORDS", "Agreement", "Compared", "compared", "on_images", "settings", "trained_on"]

RECORDS = {"MNIST": "mnist/verdicts.json", "Fashion-MNIST": "fashion-mnist/verdicts.json"}
"""By the images' name, the file of verdicts below `reports/`."""

_REPORTS = Path(__file__).parents[2] / "reports"
_DIGITS = "digits"
_FOLDER = "claims/journal/"
_MARKS = {Outcome.SUPPORTED: "✓ holds", Outcome.REFUTED: "✗ refuted", Outcome.INCONCLUSIVE: "? undecided"}


class Agreement(StrEnum):
    """How a claim ends on several sets of images."""

    HOLDS = "Holds on all of them"
    REFUTED = "Refuted on all of them"
    DIFFERS = "Holds on some, refuted on others"
    OPEN = "Undecided on at least one"


@dataclass(frozen=True)
class Compared:
    """One case of a claim, and its verdict on each set of images.

    Attributes:
        verdicts: by the images' name; images on which the claim was not checked are left out.
    """

    verdicts: Mapping[str, Verdict]

    @property
    def first(self) -> Verdict:
        """The verdict on the digits, or else on the images that come next."""
        return next(iter(self.verdicts.values()))

    def agreement(self, names: Sequence[str]) -> Agreement:
        """How it ends on the images of these names."""
        outcomes = {self.verdicts[name].verdict if name in self.verdicts else None for name in names}
        if outcomes == {Outcome.SUPPORTED}:
            return Agreement.HOLDS
        if outcomes == {Outcome.REFUTED}:
            return Agreement.REFUTED
        return Agreement.DIFFERS if {Outcome.SUPPORTED, Outcome.REFUTED} <= outcomes else Agreement.OPEN


def on_images(suite: SuiteVerdicts, reports: Path = _REPORTS) -> Section | None:
    """What holds on the digits and on larger images; None without the records, or where the suite is not of the digits.

    Args:
        suite: the verdicts on the digits.
        reports: folder of the other images' records.

    Raises:
        ValueError: a record is damaged.
    """
    suites = {_DIGITS: suite, **dict(_records(reports))}
    if len(suites) == 1 or trained_on(suite) != [_DIGITS]:
        return None
    cases = compared(suites)
    groups: dict[Agreement, list[Compared]] = {}
    for case in cases:
        groups.setdefault(case.agreement(list(suites)), []).append(case)
    groups = {agreement: groups[agreement] for agreement in Agreement if agreement in groups}
    *others, last = suites
    title = f"What holds on {', '.join(others)} and {last} alike, and what does not"
    return Section(title, _html(suites, groups), _markdown(suites, groups))


def compared(suites: Mapping[str, SuiteVerdicts]) -> list[Compared]:
    """The journal's measured claims with their verdicts by the images' name, by file and id."""
    by_test: dict[str, dict[str, Verdict]] = {}
    for name, suite in suites.items():
        for verdict in filter(_of_the_journal, suite.claims):
            if verdict.estimates or verdict.verdict is Outcome.INCONCLUSIVE:
                by_test.setdefault(verdict.test, {})[name] = verdict
    return sorted(map(Compared, by_test.values()), key=_file_id_and_test)


def settings(suite: SuiteVerdicts) -> str:
    """The networks' images and seeds, and how surely the claims were judged: "on MNIST, train 1000, test 1000; 16 to 32 seeds; …"."""
    trained = trained_on(suite)
    seeds = sorted(set(map(attrgetter("seeds"), _quantities(suite))))
    parts = [f"on {' or '.join(trained)}"] if trained else []
    parts += [f"{seeds[0]} to {seeds[-1]} seeds"] if seeds else []
    certain = f"{100 * (1 - suite.alpha):.10g} %"
    return "; ".join([*parts, f"all verdicts of this record together hold with probability at least {certain}"])


def trained_on(suite: SuiteVerdicts) -> list[str]:
    """The images, with the settings that the budget changes: "MNIST, train 1000, test 1000"."""
    images = set()
    for leaf in _quantities(suite):
        if leaf.quantity and leaf.quantity.metric == "test_accuracy":
            images.add(leaf.quantity.populations[0].partition(" on ")[2])
    return sorted(images)


def _quantities(suite: SuiteVerdicts) -> Quantities:
    """The quantities that the journal's claims measured."""
    return Quantities(replace(suite, claims=tuple(filter(_of_the_journal, suite.claims))))


def _of_the_journal(verdict: Verdict) -> bool:
    return verdict.test.startswith(_FOLDER)


def _records(reports: Path) -> Iterator[tuple[str, SuiteVerdicts]]:
    for name, file in RECORDS.items():
        if (reports / file).is_file():
            yield name, SuiteVerdicts.read(reports / file)


def _file_id_and_test(case: Compared) -> tuple[str, list[tuple[int, str]], list[tuple[int, str]]]:
    return case.first.test.partition("::")[0], natural_key(case.first.id), natural_key(case.first.test)


def _lead(groups: Mapping[Agreement, Sequence[Compared]]) -> str:
    counts = Counter(dict(zip(groups, map(len, groups.values()), strict=True)))
    total, differs = counts.total(), counts[Agreement.DIFFERS]
    differing = "1 holds on some and is" if differs == 1 else f"{differs} hold on some and are"
    return (
        f"Of {total} measured cases of the journal’s claims, {counts[Agreement.HOLDS]} hold on every set of images, "
        f"{counts[Agreement.REFUTED]} are refuted on every one, {differing} refuted on "
        f"others, and {counts[Agreement.OPEN]} others are undecided on at least one. Networks train for 12 epochs, on 256 images where "
        "no other number is named. Verdicts on sentences, elsewhere in this report, are those of the digits, which the "
        "journal did not use; it used MNIST. The larger images show how far they carry."
    )


def _cell(case: Compared, name: str) -> tuple[str, str]:
    """The verdict on these images, and the measured quantities."""
    verdict = case.verdicts.get(name)
    if verdict is None:
        return "not checked", ""
    return _MARKS.get(verdict.verdict, verdict.verdict.lower()), "; ".join(map(interval_text, verdict.estimates))


def _markdown(suites: Mapping[str, SuiteVerdicts], groups: Mapping[Agreement, Sequence[Compared]]) -> str:
    lines = [_lead(groups), ""]
    for suite in suites.values():
        lines.append(f"- {markdown_text(settings(suite))}")
    for agreement, cases in groups.items():
        lines += [
            "",
            f"### {agreement}",
            "",
            f"| id | claim | {' | '.join(suites)} |",
            "|---" * (2 + len(suites)) + "|",
        ]
        for case in cases:
            cells = [case.first.case, case.first.statement]
            for name in suites:
                cells.append(" ".join(_cell(case, name)).strip())
            lines.append(f"| {' | '.join(map(markdown_text, cells))} |")
    return "\n".join(lines)


def _html(suites: Mapping[str, SuiteVerdicts], groups: Mapping[Agreement, Sequence[Compared]]) -> str:
    items = ""
    for suite in suites.values():
        items += f"<li>{escape(settings(suite))}</li>"
    parts = [f"<p>{escape(_lead(groups))}</p>", f"<ul>{items}</ul>"]
    head = "".join(f'<th scope="col">{escape(text)}</th>' for text in ("claim", *suites))
    for agreement, cases in groups.items():
        rows = ""
        for case in cases:
            rows += _html_row(case, list(suites))
        table = (
            f'<div class="scroll" role="region" tabindex="0" aria-label="Verdicts that are: {agreement}">'
            f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
        )
        parts.append(f"<details><summary>{agreement}: {len(cases)}</summary>{table}</details>")
    return "\n".join(parts)


def _html_row(case: Compared, names: Sequence[str]) -> str:
    cells = []
    for name in names:
        mark, measured = _cell(case, name)
        cells.append(f'<td>{escape(mark)} <span class="dim">{escape(measured)}</span></td>')
    claim = f'{escape(case.first.statement)} <span class="dim">{escape(case.first.case)}</span>'
    return f'<tr><th scope="row">{claim}</th>{"".join(cells)}</tr>'
