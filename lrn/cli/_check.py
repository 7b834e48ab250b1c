"""`lrn check population`: whether the seed decides everything, how long it takes, and its version."""

from __future__ import annotations

import argparse
import ast
import importlib.util
import json
import random
import sys
import time
from collections.abc import Iterator
from operator import attrgetter, itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lrn.cli._options import Formatter, whole

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["add", "main"]

DESCRIPTION = """\
Checks a population before many seeds of it are trained: whether the seed decides everything, asked for
alone, again, in other company and in another process; how long a seed takes; what its version rests on."""

EPILOG = """\
examples:
  lrn check population claims/digits.py::digits depth=4 norm=True
  lrn check population claims/digits.py::digits --seeds 2     two seeds, each trained three times
  lrn check population claims/digits.py                       all populations in the file

exit codes:
  0    the seed decides everything
  1    it does not
  2    bad input, said in one sentence"""


def add(commands: Any) -> None:
    """Describes the command."""
    parser = commands.add_parser(
        "check",
        help="check a population of your own before training many seeds",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=Formatter,
    )
    parser.add_argument("what", choices=["population"], metavar="population", help="what to check")
    parser.add_argument("target", metavar="FILE[::NAME]", help="the Python file, and a population in it")
    parser.add_argument("settings", nargs="*", metavar="SETTING=VALUE", help="settings that are not the defaults")
    parser.add_argument("--seeds", type=whole(1, 1000), default=3, metavar="N", help="seeds to try (3)")
    parser.set_defaults(main=main, apart=True)


def main(arguments: argparse.Namespace) -> int:
    """Runs the command."""
    settings = _settings(arguments.settings)
    arguments.note(arguments.target.partition("::")[0])
    populations = list(_populations(arguments.target, settings))
    is_broken = False
    for population in populations:
        arguments.note(population.label)
        is_broken |= _checked(population, arguments.seeds)
    return int(is_broken)


def _populations(target: str, settings: dict[str, Any]) -> Iterator[Any]:
    """The populations that a target names."""
    from lrn.claims._function import PopulationFunction

    name, _, attribute = target.partition("::")
    module = _module(Path(name))
    if attribute:
        if not hasattr(module, attribute):
            raise ValueError(f"{name} must define {attribute}; it does not")
        yield _population(getattr(module, attribute), attribute, settings)
        return
    populations = {}
    for key, value in vars(module).items():
        if not key.startswith("_") and (isinstance(value, PopulationFunction) or _is_instance(value)):
            populations[key] = value
    if not populations:
        raise ValueError(
            f"{name} must define a population: a function with @population, or an object with sample(seeds)"
        )
    if settings and len(populations) > 1:
        raise ValueError(f"settings are for one population; {name} has {', '.join(populations)} (write {name}::NAME)")
    for key, value in populations.items():
        yield _population(value, key, settings)


def _module(path: Path) -> Any:
    """The file as a module, under the name that tests give it."""
    if not path.is_file():
        raise ValueError(f"the target must be a Python file, or FILE::NAME; got {str(path)!r}")
    sys.path[:0] = [str(path.resolve().parent), str(Path.cwd())]
    spec = importlib.util.spec_from_file_location(path.stem, path.resolve())
    if spec is None or spec.loader is None:
        raise ValueError(f"the target must be a Python file; got {str(path)!r}")
    module = sys.modules[path.stem] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _population(value: Any, name: str, settings: dict[str, Any]) -> Any:
    from lrn.claims._contract import label_of
    from lrn.claims._function import PopulationFunction

    made = value(**settings) if isinstance(value, (PopulationFunction, type)) else value
    if made is value and settings:
        raise ValueError(f"{name} is one population and takes no settings; got {', '.join(settings)}")
    label_of(made)
    return made


def _is_instance(value: Any) -> bool:
    return not isinstance(value, type) and callable(getattr(value, "sample", None)) and hasattr(value, "label")


def _settings(texts: list[str]) -> dict[str, Any]:
    """`depth=4` as a setting; a value that is not a Python literal is text."""
    settings = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.isidentifier():
            raise ValueError(f"a setting must be NAME=VALUE; got {text!r}")
        try:
            settings[name] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            settings[name] = value
    return settings


