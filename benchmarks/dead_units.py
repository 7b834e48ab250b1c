"""What `dead_units` costs: time over that of a forward pass of ResNet-18, and memory by the number of batches.

    python -m benchmarks.dead_units [--batch 16] [--repeats 5]

Both are timed in turns in one process, on one thread, in seconds of the processor; the ratio is the median of the
pairs' ratios. The network is that of He et al. (2016), with random weights, on images of 224 x 224 pixels.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import time
from collections.abc import Callable, Iterator

import torch
from torch import Tensor, nn

from lrn.dead import dead_units

MOST = 1.3
"""The ratio that is to be held."""


class Block(nn.Module):
    """A basic block: two convolutions of 3 x 3, and the input added."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs)
        self.conv2, self.bn2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU(inplace=True)
        same = stride == 1 and inputs == outputs
        shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
        self.shortcut = nn.Identity() if same else shortcut

    def forward(self, x: Tensor) -> Tensor:
        """(N, C, H, W) to (N, outputs, H / stride, W / stride)."""
        h = self.relu(self.bn1(self.conv1(x)))
        return self.relu(self.bn2(self.conv2(h)) + self.shortcut(x))  # type: ignore[no-any-return]


def resnet18() -> nn.Sequential:
    """ResNet-18, in evaluation mode."""
    layers = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(inplace=True), nn.MaxPool2d(3, 2, 1)]
    width = 64
    for outputs, stride in ((64, 1), (64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), (512, 1)):
        layers.append(Block(width, outputs, stride))
        width = outputs
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(512, 1000)).eval()


def seconds(function: Callable[[], object]) -> float:
    """Processor time of one call."""
    start = time.process_time()
    function()
    return time.process_time() - start


def ratios(batch: int, repeats: int) -> list[float]:
    """Time of `dead_units` over that of a forward pass, pair by pair."""
    net, x = resnet18(), torch.randn(batch, 3, 224, 224)

    def forward() -> None:
        with torch.no_grad():
            net(x)

    forward()
    dead_units(net, x)
    pairs = []
    for _ in range(repeats):
        alone = seconds(forward)
        pairs.append(seconds(lambda: dead_units(net, x)) / alone)
    return pairs


def growth(few: int = 4, many: int = 40) -> float:
    """MiB by which the process grows from `few` batches to `many`."""
    net = resnet18()

    def batches(number: int) -> Iterator[Tensor]:
        for _ in range(number):
            yield torch.randn(4, 3, 64, 64)

    dead_units(net, batches(few))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    dead_units(net, batches(many))
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def main() -> None:
    """Measures and prints; ends with 1 where the ratio is too large."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dead_units", description=__doc__)
    parser.add_argument("--batch", type=int, default=16, help="images in a forward pass (16)")
    parser.add_argument("--repeats", type=int, default=5, help="pairs of measurements (5)")
    options = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    grown = growth()
    pairs = ratios(options.batch, options.repeats)
    middle = statistics.median(pairs)
    print(
        f"dead_units over a forward pass of {options.batch} images: {middle:.2f} ({min(pairs):.2f} to {max(pairs):.2f})"
    )
    print(f"peak memory with 40 batches over that with 4: {grown:+.1f} MiB")
    raise SystemExit(middle > MOST)


if __name__ == "__main__":
    main()
