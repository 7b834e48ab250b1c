"""torch, or one sentence that names the extra which brings it.

The first module of each part that needs torch takes it from here, ahead of all other imports.
"""

from __future__ import annotations

try:
    import torch
except ModuleNotFoundError as missing:
    if missing.name != "torch":
        raise
    sentence = "torch is not installed, which this part of lrn needs: pip install 'lrn-claims[torch]'"
    raise ModuleNotFoundError(sentence, name="torch") from None

__all__ = ["torch"]
