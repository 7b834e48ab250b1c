"""One seed, wherever it runs: in this process, in one of this machine's worker processes, or on a cluster.

A worker finds the function by its module and name, as it is in the worker's own files; functions that are defined
inside others travel by value. The answer is JSON.
"""

from __future__ import annotations

import functools
import importlib
import importlib.util
import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from lrn.claims._function import FunctionPopulation, PopulationFunction
from lrn.claims._rows import Failure, Row

__all__ = ["Answer", "Task", "answered", "limited", "observe_timed", "perform", "pickler", "task_for"]

_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


@dataclass(frozen=True)
class Task:
    """One seed of a population, as it travels.

    Attributes:
        module: the function's module, file and qualified name; None where `pickled` holds all.
        pickled: the settings, or the whole population.
        version: the population's, in the process that sends the task.
        seed: the seed.
        threads: processor threads to use.
        path: where modules are looked for.
        slots: folder of the locks that hold how many seeds run at once on this machine; None for as many as are asked.
        most: how many run at once.
        sender: the process that sent the task, where the worker is a child of it; the worker ends when that has ended,
            since nobody is left to hear the answer. None for a cluster's.
    """

    module: tuple[str, str, str] | None
    pickled: bytes
    version: str
    seed: int
    threads: int
    path: tuple[str, ...] = ()
    slots: str | None = None
    most: int = 1
    sender: int | None = None


@dataclass(frozen=True)
class Answer:
    """The result of one seed, and how long it took."""

    seed: int
    row: Row | Failure
    seconds: float


def pickler() -> Any:
    """The module that pickles functions: cloudpickle, or joblib's copy of it; None where there is neither."""
    for name in ("cloudpickle", "joblib.externals.cloudpickle"):
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    return None


def task_for(population: FunctionPopulation, by_value: bool = False) -> Task:
    """A task for seed 0 of a population, from which those of other seeds are made.

    Args:
        population: of which.
        by_value: whether the function's code travels too, for workers that do not have this machine's files.
    """
    cloudpickle, definition = pickler(), population.definition
    module = None if by_value else _address(definition)
    if module is None:
        modules = _modules_of(population)
        for travelling in modules:
            cloudpickle.register_pickle_by_value(travelling)
        try:
            payload = cloudpickle.dumps(population)
        finally:
            for travelling in modules:
                cloudpickle.unregister_pickle_by_value(travelling)
    else:
        payload = cloudpickle.dumps(population.pairs)
    return Task(module, payload, population.version, 0, definition.threads, tuple(sys.path))


def _modules_of(population: FunctionPopulation) -> list[ModuleType]:
    """The loaded modules that hold a population's code, without the script that was started."""
    names = [population.definition.function.__module__]
    for part in population.parts:
        names.append(part.removeprefix("module "))
    return [sys.modules[name] for name in dict.fromkeys(names) if name in sys.modules and name != "__main__"]


def perform(task: Task) -> bytes:
    """On a worker: observes the seed; the answer as JSON."""
    if task.sender is not None and os.getppid() == task.sender:
        _end_with(task.sender)
    with _slot(task):
        population = _population(task)
        with limited(task.threads):
            answer = observe_timed(population, task.seed)
    row = {"failed": answer.row.why} if isinstance(answer.row, Failure) else {"row": answer.row}
    return json.dumps({"seed": answer.seed, "seconds": answer.seconds, **row}).encode()


def answered(data: bytes) -> Answer:
    """An answer that was sent as JSON. Raises ValueError for anything else."""
    try:
        facts = json.loads(data)
        row = Failure(str(facts["failed"])) if "failed" in facts else facts["row"]
        if not isinstance(row, Failure) and not all(isinstance(v, (bool, int, float)) for v in row.values()):
            raise ValueError("its values are not numbers")
        return Answer(int(facts["seed"]), row, float(facts["seconds"]))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"a worker's answer cannot be read ({error})") from None


