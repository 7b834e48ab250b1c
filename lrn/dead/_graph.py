"""Any module without its dead channels, along the graph that the package torch-pruning finds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter, itemgetter
from typing import Any

import torch
from torch import nn

from lrn.dead._copies import independent_copy
from lrn.dead._data import Batch
from lrn.dead._same import check_same
from lrn.dead._watch import Watch

__all__ = ["shrink_graph"]

Dead = Mapping[str, set[int]]
PASSES = 8
"""A channel that was coupled to a living one can go when that one has another partner; few passes find them all."""


def shrink_graph(whole: nn.Module, small: nn.Module, read_batches: Callable[[], Iterable[Batch]]) -> None:
    """Make `small`, a copy of `whole`, smaller.

    A channel goes together with all that torch-pruning couples to it, and only if it is dead wherever one of the
    coupled layers feeds an activation. Layers behind which its zeros become something else (as in a normalisation of
    joined channels) stay as they are: each cut is tried on a copy first.
    """
    example = next(iter(read_batches()))
    for _ in range(PASSES):
        before = _parameter_count(small)
        dead = _dead_channels(small, read_batches())
        _cut(small, _harmless(small, dead, example, read_batches), example)
        if _parameter_count(small) == before:
            return


def _parameter_count(net: nn.Module) -> int:
    return sum(map(torch.numel, net.parameters()))


def _harmless(whole: nn.Module, dead: Dead, example: Batch, read_batches: Callable[[], Iterable[Batch]]) -> Dead:
    """The dead channels that can go without a change of the output: all, or those of each half of the layers."""
    if not dead or _is_same(whole, dead, example, read_batches):
        return dead
    if len(dead) == 1:
        return {}
    layers = list(dead.items())
    middle = len(layers) // 2
    first = _harmless(whole, dict(layers[:middle]), example, read_batches)
    second = _harmless(whole, dict(layers[middle:]), example, read_batches)
    both = {**first, **second}
    return both if _is_same(whole, both, example, read_batches) else first


def _is_same(whole: nn.Module, dead: Dead, example: Batch, read_batches: Callable[[], Iterable[Batch]]) -> bool:
    trial = independent_copy(whole).eval()
    try:
        _cut(trial, dead, example)
        check_same(whole, trial, read_batches())
    except Exception:  # torch-pruning fails with any on graphs that it does not know
        return False
    return True


def _cut(net: nn.Module, dead: Dead, example: Batch) -> None:
    import torch_pruning

    inputs: Any = example.kwargs or example.args
    frozen = [name for name, parameter in net.named_parameters() if not parameter.requires_grad]
    net.requires_grad_(True)  # torch-pruning follows the graph of the backward pass
    with torch.enable_grad():
        graph = torch_pruning.DependencyGraph().build_dependency(net, example_inputs=inputs, verbose=False)
    done: set[str] = set()
    for path in dead:
        layer = net.get_submodule(path)
        pruner = graph.get_pruner_of_module(layer)
        if path in done or pruner is None:
            continue
        width = pruner.get_out_channels(layer)
        coupled = _coupled(net, graph, graph.get_pruning_group(layer, pruner.prune_out_channels, list(range(width))))
        done |= coupled
        channels = sorted(set.intersection(*map(dead.__getitem__, coupled & dead.keys())))[: width - 1]
        if channels:
            graph.get_pruning_group(layer, pruner.prune_out_channels, channels).prune()
    for name in frozen:
        net.get_parameter(name).requires_grad_(False)


def _coupled(net: nn.Module, graph: Any, group: Any) -> set[str]:
    """The paths of the layers whose channels torch-pruning cuts together; "" for any that is not in the network."""
    paths = {module: path for path, module in net.named_modules()}
    coupled: set[str] = set()
    for dependency, _ in group:
        if graph.is_out_channel_pruning_fn(dependency.handler):
            coupled.add(paths.get(dependency.target.module, ""))
    return coupled


def _dead_channels(whole: nn.Module, data: Iterable[Batch]) -> dict[str, set[int]]:
    """For each layer that feeds activations, the outputs that are dead in all of them; layers without any left out."""
    watch = Watch(whole)
    with watch.attached():
        for batch in data:
            watch.forward(batch.args, batch.kwargs)
    layers = set(dict(whole.named_modules())) - {""}
    dead: dict[str, set[int]] = {}
    mixed = set(watch.exposed)
    for tally in watch.tallies.values():
        bases = set(map(attrgetter("base"), tally.factors))
        layer = _layer_of(next(iter(bases), ""), layers)
        if len(bases) != 1 or layer is None or tally.fired is None:
            mixed |= bases
            continue
        silent = set((tally.fired.flatten() == 0).nonzero().flatten().tolist())
        dead[layer] = silent if layer not in dead else dead[layer] & silent
    for base in mixed:
        for part in re.split(r"[+*\[\]]", base):  # layers whose units were joined or mixed in a dimension
            dead.pop(_layer_of(part, layers) or "", None)
    return dict(filter(itemgetter(1), dead.items()))


def _layer_of(base: str, layers: set[str]) -> str | None:
    """The layer whose outputs, in their own order, are called so."""
    if base in layers:
        return base
    path = base.partition(".weight.")[0]
    path = path[: len(path) // 2]  # the units of a product are called by the layer and its weight's name
    return path if path in layers and base.startswith(f"{path}.{path}.weight.") else None
