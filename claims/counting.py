"""Counts the multiplications that torch makes: the cost of a network, on whichever machine it runs.

torch's own `FlopCounterMode` gives the same numbers, and imports torch's compiler, which takes a second in each process.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

__all__ = ["multiply_adds"]


def multiply_adds(run: Callable[[], object]) -> int:
    """Returns the multiply-adds of all matrix products and convolutions that a function makes.

    Args:
        run: calls a network, and perhaps goes back through it.
    """
    # torch takes a second to load, so it loads where something is counted.
    from torch.utils._python_dispatch import TorchDispatchMode
    from torch.utils.flop_counter import flop_registry

    class Counter(TorchDispatchMode):
        """Adds up what torch's formulas say of each operation: two for each multiply-add."""

        operations = 0

        @classmethod
        def _should_skip_dynamo(cls) -> bool:
            return False  # else torch imports its compiler

        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            result = func(*args, **kwargs or {})
            formula = flop_registry.get(func._overloadpacket)
            if formula is not None:
                self.operations += formula(*args, **kwargs or {}, out_val=result)
            return result

    with Counter() as counter:
        run()
    return counter.operations // 2
