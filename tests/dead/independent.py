"""A count of dead units that shares nothing with `lrn.dead`.

torch's functions are watched from above, not its operations from below, and where the units are, the test says.
"""

from __future__ import annotations

import torch
from torch.overrides import TorchFunctionMode

ALWAYS = ("relu", "relu_", "relu6", "hardswish", "hardswish_", "hardsigmoid")


class Calls(TorchFunctionMode):
    """For every ReLU-like call in turn: its name, and for each unit whether it ever fired."""

    def __init__(self, unit_dims):
        super().__init__()
        self.unit_dims = unit_dims
        self.fired = []
        self.turn = 0

    def __torch_function__(self, func, types, args=(), kwargs=None):
        kwargs = kwargs or {}
        out = func(*args, **kwargs)
        name = getattr(func, "__name__", "")
        clamp = name in ("clamp", "clamp_", "clip") and (args[1:2] == (0,) or kwargs.get("min") == 0)
        hardtanh = name in ("hardtanh", "hardtanh_") and (args[1:2] in ((0,), (0.0,)) or kwargs.get("min_val") == 0)
        if name in ALWAYS or ((clamp or hardtanh) and out.is_floating_point()):
            self.record(out)
        return out

    def record(self, out):
        dims = self.unit_dims(self.turn, out)
        dims = [d % out.ndim for d in ([dims] if isinstance(dims, int) else dims)]
        others = [d for d in range(out.ndim) if d not in dims]
        fired = (out != 0).any(dim=others) if others else out != 0
        if self.turn < len(self.fired):
            self.fired[self.turn] = self.fired[self.turn] | fired.flatten()
        else:
            self.fired.append(fired.flatten())
        self.turn += 1


def count(module, batches, unit_dims):
    """Which units are dead, for every ReLU-like call of a forward pass in turn; every batch makes the same calls."""
    calls = Calls(unit_dims)
    with torch.no_grad():
        for batch in batches:
            calls.turn = 0
            with calls:
                module(**batch) if isinstance(batch, dict) else module(batch)
    return [(~fired).tolist() for fired in calls.fired]
