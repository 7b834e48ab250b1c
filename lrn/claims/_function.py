"""Populations written as an ordinary function of a seed."""

from __future__ import annotations

import functools
import inspect
import itertools
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from types import FunctionType
from typing import Any, overload

from numpy.typing import NDArray

from lrn.claims._contract import MeasurementError
from lrn.claims._rows import COMPLETED, FAILED, Failure, Row, columns_of, row_of, with_failures
from lrn.claims._settings import plain_setting, shown, signature_of_settings
from lrn.claims._version import Parts, digest_of, flat, parts_of, text_of

__all__ = ["FunctionPopulation", "PopulationFunction", "population"]

_MODES = ("error", "count", "exclude")


@overload
def population(function: Callable[..., Mapping[str, Any]], /) -> PopulationFunction: ...
@overload
def population(
    *,
    name: str | None = None,
    version: str | None = None,
    depends: Sequence[str] = (),
    failed: str | Mapping[str, Any] = "error",
    varies: bool | Collection[str] = (),
    gpu: bool | None = None,
    threads: int = 1,
) -> Callable[[Callable[..., Mapping[str, Any]]], PopulationFunction]: ...
def population(
    function: Callable[..., Any] | None = None,
    /,
    *,
    name: str | None = None,
    version: str | None = None,
    depends: Sequence[str] = (),
    failed: str | Mapping[str, Any] = "error",
    varies: bool | Collection[str] = (),
    gpu: bool | None = None,
    threads: int = 1,
) -> Any:
    """Makes a function of a seed a family of populations, one for each choice of its other arguments.

    Args:
        function: takes a seed (a whole number) and settings, trains, and returns a dictionary of numbers and truths.
        name: the name of its populations; None for the function's name.
        version: text that names all that the observations depend on. None finds out: the function's code, the code of
            the same project that it uses, and what `depends` names. When it changes, seeds are trained again.
        depends: files, folders and installed packages that the observations depend on too, such as "data.csv".
        failed: how a seed counts if the function raises an exception. "error": the claim ends in an error;
            "exclude": it does not count; "count": its truths are False, its numbers missing; or a mapping from metric
            to the value that counts, such as {"accuracy": 0.1}. Populations that let seeds fail have two more metrics,
            "failed" and "completed".
        varies: names of metrics that come out otherwise when a seed is sampled again, such as seconds; True for all.
        gpu: whether it uses a GPU, so that one seed at a time is trained; None finds out from the first seed.
        threads: processor threads that training one seed may use. It stays the same on every machine, as sums may
            come out otherwise with another number.

    Returns:
        A `PopulationFunction`: call it with settings for a population.

    Raises:
        TypeError: not a function that takes a seed first, or an option of the wrong type.
        ValueError: an option out of range.

    Example:
        >>> import random
        >>> @population
        ... def dice(seed: int, *, sides: int = 6) -> dict[str, int]:
        ...     return {"eyes": random.Random(seed).randint(1, sides)}
        >>> dice(sides=20).label
        'dice(sides=20)'
        >>> [p.label for p in dice.grid(sides=[4, 6])]
        ['dice(sides=4)', 'dice(sides=6)']
    """
    _check_options(name, version, depends, failed, varies, gpu, threads)

    def make(function: Callable[..., Any]) -> PopulationFunction:
        return PopulationFunction(function, name, version, tuple(depends), failed, varies, gpu, threads)

    return make if function is None else make(function)


