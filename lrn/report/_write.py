"""Writing the report: from verdicts and a ledger to files."""

from __future__ import annotations

import importlib.util
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from lrn.files import read_text, replace_file, write_json
from lrn.report._section import ReportError, Section, check_installed
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
"""The types of what the page shows of a session's record."""


def write_report(
    verdicts: SuiteVerdicts | str | os.PathLike[str] = "reports/verdicts.json",
    ledger: Ledger | str | os.PathLike[str] | None = ".ledger",
    folder: str | os.PathLike[str] = "reports",
    *,
    root: str | os.PathLike[str] = ".",
    suite: str | os.PathLike[str] | None = None,
    run: Mapping[str, Any] | str | os.PathLike[str] | None = None,
) -> Path:
    """Writes index.html, REPRODUCTION.md, badge.json and figures/ into a folder, from what is known already.

    Args:
        verdicts: the suite's, or the file that holds them.
        ledger: what was trained, or its folder; None for none.
        folder: where to write; made if needed.
        root: the folder that the tests' paths start from.
        suite: the suite's folder, whose `report.py` is run and adds sections; None for none. What the verdicts say
            has no say in it: they may come from anybody.
        run: what the session wrote about itself, or the file run.json that holds it; else the one beside the verdicts.

    Returns:
        The path of index.html.

    Raises:
        ReportError: a package is missing, or the suite's `report.py` is not as `lrn.report` says.
        ValueError: the file does not hold verdicts.
        OSError: a file cannot be read or written.
    """
    check_installed()
    from lrn.report._markdown import badge, markdown
    from lrn.report._page import page

    if not isinstance(verdicts, SuiteVerdicts):
        path, verdicts = Path(verdicts), SuiteVerdicts.read(verdicts)
        run = path.with_name(RUN_RECORD) if run is None else run
    place, base = Path(folder), Path(root).resolve()
    title, sections = _sections(verdicts, _opened(ledger), base, suite)
    record = _record(run)
    for section in sections:
        for name, svg in section.figures.items():
            replace_file(place / "figures" / name, svg)
    replace_file(place / MARKDOWN, markdown(verdicts, title, sections))
    write_json(place / BADGE, badge(verdicts))
    replace_file(place / PAGE, page(verdicts, title, sections, base, record))
    return place / PAGE


def _opened(ledger: Ledger | str | os.PathLike[str] | None) -> Ledger | None:
    """The ledger to read; None if there is none."""
    if not isinstance(ledger, (str, os.PathLike)):
        return ledger
    from lrn.ledger.files import folder

    if not folder(ledger).is_dir():
        return None
    from lrn.ledger import Ledger

    return Ledger(ledger)


def _record(path: Mapping[str, Any] | str | os.PathLike[str] | None) -> Mapping[str, Any]:
    """What the session wrote about itself; nothing if there is no such file, or none that a session wrote."""
    if isinstance(path, Mapping):
        return path
    try:
        record = {} if path is None else json.loads(read_text(path, _LARGEST_RECORD))
    except (OSError, ValueError, RecursionError):
        return {}
    return record if _sound(record, RECORD) else {}


def _sound(found: Any, types: Any) -> bool:
    """Whether it is of that type, or a mapping with values of these types."""
    if not isinstance(types, dict):
        return isinstance(found, types)
    return isinstance(found, dict) and all(name in found and _sound(found[name], types[name]) for name in types)


def _sections(
    suite: SuiteVerdicts, ledger: Ledger | None, root: Path, folder: str | os.PathLike[str] | None
) -> tuple[str, Sequence[Section]]:
    """The report's title and the sections of the suite's own."""
    path = None if folder is None else Path(folder).resolve() / "report.py"
    if path is None or not path.is_file():
        return "Claims and verdicts", ()
    with _importable(root):
        module = _load(path)
        found: list[Any] = list(module.sections(suite, ledger)) if hasattr(module, "sections") else [None]
    if not all(isinstance(section, Section) for section in found):
        raise ReportError(f"{path} must have a function sections(suite, ledger) that yields lrn.report.Section")
    return str(getattr(module, "TITLE", "Claims and verdicts")), found


@contextmanager
def _importable(root: Path) -> Iterator[None]:
    """Lets a suite's `report.py` import its neighbours, as pytest does with its tests."""
    sys.path.insert(0, str(root))
    try:
        yield
    finally:
        sys.path.remove(str(root))


def _load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"{path.parent.name}_report", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
