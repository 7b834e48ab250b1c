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
        before, begin_mark, rest = text.partition(begin)
        _, end_mark, after = rest.partition(end)
        if not (begin_mark and end_mark):
            raise ValueError(f"the page must have the marks {begin} and {end}")
        text = f"{before}{begin}\n\n{part}\n\n{end}{after}"
    return text