class PopulationFunction:
    """A function of a seed and settings; what `population` makes of it.

    Attributes:
        function: the function itself; call it to debug one seed.
        name: the name of its populations.
    """

    def __init__(
        self,
        function: Callable[..., Any],
        name: str | None = None,
        version: str | None = None,
        depends: tuple[str, ...] = (),
        failed: str | Mapping[str, Any] = "error",
        varies: bool | Collection[str] = (),
        gpu: bool | None = None,
        threads: int = 1,
    ) -> None:
        if not isinstance(function, FunctionType) or function.__name__ == "<lambda>":
            raise TypeError(f"population is for a function with a name that takes a seed; got {function!r}")
        if inspect.iscoroutinefunction(function) or inspect.isgeneratorfunction(function):
            raise TypeError(f"population is for a plain function; {function.__name__} is async, or yields")
        functools.update_wrapper(self, function)
        self.function = function
        self.name = name or function.__name__
        self.failed = failed
        self.varies = varies
        self.gpu = gpu
        self.threads = threads
        self._version, self._depends = version, depends
        self._text = text_of(function) if version is None else None
        self._parts: Parts | None = None
        self._signature = signature_of_settings(function)

    def __call__(self, *arguments: Any, **settings: Any) -> FunctionPopulation:
        """The population with these settings; those that are not given have their defaults.

        Raises:
            TypeError: no such setting, one is missing, or one is not plain (a number, text, a function with a name).
        """
        try:
            bound = self._signature.bind(*arguments, **settings)
        except TypeError as error:
            known = ", ".join(self._signature.parameters) or "none"
            raise TypeError(f"{self.name} takes the settings {known}; {error}") from None
        bound.apply_defaults()
        pairs = dict(bound.arguments)
        for parameter in self._signature.parameters.values():
            if parameter.kind is parameter.VAR_KEYWORD:
                pairs |= pairs.pop(parameter.name)
        for key, value in pairs.items():
            pairs[key] = plain_setting(self.name, key, value)
        return FunctionPopulation(self, tuple(pairs.items()))

    def grid(self, **settings: Sequence[Any]) -> list[FunctionPopulation]:
        """The populations of all combinations, the last setting changing fastest.

        Args:
            settings: setting -> its values.

        Raises:
            TypeError: as for one population, or the values are not a list.
        """
        for key, values in settings.items():
            if isinstance(values, str) or not isinstance(values, Sequence) or not values:
                raise TypeError(f"{key} must be a list of values, not empty; got {values!r}")
        populations = []
        for combination in itertools.product(*settings.values()):
            populations.append(self(**dict(zip(settings, combination, strict=True))))
        return populations

    def __repr__(self) -> str:
        return self.name

    @property
    def parameters(self) -> Mapping[str, inspect.Parameter]:
        """Its settings, by name."""
        return self._signature.parameters

    def parts(self, used: Sequence[Any] = ()) -> Parts:
        """Everything that the observations depend on, as it was at the first look in this process.

        Files may be edited while seeds train. The imported code runs, and the version names it.
        """
        if self._version is not None:
            return {"version": self._version}
        if used:
            return parts_of(self.function, self._depends, used, self._text)
        if self._parts is None:
            self._parts = parts_of(self.function, self._depends, (), self._text)
        return self._parts


