"""Which verdicts of the last run stand as they are, untested.

A verdict follows from its sources and options, which `lrn.plugin._earlier` compares, and from observations. Where the
files in the ledger are still those that the last run left, by name, size and time, a test would compute the same
numbers from the same bytes.

The key of an `Experiment` names all that its observations rest on, so a claim about experiments stands with them. What
an exact claim rests on, or a population whose class names a version, is only known where their code is plain
(`lrn.claims._plain`). These stand while the environment, the machine and the packages are the same, too. All others are
tested again: only they themselves can tell whether they have changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrn.plugin._options import Settings

if TYPE_CHECKING:
    import pytest

    from lrn.claims._measure import Measure

__all__ = ["NOTHING", "RestsOn", "blocks_of", "rests_on", "standing"]


@dataclass(frozen=True)
class RestsOn:
    """The things that a verdict rests on besides sources.

    Attributes:
        keys: the folders of its observations in the ledger: keys of experiments, paths of populations' files.
        plain: whether it also needs the surroundings to be the same; else it rests on experiments alone.
    """

    keys: tuple[str, ...] = ()
    plain: bool = False

    @property
    def stands(self) -> bool:
        """Whether a later run can tell that nothing behind the verdict has changed."""
        return self.plain or bool(self.keys)


NOTHING = RestsOn()
"""For a verdict behind which something may change unnoticed."""


def rests_on(item: pytest.Function, measure: Measure | None, settings: Settings) -> RestsOn:
    """Returns the things that a verdict rests on.

    Args:
        item: the claim's test.
        measure: its `Measure`, after the last test; None for an exact claim.
        settings: of this run.
    """
    if measure is not None and measure.experiments:
        return RestsOn(tuple(sorted(measure.experiments)))
    keys = () if measure is None else _folders(measure, settings)
    if (measure is not None and not keys) or "cache" in item.fixturenames:  # pytest's, which tests write to
        return NOTHING
    from lrn.claims._plain import is_plain

    functions = [item.function, *_fixtures(item)]
    return RestsOn(keys, plain=True) if is_plain(functions, measures=measure is not None) else NOTHING


def _fixtures(item: pytest.Function) -> Iterator[Any]:
    """The functions of a test's fixtures, but for those of this package and of pytest."""
    for definitions in item._fixtureinfo.name2fixturedefs.values():
        for function in map(attrgetter("func"), definitions):
            if str(function.__module__).partition(".")[0] not in ("lrn", "_pytest", "pytest"):
                yield function


def _folders(measure: Measure, settings: Settings) -> tuple[str, ...]:
    """Where the observations of all populations lie in the ledger; nothing if those of one may lie elsewhere."""
    from lrn.claims._contract import is_experiment
    from lrn.ledger.samples import Shelf

    folders = set()
    for population in measure.populations:
        if is_experiment(population):
            folders.add(population.key)
            continue
        version: Any = getattr(population, "version", None)
        is_kept = isinstance(version, str) and not getattr(population, "recorded", False)
        if not is_kept or not isinstance(settings.ledger, Path) or getattr(population, "varies", None):
            return ()
        folder = Shelf(settings.ledger, population.label, version).folder
        folders.add(folder.relative_to(settings.ledger).as_posix())
    return tuple(sorted(folders))


def standing(run: Mapping[str, Any], settings: Settings, same_surroundings: bool) -> dict[str, RestsOn]:
    """The claims behind which nothing has changed since a run, by test.

    Args:
        run: that run's record of itself.
        settings: of this run.
        same_surroundings: whether this run has those of that one.

    Raises:
        KeyError, TypeError, AttributeError: it is not such a record.
    """
    plain = set(run["plain"])
    blocks = run["blocks"]
    now = blocks_of(settings, blocks) if blocks else {}
    untouched = {key for key in blocks if blocks[key] and blocks[key] == now.get(key)}
    stand = {}
    for test, keys in run["experiments"].items():
        behind = RestsOn(tuple(keys), test in plain)
        if behind.stands and untouched.issuperset(keys) and (same_surroundings or not behind.plain):
            stand[test] = behind
    return stand


def blocks_of(settings: Settings, keys: Iterable[str]) -> dict[str, str]:
    """Names the files of observations in the ledger; none where they are not on this machine's disk.

    Without experiments no engine is chosen, which takes torch or the kernel.

    Args:
        settings: of this run.
        keys: of the experiments, and the paths of populations' folders.
    """
    ordered = sorted(keys)
    if not ordered or not isinstance(settings.ledger, Path) or settings.device != "cpu":
        return {}
    of_experiments = [key for key in ordered if "/" not in key]
    named = {key: _files(settings.ledger / key) for key in ordered if "/" in key}
    if of_experiments:
        from lrn.ledger import Ledger

        folder = Ledger(settings.ledger, engine=settings.engine).folder
        named |= {key: _blocks(folder / key) for key in of_experiments}
    return named


def _blocks(folder: Path) -> str:
    """Names the files of one experiment by their names, sizes and times; the engine's name is part of the folder's."""
    from lrn.ledger.covering import block_files

    digest = hashlib.sha256(folder.parent.name.encode())
    for trace in (False, True):
        for block in block_files(folder, trace):
            status = block.path.stat()
            digest.update(f"{block.path.name} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]


def _files(folder: Path) -> str:
    """Names the files of one population by their names, sizes and times, but for locks; "" where nothing is kept."""
    files = [path for path in sorted(folder.glob("*")) if path.suffix in (".parquet", ".json")]
    digest = hashlib.sha256()
    for path in files:
        status = path.stat()
        digest.update(f"{path.name} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16] if files else ""
