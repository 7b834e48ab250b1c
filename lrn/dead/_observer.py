"""Dead units while a network trains."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import nn

from lrn.dead._data import Batch
from lrn.dead._forms import is_array
from lrn.dead._looking import unchanged
from lrn.dead._masks import Masks
from lrn.dead._report import DeadReport
from lrn.dead._units import check_module, checked_dims, checked_names, criterion, report_of
from lrn.dead._watch import Watch

__all__ = ["DeadHistory", "DeadUnits", "DeadUnitsCallback"]


class DeadHistory:
    """Shares of dead units at the observed steps of a training.

    Attributes:
        steps: which steps were observed, the first being 0.
        names: the L activations, in the order in which they first appeared.
    """

    def __init__(self) -> None:
        self.steps: list[int] = []
        self.names: tuple[str, ...] = ()
        self._rows: list[dict[str, tuple[int, int]]] = []

    def add(self, step: int, report: DeadReport) -> None:
        """Take down one step."""
        self.steps.append(step)
        counts: dict[str, tuple[int, int]] = {}
        for layer in report.layers:
            counts[layer.name] = layer.dead_neurons, layer.units
        self._rows.append(counts)
        self.names = tuple(dict.fromkeys((*self.names, *report.names)))

    @property
    def dead(self) -> NDArray[np.float64]:
        """Share of dead units (T, L), from 0 to 1; NaN where an activation was not called."""
        table = np.full((len(self.steps), len(self.names)), np.nan)
        for t, row in enumerate(self._rows):
            for layer, name in enumerate(self.names):
                if name in row:
                    table[t, layer] = row[name][0] / max(row[name][1], 1)
        return table

    @property
    def share(self) -> NDArray[np.float64]:
        """Share of dead units of all activations together (T,)."""
        shares = np.zeros(len(self._rows))
        for t, row in enumerate(self._rows):
            if row:
                dead, units = np.sum(list(row.values()), axis=0)
                shares[t] = dead / max(units, 1)
        return shares

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain JSON types."""
        rows = []
        for row in self._rows:
            rows.append({name: list(pair) for name, pair in row.items()})
        return {"steps": list(self.steps), "names": list(self.names), "dead_of_units": rows}

    def __len__(self) -> int:
        return len(self.steps)

    def __str__(self) -> str:
        if not self.steps:
            return "no step was observed"
        rows = sorted({0, len(self) // 2, len(self) - 1})
        wide = max(map(len, ("dead at step", *self.names)))
        lines = ["  ".join([f"{'dead at step':<{wide}}", *map("{:>8}".format, map(self.steps.__getitem__, rows))])]
        for name, shares in zip(self.names, self.dead[rows].T, strict=True):
            lines.append("  ".join([f"{name:<{wide}}", *map(_percent, shares)]))
        return "\n".join(lines)


class DeadUnits:
    """Observes the dead units of a network while it trains; a context manager.

    Every `every`-th forward pass in training mode is looked at, and nothing else is changed: the same numbers are
    computed, and the same random numbers drawn. Each report is about one batch.

    Args:
        module: the network that is trained.
        every: look at one forward pass of this many, the first one included.
        unit_dims, ignore, threshold, tau, merge_calls: as in `dead_units`.
        mask: as in `dead_units`, but not a tensor: the name of an input, a function of the inputs, None or False.

    Attributes:
        history: the shares of dead units so far.
        report: the dead units at the latest observed step; None before the first.

    Raises:
        TypeError, ValueError: as `dead_units` does; or `every` is not a whole number of at least 1.

    Example:
        >>> import torch
        >>> net = nn.Sequential(nn.Linear(1, 4), nn.ReLU(), nn.Linear(4, 1))
        >>> optimizer = torch.optim.SGD(net.parameters(), lr=0.1)
        >>> with DeadUnits(net, every=2) as observer:
        ...     for _ in range(5):
        ...         optimizer.zero_grad()
        ...         net(torch.rand(8, 1)).square().mean().backward()
        ...         optimizer.step()
        >>> observer.history.steps
        [0, 2, 4]
    """

    def __init__(
        self,
        module: nn.Module,
        *,
        every: int = 1,
        unit_dims: Mapping[str, int | Sequence[int]] | None = None,
        ignore: str | Iterable[str] = (),
        threshold: float = 0.0,
        tau: float | None = None,
        merge_calls: bool = True,
        mask: Any = None,
    ) -> None:
        check_module(module)
        if is_array(mask):
            raise TypeError("mask must be the name of an input or a function of the inputs; got a tensor for one batch")
        if isinstance(every, bool) or not isinstance(every, int) or every < 1:
            raise ValueError(f"every must be a whole number of at least 1; got {every!r}")
        self.history, self.report = DeadHistory(), None  # type: tuple[DeadHistory, DeadReport | None]
        self._module, self._every, self._tau = module, every, tau
        self._ignore = checked_names(ignore)
        self._watch = Watch(module, criterion(threshold, tau), checked_dims(unit_dims or {}), merge_calls)
        self._mask = mask
        self._masks = Masks(module, mask)
        self._step = 0
        self._hooks: list[Any] = []
        self._open: ExitStack | None = None
        self._samples = 0

    def __enter__(self) -> DeadUnits:
        before = self._module.register_forward_pre_hook(self._before, prepend=True, with_kwargs=True)
        self._hooks = [before, self._module.register_forward_hook(self._after, always_call=True)]
        return self

    def __exit__(self, *_: Any) -> None:
        for hook in self._hooks:
            hook.remove()
        self.end(None)

    def _before(self, module: nn.Module, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if module.training:
            self.begin(args, kwargs)

    def _after(self, module: nn.Module, args: Any, output: Any) -> None:
        if module.training:
            self.end(output)

    def begin(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """A step begins with these inputs; for loops that call parts of the module by themselves."""
        step, self._step = self._step, self._step + 1
        if step % self._every or self._open is not None:
            return
        batch = Batch(args, kwargs)
        self._samples = len(batch) if batch.tensors and batch.tensors[0].dim() else 0
        self._masks = Masks(self._module, self._mask)
        mask = self._masks.of(batch) if self._samples else None
        self._watch.reset()
        self._open = ExitStack()
        self._open.enter_context(unchanged())
        self._open.enter_context(self._watch.attached())
        self._open.enter_context(self._watch.watching(args, kwargs, mask, self._masks.declared))

    def end(self, output: Any) -> None:
        """The step is over."""
        if self._open is None:
            return
        opened, self._open = self._open, None
        with opened:
            self._watch.outputs(output)
        if not self._watch.tallies and not self._watch.left_out:
            return
        self.report = report_of(self._watch, self._samples, self._tau, self._ignore, self._masks.remarks)
        self.history.add(self._step - 1, self.report)


class DeadUnitsCallback:
    """The same for trainers that take callbacks: Lightning, Hugging Face, or a loop of one's own.

    It needs none of these packages. Lightning's `Trainer(callbacks=[DeadUnitsCallback(every=100)])` looks at one
    training step of this many; so does `transformers.Trainer`. In a loop of one's own call `on_train_begin(model=net)`
    before it and `on_train_end()` after it.

    Args:
        every, options: as in `DeadUnits`.

    Attributes:
        observer: the `DeadUnits`; None before the training.
    """

    state_key = "DeadUnitsCallback"

    def __init__(self, every: int = 100, **options: Any) -> None:
        self.observer: DeadUnits | None = None
        self._every, self._options = every, options
        self._entered = False

    @property
    def history(self) -> DeadHistory:
        """The shares of dead units so far."""
        return DeadHistory() if self.observer is None else self.observer.history

    def on_train_start(self, trainer: Any, module: nn.Module) -> None:
        """Lightning's training begins."""
        self.observer = DeadUnits(module, every=self._every, **self._options)

    def on_train_batch_start(self, trainer: Any, module: nn.Module, batch: Any, batch_idx: int = 0) -> None:
        """Lightning's step begins: it may call parts of the module by themselves."""
        if self.observer is not None:
            self.observer.begin((batch,) if is_array(batch) else tuple(_values(batch)), {})

    def on_train_batch_end(self, *_: Any, **__: Any) -> None:
        """Lightning's step is over."""
        if self.observer is not None:
            self.observer.end(None)

    def on_train_begin(self, *_: Any, model: nn.Module, **__: Any) -> None:
        """A training begins whose steps call `model`."""
        self.observer, self._entered = DeadUnits(model, every=self._every, **self._options), True
        self.observer.__enter__()

    def on_train_end(self, *_: Any, **__: Any) -> None:
        """The training is over."""
        if self.observer is not None and self._entered:
            self.observer.__exit__()
        elif self.observer is not None:
            self.observer.end(None)

    def on_exception(self, *_: Any, **__: Any) -> None:
        """The training failed."""
        self.on_train_end()

    def setup(self, *_: Any, **__: Any) -> None:
        """Nothing to do."""

    teardown = setup

    def state_dict(self) -> dict[str, Any]:
        """Nothing is kept in checkpoints."""
        return {}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Nothing is kept in checkpoints."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        # Trainers call many more hooks than these, of which their own callbacks have empty ones.
        if name.startswith("on_"):
            return self.setup
        raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")


def _values(batch: Any) -> Iterable[Any]:
    return batch.values() if isinstance(batch, Mapping) else batch if isinstance(batch, list | tuple) else (batch,)


def _percent(share: float) -> str:
    return f"{'-':>8}" if np.isnan(share) else f"{100 * share:>6.0f} %"
