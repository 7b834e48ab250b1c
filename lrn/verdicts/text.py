"""Small pieces of text that tables, pages and the terminal share."""

from __future__ import annotations

import re

from lrn.verdicts._record import Outcome

__all__ = ["ending", "natural_key", "shortened"]


def ending(outcome: Outcome, expected: Outcome) -> str:
    """Returns the outcome, with "known" or "new" where it needs it.

    An outcome other than SUPPORTED that its author expects is "known". One that its author does not expect is "new"
    where something else than SUPPORTED was expected.
    """
    if expected is Outcome.SUPPORTED or outcome in (Outcome.ERROR, Outcome.SKIPPED):
        return str(outcome)
    return f"{outcome}, {'known' if outcome is expected else 'new'}"


def shortened(text: str, room: int) -> str:
    """Returns the text, cut to at most `room` characters."""
    return text if len(text) <= room else f"{text[: room - 3].rstrip()}..."


def natural_key(text: str) -> list[tuple[int, str]]:
    """Returns a key to sort by, for which numbers in a text count as numbers: "C2" comes before "C10"."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in re.split(r"([0-9]+)", text)]
