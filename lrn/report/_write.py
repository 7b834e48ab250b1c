"""Writing the report: from verdicts and a ledger to files."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrn.files import read_text, replace_file, write_json
from lrn.report._judgement import documents_of
from lrn.report._section import check_installed
from lrn.report._suite import own_parts
from lrn.verdicts import SuiteVerdicts

if TYPE_CHECKING:
    from lrn.ledger import Ledger

__all__ = ["write_report"]

PAGE, MARKDOWN, BADGE = "index.html", "REPRODUCTION.md", "badge.json"
RUN_RECORD = "run.json"
_LARGEST_RECORD = 1 << 24
RECORD = {
    "seconds": (int, float),
    "workers": int,
    "engine": str,
    "device": str,
    "environment": {"python": str, "platform": str, "processors": (int, type(None)), "packages": {}},
}
"""The types of those parts of a session's record that the page shows."""


def write_report(
    verdicts: SuiteVerdicts | str | os.PathLike[str] = "reports/verdicts.json",
    ledger: Ledger | str | os.PathLike[str] | None = ".ledger",
    folder: str | os.PathLike[str] = "reports",
    *,
    root: str | os.PathLike[str] = ".",
    suite: str | os.PathLike[str] | None = None,
    run: Mapping[str, Any] | str | os.PathLike[str] | None = None,
) -> Path:
    """Writes index.html, REPRODUCTION.md, badge.json, numbers.csv, numbers.json and figures/; trains nothing.

    Args:
        verdicts: the suite's, or the file that holds them.
        ledger: the trained networks, or the folder that holds them; None for none.
        folder: where to write; made if needed.
        root: the folder that the tests' paths start from.
        suite: the suite's folder, whose `report.py` is run and adds sections, and whose folder `sentences/` holds
            the sentences of its documents; None for none. The verdicts cannot choose it: they may come from anybody.
        run: the session's record of itself, or the file run.json that holds it; else the one beside the verdicts.

    Returns:
        The path of index.html.

    Raises:
        ReportError: a package is missing, or the suite's `report.py` is not as `lrn.report` says.
        ValueError: the file does not hold verdicts, or a file of sentences is not one.
        OSError: a file cannot be read or written.
    """
    check_installed()
    from lrn.report._data import as_csv, as_json
    from lrn.report._markdown import badge, markdown
    from lrn.report._page import DATA_CSV, DATA_JSON, page

    if not isinstance(verdicts, SuiteVerdicts):
        path, verdicts = Path(verdicts), SuiteVerdicts.read(verdicts)
        run = path.with_name(RUN_RECORD) if run is None else run
    target, base = Path(folder), Path(root).resolve()
    suite = None if suite is None else Path(suite).resolve()
    documents = documents_of(verdicts, suite)
    own = own_parts(verdicts, _opened(ledger, suite), base, suite)
    texts: dict[str, str] = {}
    for section in own.sections:
        for name, svg in section.figures.items():
            texts[f"figures/{name}"] = svg
    texts |= {DATA_CSV: as_csv(verdicts), DATA_JSON: as_json(verdicts), MARKDOWN: markdown(verdicts, own, documents)}
    for name, text in texts.items():
        replace_file(target / name, text)
    write_json(target / BADGE, badge(verdicts, documents))
    replace_file(target / PAGE, page(verdicts, own, documents, base, _record(run)))
    return target / PAGE


def _opened(ledger: Ledger | str | os.PathLike[str] | None, suite: Path | None) -> Ledger | None:
    """The ledger to read; None if there is none, or the suite has no sections of its own, which alone read it."""
    if not isinstance(ledger, (str, os.PathLike)):
        return ledger
    if suite is None or not (suite / "report.py").is_file():
        return None  # what trains need not be installed
    from lrn.ledger.files import folder

    if not folder(ledger).is_dir():
        return None
    from lrn.ledger import Ledger

    return Ledger(ledger)


def _record(path: Mapping[str, Any] | str | os.PathLike[str] | None) -> Mapping[str, Any]:
    """The session's record of itself; empty if there is no such file, or a session did not write it."""
    if isinstance(path, Mapping):
        return path
    try:
        record = {} if path is None else json.loads(read_text(path, _LARGEST_RECORD))
    except (OSError, ValueError, RecursionError):
        return {}
    return record if _sound(record, RECORD) else {}


def _sound(value: Any, types: Any) -> bool:
    """Whether it is of that type, or a mapping with values of these types."""
    if not isinstance(types, dict):
        return isinstance(value, types)
    return isinstance(value, dict) and all(name in value and _sound(value[name], types[name]) for name in types)