@dataclass(frozen=True, repr=False)
class FunctionPopulation:
    """A function of a seed with its settings.

    Attributes:
        definition: the function.
        pairs: name and value of each setting.
    """

    definition: PopulationFunction
    pairs: tuple[tuple[str, Any], ...]

    @property
    def label(self) -> str:
        """The name and all settings."""
        settings = [f"{key}={shown(value)}" for key, value in self.pairs]
        return f"{self.definition.name}({', '.join(settings)})"

    @property
    def short_label(self) -> str:
        """The name and the settings that are not the defaults; for people, where the name alone says which function."""
        defaults = {name: parameter.default for name, parameter in self.definition.parameters.items()}
        texts = []
        for key, value in self.pairs:
            if key not in defaults or shown(defaults[key]) != shown(value):
                texts.append(f"{key}={shown(value)}")
        return f"{self.definition.name}({', '.join(texts)})"

    def __repr__(self) -> str:
        return self.label

    @property
    def settings(self) -> dict[str, Any]:
        """Setting -> value."""
        return dict(self.pairs)

    @functools.cached_property
    def parts(self) -> Parts:
        """Everything that the observations depend on."""
        return self.definition.parts(list(filter(callable, flat(list(self.settings.values())))))

    @property
    def version(self) -> str:
        """Names the code, files and packages behind the observations."""
        return digest_of(self.parts)

    @property
    def varies(self) -> bool | Collection[str]:
        """Metrics that come out otherwise when a seed is sampled again."""
        return self.definition.varies

    @property
    def counts(self) -> str | None:
        """The metric that says which seeds count; None where all do."""
        return COMPLETED if self.definition.failed == "exclude" else None

    def observe(self, seed: int) -> Row | Failure:
        """The function's result for a seed, or its failure."""
        try:
            returned = self.definition.function(seed, **dict(self.pairs))
        except Exception as error:
            return Failure(_one_line(error))
        row = row_of(returned, self.label, seed)
        if self.definition.failed != "error" and {FAILED, COMPLETED} & set(row):
            raise TypeError(f"{self.label} lets seeds fail, so no metric of its own can be called failed or completed")
        return row

    def sample(self, seeds: range) -> dict[str, NDArray[Any]]:
        """The function's results for the seeds, one after another in this process."""
        return self.tabulated(list(map(self.observe, seeds)), seeds)

    def tabulated(
        self, rows: Sequence[Row | Failure], seeds: Sequence[int], like: Row | None = None
    ) -> dict[str, NDArray[Any]]:
        """Rows as columns, with values for the seeds that failed.

        Args:
            rows: of each seed.
            seeds: of which.
            like: the row of another seed, which has the metrics that these lack if all of them failed; None for none.

        Raises:
            MeasurementError: a seed failed where none may, or all did and no other is known.
            TypeError, ValueError: as `columns_of`.
        """
        failed = self.definition.failed
        failures = [(seed, row.why) for seed, row in zip(seeds, rows, strict=True) if isinstance(row, Failure)]
        if failures and failed != "error" and len(failures) == len(rows) and like is not None:
            columns = self.tabulated([*rows, like], [*seeds, -1])
            return {name: values[:-1] for name, values in columns.items()}
        if failures and (failed == "error" or len(failures) == len(rows)):
            seed, why = failures[0]
            more = "" if len(failures) == 1 else f" ({len(failures)} of {len(rows)} seeds failed)"
            hint = "" if failed != "error" else "; @population(failed=...) says what such a seed counts for"
            raise MeasurementError(f"{self.label} failed for seed {seed}: {why}{more}{hint}")
        columns = columns_of(rows, self.label, seeds)
        if failed == "error":
            return columns
        values = failed if isinstance(failed, Mapping) else {}
        for name in values:
            if name not in columns:
                raise ValueError(f"failed must name metrics of {self.label} ({', '.join(columns)}); got {name!r}")
        return with_failures(columns, rows, values)


def _check_options(name: Any, version: Any, depends: Any, failed: Any, varies: Any, gpu: Any, threads: Any) -> None:
    """Refuses options of `population` before any work."""
    for key, value in (("name", name), ("version", version)):
        if value is not None and (not isinstance(value, str) or not value.strip()):
            raise TypeError(f"{key} must be text that is not empty; got {value!r}")
    if isinstance(depends, str) or not all(isinstance(text, (str, os.PathLike)) for text in depends):
        raise TypeError(f"depends must be a list of files and packages; got {depends!r}")
    if not isinstance(failed, Mapping) and failed not in _MODES:
        raise ValueError(
            f"failed must be one of {', '.join(_MODES)}, or a mapping from metric to value; got {failed!r}"
        )
    if isinstance(varies, str) or not isinstance(varies, (bool, Collection)):
        raise TypeError(f"varies must be a list of metrics, or True; got {varies!r}")
    if gpu not in (None, True, False):
        raise TypeError(f"gpu must be True, False or None; got {gpu!r}")
    if isinstance(threads, bool) or not isinstance(threads, int) or threads < 1:
        raise ValueError(f"threads must be a whole number of at least 1; got {threads!r}")


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text}" if len(text) <= 300 else f"{type(error).__name__}: {text[:299]}…"