def _checked(population: Any, n: int) -> bool:
    """Checks one population and prints the result; returns whether it is broken."""
    from lrn.claims._contract import PopulationError

    print(population.label)
    _print_version(population)
    used: list[str] = []
    try:
        alone, seconds = _alone(population, n, used)
        print(f"  one seed takes {_duration(seconds)}; {_shown(alone[0])}")
        _compare(population, "asked for again, alone", alone, _one_by_one(population, n))
        if n > 1:
            _compare(population, "asked for together", alone, _together(population, n))
        in_processes = _in_processes(population, n)
        if in_processes is not None:
            _compare(population, "in another process", alone, in_processes)
    except PopulationError as error:
        print(f"  BROKEN: {error}")
        if used:
            print(f"  it uses the global generator of {' and '.join(used)}, which it must seed from the seed first")
        return True
    if used:
        print(f"  it uses the global generator of {' and '.join(used)}, and seeds it, as the results are the same")
    return False


def _print_version(population: Any) -> None:
    version = getattr(population, "version", None)
    if version is None:
        print("  no version: nothing is kept on disk between runs")
        return
    print(f"  version {version}")
    for part, digest in getattr(population, "parts", {}).items():
        print(f"    {part} ({digest})")


def _alone(population: Any, n: int, used: list[str]) -> tuple[list[dict[str, Any]], float]:
    """The row of each seed, and the seconds that one takes; adds the global generators that were used to `used`."""
    before = _states()
    start = time.perf_counter()
    rows = _one_by_one(population, n)
    seconds = (time.perf_counter() - start) / n
    for name, state in _states().items():
        if state != before.get(name, state):
            used.append(name)
    return rows, seconds


def _one_by_one(population: Any, n: int) -> list[dict[str, Any]]:
    from lrn.claims._function import FunctionPopulation
    from lrn.claims._worker import limited

    with limited(_threads(population)):
        if isinstance(population, FunctionPopulation):  # of which some seeds may fail, though not all
            return _rows(population.tabulated(list(map(population.observe, range(n))), range(n)), n)
        return [_row(population.sample(range(seed, seed + 1)), 0) for seed in range(n)]


def _together(population: Any, n: int) -> list[dict[str, Any]]:
    from lrn.claims._worker import limited

    with limited(_threads(population)):
        return _rows(population.sample(range(n)), n)


def _threads(population: Any) -> int:
    return getattr(getattr(population, "definition", None), "threads", 1)


def _in_processes(population: Any, n: int) -> list[dict[str, Any]] | None:
    """The rows that worker processes return; None where the population cannot run in them."""
    from lrn.claims._crew import Crew
    from lrn.claims._function import FunctionPopulation

    crew = Crew(workers=2)
    if not isinstance(population, FunctionPopulation) or not crew.works or population.definition.gpu:
        return None
    answers = sorted(crew.each(population, range(n)), key=attrgetter("seed"))
    return _rows(population.tabulated(list(map(attrgetter("row"), answers)), range(n)), n)


def _rows(sample: Any, n: int) -> list[dict[str, Any]]:
    """The observations of each of the first seeds."""
    return [_row(sample, index) for index in range(n)]


def _row(sample: Any, index: int) -> dict[str, Any]:
    from lrn.claims._metrics import tabular

    columns = tabular(sample)
    columns = columns if hasattr(columns, "items") else vars(columns)
    return {name: values[index] for name, values in columns.items()}


def _compare(population: Any, how: str, first: list[dict[str, Any]], again: list[dict[str, Any]]) -> None:
    """Prints whether both are the same. Raises PopulationError where they are not."""
    from lrn.claims._again import compare

    varies, notes = getattr(population, "varies", ()), []
    seeds = range(len(first))
    for name in first[0] if varies is not True else ():
        if name not in varies:
            notes.append(compare(population.label, name, seeds, _column(first, name), _column(again, name)))
    print(f"  {how}: the same{' but for rounding' if any(notes) else ''}")


def _column(rows: list[dict[str, Any]], name: str) -> NDArray[Any]:
    import numpy as np

    return np.array(list(map(itemgetter(name), rows)))


def _states() -> dict[str, str]:
    """The states of the global generators that are loaded."""
    states = {"random": str(random.getstate())}
    if "numpy" in sys.modules:
        states["numpy"] = str(sys.modules["numpy"].random.get_state())
    torch = sys.modules.get("torch")
    if torch is not None:
        states["torch"] = str(torch.get_rng_state().tolist())
    return states


def _duration(seconds: float) -> str:
    from lrn.verdicts.text import duration

    return duration(seconds)


def _shown(row: dict[str, Any]) -> str:
    plain = {name: value.item() if hasattr(value, "item") else value for name, value in row.items()}
    return f"seed 0 gives {json.dumps(plain, default=str)}"
