"""One launch: tables to the GPU, kernels side by side on streams, results back. Nothing waits in between."""

from __future__ import annotations

import time
from functools import cache, partial
from itertools import product, repeat
from math import prod
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from cuda.core import Device, LaunchConfig, Stream, launch
from numpy.typing import NDArray

from lrn.engines.cuda._program import CHOSEN, JOB, RESIDENT, Program, kernels
from lrn.experiment import CHOICES, CONVERGED_RMSE, Experiment
from lrn.experiment.runs import Runs

if TYPE_CHECKING:
    from cuda.core import Kernel

    from lrn.engines.cuda import Piece

__all__ = ["Launch"]

LANES = 32
"""Networks of a block: one per thread of a warp."""

POLL_SECONDS = 0.001
NEXT, DONE, CANCELLED = 0, 1, 2
NO_MORE = 2**30


class Slot(NamedTuple):
    """Where an array lies in a block of memory, in bytes."""

    start: int
    dtype: np.dtype[Any]
    shape: tuple[int, ...]

    def of(self, block: NDArray[np.uint8]) -> NDArray[Any]:
        """The array itself."""
        size = prod(self.shape) * self.dtype.itemsize
        return block[self.start : self.start + size].view(self.dtype).reshape(self.shape)


class Block:
    """Arrays one after another in one block of memory, so that one copy moves them all."""

    def __init__(self) -> None:
        self.size = 0
        self._uploads: dict[int, tuple[Slot, NDArray[Any]]] = {}

    def slot(self, dtype: Any, *shape: int) -> Slot:
        """Room for an array."""
        slot = Slot(self.size, np.dtype(dtype), shape)
        self.size += -(-prod(shape) * slot.dtype.itemsize // 16) * 16
        return slot

    def give(self, array: NDArray[Any]) -> Slot:
        """Room for an array that `upload` fills in; an array that is given twice has one place."""
        if id(array) not in self._uploads:
            self._uploads[id(array)] = self.slot(array.dtype, *array.shape), array
        return self._uploads[id(array)][0]

    def upload(self, device: torch.device) -> torch.Tensor:
        """The block on the GPU, with every given array in it."""
        block = np.zeros(self.size, np.uint8)
        for slot, array in self._uploads.values():
            slot.of(block)[...] = array
        return torch.from_numpy(block).to(device)


class Group:
    """Jobs that one program trains: its share of the launch."""

    def __init__(self, program: Program, jobs: list[int], pieces: list[Piece]) -> None:
        self.program = program
        self.jobs = sorted(jobs, key=lambda i: _work(pieces[i].experiment), reverse=True)
        experiments = [pieces[i].experiment for i in jobs]
        self.cells, self.can_settle = max(map(_cells, experiments)), any(map(_can_settle, experiments))
        self.work = 0
        starts: list[tuple[int, int]] = []
        for i in self.jobs:
            self.work += _work(pieces[i].experiment) * len(pieces[i].seeds)
            starts += product((i,), range(0, len(pieces[i].seeds), LANES))
        self.units = np.array(starts, np.int64).reshape(-1, 2)

    def workspace(self, device: torch.device, share: int) -> torch.Tensor:
        """Memory of the blocks that run at once, (blocks, cells, LANES); at most about `share` bytes."""
        processors = torch.cuda.get_device_properties(device).multi_processor_count
        dtype = {"float": torch.float32, "double": torch.float64}[self.program.real]
        room = share // (self.cells * LANES * dtype.itemsize)
        blocks = max(1, min(len(self.units), RESIDENT * processors, room))
        return torch.empty((blocks, self.cells, LANES), dtype=dtype, device=device)


class Launch:
    """Trains pieces of fleets side by side, from the moment it is made.

    Args:
        pieces: networks of one experiment each.
        device: a CUDA device.
        trace: keep the RMSE over the samples that each epoch trained on.
        parameters: keep the trained weights.
    """

    def __init__(self, pieces: list[Piece], device: str, trace: bool, parameters: bool) -> None:
        self._pieces, self._device = pieces, torch.device(device)
        self._groups = _grouped(pieces)
        results = Block()
        self._slots = [_results(results, piece, trace, parameters) for piece in pieces]
        with torch.cuda.device(self._device):
            self._stream, self._watch = torch.cuda.Stream(), torch.cuda.Stream()
            self._finished = torch.cuda.Event()
            with torch.cuda.stream(self._stream):
                self._results = torch.empty(results.size, dtype=torch.uint8, device=self._device)
                self._start()

    def finished(self) -> bool:
        """Whether every network is trained; waits a moment before it says no."""
        if not self._finished.query():
            time.sleep(POLL_SECONDS)
            return False
        return True

    def done(self) -> int:
        """How many networks are trained."""
        with torch.cuda.stream(self._watch):
            return int(self._progress.cpu()[:, DONE].sum())

    def cancel(self) -> None:
        """Ends the training within some epochs, without results."""
        stop = torch.zeros(self._progress.shape, dtype=torch.int32)
        stop[:, NEXT], stop[:, CANCELLED] = NO_MORE, 1
        with torch.cuda.stream(self._watch):
            self._progress.copy_(stop)  # a copy, since every processor of the GPU may be busy
        self._stream.synchronize()

    def runs(self) -> list[Runs]:
        """The trained networks, in the order of the pieces."""
        with torch.cuda.stream(self._stream):
            block = self._results.cpu().numpy()
        return list(map(_runs, self._pieces, self._slots, repeat(block)))

    # ---- what happens on the GPU, in order; every tensor lives as long as a kernel may use it ----

    def _start(self) -> None:
        device, groups = self._device, self._groups
        share = torch.cuda.mem_get_info(device)[0] // (2 * max(1, len(groups)))
        self._workspaces = [group.workspace(device, share) for group in groups]
        self._progress = torch.zeros((2 * len(groups), 4), dtype=torch.int32, device=device)
        surveyed: list[int] = []
        for group in filter(attrgetter("can_settle"), groups):
            surveyed += group.jobs
        self._order = Order(surveyed, list(map(len, map(attrgetter("seeds"), self._pieces))), device)
        self._upload()

        architecture = "sm_{}{}".format(*torch.cuda.get_device_capability(device))
        Device(torch.cuda.current_device()).set_current()
        compiled = [kernels(group.program, architecture) for group in groups]
        for g, group in enumerate(groups):
            if group.can_settle:
                self._run(self._stream, compiled[g][1], g, len(groups) + g)
        self._order.sort()
        sides = []
        for g, (train, _) in enumerate(compiled):
            sides.append(torch.cuda.Stream())
            sides[g].wait_stream(self._stream)
            self._run(sides[g], train, g, g)
        for side in sides:
            self._stream.wait_stream(side)
        self._finished.record(self._stream)

    def _upload(self) -> None:
        block = Block()
        inputs = list(map(partial(_inputs, block), self._pieces))
        units = list(map(block.give, map(attrgetter("units"), self._groups)))
        self._inputs = block.upload(self._device)
        jobs = np.zeros(len(self._pieces), JOB)
        for i, (job, piece) in enumerate(zip(jobs, self._pieces, strict=True)):
            _describe(job, piece)
            _point(job, self._inputs, inputs[i])
            _point(job, self._results, self._slots[i])
            job["settled"], job["order"] = self._order.pointers(i)
        self._jobs = torch.from_numpy(jobs.view(np.uint8)).to(self._device)
        self._units = [self._inputs.data_ptr() + slot.start for slot in units]

    def _run(self, stream: torch.cuda.Stream, kernel: Kernel, g: int, row: int) -> None:
        group, workspace = self._groups[g], self._workspaces[g]
        if len(group.units) == 0:
            return
        launch(
            Stream.from_handle(stream.cuda_stream),
            LaunchConfig(grid=len(workspace), block=LANES),
            kernel,
            self._jobs.data_ptr(),
            self._units[g],
            len(group.units),
            self._progress[row].data_ptr(),
            workspace.data_ptr(),
            group.cells,
        )


class Order:
    """In which order networks train: those whose first layers are settled from the start train together, and skip them.

    Args:
        jobs: the jobs that are sorted; the networks of others train as they come.
        sizes: networks of every job.
        device: a CUDA device.
    """

    def __init__(self, jobs: list[int], sizes: list[int], device: torch.device) -> None:
        lengths = list(map(sizes.__getitem__, jobs))
        starts = np.cumsum([0, *lengths])
        self._start = dict(zip(jobs, starts[:-1].tolist(), strict=True))
        self._first = torch.from_numpy(np.repeat(starts[:-1], lengths)).to(device)
        self._settled = torch.zeros(int(starts[-1]), dtype=torch.int32, device=device)
        self._order = torch.empty(int(starts[-1]), dtype=torch.int64, device=device)

    def pointers(self, job: int) -> tuple[int, int]:
        """Where a job's networks leave how many layers are settled, and find their order; zeros if it is not sorted."""
        if job not in self._start:
            return 0, 0
        start = self._start[job]
        return self._settled[start:].data_ptr(), self._order[start:].data_ptr()

    def sort(self) -> None:
        """After the survey: fills in the order."""
        by_settled = torch.argsort(self._settled, stable=True)
        by_job = torch.argsort(self._first[by_settled], stable=True)
        self._order.copy_(by_settled[by_job] - self._first)


def _grouped(pieces: list[Piece]) -> list[Group]:
    members: dict[Program, list[int]] = {}
    for i, piece in enumerate(pieces):
        members.setdefault(Program.of(piece.experiment), []).append(i)
    groups = [Group(program, jobs, pieces) for program, jobs in members.items()]
    return sorted(groups, key=lambda group: group.work, reverse=True)  # those that take longest start first


def _can_settle(e: Experiment) -> bool:
    """Whether layers of such networks can be settled for good (judged.hpp)."""
    return (e.connection, e.activation, e.norm) == ("plain", "relu", "none") and e.optimizer != "adamw"


def _work(e: Experiment) -> int:
    """About how long a network trains. Plain ones settle early, as a rule."""
    layer = (3 if e.style == "batch" else 1) + (2 if e.optimizer == "adam" else 0)
    return e.depth * e.width**2 * e.epochs * layer * (2 if e.connection == "late" else 1)


def _cells(e: Experiment) -> int:
    """Numbers that the kernel keeps in memory for one network: what `fleet_of` in fleet.hpp takes."""
    N, W, D = e.data.samples, e.width, e.depth
    layers = 1 + (e.norm == "batch" or e.activation in ("prelu", "elu")) + (e.connection == "residual")
    small = D * W * (1 + (e.norm == "batch"))
    return 4 * e.parameters + e.data.x.size + e.data.t.size + layers * D * N * W + 4 * N * W + small


@cache
def _schedule(lr: float, epochs: int, dtype: str) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Adam's lr / (1 - beta1^k) and 1 / sqrt(1 - beta2^k), the powers one product per epoch; each (epochs,)."""
    step = lr / (1 - np.cumprod(np.full(epochs, 0.9)))
    root = 1 / np.sqrt(1 - np.cumprod(np.full(epochs, 0.999)))
    return step.astype(dtype), root.astype(dtype)


def _inputs(block: Block, piece: Piece) -> dict[str, Slot]:
    e = piece.experiment
    slots = {
        "x": block.give(e.data.x_standardised.astype(e.dtype)),
        "t": block.give(e.data.t_standardised.astype(e.dtype)),
        "seeds": block.give(np.ascontiguousarray(piece.seeds, np.uint64)),
    }
    if e.optimizer in ("adam", "adamw"):
        step, root = _schedule(e.lr, e.epochs, e.dtype)
        slots |= {"adam_step": block.give(step), "adam_root": block.give(root)}
    if piece.initial is not None:
        slots["initial"] = block.give(np.ascontiguousarray(piece.initial, e.dtype))
    return slots


def _results(block: Block, piece: Piece, trace: bool, parameters: bool) -> dict[str, Slot]:
    e, S = piece.experiment, len(piece.seeds)
    slots = {"rmse": block.slot(e.dtype, S), "rmse_initial": block.slot(e.dtype, S)}
    slots["converged_at"] = block.slot(np.int32, S)
    slots["dead"] = block.slot(np.bool_, S, e.depth, e.width)
    slots["prediction"] = block.slot(e.dtype, S, e.data.t.size)
    if trace:
        slots["trace"] = block.slot(e.dtype, S, e.epochs)
    if parameters:
        slots["parameters"] = block.slot(e.dtype, S, e.parameters)
    return slots


def _describe(job: Any, piece: Piece) -> None:
    e = piece.experiment
    job["features"], job["outputs"], job["samples"] = e.data.x.shape[1], e.data.t.shape[1], e.data.samples
    job["depth"], job["width"], job["epochs"] = e.depth, e.width, e.epochs
    for name in CHOSEN:
        job[f"{name}_chosen"] = CHOICES[name].index(getattr(e, name))
    job["iterative"] = e.style == "iterative"
    job["count"], job["lr"] = len(piece.seeds), e.lr
    job["target_scale"], job["threshold"] = e.data.target_scale, CONVERGED_RMSE


def _point(job: Any, block: torch.Tensor, slots: dict[str, Slot]) -> None:
    for name, slot in slots.items():
        job[name] = block.data_ptr() + slot.start


def _runs(piece: Piece, slots: dict[str, Slot], block: NDArray[np.uint8]) -> Runs:
    e, arrays = piece.experiment, {name: slot.of(block) for name, slot in slots.items()}
    real = np.dtype(e.dtype).type
    arrays["prediction"] = arrays["prediction"] * real(e.data.target_scale) + real(e.data.target_mean)
    return Runs(e, piece.seeds, **arrays)
