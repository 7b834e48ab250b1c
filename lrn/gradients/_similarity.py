"""How much the gradient turns when the weights change a little."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.func import functional_call

from lrn.gradients._loss import Loss, check_whole, loss_of, trainable, untouched

__all__ = ["GradientSimilarity", "cosine", "gradient_similarity"]


@dataclass(frozen=True, eq=False)
class GradientSimilarity:
    """Cosine similarity of the gradient before and after small random changes of the weights.

    Attributes:
        scale: norm of a parameter's change over the norm of the parameter.
        names: the P parameters that have gradients.
        changed: which of them were changed.
        each: cosine for each change and parameter, shape (R, P); NaN where a gradient is zero.
        whole: cosine of the gradient against all parameters at once, shape (R,).
    """

    scale: float
    names: tuple[str, ...]
    changed: tuple[str, ...]
    each: NDArray[np.float64]
    whole: NDArray[np.float64]

    def __str__(self) -> str:
        head = f"weights changed by {self.scale:g} of their norm ({len(self.changed)} of {len(self.names)} parameters)"
        low, mean = self.whole.min(), self.whole.mean()
        return f"{head}: the gradient keeps a cosine of {mean:.4g} on average, {low:.4g} at worst of {len(self.whole)}"


def gradient_similarity(
    model: nn.Module,
    batch: Any,
    loss: Loss,
    *,
    scale: float = 1e-3,
    changed: Callable[[str], bool] | None = None,
    repeats: int = 8,
    seed: int = 0,
) -> GradientSimilarity:
    """Compare the gradient with that at weights a small random step away.

    Each changed parameter moves in a Gaussian direction, by `scale` times its own norm. The model is left as it was,
    and random parts of it (dropout) draw the same numbers each time.

    Args:
        model, batch, loss: as in `report`.
        scale: size of the change, positive.
        changed: which parameters to change, by name; all by default.
        repeats: how many random changes R, at least 1.
        seed: of the changes.

    Raises:
        TypeError, ValueError: as in `report`; or a number is out of range, or no parameter was chosen.

    Example:
        >>> model, x = nn.Linear(3, 1), torch.ones(4, 3)
        >>> gradient_similarity(model, x, lambda y: y.square().mean(), scale=1e-6).whole.min() > 0.999
        np.True_
    """
    parameters = trainable(model)
    if not (isinstance(scale, int | float) and 0 < scale < float("inf")):
        raise ValueError(f"scale must be a positive number; got {scale!r}")
    check_whole("repeats", repeats, 1)
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**63:
        raise ValueError(f"seed must be a whole number from 0 to 2**63 - 1; got {seed!r}")
    if changed is not None and not callable(changed):
        raise TypeError(f"changed must be a function of a parameter's name; got {changed!r}")
    chosen = tuple(parameters if changed is None else filter(changed, parameters))
    if not chosen:
        raise ValueError(f"changed chose no parameter; there are {', '.join(parameters)}")
    generator = torch.Generator().manual_seed(seed)
    with untouched(model):
        base = _gradients(model, batch, loss, parameters, seed)
        rows = []
        for _ in range(repeats):
            moved = _moved(parameters, chosen, scale, generator)
            rows.append(_cosines(base, _gradients(model, batch, loss, moved, seed)))
    table = np.array(rows)
    return GradientSimilarity(float(scale), tuple(parameters), chosen, table[:, :-1], table[:, -1])


def cosine(a: Tensor, b: Tensor) -> float:
    """Cosine of the angle between two tensors as vectors; NaN where one is zero."""
    a, b = a.detach().double().flatten(), b.detach().double().flatten()
    sizes = a.norm() * b.norm()
    return float((a @ b) / sizes) if sizes > 0 else float("nan")


def _moved(
    parameters: Mapping[str, Tensor], chosen: tuple[str, ...], scale: float, generator: torch.Generator
) -> dict[str, Tensor]:
    moved: dict[str, Tensor] = {}
    for name, parameter in parameters.items():
        p = parameter.detach().clone()
        if name in chosen:
            step = torch.randn(p.shape, generator=generator, dtype=torch.float64).to(p.device, p.dtype)
            p += step * (scale * p.norm() / step.norm())
        moved[name] = p.requires_grad_()
    return moved


def _gradients(
    model: nn.Module, batch: Any, loss: Loss, parameters: Mapping[str, Tensor], seed: int
) -> tuple[Tensor, ...]:
    """The gradient against each parameter, zero where the loss does not depend on it."""
    torch.manual_seed(seed)

    def forward(*args: Any, **kwargs: Any) -> Any:
        return functional_call(model, dict(parameters), args, kwargs)

    value = loss_of(model, batch, loss, forward)
    return torch.autograd.grad(value, list(parameters.values()), allow_unused=True, materialize_grads=True)


def _cosines(a: Sequence[Tensor], b: Sequence[Tensor]) -> list[float]:
    """Cosines parameter by parameter, and of all parameters together."""
    return [*map(cosine, a, b), cosine(_flat(a), _flat(b))]


def _flat(gradients: Sequence[Tensor]) -> Tensor:
    return torch.cat([gradient.double().flatten() for gradient in gradients])
