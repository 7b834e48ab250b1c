"""The import paths of the first edition, which lead to where their modules are now."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

__all__ = ["MOVED", "install"]

MOVED = {
    "lrn.blocks": "lrn.ledger.blocks",
    "lrn.cluster": "lrn.ledger.cluster",
    "lrn.documents": "lrn.audit.documents",
    "lrn.metrics": "lrn.experiment.metrics",
    "lrn.registry": "lrn.verdicts.registry",
    "lrn.runs": "lrn.experiment.runs",
    "lrn.samples": "lrn.ledger.samples",
    "lrn.tables": "lrn.verdicts.tables",
    "lrn.training": "lrn.engines.training",
    "lrn.versions": "lrn.ledger.version",
    "lrn.workers": "lrn.ledger.workers",
}
"""The old name of each module, and its present one."""


class _Present(Loader):
    """Gives the present module where its old name is imported."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._spec: ModuleSpec | None = None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = import_module(self._name)
        self._spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self._spec  # the import has just put the old name's there


class _Finder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        return ModuleSpec(fullname, _Present(MOVED[fullname])) if fullname in MOVED else None


def install() -> None:
    """Lets the old names be imported."""
    if _Finder not in map(type, sys.meta_path):
        sys.meta_path.append(_Finder())
