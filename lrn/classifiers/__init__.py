"""Convolutional networks trained to classify images: a population that claims can measure.

Two engines train them, several at a time, and each network gets the result that it would have alone: the native
engine, and where that was not built the reference, which is torch.
"""

from __future__ import annotations

import functools
import hashlib
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from lrn.data import Images, digits
from lrn.engines import native

if TYPE_CHECKING:
    from lrn.nets import ConvolutionalNet

__all__ = ["ENGINES", "Classifiers"]

ENGINES = ("auto", "native", "reference")

_OF_THE_NETWORK = ("channels", "skip", "shortcut", "block", "normalise", "initialisation", "preactivation", "late")


@dataclass(frozen=True)
class Classifiers:
    """Convolutional networks trained by stochastic gradient descent on the cross-entropy of images.

    The network of a seed starts as `lrn.nets.ConvolutionalNet` does under that torch seed; the seed also says in which
    order its training images come. So networks that differ in `skip` alone start equal and see the same batches.

    Attributes:
        depth, skip, late, channels, shortcut, block, normalise, initialisation, preactivation: of `ConvolutionalNet`.
        scale: a factor on the weights of all convolutions before training.
        images: what to classify; None for the digits of scikit-learn.
        train: how many images to train on.
        test: how many other images to test on.
        epochs: how often each training image is seen; 0 observes networks before training.
        batch: images of one step; an epoch's last batch may be smaller.
        part: images that pass at once, at most, where all training images are looked at, before and after training:
            gradients and the statistics of normalisation are means over such parts. Memory grows with the larger of
            `part` and `batch`, not with `train`. None for 256, or fewer large ones: 65,536 pixels together.
        lr: learning rate.
        momentum: of the gradient descent.
        enough_loss: training loss that `epochs_to_loss` waits for.
        enough_accuracy: share of training images that `epochs_to_accuracy` waits for.
        dtype: "float32" or "float64".

    Raises:
        TypeError: `channels` is not a tuple, or `images` are not Images.
        ValueError: a number is out of range.
    """

    seeds_per_block: ClassVar[int] = 16
    """Networks that the native kernel trains at once: fewer take as long."""

    depth: int = 20
    skip: bool = True
    late: bool = False
    channels: tuple[int, ...] = (4, 8, 16)
    shortcut: str = "identity"
    block: str = "basic"
    normalise: bool = True
    initialisation: str = "he"
    preactivation: bool = False
    scale: float = 1.0
    images: Images | None = None
    train: int = 256
    test: int = 256
    epochs: int = 12
    batch: int = 32
    part: int | None = None
    lr: float = 0.1
    momentum: float = 0.9
    enough_loss: float = 1.0
    enough_accuracy: float = 0.8
    dtype: str = "float32"

    def __post_init__(self) -> None:
        for name, least in (("train", 1), ("test", 1), ("epochs", 0), ("batch", 1), ("part", 1)):
            value = getattr(self, name)
            if name == "part" and value is None:
                continue
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise ValueError(f"{name} must be a whole number of at least {least}; got {value!r}")
        if self.batch > self.train:
            raise ValueError(f"batch must be at most train, which is {self.train}; got {self.batch}")
        if self.dtype not in ("float32", "float64"):
            raise ValueError(f"dtype must be one of float32, float64; got {self.dtype!r}")
        for name in ("scale", "lr", "enough_loss", "enough_accuracy"):
            value = getattr(self, name)
            if not isinstance(value, int | float) or not 0 < value < math.inf:
                raise ValueError(f"{name} must be a number above 0; got {value!r}")
        if not isinstance(self.momentum, int | float) or not 0 <= self.momentum < 1:
            raise ValueError(f"momentum must be at least 0 and below 1; got {self.momentum!r}")
        if not isinstance(self.channels, tuple):
            raise TypeError(f"channels must be a tuple, such as (4, 8, 16); got {self.channels!r}")
        if not isinstance(self.images, Images | None):
            raise TypeError(f"images must be lrn.data.Images, or None for digits; got {self.images!r}")

    @property
    def label(self) -> str:
        """Their name: the kind, and every field that is not as by default."""
        kind = " and ".join(["residual"] * self.skip + ["late residual"] * self.late) or "plain"
        parts = [f"{kind} CNNs of depth {self.depth} on {self.data.name}"]
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name not in ("depth", "skip", "late", "images") and value != field.default:
                parts.append(f"{field.name} {value if isinstance(value, int | float | str) else tuple(value)}")
        return ", ".join(parts)

    @property
    def version(self) -> str:
        """Names the code, the arithmetic and the images behind the observations, which may then be remembered."""
        from lrn.nets._torch import torch

        images = map(attrgetter("digest"), self.data.split(self.train, self.test))
        if self._engine() == "native":
            arithmetic = native.source_hash() + native.NativeEngine().arithmetic
        else:
            arithmetic = torch.backends.cpu.get_cpu_capability()
        parts = [_sources(), torch.__version__, arithmetic, *images]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]

    @property
    def data(self) -> Images:
        """The images."""
        return digits() if self.images is None else self.images

    @property
    def part_size(self) -> int:
        """How many training images pass at once, at most."""
        height, width = self.data.x.shape[2:]
        return max(1, min(256, 65_536 // (height * width))) if self.part is None else self.part

    def network(self, seed: int) -> ConvolutionalNet:
        """The network of that seed before training."""
        return next(self.networks([seed]))

    def networks(self, seeds: Iterable[int]) -> Iterator[ConvolutionalNet]:
        """The networks of these seeds before training: one module, which has the weights of each in its turn."""
        from lrn.nets._torch import torch

        net = self.blank_network()
        for seed in seeds:
            net.draw_parameters(seed)
            with torch.no_grad():
                for module in net.modules():
                    if isinstance(module, torch.nn.Conv2d):
                        module.weight *= self.scale
            yield net

    def blank_network(self) -> ConvolutionalNet:
        """A network whose weights no seed has set yet."""
        from lrn.nets._torch import torch

        from lrn.nets import ConvolutionalNet

        options = {name: getattr(self, name) for name in _OF_THE_NETWORK}
        with torch.random.fork_rng(devices=[]):
            net = ConvolutionalNet(self.depth, self.data.channels, len(self.data.classes), **options)
        return net.to(getattr(torch, self.dtype))

    def order(self, seed: int, epoch: int) -> NDArray[np.intp]:
        """In which order the network of that seed sees its training images in that epoch, shape (train,)."""
        # An array, since numpy makes floats of a list with numbers from 2 ** 63 on: several seeds would be one.
        key = np.array([seed, epoch], np.uint64)
        return np.random.Generator(np.random.Philox(key=key)).permutation(self.train)

    def sample(self, seeds: range, engine: str = "auto") -> dict[str, NDArray[Any]]:
        """Trains the networks of these seeds.

        Args:
            seeds: of step 1, from 0.
            engine: "native", "reference", or "auto": the native one where there is one.

        Returns:
            For each metric an array (S,); whatever is NaN where training diverged is `inf` instead:

            - first_gradient, last_gradient: norm of the gradient of the first and the last convolution's weights, of
              the loss of all training images before training;
            - fades: whether the first is the smaller of the two;
            - imbalance: how many powers of ten lie between the two, whichever is larger;
            - training_gradient: the median over all steps of the norm of the first convolution's gradient;
            - loss, accuracy: of the training images, mean over the last epoch, each batch before its step;
            - epochs_to_loss, epochs_to_accuracy: the first epoch, from 1, in which they are good enough, or `inf`;
            - rises: in which share of the epochs but the first the loss is larger than in the epoch before;
            - climb: by how much it is, added up over the epochs;
            - test_accuracy: share of the test images that are classified rightly, in evaluation mode, normalisation
              by the statistics of the training images;
            - dead_fraction: share of the channels of all activations that are zero on every training image then;
            - dead_layers: how many activations have none but such channels;
            - diverged: whether the loss of any step was NaN or infinite.

        Raises:
            ValueError: `seeds` is not a range of step 1 from 0, or is empty; no such engine; or there are not enough
                images.
            RuntimeError: the native engine was asked for and is not installed here.
        """
        if not isinstance(seeds, range) or seeds.step != 1 or not seeds or seeds.start < 0:
            raise ValueError(f"seeds must be a range of step 1, from 0, that is not empty; got {seeds!r}")
        if engine not in ENGINES:
            raise ValueError(f"engine must be one of {', '.join(ENGINES)}; got {engine!r}")
        import lrn.nets._torch  # noqa: F401

        from lrn.classifiers._training import metrics

        if self._engine(engine) == "native":
            from lrn.classifiers._native import train
        else:
            from lrn.classifiers._stack import train
        return metrics(self, train(self, seeds))

    @staticmethod
    def _engine(name: str = "auto") -> str:
        return ("native" if native.available() else "reference") if name == "auto" else name


@functools.cache
def _sources() -> str:
    folder = Path(__file__).parent
    files = (
        *sorted(folder.glob("*.py")),
        folder.parent / "arithmetic.py",
        *sorted((folder.parent / "nets").glob("_*.py")),
        *sorted((folder.parent / "data").glob("_*.py")),
    )
    return hashlib.sha256(b"".join(map(Path.read_bytes, files))).hexdigest()
