"""Lets Python import the lrn that comes first in PYTHONPATH, where another one is installed for editing.

Such an installation has a finder of its own, which goes before every path. Python runs this file when it starts.
"""

import sys

sys.meta_path[:] = [finder for finder in sys.meta_path if "lrn" not in getattr(finder, "known_source_files", {})]
