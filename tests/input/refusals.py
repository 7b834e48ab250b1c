"""The properties that all refusals of bad input share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

__all__ = ["refused", "rows"]


def refused(call: Callable[[], Any], error: type[Exception], sentence: str) -> None:
    """The call raises that very error, and says the sentence on one line."""
    with pytest.raises(error) as caught:
        call()
    message = str(caught.value.args[0] if isinstance(caught.value, KeyError) else caught.value)
    assert caught.type is error, caught.type
    assert sentence in message
    assert "\n" not in message


def rows(*table: tuple[Callable[[], Any], type[Exception], str]) -> pytest.MarkDecorator:
    """A parametrised test: one bad call per row, with its error and the error's message."""
    return pytest.mark.parametrize(("call", "error", "sentence"), [pytest.param(*row, id=row[2]) for row in table])
