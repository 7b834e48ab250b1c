from pathlib import Path

import lrn

_LIBRARY = Path(lrn.__file__).parent
SOURCES = (Path(__file__).parent, _LIBRARY / "gradients", _LIBRARY / "nets")
"""The code behind what the populations here observe."""
