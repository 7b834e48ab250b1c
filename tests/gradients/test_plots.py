"""Plots draw the measured values."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from lrn.gradients import gradient_similarity, input_gradient, linear_regions, recording, report

pytest.importorskip("matplotlib")
from lrn.gradients import plots

X = torch.linspace(-1, 1, 8).reshape(8, 1)
NET = nn.Sequential(nn.Linear(1, 4), nn.ReLU(), nn.Linear(4, 1))
MSE = nn.functional.mse_loss


def test_a_report_is_drawn_layer_by_layer():
    shown = report(NET, (X, X), MSE)
    axes = plots.plot_report(shown, label="net")
    assert axes.lines[0].get_ydata().tolist() == [layer.output for layer in shown.layers]
    assert axes.get_yscale() == "log"
    assert axes.get_legend().get_texts()[0].get_text() == "net"


def test_each_kind_of_finding_is_drawn_on_the_axes_given(tmp_path):
    optimizer = torch.optim.SGD(NET.parameters(), lr=0.0)
    with recording(NET, optimizer) as history:
        MSE(NET(X), X).backward()
        optimizer.step()
    line, regions = input_gradient(NET), linear_regions(NET)
    axes = plots.plot_line(line)
    assert axes.lines[0].get_ydata().tolist() == line.slopes.tolist()
    assert plots.plot_autocorrelation(np.array([1.0, 0.5]), axes) is axes
    assert plots.plot_regions(regions).patches[0].get_data().values.tolist() == regions.slopes.tolist()
    assert len(plots.plot_history(history).lines) == 2
    similarity = gradient_similarity(NET, (X, X), MSE)
    drawn = plots.plot_similarity(similarity)
    assert len(drawn.lines[0].get_ydata()) == 4
    drawn.figure.savefig(tmp_path / "similarity.svg")
