"""Lets Python import the lrn that comes first in PYTHONPATH, where another one is installed for editing.

Such an installation has a finder of its own, which goes before every path. Python runs this file when it starts.
"""

import sys


def _finds_lrn(finder):
    return any(name.partition(".")[0] == "lrn" for name in getattr(finder, "known_source_files", ()))


sys.meta_path[:] = [finder for finder in sys.meta_path if not _finds_lrn(finder)]
