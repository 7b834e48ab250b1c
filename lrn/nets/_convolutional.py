"""Convolutional networks with and without skip connections, built from primitive layers.

The residual networks of He et al. (2016), "Deep residual learning for image recognition", §3 and §4.2, for small
images: a 3x3 convolution, three stages of n blocks each, the average over the image, a linear classifier. One switch,
`skip`, takes every skip connection away and leaves everything else as it is.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, pairwise
from operator import itemgetter
from typing import Any, Literal, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from lrn.nets._size import size, sizes
from lrn.nets._start import draw, starts

__all__ = ["BasicBlock", "BottleneckBlock", "ConvolutionalNet", "ResidualBlock"]

Shortcut: TypeAlias = Literal["identity", "projection"]

_SHORTCUTS, _BLOCKS, _STARTS = ("identity", "projection"), ("basic", "bottleneck"), ("he", "torch")


class ResidualBlock(nn.Module):
    """Convolutions with a skip connection around them, y = relu(F(x) + S(x)), or without one, y = relu(F(x)).

    S is the identity where shapes agree (the "identity block"). Where they do not, it is either "identity", without
    parameters: every `stride`-th pixel, and zeros for the channels that are new (He et al., option A); or "projection",
    a 1x1 convolution, the "convolutional block" (option B).

    With `preactivation` each convolution comes after its normalisation and activation, and nothing comes after the
    sum: y = F(x) + S(x) (He et al. (2016), "Identity mappings in deep residual networks").

    Abstract: a subclass says in `kernels` and `layer_channels` which convolutions it has. The first one has the stride.

    Args:
        in_channels: channels of x.
        channels: channels of the block; what comes out has `channels * expansion`.
        stride: 1, or 2 to halve the image.
        skip: whether there is a skip connection.
        shortcut: what S is where shapes do not agree; without `skip` there is none, nor its parameters.
        normalise: whether each convolution has batch normalisation, instead of a bias.
        preactivation: as above.

    Raises:
        TypeError: a size is not a whole number.
        ValueError: a size is below 1, or `shortcut` is unknown.

    Attributes:
        body: F, a `torch.nn.Sequential`.
        shortcut: S, or None without `skip`.
        activation: what follows the sum.
    """

    expansion = 1
    kernels: tuple[int, ...] = ()

    def __init__(
        self,
        in_channels: int,
        channels: int,
        stride: int = 1,
        *,
        skip: bool = True,
        shortcut: Shortcut = "identity",
        normalise: bool = True,
        preactivation: bool = False,
    ) -> None:
        super().__init__()
        size("in_channels", in_channels), size("channels", channels), size("stride", stride)
        if shortcut not in _SHORTCUTS:
            raise ValueError(f"shortcut must be one of {', '.join(_SHORTCUTS)}; got {shortcut!r}")
        widths = (in_channels, *self.layer_channels(channels))
        layers: list[nn.Module] = []
        for stage, (n, m) in enumerate(pairwise(widths)):
            conv = _convolution(n, m, self.kernels[stage], stride if stage == 0 else 1, normalise)
            around = [*_norm(n if preactivation else m, normalise), nn.ReLU()]
            layers += [*around, conv] if preactivation else [conv, *around]
        if not preactivation:
            layers.pop()
        self.body = nn.Sequential(*layers)
        self.shortcut = _shortcut(shortcut, in_channels, widths[-1], stride, normalise) if skip else None
        self.activation = nn.Identity() if preactivation else nn.ReLU()

    @classmethod
    def layer_channels(cls, channels: int) -> tuple[int, ...]:
        """The channels that come out of each convolution."""
        raise NotImplementedError(f"{cls.__name__} does not say which convolutions it has")

    def forward(self, x: Tensor) -> Tensor:
        """Images (N, channels * expansion, H / stride, W / stride) for images (N, in_channels, H, W)."""
        y: Tensor = self.body(x)
        if self.shortcut is not None:
            y = y + self.shortcut(x)
        out: Tensor = self.activation(y)
        return out


class BasicBlock(ResidualBlock):
    """Two 3x3 convolutions (He et al. (2016), Figure 5, left)."""

    kernels = (3, 3)

    @classmethod
    def layer_channels(cls, channels: int) -> tuple[int, ...]:
        """Twice the same."""
        return (channels, channels)


class BottleneckBlock(ResidualBlock):
    """A 1x1 convolution to few channels, a 3x3 one, and a 1x1 one to four times as many (Figure 5, right)."""

    expansion = 4
    kernels = (1, 3, 1)

    @classmethod
    def layer_channels(cls, channels: int) -> tuple[int, ...]:
        """Few, few, four times as many."""
        return (channels, channels, channels * cls.expansion)


class ConvolutionalNet(nn.Module):
    """A stack of blocks that classifies images, with its skip connections on or off (He et al. (2016), §4.2).

    A 3x3 convolution; one stage for each of `channels`, every stage but the first starting with a stride of 2; the
    average over the image; a linear layer. With three stages of n basic blocks it has 6n + 2 layers with weights, with
    bottleneck blocks 9n + 2.

    Under one torch seed, networks that differ in `skip` alone start from the same weights. With identity shortcuts
    they also have the same parameters; projection shortcuts have parameters of their own, which a network without skip
    connections lacks: where shapes agree nothing differs, and each of the other blocks has one convolution (and its
    normalisation) less.

    Args:
        depth: layers with weights, not counting projections: as many as fill the stages with equal numbers of blocks.
        in_channels: channels of the images.
        classes: how many classes there are, at least 2.
        channels: channels of each stage, not counting a bottleneck's expansion.
        skip: whether the blocks have skip connections.
        shortcut: "identity" or "projection"; see `ResidualBlock`.
        block: "basic" or "bottleneck".
        normalise: whether there is batch normalisation.
        initialisation: "he", normal with variance 2 / fan_in and biases 0 (He et al. (2015), "Delving deep into
            rectifiers"; the classifier starts as torch starts it), or "torch", all as torch starts it.
        preactivation: whether normalisation and activation come before each convolution.
        late: whether the classifier reads the averages of every stage, not of the last one alone: the late residual
            connections of a convolutional network.

    Attributes:
        stem: what comes before the first stage.
        stages: the stages, each a `torch.nn.Sequential` of blocks.
        head: what comes after the last stage: normalisation and activation if `preactivation`, else nothing.
        output: the classifier, a `torch.nn.Linear`.

    Raises:
        TypeError: a size is not a whole number.
        ValueError: a size is out of range, a name is unknown, or no number of blocks gives this depth.

    Example:
        >>> net = ConvolutionalNet(20)
        >>> sum(p.numel() for p in net.parameters()), net(torch.zeros(2, 3, 32, 32)).shape
        (269722, torch.Size([2, 10]))
    """

    def __init__(
        self,
        depth: int,
        in_channels: int = 3,
        classes: int = 10,
        *,
        channels: Sequence[int] = (16, 32, 64),
        skip: bool = True,
        shortcut: Shortcut = "identity",
        block: Literal["basic", "bottleneck"] = "basic",
        normalise: bool = True,
        initialisation: Literal["he", "torch"] = "he",
        preactivation: bool = False,
        late: bool = False,
    ) -> None:
        super().__init__()
        for name, value, known in (
            ("shortcut", shortcut, _SHORTCUTS),
            ("block", block, _BLOCKS),
            ("initialisation", initialisation, _STARTS),
        ):
            if value not in known:
                raise ValueError(f"{name} must be one of {', '.join(known)}; got {value!r}")
        if not isinstance(channels, Sequence):
            raise TypeError(f"channels must be a sequence, such as (16, 32, 64); got {channels!r}")
        widths = sizes("channels", channels)
        kind = BasicBlock if block == "basic" else BottleneckBlock
        count = _blocks_per_stage(depth, len(widths), len(kind.kernels))
        self.in_channels, self.classes = size("in_channels", in_channels), size("classes", classes, 2)
        self.late, self.initialisation = late, initialisation
        options = {"skip": skip, "shortcut": shortcut, "normalise": normalise, "preactivation": preactivation}
        with torch.random.fork_rng(devices=[]):  # what layers draw when they are made is drawn anew, in one order
            self._build(kind, count, widths, options)
        self.reset_parameters()

    def _build(self, kind: type[ResidualBlock], count: int, widths: tuple[int, ...], options: dict[str, Any]) -> None:
        """Makes the layers: in each stage `count` blocks of that kind."""
        normalise, first = options["normalise"], not options["preactivation"]

        def after(channels: int) -> list[nn.Module]:
            return [*_norm(channels, normalise), nn.ReLU()]

        stem = _convolution(self.in_channels, widths[0], 3, 1, normalise)
        self.stem = nn.Sequential(stem, *(after(widths[0]) if first else []))
        self.stages, reached = nn.ModuleList(), widths[0]
        for stage, width in enumerate(widths):
            wide = width * kind.expansion
            blocks = nn.Sequential(kind(reached, width, 2 if stage else 1, **options))
            for _ in range(count - 1):
                blocks.append(kind(wide, width, **options))
            self.stages.append(blocks)
            reached = wide
        self.head = nn.Sequential(*([] if first else after(reached)))
        self.output = nn.Linear(sum(widths) * kind.expansion if self.late else reached, self.classes)

    def reset_parameters(self) -> None:
        """Draws the weights anew: those of projections last, so that all others are the same with and without them."""
        for module in self._shortcuts_last():
            if isinstance(module, nn.Conv2d) and self.initialisation == "he":
                nn.init.kaiming_normal_(module.weight, mode="fan_in", nonlinearity="relu")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
            elif isinstance(module, nn.Conv2d | nn.Linear | nn.BatchNorm2d):
                module.reset_parameters()

    def draw_parameters(self, seed: int) -> None:
        """As `reset_parameters`, but as a seed says: with the same bits on every machine, whatever torch has drawn."""
        draw(self._shortcuts_last(), seed, he=self.initialisation == "he")

    def starts(self, seeds: Sequence[int]) -> Iterator[tuple[Tensor, NDArray[np.float64]]]:
        """The values (S, *shape) to which `draw_parameters` sets each parameter, for many seeds at once."""
        return starts(self._shortcuts_last(), seeds, he=self.initialisation == "he")

    def _shortcuts_last(self) -> list[nn.Module]:
        modules = sorted(self.named_modules(), key=lambda named: ".shortcut." in named[0])
        return list(map(itemgetter(1), modules))

    @property
    def blocks(self) -> list[ResidualBlock]:
        """The blocks of all stages, first to last."""
        return list(chain.from_iterable(self.stages))  # type: ignore[arg-type]

    def stage_outputs(self, x: Tensor) -> list[Tensor]:
        """The output of every stage, first to last, for images (N, in_channels, H, W).

        Raises:
            ValueError: `x` has another shape.
        """
        shape = tuple(getattr(x, "shape", ()))
        if len(shape) != 4 or shape[1] != self.in_channels:
            raise ValueError(f"images must have shape (N, {self.in_channels}, H, W); got {shape}")
        outputs, x = [], self.stem(x)
        for stage in self.stages:
            x = stage(x)
            outputs.append(x)
        outputs[-1] = self.head(outputs[-1])
        return outputs

    def forward(self, x: Tensor) -> Tensor:
        """Logits (N, classes) for images (N, in_channels, H, W)."""
        outputs = self.stage_outputs(x)
        read = [stage.mean(dim=(2, 3)) for stage in (outputs if self.late else outputs[-1:])]
        y: Tensor = self.output(torch.cat(read, dim=1))
        return y


class _Subsample(nn.Module):
    """Every `stride`-th pixel, and zeros for channels that are new: an identity without parameters."""

    def __init__(self, stride: int, more: int) -> None:
        super().__init__()
        self.stride, self.more = stride, more

    def forward(self, x: Tensor) -> Tensor:
        return F.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, 0, self.more))


def _shortcut(kind: Shortcut, in_channels: int, out_channels: int, stride: int, normalise: bool) -> nn.Module:
    if stride == 1 and in_channels == out_channels:
        return nn.Identity()
    if kind == "projection":
        conv = _convolution(in_channels, out_channels, 1, stride, normalise)
        return nn.Sequential(conv, *_norm(out_channels, normalise))
    if out_channels < in_channels:
        raise ValueError(
            f"an identity shortcut cannot lead from {in_channels} channels to {out_channels}: channels must not shrink"
        )
    return _Subsample(stride, out_channels - in_channels)


def _convolution(n: int, m: int, kernel: int, stride: int, normalise: bool) -> nn.Conv2d:
    return nn.Conv2d(n, m, kernel, stride=stride, padding=kernel // 2, bias=not normalise)


def _norm(channels: int, normalise: bool) -> list[nn.Module]:
    return [nn.BatchNorm2d(channels)] if normalise else []


def _blocks_per_stage(depth: int, stages: int, layers: int) -> int:
    if not stages:
        raise ValueError("channels must name at least one stage; got none")
    each = stages * layers
    count, left = divmod(size("depth", depth) - 2, each)
    if left or count < 1:
        raise ValueError(
            f"depth must be {each}n + 2 for {stages} stages ({each + 2}, {2 * each + 2}, ...); got {depth}"
        )
    return count
