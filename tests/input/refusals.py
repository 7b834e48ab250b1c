"""What every refusal of bad input has in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

__all__ = ["refused", "rows"]


def refused(call: Callable[[], Any], error: type[Exception], sentence: str) -> None:
    """The call raises that very error, and says the sentence on one line."""
    with pytest.raises(error) as caught:
        call()
    said = str(caught.value.args[0] if isinstance(caught.value, KeyError) else caught.value)
    assert caught.type is error, caught.type
    assert sentence in said
    assert "\n" not in said


def rows(*table: tuple[Callable[[], Any], type[Exception], str]) -> pytest.MarkDecorator:
    """A parametrised test: a bad call a row, with its error and what that says."""
    return pytest.mark.parametrize(("call", "error", "sentence"), [pytest.param(*row, id=row[2]) for row in table])
