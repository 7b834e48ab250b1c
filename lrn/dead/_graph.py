"""Any module without its dead channels, along the graph that the package torch-pruning finds."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
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


def shrink_graph(whole: nn.Module, small: nn.Module, several: Callable[[], Iterable[Batch]]) -> None:
    """Make `small`, a copy of `whole`, smaller.

    A channel goes together with all that torch-pruning couples to it, and only if it is dead wherever one of the
    coupled layers feeds an activation. Layers behind which its zeros become something else (as in a normalisation of
    joined channels) stay as they are: a copy without its channels tells.
    """
    example = next(iter(several()))
    for _ in range(PASSES):
        before = sum(parameter.numel() for parameter in small.parameters())
        dead = {path: channels for path, channels in _dead_channels(small, several()).items() if channels}
        _cut(small, _harmless(small, dead, example, several), example)
        if sum(parameter.numel() for parameter in small.parameters()) == before:
            return


def _harmless(whole: nn.Module, dead: Dead, example: Batch, several: Callable[[], Iterable[Batch]]) -> Dead:
    """The layers without whose dead channels the output stays: all, or those of each half."""
    if not dead or _is_same(whole, dead, example, several):
        return dead
    paths = list(dead)
    if len(paths) == 1:
        return {}
    halves = [paths[: len(paths) // 2], paths[len(paths) // 2 :]]
    harmless = [_harmless(whole, {path: dead[path] for path in half}, example, several) for half in halves]
    both = {**harmless[0], **harmless[1]}
    return both if _is_same(whole, both, example, several) else harmless[0]


def _is_same(whole: nn.Module, dead: Dead, example: Batch, several: Callable[[], Iterable[Batch]]) -> bool:
    trial = independent_copy(whole).eval()
    try:
        _cut(trial, dead, example)
        check_same(whole, trial, several())
    except Exception:  # torch-pruning fails with any on graphs that it does not know
        return False
    return True


def _cut(net: nn.Module, dead: Dead, example: Batch) -> None:
    import torch_pruning

    inputs: Any = example.kwargs or example.args
    needs = [(p, p.requires_grad) for p in net.parameters()]
    for parameter, _ in needs:
        parameter.requires_grad_(True)  # torch-pruning follows the graph of the backward pass
    with torch.enable_grad():
        graph = torch_pruning.DependencyGraph().build_dependency(net, example_inputs=inputs, verbose=False)
    frozen = {name for (name, _), (_, need) in zip(net.named_parameters(), needs, strict=True) if not need}
    names = {module: path for path, module in net.named_modules()}
    done: set[str] = set()
    for path in dead:
        pruner = graph.get_pruner_of_module(net.get_submodule(path))
        if path in done or pruner is None:
            continue
        layer = net.get_submodule(path)
        width = pruner.get_out_channels(layer)
        group = graph.get_pruning_group(layer, pruner.prune_out_channels, list(range(width)))
        coupled = {names.get(dep.target.module, "") for dep, _ in group if graph.is_out_channel_pruning_fn(dep.handler)}
        done |= coupled
        channels = sorted(set.intersection(*(set(dead[name]) for name in coupled & dead.keys())))[: width - 1]
        if channels:
            graph.get_pruning_group(layer, pruner.prune_out_channels, channels).prune()
    for name, parameter in net.named_parameters():
        parameter.requires_grad_(name not in frozen)


def _dead_channels(whole: nn.Module, several: Iterable[Batch]) -> dict[str, set[int]]:
    """For each layer that feeds activations, the outputs that are dead in all of them."""
    watch = Watch(whole)
    with watch.attached():
        for batch in several:
            watch.forward(batch.args, batch.kwargs)
    layers = {path for path, module in whole.named_modules() if path}
    dead: dict[str, set[int]] = {}
    mixed: set[str | None] = set()
    for base in watch.exposed:
        mixed.update(_layers_of(base, layers))
    for tally in watch.tallies.values():
        bases = {factor.base for factor in tally.factors}
        layer = _layer_of(next(iter(bases), ""), layers)
        if len(bases) != 1 or layer is None or tally.fired is None:
            for base in bases:
                mixed.update(_layers_of(base, layers))
            continue
        silent = set((tally.fired.flatten() == 0).nonzero().flatten().tolist())
        dead[layer] = silent if layer not in dead else dead[layer] & silent
    return {path: channels for path, channels in dead.items() if path not in mixed}


def _layers_of(base: str, layers: set[str]) -> set[str | None]:
    """The layers whose units were joined or mixed in a dimension."""
    return {_layer_of(part, layers) for part in re.split(r"[+*\[\]]", base)}


def _layer_of(base: str, layers: set[str]) -> str | None:
    """The layer whose outputs, in their own order, are called so."""
    if base in layers:
        return base
    path = base.partition(".weight.")[0]
    path = path[: len(path) // 2]  # the units of a product are called by the layer and its weight's name
    return path if path in layers and base.startswith(f"{path}.{path}.weight.") else None
