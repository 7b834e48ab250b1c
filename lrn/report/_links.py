"""Running text with numbers that link to where they stand: `[55.0 %](#C2/30-batch)`."""

from __future__ import annotations

import re
from html import escape

__all__ = ["link_to", "linked_html", "linked_text"]

_LINK = re.compile(r"\[([^\]\n]+)\]\(#([^)\s]+)\)")


def link_to(text: str, address: str) -> str:
    """A text that links to an address of the page, as `linked_html` and `linked_text` read it.

    Example:
        >>> link_to("55.0 %", "C2/30-batch")
        '[55.0 %](#C2/30-batch)'
    """
    return f"[{text}](#{address})"


def linked_html(text: str) -> str:
    """The text as HTML, its links as elements, all else escaped.

    Example:
        >>> linked_html("a & [b](#C2)")
        'a &amp; <a class="cite" href="#C2">b</a>'
    """
    return _LINK.sub(r'<a class="cite" href="#\2">\1</a>', escape(text))


def linked_text(text: str) -> str:
    """The text without its links.

    Example:
        >>> linked_text("a [b](#C2)")
        'a b'
    """
    return _LINK.sub(r"\1", text)
