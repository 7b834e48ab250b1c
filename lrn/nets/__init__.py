"""Networks as ordinary modules: the readable truth that every fast engine must agree with.

Axes, here and in the whole package: S seeds (stacked networks), N samples, D layers, W neurons of a layer.
"""

import lrn.nets._torch  # noqa: F401 - first, so that a missing torch is said in one sentence

from lrn.nets._convolutional import BasicBlock, BottleneckBlock, ConvolutionalNet, ResidualBlock
from lrn.nets._euler import EulerNet
from lrn.nets._stacks import HiddenStack, LateResidualNet, PlainNet, ResidualNet

__all__ = [
    "BasicBlock",
    "BottleneckBlock",
    "ConvolutionalNet",
    "EulerNet",
    "HiddenStack",
    "LateResidualNet",
    "PlainNet",
    "ResidualBlock",
    "ResidualNet",
]
