"""The multiply-adds of networks, counted without torch's compiler."""

import subprocess
import sys

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from claims.counting import multiply_adds
from lrn import Experiment, network
from lrn.nets import BottleneckBlock, ConvolutionalNet

NETWORKS = {
    "plain": lambda: (network(Experiment(depth=5), 0, trained=False), torch.zeros(20, 1)),
    "late": lambda: (network(Experiment(depth=5, connection="late"), 0, trained=False), torch.zeros(20, 1)),
    "convolutional": lambda: (ConvolutionalNet(8, skip=True, shortcut="projection"), torch.zeros(2, 3, 32, 32)),
    "bottleneck": lambda: (BottleneckBlock(16, 4), torch.zeros(1, 16, 5, 5)),
}


@pytest.mark.parametrize("name", NETWORKS)
@pytest.mark.parametrize("backward", [False, True])
def test_the_count_is_that_of_torch(name, backward):
    net, x = NETWORKS[name]()

    def run():
        y = net(x).sum()
        if backward:
            y.backward()

    with FlopCounterMode(display=False) as theirs:
        run()
    assert 2 * multiply_adds(run) == theirs.get_total_flops() > 0


def test_counting_leaves_the_compiler_of_torch_alone():
    code = (
        "import sys, torch; from claims.counting import multiply_adds; net = torch.nn.Conv2d(1, 2, 3); "
        "multiply_adds(lambda: net(torch.zeros(1, 1, 4, 4)).sum().backward()); sys.exit('torch._dynamo' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
