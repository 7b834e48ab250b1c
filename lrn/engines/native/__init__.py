"""The native engine: the C++ kernel in this folder, built for several instruction sets, one network a SIMD lane."""

from __future__ import annotations

import importlib
import os
from dataclasses import dataclass, field
from itertools import starmap
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from lrn.engines import LARGEST_THREADS
from lrn.experiment import CHOICES, CONVERGED_RMSE, DRAWN_BY_ENGINES, Experiment, given_parameters
from lrn.experiment.runs import Runs

if TYPE_CHECKING:
    from lrn.engines import Progress

_native: Any
try:
    _native = importlib.import_module("lrn.engines.native._native")
except ModuleNotFoundError:  # installed without a compiler; a kernel that is there and cannot load is an error
    _native = None

__all__ = ["NativeEngine", "Variant", "available", "source_hash", "variants"]


class Variant(NamedTuple):
    """A build of the kernel that this processor can run."""

    name: str
    lanes: int
    fused: bool


def available() -> bool:
    """Whether the kernel was built when lrn was installed."""
    return _native is not None


def variants() -> list[Variant]:
    """The variants that this processor can run, fastest first."""
    if _native is None:
        raise RuntimeError("the native engine was not built: install lrn again where a C++20 compiler is at hand")
    return list(starmap(Variant, _native.variants()))


def source_hash() -> str:
    """Names the source that the kernel was built from."""
    return str(_native.source_hash)


def _default_variant() -> Variant:
    chosen, compiled = os.environ.get("LRN_VARIANT"), variants()
    for variant in compiled:
        if chosen in (None, "", variant.name):
            return variant
    raise ValueError(f"LRN_VARIANT must be one of {', '.join(map(attrgetter('name'), compiled))}; got {chosen!r}")


@dataclass(frozen=True)
class NativeEngine:
    """Trains with the C++ kernel.

    Attributes:
        threads: how many processor threads to use; None for as many as this process may use.
        variant: the instruction set; the default is the processor's best, or what LRN_VARIANT names.
    """

    threads: int | None = None
    variant: Variant = field(default_factory=_default_variant)
    name = "native"

    @property
    def arithmetic(self) -> str:
        """The same on every machine that has a fused multiply-add, whatever its vectors' length."""
        return "native-fused" if self.variant.fused else "native"

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
        e, real, S = experiment, np.dtype(experiment.dtype), len(seeds)
        samples, outputs = e.data.t.shape
        initial = given_parameters(e, seeds, initial)
        runs = Runs(
            experiment,
            seeds,
            rmse=np.empty(S, real),
            rmse_initial=np.empty(S, real),
            converged_at=np.empty(S, np.int32),
            dead=np.empty((S, e.depth, e.width), np.bool_),
            prediction=np.empty((S, samples * outputs), real),
            parameters=np.empty((S, e.parameters), real) if parameters else None,
            trace=np.empty((S, e.epochs), real) if trace else None,
        )
        if S:
            getattr(_native, f"train_{real.name}")(
                self.variant.name,
                depth=e.depth,
                width=e.width,
                epochs=e.epochs,
                connection=CHOICES["connection"].index(e.connection),
                optimizer=CHOICES["optimizer"].index(e.optimizer),
                activation=CHOICES["activation"].index(e.activation),
                initial_weights=DRAWN_BY_ENGINES.index(e.initial) if initial is None else 0,
                norm=CHOICES["norm"].index(e.norm),
                iterative=e.style == "iterative",
                lr=e.lr,
                target_scale=e.data.target_scale,
                threshold=CONVERGED_RMSE,
                x=e.data.x_standardised.astype(real),
                t=e.data.t_standardised.astype(real),
                seeds=np.ascontiguousarray(seeds, np.uint64),
                initial=None if initial is None else np.ascontiguousarray(initial, real),
                threads=self._threads,
                progress=progress,
                rmse=runs.rmse,
                rmse_initial=runs.rmse_initial,
                converged_at=runs.converged_at,
                dead=runs.dead.view(np.uint8),
                prediction=runs.prediction,
                parameters=runs.parameters,
                trace=runs.trace,
            )
        runs.prediction[:] = runs.prediction * real.type(e.data.target_scale) + real.type(e.data.target_mean)
        return runs

    def classify(
        self,
        *,
        layers: NDArray[np.int32],
        read: NDArray[np.int32],
        activations: int,
        last: int,
        initial: NDArray[np.floating],
        train: tuple[NDArray[np.floating], NDArray[np.integer]],
        test: NDArray[np.floating],
        classes: int,
        order: NDArray[np.int32],
        part: int,
        batch: int,
        lr: float,
        momentum: float,
    ) -> dict[str, NDArray[Any]]:
        """Trains networks that classify images, by gradient descent on the cross-entropy.

        Args:
            layers: of the networks, rows as `Layer` in cnn/job.hpp.
            read: the tensors whose averages over the image the linear classifier reads.
            activations: how many channels have a ReLU, all layers together (A).
            last: the layer whose gradient is `last_gradient`.
            initial: weights (S, P), in the order of the layers; they say how precise all numbers are.
            train, test: images (N, C, H, W) and the former's classes (N,).
            classes: how many there are.
            order: the images of each epoch as each network sees them (S, epochs, N).
            part: images of one pass, at most, where all training images are looked at: before and after training.
            batch: images of one step; the last one of an epoch may have fewer.
            lr, momentum: of the gradient descent.

        Returns:
            Arrays by name: first_gradient, last_gradient (S,), norms before training; loss, accuracy, gradient (S,
            epochs, steps), before each step; predicted (S, test images); silent (S, A), channels that are zero on
            every training image after their ReLU.

        Raises:
            ValueError: these do not fit together.
        """
        real, (S, epochs, N) = initial.dtype, order.shape
        results: dict[str, NDArray[Any]] = {
            "predicted": np.empty((S, len(test)), np.int32),
            "silent": np.empty((S, activations), np.uint8),
        }
        for name in ("first_gradient", "last_gradient"):
            results[name] = np.empty(S, real)
        for name in ("loss", "accuracy", "gradient"):
            results[name] = np.empty((S, epochs, -(-N // batch)), real)
        getattr(_native, f"classify_{real.name}")(
            self.variant.name,
            layers=layers,
            read=read,
            classes=classes,
            last=last,
            part=part,
            batch=batch,
            epochs=epochs,
            lr=lr,
            momentum=momentum,
            train_x=np.ascontiguousarray(train[0], real),
            train_y=np.ascontiguousarray(train[1], np.int32),
            test_x=np.ascontiguousarray(test, real),
            order=order,
            initial=initial,
            threads=self._threads,
            **results,
        )
        return results | {"silent": results["silent"].view(np.bool_)}

    @property
    def _threads(self) -> int:
        return min(_processors(), LARGEST_THREADS) if self.threads is None else self.threads


def _processors() -> int:
    affinity = getattr(os, "sched_getaffinity", None)  # not on every system
    return len(affinity(0)) if affinity else os.cpu_count() or 1
