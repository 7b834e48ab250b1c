"""Gradient norms layer by layer, of one loss on one batch."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from itertools import starmap
from operator import attrgetter, itemgetter
from typing import Any

import torch
from torch import Tensor, nn

from lrn.gradients._diagnosis import Diagnosis, diagnose
from lrn.gradients._loss import Loss, loss_of, trainable, untouched
from lrn.gradients._named import NamedLayer, layers_of

__all__ = ["GradientReport", "LayerGradient", "report"]


@dataclass(frozen=True)
class LayerGradient:
    """The gradient at one call of one layer: of one module with parameters of its own.

    Attributes:
        name: path of the module, as `lrn.dead` gives it; later calls in a pass get "#2", "#3", ...
        kind: class of the module.
        output: norm of the gradient of the loss against the layer's output; None where the module was not called, or
            gave no tensor.
        parameters: norm of the gradient against the module's own trainable parameters, all calls together.
        weights: norm of those parameters themselves.
        lost: a gradient step with learning rate 1 would vanish in rounding: `parameters` is not zero, but less than
            the parameters' machine epsilon times `weights`.
    """

    name: str
    kind: str
    output: float | None
    parameters: float
    weights: float
    lost: bool = False


@dataclass(frozen=True)
class GradientReport:
    """What `report` found; `str()` is a table to read, `to_dict()` the same for machines.

    Attributes:
        loss: the loss.
        layers: in the order of the forward pass; modules that were not called by themselves come last.
        diagnosis: the change of the gradient on its way back through the layers' outputs.
        remarks: other things worth knowing, a sentence each.
    """

    loss: float
    layers: tuple[LayerGradient, ...]
    diagnosis: Diagnosis
    remarks: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> LayerGradient:
        """The layer of this name; KeyError with the names there are."""
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise KeyError(f"no layer {name!r}; there are {', '.join(map(attrgetter('name'), self.layers))}")

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain types; numbers may be NaN or infinite."""
        return asdict(self)

    def __str__(self) -> str:
        rows = [("layer", "kind", "d loss / d output", "d loss / d weights", "|weights|")]
        for layer in self.layers:
            norms = _number(layer.output), _number(layer.parameters), _number(layer.weights)
            rows.append((layer.name, layer.kind, *norms))
        wide = [max(map(len, column)) for column in zip(*rows, strict=True)]
        line = "{{:<{}}}  {{:<{}}}  {{:>{}}}  {{:>{}}}  {{:>{}}}".format(*wide)
        table = starmap(line.format, rows)
        return "\n".join([f"loss {self.loss:.4g}", str(self.diagnosis), *self.remarks, "", *table])


def report(model: nn.Module, batch: Any, loss: Loss) -> GradientReport:
    """How large the gradient of `loss` is at each layer of `model`, and its diagnosis.

    The diagnosis goes by the gradient against the layers' *outputs*. The gradient against weights also has the size
    of the layer's input in it, which grows forwards where the other grows backwards, and so can look even in a
    network that explodes.

    The model runs once forwards and once backwards, in the mode it is in. Its parameters, their `.grad`, its buffers,
    its hooks and the random states are left as they were. A part that a checkpoint runs again is one layer all the
    same. Layers inside scripted modules have no gradient against their outputs.

    Args:
        model: any module with parameters; a layer is a module that has parameters of its own.
        batch: the model's input (a tensor, an array, a mapping by argument name), or a pair (that or a tuple of
            inputs, target), by the rule of `lrn.dead.dead_units`.
        loss: a function of the output, or of (output, target), that gives one number.

    Raises:
        TypeError: `model` is not a module, `loss` not a function, it gives no tensor, or the batch holds none.
        ValueError: nothing is to be trained, the batch is empty or not finite, or the loss is not one number.

    Example:
        >>> model = nn.Sequential(nn.Linear(1, 4), nn.ReLU(), nn.Linear(4, 1))
        >>> x = torch.linspace(-1, 1, 20).reshape(20, 1)
        >>> found = report(model, (x, x.abs()), nn.functional.mse_loss)
        >>> [layer.name for layer in found.layers]
        ['0', '2']
    """
    parameters = trainable(model)
    calls: dict[str, tuple[nn.Module, list[float]]] = {}
    with untouched(model), _watching(model, calls):
        value = loss_of(model, batch, loss)
        values = _gradients(value, list(parameters.values()))
    gradients: dict[str, Tensor] = {}
    for name, gradient in zip(parameters, values, strict=True):
        if gradient is not None:
            gradients[name] = gradient
    layers = tuple(_layers(model, calls, gradients))
    return GradientReport(value.item(), layers, _diagnosis(layers), tuple(_remarks(model, value.item(), layers)))