def observe_timed(population: FunctionPopulation, seed: int) -> Answer:
    """Observes a seed in this process, and how long that takes."""
    start = time.perf_counter()
    row = population.observe(seed)
    return Answer(seed, row, time.perf_counter() - start)


@contextmanager
def limited(threads: int) -> Iterator[None]:
    """Numerical libraries use that many processor threads, those that are imported within too."""
    before = dict(zip(_VARIABLES, map(os.environ.get, _VARIABLES), strict=True))
    had_torch = sys.modules.get("torch")
    torch_threads = had_torch.get_num_threads() if had_torch is not None else None
    with ExitStack() as limits:
        try:
            from threadpoolctl import threadpool_limits

            limits.enter_context(threadpool_limits(threads))
        except ImportError:
            pass
        os.environ.update(dict.fromkeys(_VARIABLES, str(threads)))
        if had_torch is not None:
            had_torch.set_num_threads(threads)
        try:
            yield
        finally:
            for name, value in before.items():
                if value is None:
                    os.environ.pop(name, None)
                else:
                    os.environ[name] = value
            torch = sys.modules.get("torch")
            if torch is not None and hasattr(torch, "set_num_threads"):
                torch.set_num_threads(torch_threads or os.cpu_count() or 1)


def _address(definition: PopulationFunction) -> tuple[str, str, str] | None:
    """Module, file and name under which a worker process finds the function; None if it cannot."""
    name, qualified = definition.function.__module__, definition.function.__qualname__
    module = sys.modules.get(name)
    file = getattr(module, "__file__", None)
    if name == "__main__" or file is None or "<" in qualified:
        return None
    return (name, str(file), qualified) if _attribute(module, qualified) is definition else None


def _attribute(module: Any, qualified: str) -> Any:
    for part in qualified.split("."):
        module = getattr(module, part, None)
    return module


def _population(task: Task) -> FunctionPopulation:
    cloudpickle = pickler()
    for folder in task.path:
        if folder not in sys.path:
            sys.path.append(folder)
    if task.module is None:
        population: FunctionPopulation = cloudpickle.loads(task.pickled)
        return population
    name, file, qualified = task.module
    definition = _attribute(_loaded(name, file), qualified)
    if not isinstance(definition, PopulationFunction):
        raise RuntimeError(f"a worker found no population {qualified} in {file}")
    population = FunctionPopulation(definition, cloudpickle.loads(task.pickled))
    if population.version != task.version:
        raise RuntimeError(f"{file} was changed while its seeds were trained; run this again")
    return population


def _loaded(name: str, file: str) -> Any:
    """The module of that name, from that very file."""
    module = sys.modules.get(name)
    if module is None:
        try:
            module = importlib.import_module(name)
        except ImportError:
            module = None
    if module is None or Path(getattr(module, "__file__", None) or "").resolve() != Path(file).resolve():
        spec = importlib.util.spec_from_file_location(name, file)
        if spec is None or spec.loader is None:
            raise RuntimeError(f"a worker cannot import {file}")
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    return module


@functools.cache
def _end_with(sender: int) -> None:
    """Ends this process soon after its parent, which may have been killed: its seed would be for nobody."""

    def watch() -> None:
        while os.getppid() == sender:
            time.sleep(0.5)
        os._exit(1)

    threading.Thread(target=watch, name="end with the sender", daemon=True).start()


@contextmanager
def _slot(task: Task) -> Iterator[None]:
    """Waits until fewer than `most` seeds run on this machine."""
    if task.slots is None:
        yield
        return
    from filelock import FileLock, Timeout

    folder = Path(task.slots)
    folder.mkdir(parents=True, exist_ok=True)
    while True:
        for number in range(task.most):
            lock = FileLock(folder / f"slot-{number}.lock")
            try:
                lock.acquire(timeout=0)
            except Timeout:
                continue
            try:
                yield
            finally:
                lock.release()
            return
        time.sleep(0.05)
