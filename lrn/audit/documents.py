"""A document as text: its tables (CSV) and its words (TOML), never turned into floats.

A claim about a paper starts from the printed page. These readers keep it exactly as printed: "0.40"
stays "0.40", and a quotation has one home, beside the tables it speaks of, however many claims quote it.
"""

from __future__ import annotations

import csv
import io
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import Any

from lrn.audit._check import missing_from
from lrn.files import NotRegularError, read_regular, read_text

__all__ = ["Quotation", "Quotes", "index_table", "read_quotes", "read_table"]


@dataclass(frozen=True)
class Quotation:
    """A document's exact words, where they stand, and their meaning in terms that can be checked.

    `section` is "§4.2.1", "caption", …; `says` puts the words in checkable terms; `fields` holds the settings that
    they name, such as {"depth": "10"}.
    """

    id: str
    section: str
    quote: str
    figure: str = ""
    says: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)


class Quotes(dict[str, Quotation]):
    """Quotations by id; `words` and `source` give several at once, as a claim wants them."""

    def words(self, *ids: str) -> str:
        """Return the exact words of these quotations, separated by " / "."""
        return " / ".join(map(attrgetter("quote"), map(self._get, ids)))

    def source(self, document: str, *ids: str) -> str:
        """Return where these quotations stand, such as "thesis §4.2.2, Figure 4.9; thesis §4.2.3"."""
        sources = []
        for quotation in map(self._get, ids):
            figure = f", Figure {quotation.figure}" if quotation.figure else ""
            sources.append(f"{document} {quotation.section}{figure}")
        return "; ".join(dict.fromkeys(sources))

    def _get(self, id: str) -> Quotation:
        if id not in self:
            raise KeyError(f"no quotation {id!r}; there are {', '.join(self) or 'none'}")
        return self[id]


def read_quotes(path: str | Path) -> Quotes:
    """Read the `[[quotation]]` entries of a TOML file.

    Raises:
        OSError: if the file cannot be read.
        ValueError: if it is not TOML, or an entry lacks id, section or quote, has an unknown key, or repeats an id.
    """
    quotes = Quotes()
    try:
        entries = tomllib.loads(read_text(path)).get("quotation", [])
    except (ValueError, RecursionError, NotRegularError) as error:
        raise ValueError(f"{path} must be TOML in UTF-8: {error}") from None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise ValueError(f"{path} must hold its quotations as tables, each under [[quotation]]")
    for entry in entries:
        for name, value in entry.items():
            if name != "fields" and not isinstance(value, str):
                raise ValueError(f"{path}: quotation {entry.get('id', '?')!r}: {name} must be text, not {value!r}")
        try:
            quotation = Quotation(**entry)
        except TypeError as error:
            raise ValueError(f"{path}: quotation {entry.get('id', '?')!r}: {error}") from None
        if quotation.id in quotes:
            raise ValueError(f"{path}: the id {quotation.id!r} stands twice")
        quotes[quotation.id] = quotation
    return quotes


def read_table(path: str | Path, columns: Sequence[str] = ()) -> list[dict[str, str]]:
    """Read a CSV file as rows of text, exactly as printed.

    Raises:
        OSError: if the file cannot be read.
        ValueError: if it is not CSV, one of `columns` is missing, a column stands twice, or a row has more or fewer
            cells than the heading.
    """
    try:
        text = read_regular(path).decode("utf-8-sig")  # spreadsheets begin their CSV with a byte order mark
        heading, *rows = list(filter(None, csv.reader(io.StringIO(text, newline=""), strict=True))) or [[]]
    except (csv.Error, UnicodeDecodeError, NotRegularError) as error:
        raise ValueError(f"{path} must be CSV in UTF-8: {error}") from None
    if len(heading) == 1 and ";" in heading[0]:
        raise ValueError(f"{path} must separate its columns by commas; got semicolons: {heading[0]}")
    missing = missing_from(heading, columns)
    if missing:
        raise ValueError(f"{path} has no column {', '.join(missing)}; it has {', '.join(heading) or 'none'}")
    if len(set(heading)) < len(heading):
        raise ValueError(f"{path} must name each column once; it has {', '.join(heading)}")
    for number, row in enumerate(rows, start=1):
        if len(row) != len(heading):
            raise ValueError(f"{path}: row {number} has {len(row)} cells, the heading {len(heading)}")
    return [dict(zip(heading, row, strict=True)) for row in rows]


def index_table(rows: Iterable[Mapping[str, str]], *columns: str) -> dict[tuple[str, ...], Mapping[str, str]]:
    """Return {(cells of `columns`): row}, to look rows up by these cells.

    Raises:
        ValueError: if a row has no such column, or two rows share a key.
    """
    index: dict[tuple[str, ...], Mapping[str, str]] = {}
    for row in rows:
        missing = missing_from(row, columns)
        if missing:
            raise ValueError(f"the rows have no column {', '.join(missing)}; they have {', '.join(row)}")
        key = tuple(map(row.__getitem__, columns))
        if key in index:
            raise ValueError(f"two rows have {', '.join(columns)} = {', '.join(key)}")
        index[key] = row
    return index
