"""`dead_units`: run data through a module and say which units never fired."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from fnmatch import fnmatchcase
from functools import partial
from itertools import chain, filterfalse, starmap
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parameter import is_lazy

from lrn.dead._activations import RELU_LIKE
from lrn.dead._batches import batches
from lrn.dead._data import Batch, home
from lrn.dead._looking import looking
from lrn.dead._masks import Masks
from lrn.dead._report import DeadReport, LayerUnits
from lrn.dead._tally import Counting, Tally
from lrn.dead._watch import Watch

__all__ = ["check_module", "checked_dims", "checked_names", "criterion", "dead_units", "report_of"]


def dead_units(
    module: nn.Module,
    data: Any,
    *,
    batch_size: int | None = None,
    unit_dims: Mapping[str, int | Sequence[int]] | None = None,
    ignore: str | Iterable[str] = (),
    mask: Any = None,
    threshold: float = 0.0,
    tau: float | None = None,
    training: bool | None = False,
    merge_calls: bool = True,
) -> DeadReport:
    """Find the units of each ReLU-like activation in `module` that are exactly zero on all of `data`.

    The forward code needs no change: activation modules and functional calls (`torch.relu(x)`,
    `x.clamp(min=0)`) are found alike, each counted once, also in scripted code, checkpoints, custom autograd
    functions, `vmap` and the model's own threads. A call on weights, positions or indices alone is not an
    activation of data, and neither is one that only enters a single number, such as a hinge loss.

    A ReLU-like call is exactly zero on a whole interval of inputs, for there a unit can be zero for all
    data and get no gradient: relu, relu6, clamp with min=0, hardtanh with min_val=0, threshold with
    value=0, leaky_relu with slope 0, hardswish, hardsigmoid, hardshrink, softshrink, the ReLU of recurrent
    layers, and gates: `x * (x > a)`, `torch.where(x > a, x, 0)`, `torch.maximum(x, 0)`, a scattered top-k.
    Leaky ReLU, PReLU, ELU, SELU, GELU, SiLU, Softplus, Tanh and Sigmoid are zero at single points at most;
    their units are not reported.

    Units are the outputs of the layer that feeds the activation: the channels of a convolution, the features
    of a linear layer, wherever views, permutations, pooling and normalisation have taken them. A unit is dead
    when it is zero at every position. Where it cannot be known which dimensions hold the units, the activation
    is listed under `not_counted`, and `unit_dims` says it.

    The module is run without gradients, compiled parts eagerly. Its training flags, its buffers and the random
    states are put back, its hooks and parameters left alone. Memory does not grow with the number of batches.

    Args:
        module: any module; on any device.
        data: inputs of the module's forward, with the samples in dimension 0: a tensor, a NumPy array, a pandas
            table, a sparse matrix; a mapping by argument name; a tuple (input, target) or ((input, input),
            target), of which the module gets the inputs; a data set of samples; or an iterable of such batches (a
            `DataLoader`, a list, nested or not), in which a tuple or list is a batch. Batches are moved to the
            module's device, and floating numbers to its dtype.
        batch_size: largest number of samples in one forward pass; None takes the batches as they come.
        unit_dims: for activations by name, the dimension of the output that holds the units, or several.
        ignore: names of activations to leave out, or patterns such as "head.*".
        mask: which positions count, True for those that do, for padded data: a tensor or array (N, T) with the axes
            of the data; the name of an input that is the mask; or a function of the inputs. None leaves out the
            padding that is declared, by an input named `attention_mask`, `src_key_padding_mask`, `key_padding_mask`
            or `padding_mask`, or by the `padding_idx` of the module's embeddings; and, with a warning, zeros at one
            end of rows of token ids that stand nowhere else. The report says how many. False counts every position.
        threshold: a unit also counts as dead if it is never larger than this in size.
        tau: if given, a unit counts as dead if its mean size is at most `tau` times the mean of its layer (the
            tau-dormant neurons of Sokar et al., 2023).
        training: run in training mode (True), evaluation mode (False), or the mode the module is in (None).
        merge_calls: whether calls of one activation behind one layer, as in a siamese or recurrent network, count as
            one; False makes an entry for each call of a forward pass.

    Returns:
        The dead units by layer.

    Raises:
        TypeError: `module` is not a module, or `data`, `unit_dims` or `mask` has another type.
        ValueError: `data` is empty or can be read in two ways, `module` makes no ReLU-like call or has no data (meta
            device), a name in `unit_dims` or `ignore` is not one of its calls or has no such dimension, or a
            layer's number of units differs between batches.

    Source:
        Sokar, Agarwal, Castro and Evci (2023), "The dormant neuron phenomenon in deep reinforcement learning", §3.

    Example:
        >>> net = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
        >>> with torch.no_grad():
        ...     _ = net[0].bias.copy_(torch.tensor([0.0, -9.0, 0.0]))
        >>> dead_units(net, torch.rand(50, 2)).masks[0][1]
        np.True_
    """
    check_module(module)
    dims, patterns = checked_dims(unit_dims or {}), checked_names(ignore)
    counting = criterion(threshold, tau)
    watch = Watch(module, counting, dims, merge_calls)
    samples, masks = 0, Masks(module, mask)
    with looking(module, training=training), watch.attached():
        for batch in batches(module, data, batch_size):
            with _wrong_numbers_named(module, batch, data):
                watch.forward(batch.args, batch.kwargs, masks.of(batch), masks.declared)
            samples += 1 if watch.single_sample else len(batch)
    masks.check_used_up()
    _check_calls(watch, dims, patterns)
    return report_of(watch, samples, tau, patterns, masks.remarks)


@contextmanager
def _wrong_numbers_named(module: nn.Module, batch: Batch, data: Any) -> Iterator[None]:
    """Says so in one sentence where a model of floating numbers cannot compute with whole or complex ones."""
    try:
        yield
    except RuntimeError as error:
        dtypes = home(module)[1]
        other = next(filterfalse(Tensor.is_floating_point, batch.tensors), None)
        if other is not None and dtypes and ("dtype" in str(error) or "should be the same" in str(error)):
            raise TypeError(
                f"data must be floating numbers for a model of {_dtype_name(dtypes[0])}; "
                f"got a {type(data).__name__} with {_dtype_name(other.dtype)}: {str(error).splitlines()[0]}"
            ) from error
        raise


def _dtype_name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


def report_of(
    watch: Watch, samples: int, tau: float | None, ignore: Sequence[str] = (), remarks: Sequence[str] = ()
) -> DeadReport:
    """Returns the counts of a watch so far, as a report."""
    if watch.nan_output:
        remarks = [*remarks, "the module's output has NaN"]
    layers, unmasked = [], []
    for name in _not_ignored(watch.tallies, ignore):
        tally = watch.tallies[name]
        if tally.fired is not None:
            layers.append(_layer(tally, tau))
        if tally.unmasked:
            unmasked.append(name)
    if unmasked:
        remarks = [*remarks, f"padding could not be followed to {', '.join(unmasked)}: every position counts there"]
    left_out = {**watch.left_out, **watch.empty()}
    reasons = {name: left_out[name] for name in _not_ignored(left_out, ignore)}
    threshold = watch.counting.threshold
    shown = "dead" if threshold == 0 else f"at most {threshold:g}"
    return DeadReport(
        tuple(layers),
        samples,
        MappingProxyType(reasons),
        shown if tau is None else f"dormant (tau {tau:g})",
        tuple(remarks),
    )


def criterion(threshold: float, tau: float | None) -> Counting:
    """The criterion of firing. Raises ValueError for numbers that make no sense, or both at once."""
    for name, value in (("threshold", threshold), ("tau", 0.0 if tau is None else tau)):
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if not (number and 0 <= value < math.inf):
            raise ValueError(f"{name} must be a number of at least 0; got {value!r}")
    if tau is not None and threshold:
        raise ValueError("give threshold or tau, not both: each says what counts as dead")
    return Counting(float(threshold), tau is not None)


def check_module(module: Any) -> None:
    """Raise TypeError for anything but a module, and ValueError for one without numbers."""
    if not isinstance(module, nn.Module):
        raise TypeError(f"module must be a torch.nn.Module, not {type(module).__name__}")
    for name, tensor in (*module.named_parameters(), *module.named_buffers()):
        if is_lazy(tensor):
            raise ValueError(f"module must have all its parameters; {name} is made by its first call, so run it once")
        if tensor.is_meta:
            raise ValueError(f"module must have numbers to compute with; {name} is on the meta device")


def _layer(tally: Tally, tau: float | None) -> LayerUnits:
    assert tally.fired is not None
    fired = tally.fired.cpu().numpy().reshape(-1)
    dead, scores = fired == 0, None
    if tau is not None and tally.sums is not None:
        sizes = tally.sums.cpu().numpy().reshape(-1)
        mean = sizes.mean()
        scores = sizes / mean if mean > 0 else np.zeros_like(sizes)
        dead = ~(scores > tau) & ~np.isnan(scores)
        scores.setflags(write=False)
    dead.setflags(write=False)
    zeros = 1 - float(fired.sum()) / max(tally.total * fired.size, 1)
    return LayerUnits(tally.name, tally.kind, dead, tally.shape, tally.feeds, zeros, tally.has_nan, scores)


def _not_ignored(names: Iterable[str], patterns: Sequence[str]) -> list[str]:
    """The names of activations that no pattern leaves out."""
    return [name for name in names if name not in patterns and not any(map(partial(fnmatchcase, name), patterns))]


def checked_dims(unit_dims: Any) -> dict[str, tuple[int, ...]]:
    """`unit_dims` with a tuple for each name. Raises TypeError for anything but such a mapping."""
    checked: dict[str, tuple[int, ...]] = {}
    for name, dims in unit_dims.items() if isinstance(unit_dims, Mapping) else ():
        checked[name] = tuple(dims) if isinstance(dims, list | tuple) and dims else (dims,)
    if not isinstance(unit_dims, Mapping) or not all(map(_is_whole_number, chain.from_iterable(checked.values()))):
        raise TypeError(f"unit_dims must map names of calls to whole numbers, as in {{'relu()': 1}}; got {unit_dims!r}")
    return checked


def _is_whole_number(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def checked_names(ignore: Any) -> tuple[str, ...]:
    """`ignore` as a tuple. Raises TypeError for anything but names."""
    names = (ignore,) if isinstance(ignore, str) else tuple(ignore) if isinstance(ignore, Iterable) else (ignore,)
    if not all(isinstance(name, str) for name in names):
        raise TypeError(f"ignore must be names of activations, or patterns such as 'head.*'; got {ignore!r}")
    return names


def _check_calls(watch: Watch, unit_dims: Mapping[str, Any], ignore: Sequence[str]) -> None:
    names = [*watch.tallies, *watch.left_out]
    for name in unit_dims:
        if name not in names:
            raise ValueError(f"unit_dims names {name!r}, but the calls are {', '.join(names)}")
    for pattern in ignore:
        if _not_ignored(names, [pattern]) == names:
            raise ValueError(f"ignore names {pattern!r}, but the calls are {', '.join(names) or 'none'}")
    if not _not_ignored(watch.tallies, ignore):
        reasons = "; ".join(starmap("{}: {}".format, watch.left_out.items()))
        hint = (
            f"where the dimension of the units is not known, say it, as in unit_dims={{{names[0]!r}: 1}}"
            if names
            else ""
        )
        left_out = f"; not counted: {reasons}; {hint}" if reasons else ""
        raise ValueError(f"no ReLU-like activation was called; what counts: {RELU_LIKE}{left_out}")
