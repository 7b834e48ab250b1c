"""The CUDA engine: the native engine's kernel as the body of a GPU kernel, one network per thread.

Fleets of many experiments train at once (`CudaEngine.train_many`), since one alone seldom fills a GPU.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lrn.engines.cuda._program import is_narrow, source_hash
from lrn.experiment import Experiment, check_initial, given_parameters
from lrn.experiment.runs import Runs

if TYPE_CHECKING:
    from lrn.engines import Engine, Progress

__all__ = ["CudaEngine", "available", "installed", "source_hash"]

RESULT_BYTES = 2**30
"""The results that one launch may leave in a GPU's memory; larger fleets are trained in several launches."""

FEWEST_WIDE = 16_384
"""From this many networks on, a GPU trains those that are not narrow faster than the processor beside it. One thread
trains a whole network: on an H200, 32 take as long as 1,024, and 1,024 of width 8 six times as long as on 16 cores."""


def installed() -> bool:
    """Whether the package that compiles for GPUs is here."""
    try:
        return find_spec("cuda.core") is not None
    except ModuleNotFoundError:  # nor anything else of the name cuda
        return False


def available() -> bool:
    """Whether the engine can run here: the package and a GPU that torch can use."""
    if not installed():
        return False
    import torch

    return torch.cuda.is_available()


class Piece(NamedTuple):
    """Networks of one experiment that train in one launch."""

    experiment: Experiment
    seeds: NDArray[np.uint64]
    initial: NDArray[np.floating] | None
    owner: int  # which of the experiments that were asked for


@dataclass(frozen=True)
class CudaEngine:
    """Trains on an NVIDIA GPU.

    Attributes:
        device: "cuda", or "cuda:1" and so on where there are several.
        processor: the engine that trains small fleets of wide networks, to the same bits; None to train all on the GPU.

    Raises:
        ValueError: torch cannot use that device here.
        RuntimeError: the package `cuda-core` is not installed.
    """

    device: str = "cuda"
    processor: Engine | None = None
    name = "cuda"
    arithmetic = "native-fused"

    def __post_init__(self) -> None:
        from lrn.engines.reference import check_device

        if self.device.split(":")[0] != "cuda":
            raise ValueError(f"the cuda engine runs on device cuda or cuda:NUMBER; got {self.device!r}")
        if not installed():
            raise RuntimeError("the cuda engine needs the package cuda-core: pip install 'lrn-claims[cuda]'")
        check_device(self.device)

    def train(
        self,
        experiment: Experiment,
        seeds: NDArray[np.uint64],
        *,
        trace: bool = False,
        parameters: bool = False,
        initial: NDArray[np.floating] | None = None,
        progress: Progress | None = None,
    ) -> Runs:
        """Trains one network per seed; see `lrn.engines.Engine`."""
        if self.processor is not None and not self.pays(experiment, len(seeds)):
            return self.processor.train(
                experiment, seeds, trace=trace, parameters=parameters, initial=initial, progress=progress
            )
        return self.train_many(
            [experiment], [seeds], trace=trace, parameters=parameters, initial=[initial], progress=progress
        )[0]

    def pays(self, experiment: Experiment, networks: int) -> bool:
        """Whether so many networks train on the GPU, rather than on the processor beside it."""
        return self.processor is None or is_narrow(experiment) or networks >= FEWEST_WIDE

    def train_many(
        self,
        experiments: Sequence[Experiment],
        seeds: Sequence[NDArray[np.uint64]],
        *,
        trace: bool = False,
        parameters: bool = False,
        initial: Sequence[NDArray[np.floating] | None] | None = None,
        progress: Progress | None = None,
    ) -> list[Runs]:
        """Trains several experiments side by side: `seeds[i]` and `initial[i]` belong to `experiments[i]`.

        Raises:
            ValueError: there are not as many `seeds` as `experiments`.
        """
        initial = [None] * len(experiments) if initial is None else initial
        if not len(experiments) == len(seeds) == len(initial):
            raise ValueError(
                f"train_many needs seeds for each experiment; got {len(experiments)} experiments, {len(seeds)} seeds"
            )
        for experiment, own, weights in zip(experiments, seeds, initial, strict=True):
            check_initial(experiment, own, weights)
        initial = list(map(given_parameters, experiments, seeds, initial))
        pieces = list(_pieces(experiments, seeds, initial, trace, parameters))
        parts: list[list[Runs]] = [[] for _ in experiments]
        done = 0
        for group in _groups(pieces, trace, parameters):
            report = None if progress is None else partial(_add, progress, done)
            for piece, runs in zip(group, self._launch(group, trace, parameters, report), strict=True):
                parts[piece.owner].append(runs)
                done += len(runs)
        return list(map(Runs.join, parts))

    def _launch(self, pieces: list[Piece], trace: bool, parameters: bool, progress: Progress | None) -> list[Runs]:
        from lrn.engines.cuda._launch import Launch

        launch = Launch(pieces, self.device, trace, parameters)
        try:
            while not launch.finished():
                if progress is not None:
                    progress(launch.done())
        except BaseException:
            launch.cancel()
            raise
        return launch.runs()


def _add(progress: Progress, before: int, done: int) -> None:
    progress(before + done)


def _pieces(
    experiments: Sequence[Experiment],
    seeds: Sequence[NDArray[np.uint64]],
    initial: Sequence[NDArray[np.floating] | None],
    trace: bool,
    parameters: bool,
) -> Iterator[Piece]:
    for owner, (e, all_seeds, weights) in enumerate(zip(experiments, seeds, initial, strict=True)):
        most = max(1, RESULT_BYTES // _bytes_each(e, trace, parameters))
        for start in range(0, max(len(all_seeds), 1), most):
            part = slice(start, start + most)
            yield Piece(e, all_seeds[part], None if weights is None else weights[part], owner)


def _groups(pieces: list[Piece], trace: bool, parameters: bool) -> Iterator[list[Piece]]:
    """Pieces in order, as many together as leave no more than RESULT_BYTES."""
    group: list[Piece] = []
    room = RESULT_BYTES
    for piece in pieces:
        size = len(piece.seeds) * _bytes_each(piece.experiment, trace, parameters)
        if group and size > room:
            yield group
            group, room = [], RESULT_BYTES
        group.append(piece)
        room -= size
    if group:
        yield group


def _bytes_each(e: Experiment, trace: bool, parameters: bool) -> int:
    numbers = 2 + e.data.t.size + e.epochs * trace + e.parameters * parameters
    return numbers * np.dtype(e.dtype).itemsize + e.neurons + 4
