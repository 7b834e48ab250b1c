"""Cases of a claim as parameters of its test."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest

__all__ = ["marked"]


def marked(cases: Iterable[tuple[Any, ...]], marks: Mapping[tuple[Any, ...], pytest.MarkDecorator]) -> list[Any]:
    """The cases for `pytest.mark.parametrize`, each with its mark if it has one.

    Args:
        cases: the values of each case, a tuple also where there is only one.
        marks: the marks by case, such as `pytest.mark.refuted(…)` for a case that is known to be false.
    """
    return [pytest.param(*case, marks=marks.get(case, ())) for case in cases]
