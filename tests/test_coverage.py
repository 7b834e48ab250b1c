"""Every sentence to be checked has a claim, and every claim belongs to a sentence."""

from __future__ import annotations

import tomllib
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

COVERAGE = tomllib.loads((Path(__file__).parents[1] / "claims" / "coverage.toml").read_text(encoding="utf-8"))


def patterns(entry):
    return entry.get("claims", [entry["id"], f"{entry['id']}-*"])


def homes(claims, coverage):
    """{claim id: the row or group it belongs to, or None}, an exact name before a pattern."""
    entries = [*coverage["row"], *coverage["group"]]
    exact = {pattern: entry["id"] for entry in entries for pattern in patterns(entry) if "*" not in pattern}
    wild = [(pattern, entry["id"]) for entry in entries for pattern in patterns(entry) if "*" in pattern]
    return {
        claim: exact.get(claim) or next((id for pattern, id in wild if fnmatchcase(claim, pattern)), None)
        for claim in claims
    }


def faults(claims, coverage):
    """What is wrong with the list or with the claims, one sentence each."""
    home = homes(claims, coverage)
    checked = set(home.values())
    for claim, row in home.items():
        if row is None:
            yield f"claim {claim} belongs to no row of coverage.toml"
    for row in coverage["row"]:
        if row["id"] not in checked:
            yield f"row {row['id']} has no claim"


def test_every_sentence_is_checked_and_every_claim_has_a_sentence(project_cases):
    assert list(faults({case.claim for case in project_cases}, COVERAGE)) == []


def test_the_list_has_every_sentence_once_with_its_words():
    rows = [row["id"] for row in COVERAGE["row"]]
    counts = {"A": 8, "B": 4, "C": 20, "D": 7, "F": 9, "G": 5}  # C counts from 0
    for group, count in counts.items():
        numbers = sorted({int(row.partition("-")[0][1:]) for row in rows if row[0] == group})
        assert set(range(group != "C", count + (group != "C"))) <= set(numbers), "the list is a floor"
    assert len(set(rows)) == len(rows)
    for row in COVERAGE["row"]:
        assert set(row) <= {"id", "source", "quotes", "claims"}, row["id"]
        assert row["source"].split()[0].rstrip(",") in ("thesis", "journal", "note"), row["id"]
        assert row["quotes"], row["id"]
        assert all(quote.strip() for quote in row["quotes"]), row["id"]


SMALL = {
    "row": [
        {"id": "A1", "claims": ["A1"]},
        {"id": "A1-more", "claims": ["A1-*"]},
        {"id": "C1"},
    ],
    "group": [{"id": "O"}],
}
SMALL_CLAIMS = {"A1", "A1-second", "C1-literal", "C1-practical", "O-why"}


@pytest.mark.parametrize(
    ("added", "removed", "fault"),
    [
        ({"C10"}, set(), "claim C10 belongs to no row of coverage.toml"),
        ({"Q1-new"}, set(), "claim Q1-new belongs to no row of coverage.toml"),
        (set(), {"C1-literal", "C1-practical"}, "row C1 has no claim"),
        (set(), {"A1"}, "row A1 has no claim"),
        (set(), {"A1-second"}, "row A1-more has no claim"),
    ],
)
def test_a_gap_between_list_and_claims_is_found(added, removed, fault):
    assert list(faults(SMALL_CLAIMS, SMALL)) == []
    assert list(faults((SMALL_CLAIMS | added) - removed, SMALL)) == [fault]
