"""Small pieces of text that tables, pages and the terminal share, and other people's text made harmless.

Records, names of tests and files of networks come from elsewhere. Printed as they are they can clear the terminal or
set its title, give orders to a workflow (`::error::`), become HTML on a page, or end the program where an output
cannot write them. Whatever is shown of them goes through `visible`, `plain_text` or `markdown_text`.
"""

from __future__ import annotations

import re
import unicodedata

from lrn.verdicts._record import Outcome

__all__ = [
    "check_text",
    "duration",
    "ending",
    "markdown_text",
    "natural_key",
    "plain_text",
    "shortened",
    "visible",
    "width_of",
    "wrapped",
]


def check_text(what: str, text: str) -> str:
    """Returns a text by which something is found again: a label, the name of a metric, an id.

    Args:
        what: its name in the error's sentence.
        text: to be checked.

    Raises:
        ValueError: no file can hold it as it is; half a surrogate pair has no UTF-8.

    Example:
        >>> check_text("a label", "grün")
        'grün'
    """
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise ValueError(f"{what} must be text that can be written as UTF-8; got {text!a}") from None
    return text


def ending(outcome: Outcome, expected: Outcome) -> str:
    """Returns the outcome, with "known" or "unexpected" where it needs it.

    An outcome other than SUPPORTED that its author expects is "known". One that its author does not expect is
    "unexpected" where something else than SUPPORTED was expected.
    """
    if expected is Outcome.SUPPORTED or outcome in (Outcome.ERROR, Outcome.SKIPPED):
        return str(outcome)
    return f"{outcome}, {'known' if outcome is expected else 'unexpected'}"


def shortened(text: str, room: int) -> str:
    """Returns the text, cut to at most `room` columns of a terminal."""
    if width_of(text) <= room:
        return text
    end = len(text)
    while width_of(text[:end]) > max(room - 3, 0):
        end -= 1
    return f"{text[:end].rstrip()}..."


def wrapped(text: str, width: int, indent: str = "") -> list[str]:
    """Returns the text as lines of at most `width` columns, but for words that are longer.

    Args:
        text: one line.
        width: columns of a terminal.
        indent: what all lines but the first begin with.
    """
    start = text[: len(text) - len(text.lstrip())]
    lines, line = [], start
    for word in re.split(r"(?<=\S)( +)", text[len(start) :]):
        if line.strip() and word.strip() and width_of(line) + width_of(word) > width:
            lines.append(line.rstrip())
            line = indent
        line += word
    return [*lines, line.rstrip()]


def width_of(text: str) -> int:
    """Returns how many columns of a terminal the text takes: Chinese characters take two, accents on their own none."""
    if text.isascii():
        return len(text)
    return sum(map(_columns, text))


def duration(seconds: float) -> str:
    """Returns seconds as people say them: "0.3 s", "12 s", "3 min", "2.5 h"."""
    if seconds < 99.5:
        return f"{seconds:.1f} s" if seconds < 9.95 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def natural_key(text: str) -> list[tuple[int, str]]:
    """Returns a key to sort by, for which numbers in a text count as numbers: "C2" comes before "C10"."""
    return list(map(_key_of_part, re.split(r"([0-9]+)", text)))


def visible(text: str) -> str:
    """Returns the text with everything that cannot be seen, but line ends and tabs, as an escape.

    These are control characters, marks that reorder text or have no width, and halves of surrogate pairs.

    Example:
        >>> print(visible("a\\x1b[2Jb"))
        a\\x1b[2Jb
    """
    return text if text.isascii() and text.isprintable() else "".join(map(_visible, text))


def plain_text(text: str) -> str:
    """Returns the text on one line that a terminal, a log and a workflow take for nothing but text.

    Example:
        >>> print(plain_text("late  networks\\n::error::converge"))
        late networks \\::error::converge
    """
    line = " ".join(visible(text).split())
    # GitHub and Azure take a line that begins so for an order; another program may break lines anywhere.
    return re.sub(r"(?:(?<=\s)|^)(::|##\[|##vso)", r"\\\1", line)


def markdown_text(text: str) -> str:
    """Returns the text on one line that Markdown and HTML take for nothing but text.

    Example:
        >>> print(markdown_text("<img src=x> | *late*"))
        &lt;img src=x&gt; \\| \\*late\\*
    """
    escaped = re.sub(r"([\\`*_\[\]|#~])", r"\\\1", plain_text(text))
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _key_of_part(part: str) -> tuple[int, str]:
    if not re.fullmatch("[0-9]+", part):
        return -1, part
    digits = part.lstrip("0")  # not as a number: Python makes none of thousands of digits
    return len(digits), digits


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _visible(character: str) -> str:
    if character in "\n\t" or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"):
        return character
    return character.encode("unicode_escape").decode()
