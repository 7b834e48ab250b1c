"""Any module without its dead channels, along the graph that the package torch-pruning finds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn

from lrn.dead._data import Batch
from lrn.dead._watch import Watch

__all__ = ["shrink_graph"]


def shrink_graph(whole: nn.Module, small: nn.Module, several: Callable[[], Iterable[Batch]]) -> None:
    """Make `small`, a copy of `whole`, smaller.

    A channel goes together with all that torch-pruning couples to it, and only if it is dead wherever one of the
    coupled layers feeds an activation.
    """
    import torch_pruning

    dead = _dead_channels(whole, several())
    example = next(iter(several()))
    inputs: Any = example.kwargs or example.args
    with torch.enable_grad():
        graph = torch_pruning.DependencyGraph().build_dependency(small, example_inputs=inputs, verbose=False)
    names = {module: path for path, module in small.named_modules()}
    done: set[str] = set()
    for path in dead:
        if path in done:
            continue
        layer = small.get_submodule(path)
        pruner = graph.get_pruner_of_module(layer)
        if pruner is None:
            continue
        group = graph.get_pruning_group(layer, pruner.prune_out_channels, list(range(pruner.get_out_channels(layer))))
        coupled = [names.get(dep.target.module) for dep, _ in group if graph.is_out_channel_pruning_fn(dep.handler)]
        done |= {name for name in coupled if name is not None}
        common = set.intersection(*(dead[name] for name in coupled if name in dead))
        channels = sorted(common)[: pruner.get_out_channels(layer) - 1]
        chosen = graph.get_pruning_group(layer, pruner.prune_out_channels, channels) if channels else None
        if chosen is not None and graph.check_pruning_group(chosen):
            chosen.prune()


def _dead_channels(whole: nn.Module, several: Iterable[Batch]) -> dict[str, set[int]]:
    """For each layer that feeds activations, the outputs that are dead in all of them."""
    watch = Watch(whole)
    with watch.attached():
        for batch in several:
            watch.forward(batch.args, batch.kwargs)
    modules = dict(whole.named_modules())
    dead: dict[str, set[int]] = {}
    for tally in watch.tallies.values():
        bases = {factor.base for factor in tally.factors}
        if len(bases) != 1 or tally.fired is None or not isinstance(modules.get(base := bases.pop()), nn.Module):
            continue
        silent = set((tally.fired.flatten() == 0).nonzero().flatten().tolist())
        dead[base] = silent if base not in dead else dead[base] & silent
    return dead
