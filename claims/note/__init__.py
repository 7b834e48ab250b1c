from pathlib import Path

import lrn

SOURCES = (Path(__file__).parent, *(Path(lrn.__file__).parent / part for part in ("gradients", "nets")))
"""The code behind what the populations here observe."""
