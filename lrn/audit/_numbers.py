"""Reads numbers the way papers print them: "5.27*", "−1.5", "71 %", "(1.2)", "94.0 ± 0.3", ".05", "1,234.5".

Nothing ambiguous is guessed: "1,234" is a thousand in one country and a little over one in another, so it is
refused until `decimal` says which.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache

__all__ = ["Printed", "is_missing", "parse_number", "several"]

_LONGEST = 1000  # digits that arithmetic on exact numbers takes in its stride

_MINUS = re.compile(r"[\u2212\u2013\u2014\u2012\ufe63\uff0d\u2010\u2011](?=\s*[\d.,·∙])")
_SPACES = re.compile(r"[\s\u00a0\u2007\u2009\u200a\u202f\u3000]+|\\[,;: ]|~")
_LATEX_COMMAND = re.compile(r"\\(?:textbf|textit|mathbf|mathit|mathrm|underline|emph|bm|boldsymbol|text|uline|num)\b")
_SUPERSCRIPTS = "⁰¹²³⁴⁵⁶⁷⁸⁹ᵃᵇᶜᵈᵉᶠᵍʰⁱʲᵏˡᵐⁿᵒᵖʳˢᵗᵘᵛʷˣʸᶻ"
_MARKS = re.compile(
    rf"(?:\s*(?:[*†‡§¶#★☆∗⋆{_SUPERSCRIPTS}]|\^\{{?[^\s{{}}%\d+-]{{1,5}}\}}?|(?<=[\d%)*])\s?[a-d](?:,\s?[a-d])*(?![\w.])))+\s*$"
)
_INNER_MARKS = re.compile(rf"(?<=[\d%)])\s*(?:[*†‡§¶#{_SUPERSCRIPTS}]+|[a-d](?:,[a-d])*)(?=\s*(?:±|[(\[{{]))")
_LABEL = re.compile(r"^(?:[A-Za-zΔαβηχ][\w-]*\s*)?(<=|>=|[=<>≤≥≦≧⩽⩾])\s*")
_NUMBER = (
    r"[+-]?\s*(?:[\d.,·∙]|(?<=\d)[ '’](?=\d{3}))*\d(?:\.(?!\d))?(?:\s*(?:[eE]|[×x·*]\s*10\s*\^?)\s*\{?[+-]?\d+\}?)?"
)
_PERCENT = re.compile(r"\s*(?:%|％|﹪|\bper\s?cent\b|\bpct\b\.?)\s*$", re.IGNORECASE)
_WHOLE = re.compile(rf"^({_NUMBER})$")
_PAIR = re.compile(rf"^({_NUMBER})\s*(%?)\s*(±|[(\[](?:\s*(?:±|SD\b\s*=?))?)\s*({_NUMBER})\s*(%?)\s*([)\]]?)\s*(%?)$")
_POWER = re.compile(r"^(.*?)\s*(?:[eE]|[×x·*]\s*10\s*\^?)\s*\{?([+-]?\d+)\}?$")
_RAISED = str.maketrans("⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "+-0123456789")
_RELATIONS = {"≤": "<=", "≦": "<=", "⩽": "<=", "≥": ">=", "≧": ">=", "⩾": ">="}
_MISSING = re.compile(r"^[-\u2013\u2014\u2012\u2212./\\]*$|^(?:n\.?/?a\.?|nan|none|null|missing|dnf)$", re.IGNORECASE)


@dataclass(frozen=True)
class Printed:
    """A printed number.

    Attributes:
        text: as printed.
        value: the exact number that the digits make up; of "71 %" it is 71.
        decimals: how many are printed; negative where "1.2e3" says hundreds.
        percent: whether a percent sign stands by it.
        relation: "=", or "<", "<=", ">", ">=" as in "< .001".
        minus: whether a minus sign is printed, as in "-0.00".
        spread: the number behind "±" or in parentheses, as in "94.0 ± 0.3", "5.27 (1.43)" and "5.27 (SD = 1.43)";
            else None.
        plus_minus: whether the spread stands behind "±", which may be an SD or a standard error.
    """

    text: str
    value: Fraction
    decimals: int
    percent: bool = False
    relation: str = "="
    minus: bool = False
    spread: Printed | None = None
    plus_minus: bool = False

    def with_decimals(self, decimals: int) -> Printed:
        """Return the same number, known to be rounded to `decimals` (a table that drops trailing zeros)."""
        if decimals < self.decimals:
            raise ValueError(f"{self.text!r} has {self.decimals} decimals, more than decimals = {decimals}")
        return replace(self, decimals=decimals)


def several(name: str, texts: Iterable[str]) -> list[str]:
    """Return the texts as a list; one text in place of several is refused, for it would fall into characters."""
    if isinstance(texts, str) or not isinstance(texts, Iterable):
        raise TypeError(f"{name} must be several numbers as text, such as ['1.2', '3.4']; got {texts!r}")
    return list(texts)


def is_missing(text: str) -> bool:
    """Say whether a cell is empty, a dash, or "n/a"."""
    return bool(_MISSING.match(text.strip()))


def parse_number(text: str, decimal: str | None = None) -> Printed:
    """Read one number as a paper prints it.

    Understood are signs of every kind, "71 %", "5.27*", "5.27ᵃ", "(1.2)", ".05", "1,234.5", "1 234.5", "5·27",
    "5,27", "1.2e-3", "1.2 × 10^-3", "< .001", "p = .03", "94.0 ± 0.3", "5.27 (1.43)", "$94.0_{\\pm 0.3}$" and bold
    type in LaTeX or Markdown.

    Args:
        text: the number as printed.
        decimal: "." or ",", the table's decimal mark, where a number such as "1,234" leaves it open.

    Returns:
        The number, with its decimals, percent sign, relation and spread.

    Raises:
        TypeError: if `text` is not text.
        ValueError: if it is not a number, or can be read as two.

    Example:
        >>> parse_number("−94.0 ± 0.3 %").spread.value
        Fraction(3, 10)
        >>> parse_number("5.27*").decimals
        2
    """
    if not isinstance(text, str):
        raise TypeError(f"a number must be given as text, as printed, such as '0.40', not {text!r}")
    if decimal not in (None, ".", ","):
        raise ValueError(f"decimal must be '.' or ','; got {decimal!r}")
    return _parse(text, decimal)


@lru_cache(maxsize=4096)  # tables repeat themselves
def _parse(text: str, decimal: str | None) -> Printed:
    plain, relation = _without_label(_plain(text))
    pair = _PAIR.match(plain)
    if pair:
        return _pair(text, pair, relation, decimal)
    percent = bool(_PERCENT.search(plain))
    inner = _without_parentheses(_PERCENT.sub("", plain))
    percent = percent or bool(_PERCENT.search(inner))
    match = _WHOLE.match(_PERCENT.sub("", inner).strip())
    if not match:
        raise ValueError(_unreadable(text))
    return _printed(text, match[1], percent, relation, decimal)


def _unreadable(text: str) -> str:
    if re.fullmatch(r"[+-]?(nan|inf|infinity)", text.strip(), re.IGNORECASE):
        return f"a printed number must be finite, with at most {_LONGEST} zeros or decimals, not {text!r}"
    return f"a printed number must look like '17.12', not {text!r}"


def _plain(text: str) -> str:
    """Return the text without type, footnote marks and fancy signs."""
    plain = _LATEX_COMMAND.sub("", text).replace(r"\%", "%").replace(r"\pm", "±").replace(r"\times", "×")
    plain = plain.replace("+/-", "±").replace("+-", "±").replace("_{", " ").replace("_±", "±")
    plain = re.sub(r"^\s*(\*\*|__|`)(.*)\1", r"\2", plain)
    plain = re.sub(r"(?<=10)[⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+", lambda power: "^" + power[0].translate(_RAISED), plain)
    plain = _SPACES.sub(" ", plain.replace("$", ""))
    plain = _INNER_MARKS.sub("", plain)
    plain = re.sub(r"(?<=[\d%]) +\{([^{}]*)\}\s*$", r" (\1)", _MARKS.sub("", plain))
    plain = re.sub(r"[{}]", "", plain)
    return _MARKS.sub("", _MINUS.sub("-", plain)).strip()


def _without_label(plain: str) -> tuple[str, str]:
    match = _LABEL.match(plain)
    if not match:
        return plain, "="
    return plain[match.end() :], _RELATIONS.get(match[1], match[1])


def _without_parentheses(plain: str) -> str:
    stripped = plain.strip()
    if re.match(r"^\(.*\)$|^\[.*\]$", stripped):
        return stripped[1:-1].strip()
    return stripped


def _pair(text: str, pair: re.Match[str], relation: str, decimal: str | None) -> Printed:
    first, first_percent, opening, second, second_percent, closing, last_percent = pair.groups()
    if (opening == "±") == bool(closing):
        raise ValueError(_unreadable(text))
    attached = opening == "(" and pair.end(1) == pair.start(3)
    if attached and "." in first and "." not in second:
        raise ValueError(f"{text!r} can be read in two ways; write '94.0 ± 0.3' or '94.0 (3)'")
    both = bool(last_percent) or (opening == "±" and bool(second_percent))
    spread = _printed(text, second, both or bool(second_percent), "=", decimal)
    number = _printed(text, first, both or bool(first_percent), relation, decimal)
    return replace(number, spread=spread, plus_minus=opening.endswith("±"))


def _printed(text: str, token: str, percent: bool, relation: str, decimal: str | None) -> Printed:
    token = token.strip()
    power = _POWER.match(token)
    digits, exponent = (power[1], int(power[2])) if power else (token, 0)
    number = Decimal(_digits(text, digits, decimal))
    decimals = -int(number.as_tuple().exponent) - exponent
    if abs(decimals) > _LONGEST or len(number.as_tuple().digits) > _LONGEST:
        raise ValueError(f"a printed number must be finite, with at most {_LONGEST} zeros or decimals, not {text!r}")
    value = Fraction(number) * Fraction(10) ** exponent
    return Printed(text.strip(), value, decimals, percent, relation, token.startswith("-"))


def _digits(text: str, token: str, decimal: str | None) -> str:
    """Return the token with "." as its decimal mark and no grouping."""
    sign, rest = ("-" if token.startswith("-") else ""), token.lstrip("+-").strip()
    rest = rest.replace("·", ".").replace("∙", ".")
    mark = decimal or _decimal_mark(text, rest)
    grouping = "," if mark == "." else "."
    whole, _, fraction = rest.partition(mark)
    groups = re.split(rf"[{re.escape(grouping)} '’]", whole)
    if len(groups) > 1 and not (1 <= len(groups[0]) <= 3 and set(map(len, groups[1:])) == {3}):
        raise ValueError(_unreadable(text))
    if not re.fullmatch(r"\d*", "".join(groups) + fraction) or not (whole or fraction):
        raise ValueError(_unreadable(text))
    return f"{sign}{''.join(groups) or '0'}" + (f".{fraction}" if fraction else "")


def _decimal_mark(text: str, rest: str) -> str:
    """Return which of "." and "," is the decimal mark, if the digits tell."""
    if "." in rest and "," in rest:
        return max(".,", key=rest.rfind)
    if rest.count(".") > 1:
        return ","
    if "," not in rest or rest.count(",") > 1:
        return "."
    before, _, after = rest.partition(",")
    if len(after) == 3 and 1 <= len(before) <= 3 and before != "0":
        raise ValueError(f"{text!r} can be read in two ways; say decimal='.' or decimal=','")
    return ","
