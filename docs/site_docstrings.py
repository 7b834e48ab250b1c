"""How the documentation site reads docstrings: the section `Example:` holds doctests, as griffe's `Examples:` does."""

from __future__ import annotations

import re
from typing import Any

import griffe


class Examples(griffe.Extension):
    """Renames the section before griffe takes it for a remark."""

    def on_instance(self, *, obj: griffe.Object, **_: Any) -> None:
        """Runs for every object that griffe has read."""
        if obj.docstring is not None:
            obj.docstring.value = re.sub(r"^( *)Example:$", r"\1Examples:", obj.docstring.value, flags=re.MULTILINE)
