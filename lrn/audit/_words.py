"""Descriptions of one thing (caption, list of figures, text) that disagree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["conflicts"]


def conflicts(descriptions: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Return {field: {source: value}} for every field on which descriptions of one thing disagree.

    Args:
        descriptions: for each source ("caption", "text", …) the fields it names, such as {"depth": 10}. A
            source that is silent on a field (no entry, or None) contradicts nobody.

    Raises:
        ValueError: if there are no descriptions.
    """
    if not descriptions:
        raise ValueError("descriptions must name at least one source")
    by_field: dict[str, dict[str, Any]] = {}
    for source, fields in descriptions.items():
        for field, value in fields.items():
            if value is not None:
                by_field.setdefault(field, {})[source] = value
    conflicting = {}
    for field, by_source in by_field.items():
        first, *others = by_source.values()
        if any(value != first for value in others):
            conflicting[field] = by_source
    return conflicting
