"""Parts of a Markdown page that a command writes, between marks."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["filled"]

_BEGIN, _END = "<!-- {}: begin -->", "<!-- {}: end -->"


def filled(text: str, sections: Mapping[str, str]) -> str:
    """Returns a page in which each named section holds this text.

    Raises:
        ValueError: the page lacks the marks of a section.
    """
    for name, part in sections.items():
        begin, end = _BEGIN.format(name), _END.format(name)
        before, found, rest = text.partition(begin)
        _, found_end, after = rest.partition(end)
        if not (found and found_end):
            raise ValueError(f"the page must have the marks {begin} and {end}")
        text = f"{before}{begin}\n\n{part}\n\n{end}{after}"
    return text