def _gradients(value: Tensor, parameters: list[Tensor]) -> list[Tensor | None]:
    """The gradient against each parameter, whose `.grad` stays as it is."""
    try:
        return list(torch.autograd.grad(value, parameters, allow_unused=True, retain_graph=True))
    except RuntimeError as error:
        if "heckpoint" not in str(error) or ".grad()" not in str(error):
            raise
    # Reentrant checkpoints allow no other way than through `.grad`.
    before = list(map(attrgetter("grad"), parameters))
    try:
        for p in parameters:
            p.grad = None
        value.backward()
        return list(map(attrgetter("grad"), parameters))
    finally:
        for p, gradient in zip(parameters, before, strict=True):
            p.grad = gradient


def _diagnosis(layers: tuple[LayerGradient, ...]) -> Diagnosis:
    with_output = [layer for layer in layers if layer.output is not None]
    shown, norm = (with_output, "output") if with_output else (layers, "parameters")
    return diagnose(list(map(attrgetter(norm), shown)), list(map(attrgetter("name"), shown)))


@contextmanager
def _watching(model: nn.Module, calls: dict[str, tuple[nn.Module, list[float]]]) -> Iterator[None]:
    """Notes each call of a layer, and the norm of the gradient that comes back to its output."""
    times: Counter[str] = Counter()

    def called(name: str, module: nn.Module, args: Any, output: Any) -> None:
        tensor = _first_tensor(output)
        if torch._C._current_graph_task_id() != -1:  # a checkpoint runs its part again in the backward pass
            _again(calls, name, tensor)
            return
        times[name] += 1
        norms: list[float] = []
        calls[name if times[name] == 1 else f"{name}#{times[name]}"] = module, norms
        _follow(tensor, norms)

    handles = []
    try:
        for name, module, _ in layers_of(model):
            if not isinstance(module, torch.jit.ScriptModule):  # takes no hooks
                handles.append(module.register_forward_hook(partial(called, name)))
        yield
    finally:
        for handle in handles:
            handle.remove()


def _follow(tensor: Tensor | None, norms: list[float]) -> None:
    if tensor is not None and tensor.requires_grad:
        tensor.register_hook(lambda gradient: norms.append(_norm(gradient)))
        norms.append(0.0)  # no gradient comes back where the loss does not depend on it


def _again(calls: dict[str, tuple[nn.Module, list[float]]], name: str, tensor: Tensor | None) -> None:
    """A call that is run again: the latest of its layer that had no gradient to follow in the forward pass."""
    latest: list[float] = []
    for key, (_, norms) in calls.items():
        if key.partition("#")[0] == name and not norms:
            latest = norms
    _follow(tensor, latest)


def _layers(
    model: nn.Module, calls: dict[str, tuple[nn.Module, list[float]]], gradients: dict[str, Tensor]
) -> Iterator[LayerGradient]:
    layers = {layer.module: layer for layer in layers_of(model)}
    for name, (module, norms) in calls.items():
        yield _layer(name, layers[module], norms, gradients)
    called = set(map(itemgetter(0), calls.values()))
    for layer in layers.values():
        if layer.module not in called:
            yield _layer(layer.name, layer, [], gradients)


def _layer(name: str, layer: NamedLayer, norms: list[float], gradients: dict[str, Tensor]) -> LayerGradient:
    own_gradients = [gradients[key] for key in layer.parameters if key in gradients]
    gradient = math.hypot(*map(_norm, own_gradients))
    weights = math.hypot(*map(_norm, layer.parameters.values()))
    epsilon = max(map(_epsilon, layer.parameters.values()), default=0.0)
    output = norms[-1] if norms else None
    return LayerGradient(name, type(layer.module).__name__, output, gradient, weights, 0 < gradient < epsilon * weights)


def _remarks(model: nn.Module, loss: float, layers: tuple[LayerGradient, ...]) -> Iterator[str]:
    if not math.isfinite(loss):
        yield f"The loss is {loss}, so no gradient means anything."
    wrong = [name for name, p in model.named_parameters() if not torch.isfinite(p).all()]
    if wrong:
        yield f"Not finite: the parameters {', '.join(wrong)}."
    still, lost = [], []
    for layer in layers:
        if layer.parameters == 0:
            still.append(layer.name)
        if layer.lost:
            lost.append(layer.name)
    if still:
        yield f"These layers' parameters get no gradient at all: {', '.join(still)}."
    if lost:
        yield f"A step of learning rate 1 would be lost in rounding in {', '.join(lost)}."


def _first_tensor(output: Any) -> Tensor | None:
    if isinstance(output, Tensor):
        return output
    parts = output.values() if isinstance(output, dict) else output if isinstance(output, tuple | list) else ()
    for part in parts:
        tensor = _first_tensor(part)
        if tensor is not None:
            return tensor
    return None


def _epsilon(tensor: Tensor) -> float:
    return torch.finfo(tensor.dtype).eps


def _norm(tensor: Tensor) -> float:
    return float(torch.linalg.vector_norm(tensor.detach().double()))


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"
