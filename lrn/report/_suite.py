"""A suite's own parts of its report, from a file `report.py` in its folder."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from lrn.report._section import ReportError, Section
from lrn.verdicts import SuiteVerdicts

if TYPE_CHECKING:
    from lrn.ledger import Ledger

__all__ = ["OwnParts", "own_parts"]

TITLE = "Claims and verdicts"


@dataclass(frozen=True)
class OwnParts:
    """A suite's own parts of its report.

    Attributes:
        title: the report's heading.
        sections: its sections.
        published: the document's own figure for a case, by pytest's node id, such as "6 of 10".
        commands: the commands that do it all again.
    """

    title: str = TITLE
    sections: Sequence[Section] = ()
    published: Mapping[str, str] = field(default_factory=dict)
    commands: Sequence[str] = ()


def own_parts(suite: SuiteVerdicts, ledger: Ledger | None, root: Path, folder: Path | None) -> OwnParts:
    """Runs the suite's `report.py`, where it has one.

    Args:
        suite: the verdicts.
        ledger: the trained networks; None for none.
        root: the folder that the tests' paths start from.
        folder: the suite's folder; None for none.

    Raises:
        ReportError: the file is not as `lrn.report` says.
    """
    path = None if folder is None else folder / "report.py"
    if path is None or not path.is_file():
        return OwnParts()
    with _importable(root):
        module = _load(path)
        sections: list[Any] = list(module.sections(suite, ledger)) if hasattr(module, "sections") else [None]
        published = dict(module.published(suite)) if hasattr(module, "published") else {}
    for section in sections:
        if not isinstance(section, Section):
            raise ReportError(f"{path} must have a function sections(suite, ledger) that yields lrn.report.Section")
    commands = tuple(map(str, getattr(module, "COMMANDS", ())))
    return OwnParts(str(getattr(module, "TITLE", TITLE)), sections, published, commands)


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
