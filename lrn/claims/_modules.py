"""The modules of one project that some code imports, directly or through others."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import re
import sys
from pathlib import Path

from lrn.claims._code import imports, normal, short_hash, tree_of

__all__ = ["Modules", "absolute", "source_of"]

_JUDGES = re.compile(r"lrn(\.(claims|intervals|ledger|plugin|verdicts)\b.*)?$")  # they observe nothing


class Modules:
    """The modules of one project that were reached, with their digests."""

    def __init__(self, root: Path) -> None:
        self.digests: dict[str, str] = {}
        self._root = root

    def add(self, name: str, importer: str) -> None:
        """Adds a module, if it is one and of this project, and its imports."""
        name = absolute(name, importer)
        if name in self.digests or not name or _JUDGES.match(name):
            return
        file = source_of(name)
        if file is None or not self.holds(file):
            return
        tree = tree_of(file)
        self.digests[name] = short_hash(normal(tree))
        package = name if file.name == "__init__.py" else name.rpartition(".")[0]
        for other in {*imports(tree), package}:
            self.add(other, f"{package}.x" if package else name)

    def holds(self, file: Path) -> bool:
        """Whether a file is one of the project's own."""
        inside = file.is_relative_to(self._root)
        return inside and not {"site-packages", "dist-packages"} & set(file.relative_to(self._root).parts)


def absolute(name: str, importer: str) -> str:
    """The full name of a module that another one imports, perhaps relatively."""
    level = len(name) - len(name.lstrip("."))
    if not level:
        return name
    package = importer.split(".")[:-level] if importer else []
    return ".".join([*package, *filter(None, [name.lstrip(".")])])


def source_of(name: str) -> Path | None:
    """The file of a module, whether or not it is loaded yet, so that a version is the same before and after."""
    if importlib.machinery.PathFinder.find_spec(name.partition(".")[0]) is not None:
        file = _on_path(name)
    else:  # another finder's, such as that of an editable installation
        try:
            spec = importlib.util.find_spec(name)
            file = spec.origin if spec else None
        except (ImportError, ValueError, AttributeError):
            file = getattr(sys.modules.get(name), "__file__", None)
    return Path(file).resolve() if file and file.endswith(".py") and Path(file).is_file() else None


def _on_path(name: str) -> str | None:
    """The file of a module as found on the path, without importing the packages that it lies in."""
    path, file = None, None
    parts = name.split(".")
    for k in range(len(parts)):
        spec = importlib.machinery.PathFinder.find_spec(".".join(parts[: k + 1]), path)
        if spec is None:
            return None
        file, locations = spec.origin, spec.submodule_search_locations
        if locations is None and k < len(parts) - 1:
            return None
        path = list(locations or [])
    return file
